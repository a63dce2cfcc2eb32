"""What a civil day counts as: running, stopped or unknown, with the reason and the figures. Pure.

The rule is that of the operating rate (DESIGN section 6): the main meter decides, power where there is one,
else flow; a day is only judged when enough of it is known, hour by hour or by counters at both ends.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from alerting.baseline import Baseline

Verdict = Literal["running", "stopped", "unknown"]

RULE_VERSION = "1"
HOURS_NEEDED = 18
EFFLUENT_FLOOR_SHARE = 0.02
"""Effluent up to this share of the usual counts as none."""
LOW_EFFLUENT_SHARE = 0.5
"""Up to this share of the usual, effluent is low too."""
AS_USUAL = ("energy_as_expected", "effluent_as_expected")
"""The reasons of the days a baseline is learnt from."""


class MeterDay(NamedTuple):
    """One meter's civil day.

    Attributes:
        amount: kWh or m³ known to have passed; None if nothing is known.
        valid_hours: hours with at least 75 % of their samples.
        spans_day: its counter is known within 6 h of both midnights.
    """

    amount: float | None = None
    valid_hours: int = 0
    spans_day: bool = False

    @property
    def is_valid(self) -> bool:
        """Whether enough is known to judge by it."""
        return self.amount is not None and (self.valid_hours >= HOURS_NEEDED or self.spans_day)


class StationDay(NamedTuple):
    """What is known of a station's civil day.

    Attributes:
        power, flow: None where there is no such meter.
        idles: no effluent in all the time that the idling limit asks for, up to the day's end.
        works_without_power: a wetland or pond.
    """

    power: MeterDay | None
    flow: MeterDay | None
    idles: bool = False
    works_without_power: bool = False


class DayJudgement(NamedTuple):
    """A verdict, its reason as a code, and the figures it rests on."""

    verdict: Verdict
    reason: str
    evidence: Mapping[str, float]


def judge_day(day: StationDay, usual: Baseline, floor_kwh: float) -> DayJudgement:
    """Judge one civil day.

    Args:
        day: what is known of it.
        usual: the station's baseline before that day.
        floor_kwh: energy of a day below which nothing is treated.
    """
    main = day.power or day.flow
    if main is None or not main.is_valid:
        is_empty = main is None or (main.amount is None and not main.valid_hours)
        return DayJudgement(
            "unknown", "no_data" if is_empty else "too_little_data", _figures(day, usual, None)
        )
    if day.power is None:
        return _by_flow(day, usual)
    return _by_energy(day, usual, floor_kwh)


def _by_flow(day: StationDay, usual: Baseline) -> DayJudgement:
    evidence = _figures(day, usual, None)
    if _amount(day.flow) > EFFLUENT_FLOOR_SHARE * (usual.volume_m3 or 0.0):
        return DayJudgement("running", "effluent_as_expected", evidence)
    return DayJudgement("stopped", "no_effluent", evidence)


def _by_energy(day: StationDay, usual: Baseline, floor_kwh: float) -> DayJudgement:
    evidence = _figures(day, usual, floor_kwh)
    energy_kwh = _amount(day.power)
    volume_m3 = _amount(day.flow) if day.flow is not None and day.flow.is_valid else None
    usual_m3 = usual.volume_m3 or 0.0
    has_effluent = volume_m3 is not None and volume_m3 > EFFLUENT_FLOOR_SHARE * usual_m3
    if day.works_without_power and has_effluent:
        return DayJudgement("running", "effluent_as_expected", evidence)
    if energy_kwh < floor_kwh:
        is_dry = volume_m3 is not None and not has_effluent
        return DayJudgement("stopped", "no_energy_no_effluent" if is_dry else "no_energy", evidence)
    if energy_kwh < usual.low_kwh:
        if volume_m3 is not None and volume_m3 > LOW_EFFLUENT_SHARE * usual_m3:
            return DayJudgement("stopped", "too_little_energy", evidence)
        return DayJudgement("running", "low_load", evidence)
    if day.idles:
        return DayJudgement("stopped", "idling", evidence)
    return DayJudgement("running", "energy_as_expected", evidence)


def _amount(meter: MeterDay | None) -> float:
    return (meter.amount if meter else None) or 0.0


def _figures(day: StationDay, usual: Baseline, floor_kwh: float | None) -> dict[str, float]:
    known = {
        "energy_kwh": day.power.amount if day.power else None,
        "volume_m3": day.flow.amount if day.flow else None,
        "energy_floor_kwh": floor_kwh,
        "expected_kwh": usual.energy_kwh if day.power else None,
        "expected_m3": usual.volume_m3 if day.flow else None,
        "valid_hours": (day.power or day.flow or MeterDay()).valid_hours,
    }
    return {name: float(value) for name, value in known.items() if value is not None}
