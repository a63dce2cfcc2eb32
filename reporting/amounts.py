"""What meters counted in a month, of one station or of many; unknown is None, never zero. Pure."""

import math
from collections.abc import Iterable
from typing import NamedTuple


class Amounts(NamedTuple):
    """Energy and effluent, and what the ratios are made of.

    Attributes:
        energy_kwh: of the days whose energy is known; None if it is of none.
        volume_m3: of the days whose effluent is known; None if it is of none.
        designed_m3: design volume of the countable days whose effluent is known.
        treated_m3: effluent of just those days, of stations whose design is known.
        paired_kwh: energy of the days on which both are known.
        paired_m3: effluent of the same days.
    """

    energy_kwh: float | None = None
    volume_m3: float | None = None
    designed_m3: float = 0.0
    treated_m3: float = 0.0
    paired_kwh: float = 0.0
    paired_m3: float = 0.0

    @property
    def load(self) -> float | None:
        """负荷率: effluent as a share of the design volume of the same days."""
        return self.treated_m3 / self.designed_m3 if self.designed_m3 > 0 else None

    @property
    def kwh_per_m3(self) -> float | None:
        """吨水电耗, of the days on which both are known."""
        return self.paired_kwh / self.paired_m3 if self.paired_m3 > 0 else None


class Metered(NamedTuple):
    """One day of one station: energy in kWh, effluent in m³, and whether the day is countable."""

    energy_kwh: float | None
    volume_m3: float | None
    is_countable: bool


def of_days(days: Iterable[Metered], design_m3_per_day: float | None) -> Amounts:
    """Sum a station's days."""
    energy, volume, treated = [], [], []
    paired: list[tuple[float, float]] = []
    for day in days:
        if day.energy_kwh is not None:
            energy.append(day.energy_kwh)
        if day.volume_m3 is not None:
            volume.append(day.volume_m3)
            if day.is_countable and design_m3_per_day:
                treated.append(day.volume_m3)
            if day.energy_kwh is not None:
                paired.append((day.energy_kwh, day.volume_m3))
    return Amounts(
        energy_kwh=known_sum(energy),
        volume_m3=known_sum(volume),
        designed_m3=len(treated) * (design_m3_per_day or 0.0),
        treated_m3=math.fsum(treated),
        paired_kwh=math.fsum(kwh for kwh, _ in paired),
        paired_m3=math.fsum(m3 for _, m3 in paired),
    )


def of_many(stations: Iterable[Amounts]) -> Amounts:
    """Sum stations."""
    each = list(stations)
    return Amounts(
        energy_kwh=known_sum(one.energy_kwh for one in each),
        volume_m3=known_sum(one.volume_m3 for one in each),
        designed_m3=math.fsum(one.designed_m3 for one in each),
        treated_m3=math.fsum(one.treated_m3 for one in each),
        paired_kwh=math.fsum(one.paired_kwh for one in each),
        paired_m3=math.fsum(one.paired_m3 for one in each),
    )


def known_sum(values: Iterable[float | None]) -> float | None:
    """The sum of what is known; None if nothing is."""
    known = [value for value in values if value is not None]
    return math.fsum(known) if known else None
