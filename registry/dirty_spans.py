"""Whole spans of quarter hours to be made anew: a year of one station is 35,000 marks, in one statement."""

from sqlalchemy import BigInteger, Integer, Table, bindparam, literal, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from registry.record_entry import By
from registry.tables import DirtyQuarterHour

QUARTER_HOUR_MS = 900_000


def mark_span(session: Session, station: str, start_ms: int, end_ms: int) -> int:
    """Mark every quarter hour of a station that touches `[start_ms, end_ms)`; returns how many those are.

    The alerting worker makes them anew from the readings, and judges their days again.
    """
    first_ms = start_ms - start_ms % QUARTER_HOUR_MS
    if end_ms <= start_ms:
        return 0
    number = BigInteger().with_variant(Integer, "sqlite")
    quarters = select(literal(first_ms, number).label("start_ms")).cte("quarters", recursive=True)
    quarters = quarters.union_all(
        select(quarters.c.start_ms + QUARTER_HOUR_MS).where(quarters.c.start_ms + QUARTER_HOUR_MS < end_ms)
    )
    marks = select(bindparam("station", station), quarters.c.start_ms).where(true())
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    table = DirtyQuarterHour.__table__
    assert isinstance(table, Table)  # noqa: S101 - narrows the type
    insert = (postgresql.insert if is_postgresql else sqlite.insert)(table)
    session.execute(insert.from_select(["station_id", "start_ms"], marks).on_conflict_do_nothing())
    return -(-(end_ms - first_ms) // QUARTER_HOUR_MS)


def mark_around(session: Session, station: str, at_ms: int, by: By) -> bool:
    """Mark the quarter hours that a count at an instant bears on; False if raw readings are gone by then.

    Those are its own and the one before; the worker widens a mark to the counter readings on either side.
    """
    start_ms = at_ms - at_ms % QUARTER_HOUR_MS - QUARTER_HOUR_MS
    return mark_from(session, station, start_ms, start_ms + 2 * QUARTER_HOUR_MS, by)


def mark_from(session: Session, station: str, start_ms: int, end_ms: int, by: By) -> bool:
    """Mark a span as far as its raw readings are kept; False if a part of it lies before.

    Older quarter hours cannot be made anew: without raw readings they would be emptied.
    """
    mark_span(session, station, max(start_ms, by.raw_from_ms), end_ms)
    return start_ms >= by.raw_from_ms
