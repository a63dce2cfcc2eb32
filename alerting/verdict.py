"""What a civil day counts as: running, stopped, unknown or excluded, with the reason and the figures. Pure.

The rule is that of the operating rate (DESIGN section 6): the main meter decides, power where there is one,
else flow; a day is only judged when enough of it is known, hour by hour or by counters at both ends.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from alerting.baseline import Baseline

Verdict = Literal["running", "stopped", "unknown", "excluded"]

RULE_VERSION = "3"
HOURS_NEEDED = 18
SHARE_NEEDED = 0.45
"""A day that counters bridge is known to this part at least: from 6 h after midnight to 6 h before."""
EFFLUENT_FLOOR_SHARE = 0.02
"""Effluent up to this share of the usual counts as none."""
LOW_EFFLUENT_SHARE = 0.5
"""Up to this share of the usual, effluent is low too."""
AS_USUAL = ("energy_as_expected", "effluent_as_expected")
"""The reasons of the days a baseline is learnt from."""
AT_STANDBY = ("no_energy", "no_energy_no_effluent", "little_energy_no_effluent")
"""The reasons of the days on which what was used was the standby load."""
APPROVED_STOP = "approved_stop"


class MeterDay(NamedTuple):
    """One meter's civil day.

    Attributes:
        amount: kWh or m³ known to have passed; None if nothing is known.
        valid_hours: hours with at least 75 % of their samples.
        spans_day: its counter is known within 6 h of both midnights.
        share: part of the day in which the amount is known, 0 to 1.
    """

    amount: float | None = None
    valid_hours: int = 0
    spans_day: bool = False
    share: float = 0.0

    @property
    def is_valid(self) -> bool:
        """Whether enough is known to judge by it."""
        if self.amount is None or self.share < SHARE_NEEDED:
            return False
        return self.valid_hours >= HOURS_NEEDED or self.spans_day


class StationDay(NamedTuple):
    """What is known of a station's civil day.

    Attributes:
        power, flow: None where there is no such meter.
        idles: no effluent in all the time that the idling limit asks for, up to the day's end.
        works_without_power: a wetland or pond.
        is_even: no hour of it used much, so that what was used can be the standby load.
        excluded: the reason of the approved stop that the day lies in; None for none.
    """

    power: MeterDay | None
    flow: MeterDay | None
    idles: bool = False
    works_without_power: bool = False
    is_even: bool = False
    excluded: str | None = None


class DayJudgement(NamedTuple):
    """A verdict, its reason as a code, and the figures it rests on."""

    verdict: Verdict
    reason: str
    evidence: Mapping[str, float | str]


def judge_day(day: StationDay, usual: Baseline, floor_kwh: float) -> DayJudgement:
    """Judge one civil day.

    Args:
        day: what is known of it.
        usual: the station's baseline before that day.
        floor_kwh: energy of a day below which nothing is treated.
    """
    if day.excluded is not None:
        return DayJudgement("excluded", APPROVED_STOP, _figures(day, usual, None) | {"stop": day.excluded})
    main = day.power or day.flow
    if main is None or not main.is_valid:
        is_empty = main is None or (main.amount is None and not main.valid_hours)
        return DayJudgement(
            "unknown", "no_data" if is_empty else "too_little_data", _figures(day, usual, None)
        )
    if day.power is None:
        return _by_flow(day, usual)
    return _by_energy(day, day.power, usual, floor_kwh)


def _by_flow(day: StationDay, usual: Baseline) -> DayJudgement:
    evidence = _figures(day, usual, None)
    flow = day.flow or MeterDay()
    if (flow.amount or 0.0) > EFFLUENT_FLOOR_SHARE * (usual.volume_m3 or 0.0) * flow.share:
        return DayJudgement("running", "effluent_as_expected", evidence)
    return DayJudgement("stopped", "no_effluent", evidence)


def _by_energy(  # noqa: PLR0911 - each way out is a rule
    day: StationDay, power: MeterDay, usual: Baseline, floor_kwh: float
) -> DayJudgement:
    """What is known of a part of the day is held against that part of what a day needs."""
    evidence = _figures(day, usual, floor_kwh)
    energy_kwh = power.amount or 0.0
    usual_m3 = usual.volume_m3 or 0.0
    flow = day.flow if day.flow is not None and day.flow.is_valid else None
    volume_m3 = flow.amount or 0.0 if flow else None
    share = flow.share if flow else 1.0
    has_effluent = volume_m3 is not None and volume_m3 > EFFLUENT_FLOOR_SHARE * usual_m3 * share
    if day.works_without_power and has_effluent:
        return DayJudgement("running", "effluent_as_expected", evidence)
    if energy_kwh < floor_kwh * power.share:
        is_dry = volume_m3 is not None and not has_effluent
        return DayJudgement("stopped", "no_energy_no_effluent" if is_dry else "no_energy", evidence)
    if energy_kwh < usual.low_kwh * power.share:
        if usual.is_learnt and day.is_even and volume_m3 is not None and not has_effluent:
            return DayJudgement("stopped", "little_energy_no_effluent", evidence)
        if volume_m3 is not None and volume_m3 > LOW_EFFLUENT_SHARE * usual_m3 * share:
            return DayJudgement("stopped", "too_little_energy", evidence)
        return DayJudgement("running", "low_load", evidence)
    if day.idles:
        return DayJudgement("stopped", "idling", evidence)
    return DayJudgement("running", "energy_as_expected", evidence)


def _figures(day: StationDay, usual: Baseline, floor_kwh: float | None) -> dict[str, float | str]:
    known = {
        "energy_kwh": day.power.amount if day.power else None,
        "volume_m3": day.flow.amount if day.flow else None,
        "energy_floor_kwh": floor_kwh,
        "expected_kwh": usual.energy_kwh if day.power else None,
        "expected_m3": usual.volume_m3 if day.flow else None,
        "valid_hours": (day.power or day.flow or MeterDay()).valid_hours,
    }
    return {name: float(value) for name, value in known.items() if value is not None}
