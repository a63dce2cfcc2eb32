"""The true condition of a plant in a trial set over time, and when the centre heard nothing of it. Pure."""

from datetime import timedelta
from itertools import pairwise
from typing import NamedTuple

from simulator.trial_station import Approved, Happening, TrialStation
from simulator.trial_time import Window, midnight

LOW_SHARE = 0.30
_STATES = {
    "stop": "stopped", "idle": "idling", "bypass": "flow_without_power", "weak": "low_load",
    "low": "low_load", "cut": "power_cut",
}  # fmt: skip
RUNNING, PLANNED = "running", "planned_stop"


class Period(NamedTuple):
    """A state, or a reason why nothing is heard; seconds since the epoch, the end not included."""

    start_s: float
    end_s: float
    what: str


class Silence(NamedTuple):
    """When the centre hears nothing, or nothing of use from a meter."""

    start_s: float
    end_s: float
    what: str
    back_filled: bool


def counts(approved: Approved) -> bool:
    """Whether an approved stop was entered before it closed, on the 10th of the month after its end."""
    next_month = (approved.end.replace(day=1) + timedelta(days=32)).replace(day=1)
    return approved.entered <= next_month.replace(day=10)


def states(station: TrialStation, window: Window) -> list[Period]:
    """The station's true states, one after the other without a gap."""
    found = [each for happening in station.happenings for each in _of_plant(happening)]
    planned = [each for each in map(_planned, station.approved) if each is not None]
    begins_s = station.begins_s
    edges = {begins_s, float(window.end_s)}
    edges |= {each for period in (*found, *planned) for each in (period.start_s, period.end_s)}
    inside = sorted(each for each in edges if begins_s <= each <= window.end_s)
    periods: list[Period] = []
    for start_s, end_s in pairwise(inside):
        state = _at(planned, start_s) or _at(found, start_s) or RUNNING
        if periods and periods[-1].what == state:
            periods[-1] = periods[-1]._replace(end_s=end_s)
        else:
            periods.append(Period(start_s, end_s, state))
    return periods


def silences(station: TrialStation, end_s: float) -> list[Silence]:
    """When the centre hears nothing, or nothing true, up to the end of a set, in order of time."""
    heard = [Silence(each.start_s, each.end_s, "link", each.amount > 0) for each in station.of("link")]
    if not station.box.battery:
        heard += [
            Silence(each.start_s, each.end_s, "power_cut", back_filled=False) for each in station.of("cut")
        ]
    if "power" in station.box.meters:
        mute = station.of("power_mute", "power_frozen", "power_gateway")
        heard += [Silence(each.start_s, each.end_s, "power_meter", back_filled=False) for each in mute]
        ratios = station.of("power_ct")
        heard += [Silence(each.start_s, end_s, "power_ratio", back_filled=False) for each in ratios]
    if "flow" in station.box.meters:
        mute = station.of("flow_mute", "flow_frozen", "flow_gateway")
        heard += [Silence(each.start_s, each.end_s, "flow_meter", back_filled=False) for each in mute]
    return sorted(each for each in heard if each.end_s > each.start_s)


def _of_plant(happening: Happening) -> list[Period]:
    if happening.what == "fade":
        faded = (1 - LOW_SHARE) / (1 - happening.amount)
        low_s = happening.start_s + faded * (happening.end_s - happening.start_s)
        return [Period(low_s, happening.end_s, "low_load")] if faded < 1 else []
    state = _STATES.get(happening.what)
    return [Period(happening.start_s, happening.end_s, state)] if state else []


def _planned(approved: Approved) -> Period | None:
    """Its civil days, from the day it was entered on; None if it does not count."""
    if not counts(approved):
        return None
    first_s = max(midnight(approved.start), midnight(approved.entered))
    return Period(first_s, midnight(approved.end + timedelta(days=1)), PLANNED)


def _at(periods: list[Period], time_s: float) -> str | None:
    return next((each.what for each in periods if each.start_s <= time_s < each.end_s), None)
