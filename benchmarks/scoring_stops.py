"""Stops that were found and missed, how late, and alarms that had no stop."""

from collections.abc import Iterable
from typing import NamedTuple

from scoring_set import HOUR_S, LEAST_STOP_H, Period, Said, Station

LATE_S = HOUR_S
"""An alarm counts until so long after the stop, and touches a stop that is no further away."""


class Stop(NamedTuple):
    """A true stop of six hours and more.

    Attributes:
        station: where.
        start_s, end_s: of the stop.
        is_tellable: long enough to be told from a pause.
        is_knowable: the centre heard enough of it, or will in the end.
        found_by: `alarm`, `state`, or nothing.
        delay_h: from its beginning to the alarm; None without one.
    """

    station: Station
    start_s: float
    end_s: float
    is_tellable: bool
    is_knowable: bool
    found_by: str
    delay_h: float | None

    @property
    def hours(self) -> float:
        """Its length."""
        return (self.end_s - self.start_s) / HOUR_S


def stops(stations: Iterable[Station], said: Said) -> list[Stop]:
    """All true stops of six hours and more."""
    return [
        _stop(station, period, said)
        for station in stations
        for period in station.truth
        if period.what == "stopped" and period.end_s - period.start_s >= LEAST_STOP_H * HOUR_S
    ]


def false_alarms(stations: Iterable[Station], said: Said) -> list[tuple[Station, Period]]:
    """Alarms `stopped` that touch no true stop."""
    return [
        (station, alarm)
        for station in stations
        for alarm in said.alarms.get(station.id, [])
        if alarm.what == "stopped" and not _touches_a_stop(station, alarm)
    ]


def _touches_a_stop(station: Station, alarm: Period) -> bool:
    return any(
        truth.what == "stopped"
        and alarm.start_s <= truth.end_s + LATE_S
        and alarm.end_s >= truth.start_s - LATE_S
        for truth in station.truth
    )


def _stop(station: Station, stop: Period, said: Said) -> Stop:
    length_s = stop.end_s - stop.start_s
    raised_s = min(
        (
            alarm.start_s
            for alarm in said.alarms.get(station.id, [])
            if alarm.what == "stopped" and stop.start_s <= alarm.start_s <= stop.end_s + LATE_S
        ),
        default=None,
    )
    found_by = "" if raised_s is None else "alarm"
    if raised_s is None and 2 * _unheard_s(station, stop) > length_s:
        stated_s = sum(
            each.overlap_s(stop.start_s, stop.end_s)
            for each in said.states.get(station.id, [])
            if each.what == "stopped"
        )
        found_by = "state" if 2 * stated_s >= length_s else ""
    return Stop(
        station=station,
        start_s=stop.start_s,
        end_s=stop.end_s,
        is_tellable=length_s >= station.tellable_h * HOUR_S,
        is_knowable=_longest_known_s(station, stop) >= min(length_s, station.tellable_h * HOUR_S),
        found_by=found_by,
        delay_h=None if raised_s is None else (raised_s - stop.start_s) / HOUR_S,
    )


def _deaf(station: Station) -> list[Period]:
    """When the centre heard nothing of what the state rests on."""
    whats = ("link", "power_cut", station.main_meter)
    return [each for each in station.silences if each.what in whats]


def _unheard_s(station: Station, stop: Period) -> float:
    return sum(each.overlap_s(stop.start_s, stop.end_s) for each in _deaf(station))


def _longest_known_s(station: Station, stop: Period) -> float:
    """The longest stretch of a stop that is heard, delivered later, or bridged by counters at rest."""
    longest_s, since_s = 0.0, stop.start_s
    for silence in _deaf(station):
        is_within = stop.start_s <= silence.start_s and silence.end_s <= stop.end_s
        if is_within or silence.why == "true" or not silence.overlap_s(stop.start_s, stop.end_s):
            continue
        longest_s = max(longest_s, silence.start_s - since_s)
        since_s = silence.end_s
    return max(longest_s, stop.end_s - since_s)
