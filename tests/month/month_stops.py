"""Stops that were made against stops that were found: the script's truth against the alarms. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from month_cast import Cast

from registry.tables import Alarm, StatePeriod
from simulator.trial_station import TrialStation
from simulator.trial_time import DAY_S, HOUR_S, civil
from simulator.trial_truth import Period, states

AROUND_S = 6 * HOUR_S
"""An alarm that begins so long before a true stop still speaks of it."""
DETECTABLE_S = 4 * HOUR_S
STILL = ("stopped", "planned_stop", "power_cut", "idling", "low_load")
"""True states in which an alarm of a stop is no false one."""


class Stop(NamedTuple):
    """A true stop, and after how many seconds it rang; None if it never did.

    `is_heard` says whether link and meters stood in its first day; `is_in_hindsight` whether the centre has
    it among the states of the past, where a stop that ended within a silence belongs.
    """

    station: str
    start_s: float
    end_s: float
    after_s: float | None
    is_heard: bool
    is_in_hindsight: bool


Judged = tuple[list[tuple[str, str]], list[str], dict]
"""Rows of the table, what breaks a promise, and details."""


def judged_stops(cast: Cast, alarms: Iterable[Alarm], periods: Iterable[StatePeriod]) -> Judged:
    """Judge the alarms of stops, and the periods of the state `stopped`."""
    past: defaultdict[str, list[StatePeriod]] = defaultdict(list)
    for period in periods:
        past[period.station_id].append(period)
    by_station: defaultdict[str, list[Alarm]] = defaultdict(list)
    for alarm in alarms:
        by_station[alarm.station_id or ""].append(alarm)
    stops: list[Stop] = []
    false: list[str] = []
    for station in cast.stations:
        own = by_station.pop(station.id, [])
        stops += _stops(cast, station, own, past[station.id])
        false += _false(cast, station, own)
    false += [f"{name}: {len(some)} of nobody" for name, some in by_station.items()]
    long = [stop for stop in stops if stop.end_s - stop.start_s >= DAY_S]
    missed = [stop for stop in long if stop.after_s is None and not stop.is_in_hindsight]
    afterwards = [stop for stop in stops if stop.after_s is None and stop.is_in_hindsight]
    rang = sorted(stop.after_s for stop in stops if stop.after_s is not None and stop.is_heard)
    late = [stop for stop in stops if stop.after_s is not None and stop.after_s > DAY_S]
    rows: list[tuple[str, object]] = [
        ("stops made (long enough to be told from a pause)", len(stops)),
        ("  found by an alarm", sum(stop.after_s is not None for stop in stops)),
        ("  found afterwards, when they were over", len(afterwards)),
        ("  of 24 h and more: made / found", f"{len(long)} / {len(long) - len(missed)}"),
        ("  rang more than 24 h after they began", len(late)),
        ("  false", len(false)),
        ("  rang after, where the link stood", _spread(rang)),
    ]
    faults = [
        f"{stop.station}: the stop of {civil(stop.start_s):%m-%d %H:%M}, "
        f"{(stop.end_s - stop.start_s) / HOUR_S:.0f} h, was not found"
        for stop in missed
    ]
    told = [stop._asdict() | {"begins": f"{civil(stop.start_s):%m-%d %H:%M}"} for stop in stops]
    faults += [f"false alarm: {each}" for each in false]
    return [(name, str(value)) for name, value in rows], faults, {"stops": told, "false_stops": false}


def _spread(rang: list[float]) -> str:
    """The least, the middle, and so on, of how long it took."""
    last = len(rang) - 1
    places = {"least": 0, "half": last // 2, "9 of 10": last * 9 // 10, "most": last}
    return ", ".join(f"{name} {rang[at] / HOUR_S:.1f} h" for name, at in places.items()) if rang else "-"


def _stops(cast: Cast, station: TrialStation, alarms: list[Alarm], periods: list[StatePeriod]) -> list[Stop]:
    least_s = max(DETECTABLE_S, 2 * station.plant.pause_h * HOUR_S) + HOUR_S
    if station.box.main == "flow":  # a stop is no effluent for so long (DESIGN, station states)
        least_s += (48 if station.plant.design_m3_per_day < 20 else 24) * HOUR_S
    return [
        Stop(
            station.id,
            period.start_s,
            period.end_s,
            min((each.raised_ms / 1000 - period.start_s for each in alarms if _speaks_of(each, period)),
                default=None),
            is_heard=_is_heard(station, period),
            is_in_hindsight=any(_lies_in(each, period) for each in periods),
        )
        for period in states(station, cast.window)
        if period.what == "stopped" and period.end_s - period.start_s >= least_s
    ]  # fmt: skip


def _false(cast: Cast, station: TrialStation, alarms: list[Alarm]) -> list[str]:
    still = [period for period in states(station, cast.window) if period.what in STILL]
    return [
        f"{station.id} ({station.kind}, {station.plant.process or 'other'})"
        f" began {civil(each.start_ms / 1000):%m-%d %H:%M}, rang {civil(each.raised_ms / 1000):%m-%d %H:%M},"
        f" {each.reason}"
        for each in alarms
        if not any(_speaks_of(each, period) for period in still)
    ]


def _lies_in(found: StatePeriod, period: Period) -> bool:
    """Whether the centre's past has a stop where there was one."""
    ended = found.end_ms is None or found.end_ms / 1000 > period.start_s
    return found.start_ms / 1000 < period.end_s and ended


def _is_heard(station: TrialStation, stop: Period) -> bool:
    """Whether the link and the meters stood in the first day of a stop."""
    quiet = station.of(
        "link", "cut", "power_mute", "flow_mute", "power_frozen", "flow_frozen", "power_gateway",
        "flow_gateway",
    )  # fmt: skip
    return not any(each.start_s < stop.start_s + DAY_S and stop.start_s < each.end_s for each in quiet)


def _speaks_of(alarm: Alarm, period: Period) -> bool:
    start_s, raised_s = alarm.start_ms / 1000, alarm.raised_ms / 1000
    return (
        start_s < period.end_s
        and period.start_s - AROUND_S <= raised_s
        and start_s > period.start_s - AROUND_S
    )
