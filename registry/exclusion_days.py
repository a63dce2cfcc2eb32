"""Which days approved stops take away; over a ceiling only those that a manager approved. Pure.

Grid outages take away as many days as they last. All other reasons together take away five days of a month,
in order of date; further days count once a manager has approved their stop, by the day the month closes.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from registry.tables import Exclusion
from service.civil import ONE_DAY, Month, day_of, days_between

CLOSING_DAY = 10
"""Of the next month; a stop that is entered later does not count for the month (DESIGN, operating rate)."""
CEILING_DAYS = 5
"""Of a month, which stops may take away without a manager."""
WITHOUT_CEILING = frozenset({"grid_outage"})
"""Reasons that nobody at the station decides."""

Standing = Literal["counts", "over_ceiling", "too_late"]


class StopDay(NamedTuple):
    """A day that lies in an approved stop, and whether the stop takes it away.

    Attributes:
        stop: the approved stop.
        standing: it counts; or lies beyond the ceiling without a manager's word in time; or was entered
            too late for its month.
    """

    stop: Exclusion
    standing: Standing


class CountedSpan(NamedTuple):
    """Days in a row that a stop takes away, both ends included, and the day on which it was entered."""

    stop: Exclusion
    start: date
    end: date
    entered: date


class _Stop(NamedTuple):
    """A stop, and whether it was entered and approved by a manager before a month closed."""

    stop: Exclusion
    is_in_time: bool
    is_approved: bool


def closes_on(month: Month) -> date:
    """The last day on which a stop can be entered, or approved by a manager, that is to count for a month."""
    return month.after(1).first + (CLOSING_DAY - 1) * ONE_DAY


def approved_on(stop: Exclusion, zone: ZoneInfo) -> date | None:
    """The civil day on which a manager approved a stop; None while none has."""
    return None if stop.manager_ms is None else day_of(stop.manager_ms, zone)


def stop_days(stops: Iterable[Exclusion], month: Month, zone: ZoneInfo) -> dict[date, StopDay]:
    """The days of a month that lie in approved stops of one station, in order; those withdrawn say nothing.

    Args:
        stops: all stops of the station that touch the month: those left out would be missing in the count.
        month: the month.
        zone: of the civil days.
    """
    closing = closes_on(month)
    own: defaultdict[date, list[_Stop]] = defaultdict(list)
    for stop in sorted(stops, key=lambda stop: (stop.start, stop.id or 0)):
        if stop.withdrawn_ms is None:
            first, last = max(stop.start, month.first), min(stop.end, month.last)
            if first <= last:
                held = _held(stop, closing, zone)
                for day in days_between(first, last):
                    own[day].append(held)
    days: dict[date, StopDay] = {}
    under_ceiling = 0
    for day, there in sorted(own.items()):
        in_time = [each for each in there if each.is_in_time]
        free = next((each for each in in_time if each.stop.reason in WITHOUT_CEILING), None)
        if not in_time or free is not None:
            days[day] = StopDay((free or there[0]).stop, "counts" if free else "too_late")
            continue
        under_ceiling += 1
        approved = next((each for each in in_time if each.is_approved), None)
        counts = approved is not None or under_ceiling <= CEILING_DAYS
        days[day] = StopDay((approved or in_time[0]).stop, "counts" if counts else "over_ceiling")
    return days


def counted_days(stops: Iterable[Exclusion], month: Month, zone: ZoneInfo) -> dict[date, Exclusion]:
    """The days of a month that stops of one station take away, with the stop that does; as `stop_days`."""
    days = stop_days(stops, month, zone)
    return {day: each.stop for day, each in days.items() if each.standing == "counts"}


def effective_spans(stops: Iterable[Exclusion], months: Iterable[Month], zone: ZoneInfo) -> list[CountedSpan]:
    """What the stops of one station take away of some months, as spans within a month each, in order.

    Args:
        stops: all stops of the station that touch the months.
        months: which.
        zone: of the civil days.
    """
    given = [stop for stop in stops if stop.withdrawn_ms is None]
    spans: list[CountedSpan] = []
    for month in sorted({*months}.intersection(months_of(given))):
        for day, stop in counted_days(given, month, zone).items():
            last = spans[-1] if spans else None
            if last is not None and last.stop is stop and last.end + ONE_DAY == day and day.day > 1:
                spans[-1] = last._replace(end=day)
            else:
                spans.append(CountedSpan(stop, day, day, day_of(stop.entered_ms, zone)))
    return spans


def waiting_days(stops: Iterable[Exclusion], zone: ZoneInfo, today: date) -> dict[int, list[date]]:
    """The days that a manager's word, given today, would make count, by the number of their stop."""
    given = list(stops)
    waiting: defaultdict[int, list[date]] = defaultdict(list)
    for month in months_of(given):
        if today <= closes_on(month):
            for day, each in stop_days(given, month, zone).items():
                if each.standing == "over_ceiling":
                    waiting[each.stop.id].append(day)
    return dict(waiting)


def days_missed(stops: Iterable[Exclusion], zone: ZoneInfo, today: date) -> Mapping[Month, int]:
    """How many days of each month lie beyond the ceiling and can no longer be approved."""
    given = list(stops)
    missed: dict[Month, int] = {}
    for month in months_of(given):
        if today > closes_on(month):
            over = sum(each.standing == "over_ceiling" for each in stop_days(given, month, zone).values())
            missed |= {month: over} if over else {}
    return missed


def months_of(stops: Iterable[Exclusion]) -> list[Month]:
    """The months that stops touch, in order."""
    months: set[Month] = set()
    for stop in stops:
        month = Month.of(stop.start)
        while month.first <= stop.end:
            months.add(month)
            month = month.after(1)
    return sorted(months)


def _held(stop: Exclusion, closing: date, zone: ZoneInfo) -> _Stop:
    approved = approved_on(stop, zone)
    is_in_time = day_of(stop.entered_ms, zone) <= closing
    return _Stop(stop, is_in_time, approved is not None and approved <= closing)
