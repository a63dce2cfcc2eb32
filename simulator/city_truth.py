"""The city's own truth: which station ran on which civil day, from its script and through no detection.

For the civil day of a station, in this order:

1. *unknown* before its box was there, and from the day it was taken away.
2. The main meter (power; flow where there is none) has no reading while its box is dead or while it is
   mute; readings that arrive late are there in the end. A day is known if there are readings within 6 h
   of both its midnights, or of 18 of its hours. Any other day is decided by the counters at both ends of
   the gap that it lies in: *running* if blower and pump used at least 30 % of the usual meanwhile (flow
   meter alone: more than 2 % of the usual effluent), *stopped* if nothing at all, else *unknown*; so is a
   day in a gap without an end.
3. *stopped* where blowing without effluent reaches back from the end of the day by 24 h, below 20 m³/d of
   design scale by 48 h.
4. *running* if blower and pump used at least 30 % of the usual that day; also at low load: more than the
   stop floor (5 % of the usual and 0.5 kWh, but never above those 30 %) with effluent of at most half the
   usual, or not measured. With a flow meter alone: more than 2 % of the usual effluent. *Stopped*
   otherwise.

The usual is what the station would have done that day without its script. The cast keeps every day far
from all these limits. Approved stops are not looked at: they are for the rate.
"""

from datetime import date
from typing import Literal, NamedTuple

from simulator import village
from simulator.city_station import CityStation
from simulator.course import Course
from simulator.script import Span
from simulator.village import QUARTER_S, QUARTERS_PER_DAY

Verdict = Literal["running", "stopped", "unknown"]

RUNNING_SHARE = 0.30
FLOOR_SHARE = 0.05
FLOOR_KWH = 0.5
LOW_EFFLUENT_SHARE = 0.5
EFFLUENT_SHARE = 0.02
SMALL_M3_PER_DAY = 20
_HOUR = 3600 // QUARTER_S
NEAR_QUARTERS = 6 * _HOUR
ENOUGH_QUARTERS = 18 * _HOUR
IDLE_QUARTERS = 24 * _HOUR
SMALL_IDLE_QUARTERS = 48 * _HOUR


class DayTruth(NamedTuple):
    """What was the case on a civil day; the figures are exact, also where the centre knows nothing."""

    verdict: Verdict
    energy_kwh: float
    volume_m3: float


class _Sums(NamedTuple):
    """Sums over some time, in the terms of `simulator.days.Day`."""

    motor_kwh: float
    energy_kwh: float
    volume_m3: float
    usual_kwh: float
    usual_m3: float


def day_truth(course: Course, day: date) -> DayTruth:
    """The truth of one civil day (Asia/Shanghai) that does not lie before the past."""
    first = village.first_quarter(village.number_of(day))
    quarters = range(first, first + QUARTERS_PER_DAY)
    sums = _sums(course, quarters)
    return DayTruth(_verdict(course, day, quarters, sums), sums.energy_kwh, sums.volume_m3)


def _verdict(course: Course, day: date, quarters: range, sums: _Sums) -> Verdict:
    station = course.station
    if station.connected_from is None or day < station.connected_from:
        return "unknown"
    if station.class_change is not None and day >= station.class_change[0]:
        return "unknown"
    gaps = _undecided(course, quarters)
    if gaps:
        verdicts = {_of_gap(course, gap) for gap in gaps}
        return verdicts.pop() if len(verdicts) == 1 else "unknown"
    if _is_idling(course, quarters.stop):
        return "stopped"
    return "running" if _ran(station, sums) else "stopped"


def _undecided(course: Course, quarters: range) -> list[Span]:
    """The gaps that keep a day's midnights from being known; none if the day is known."""
    gaps = course.script.gaps("power" if "power" in course.station.meters else "flow")
    far = [
        gap
        for gap in gaps
        for midnight in (quarters.start, quarters.stop)
        if gap.first + NEAR_QUARTERS < midnight < gap.end - NEAR_QUARTERS
    ]
    known = sum(not any(gap.holds(quarter) for gap in gaps) for quarter in quarters)
    return far if known < ENOUGH_QUARTERS else []


def _of_gap(course: Course, gap: Span) -> Verdict:
    if not isinstance(gap.end, int):
        return "unknown"
    sums = _sums(course, range(gap.first, gap.end))
    if "power" in course.station.meters:
        did, usual, share = sums.motor_kwh, sums.usual_kwh, RUNNING_SHARE
    else:
        did, usual, share = sums.volume_m3, sums.usual_m3, EFFLUENT_SHARE
    if did > share * usual:
        return "running"
    return "unknown" if did else "stopped"


def _is_idling(course: Course, end: int) -> bool:
    station = course.station
    limit = SMALL_IDLE_QUARTERS if station.design_m3_per_day < SMALL_M3_PER_DAY else IDLE_QUARTERS
    return {"power", "flow"} <= set(station.meters) and any(
        idle.first <= end - limit and end <= idle.end for idle in course.script.idle
    )


def _ran(station: CityStation, sums: _Sums) -> bool:
    if "power" not in station.meters:
        return sums.volume_m3 > EFFLUENT_SHARE * sums.usual_m3
    enough_kwh = RUNNING_SHARE * sums.usual_kwh
    floor_kwh = max(FLOOR_SHARE * sums.usual_kwh, min(FLOOR_KWH, enough_kwh))
    is_low = "flow" not in station.meters or sums.volume_m3 <= LOW_EFFLUENT_SHARE * sums.usual_m3
    return sums.motor_kwh >= enough_kwh or (is_low and sums.motor_kwh > floor_kwh)


def _sums(course: Course, quarters: range) -> _Sums:
    """Sum up quarter hours of one day or of many."""
    columns: list[list[float]] = [[] for _ in _Sums._fields]
    number = village.day_number(quarters.start * QUARTER_S)
    while (first := village.first_quarter(number)) < quarters.stop:
        day = course.day(number)
        places = slice(max(quarters.start - first, 0), quarters.stop - first)
        for column, name in zip(columns, _Sums._fields, strict=True):
            column.extend(getattr(day, name)[places])
        number += 1
    return _Sums(*map(sum, columns))
