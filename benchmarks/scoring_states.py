"""Hours of each true state by the state that was said, as far as anything was heard."""

from collections import Counter
from collections.abc import Iterable, Iterator

from scoring_set import HOUR_S, Period, Said, Station

NOTHING = "(nothing)"
LEAVING_S = HOUR_S
ENTERING_STOP_S = 4 * HOUR_S
LEARNING_S = 24 * HOUR_S
"""A new station is `unknown` for so long."""


def state_hours(stations: Iterable[Station], said: Said) -> Counter[tuple[str, str]]:
    """Hours by true and said state; said as `meter_fault*` what a true fault of a meter excuses."""
    hours: Counter[tuple[str, str]] = Counter()
    for station in stations:
        states = sorted(said.states.get(station.id, []))
        for truth in judged(station):
            left_s = truth.end_s - truth.start_s
            for state in states:
                common_s = state.overlap_s(truth.start_s, truth.end_s)
                if common_s:
                    excused_s = _excused_s(station, state, truth)
                    hours[truth.what, "meter_fault*"] += excused_s / HOUR_S
                    hours[truth.what, state.what] += (common_s - excused_s) / HOUR_S
                    left_s -= common_s
            hours[truth.what, NOTHING] += max(left_s, 0.0) / HOUR_S
    return +hours


def right_share(hours: Counter[tuple[str, str]]) -> float | None:
    """The part of all hours that was said rightly; None without hours."""
    right = sum(each for (truth, said), each in hours.items() if said in (truth, "meter_fault*"))
    total = sum(hours.values())
    return right / total if total else None


def judged(station: Station) -> Iterator[Period]:
    """The true states without the time nothing was heard and the time a change needs to be seen."""
    main = (each for each in station.silences if each.what in ("link", "power_cut", station.main_meter))
    deaf = [(each.start_s, each.end_s + LEAVING_S) for each in main]
    for number, truth in enumerate(station.truth):
        grace_s = ENTERING_STOP_S if truth.what == "stopped" else LEAVING_S
        grace_s = max(grace_s, station.sampling_s) if number else LEARNING_S
        yield from _without(truth._replace(start_s=truth.start_s + grace_s), deaf)


def _without(period: Period, spans: Iterable[tuple[float, float]]) -> Iterator[Period]:
    """What is left of a period."""
    for start_s, end_s in sorted(spans):
        if start_s > period.start_s and start_s < period.end_s:
            yield period._replace(end_s=start_s)
        if end_s > period.start_s and start_s < period.end_s:
            period = period._replace(start_s=end_s)
    if period.end_s > period.start_s:
        yield period


_EXCUSES = {
    "meter_fault": ("power_meter", "flow_meter", "power_ratio"),
    "flow_without_power": ("power_ratio",),
}
"""Faults of meters that make a said state right: a tampered meter shows effluent without power."""


def _excused_s(station: Station, state: Period, truth: Period) -> float:
    """How much of a said state comes from a true fault of a meter."""
    if state.what == truth.what:
        return 0.0
    start_s, end_s = max(state.start_s, truth.start_s), min(state.end_s, truth.end_s)
    faults = (each for each in station.silences if each.what in _EXCUSES.get(state.what, ()))
    return min(sum(each.overlap_s(start_s, end_s) for each in faults), end_s - start_s)
