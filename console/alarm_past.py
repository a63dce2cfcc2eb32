"""The closed alarms: a page at a time, the last to be closed first, all of them or a month's."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from console.alarm_lists import ALL, AlarmRow, some
from console.person import Person
from console.scope import alarms_seen
from registry.tables import Alarm
from service.civil import ONE_DAY, Month, day_of, start_of

PAGE_ROWS = 50
_IS_CLOSED = Alarm.closed_ms.is_not(None)


class Past(NamedTuple):
    """One page of the closed alarms, and how many there are under the same search."""

    rows: list[AlarmRow]
    total: int
    page: int
    pages: int


def past(session: Session, person: Person, page: int, also: ColumnElement[bool] = ALL) -> Past:
    """A page of the closed alarms; a page beyond the end is the last one."""
    wanted = and_(_IS_CLOSED, also, alarms_seen(person))
    total = session.scalar(select(func.count()).select_from(Alarm).where(wanted)) or 0
    pages = max(1, -(-total // PAGE_ROWS))
    page = min(max(1, page), pages)
    order = (Alarm.closed_ms.desc(), Alarm.id.desc())
    numbers = select(Alarm.id).where(wanted).order_by(*order).limit(PAGE_ROWS).offset((page - 1) * PAGE_ROWS)
    return Past(some(session, person, session.scalars(numbers)), total, page, pages)


def closed_in(month: Month, zone: ZoneInfo) -> ColumnElement[bool]:
    """The condition on `Alarm` that it was closed in a month."""
    first, end = start_of(month.first, zone), start_of(month.last + ONE_DAY, zone)
    return and_(Alarm.closed_ms >= first, Alarm.closed_ms < end)


def months_of_past(session: Session, person: Person, now_ms: int, zone: ZoneInfo) -> list[Month]:
    """The months from the first closed alarm to the present one, the last first; none without any."""
    first_ms = session.scalar(select(func.min(Alarm.closed_ms)).where(_IS_CLOSED, alarms_seen(person)))
    if first_ms is None:
        return []
    month, first = Month.of(day_of(now_ms, zone)), Month.of(day_of(first_ms, zone))
    months = []
    while month >= first:
        months.append(month)
        month = month.after(-1)
    return months
