"""What a station usually uses and lets go in a day, and the floor below which nothing is treated. Pure."""

from collections.abc import Iterable
from statistics import median
from typing import NamedTuple

DAYS_LEARNT_FROM = 28
DAYS_NEEDED = 14
"""Before so many accepted days a station is held against its process and scale."""
FLOOR_SHARE = 0.05
LOW_SHARE = 0.30
"""Energy below this share of the usual is a low load."""
USUAL_LOAD = 0.5
"""Village plants run far below design; half of it is a careful guess (shared facts, section 2.2)."""

KWH_PER_M3 = {
    "A2O": 0.5, "AO": 0.5, "contact_oxidation": 0.5, "SBR": 0.5, "MBR": 1.0,
    "biofilter": 0.3, "wetland": 0.05, "pond": 0.05, "other": 0.4,
}  # fmt: skip
"""Energy per m³ at good load by process, the middle of the bands of the published magnitudes."""
WORK_WITHOUT_POWER = frozenset({"wetland", "pond"})
"""Their lift pump may use less than any floor, and still they treat."""


class Baseline(NamedTuple):
    """The usual day of a station.

    Attributes:
        energy_kwh, volume_m3: per day; None where neither days nor the facility file tell.
        days: accepted days it was learnt from; 0 while it stands on process and scale.
    """

    energy_kwh: float | None = None
    volume_m3: float | None = None
    days: int = 0

    @property
    def low_kwh(self) -> float:
        """Energy of a day below which the load is low."""
        return LOW_SHARE * (self.energy_kwh or 0.0)

    def floor_kwh(self, unlearnt_kwh: float) -> float:
        """Energy of a day below which nothing is treated.

        A share of the usual day, but not less than what box, modem and lamp may use (`unlearnt_kwh`), as far
        as the station's usual day leaves room for that.
        """
        if self.energy_kwh is None:
            return unlearnt_kwh
        return max(FLOOR_SHARE * self.energy_kwh, min(unlearnt_kwh, self.low_kwh))


class AcceptedDay(NamedTuple):
    """A day on which a station ran as it should; None where it has no such meter."""

    energy_kwh: float | None
    volume_m3: float | None


def learn(days: Iterable[AcceptedDay], process: str, design_m3_per_day: float | None) -> Baseline:
    """The median of the last accepted days (newest last), or the guess by process and scale."""
    last = list(days)[-DAYS_LEARNT_FROM:]
    guess_m3 = USUAL_LOAD * design_m3_per_day if design_m3_per_day else None
    guess_kwh = guess_m3 * KWH_PER_M3.get(process or "other", KWH_PER_M3["other"]) if guess_m3 else None
    if len(last) < DAYS_NEEDED:
        return Baseline(guess_kwh, guess_m3)
    return Baseline(
        _median(day.energy_kwh for day in last) or guess_kwh,
        _median(day.volume_m3 for day in last) or guess_m3,
        len(last),
    )


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if len(known) >= DAYS_NEEDED else None
