"""Dirty quarter hours: marked before late data is acknowledged, cleared when they are recomputed."""

from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from registry.database import upsert
from registry.tables import DirtyQuarterHour


def mark_dirty(session: Session, touched: Iterable[tuple[str, int]]) -> None:
    """Mark `(station, start_ms)` quarter hours to be recomputed."""
    rows = [{"station_id": station, "start_ms": start} for station, start in sorted(set(touched))]
    upsert(session, DirtyQuarterHour, rows)


MOST_AT_ONCE = 5_000


def dirty(session: Session, limit: int = MOST_AT_ONCE) -> list[tuple[str, int]]:
    """Some of the marked quarter hours, by station and time."""
    rows = session.execute(
        select(DirtyQuarterHour.station_id, DirtyQuarterHour.start_ms)
        .order_by(DirtyQuarterHour.station_id, DirtyQuarterHour.start_ms)
        .limit(limit)
    )
    return [(station, start) for station, start in rows]


def clear_dirty(session: Session, station: str, start_ms: int, end_ms: int) -> None:
    """Take the marks of a station's quarter hours with start <= start_ms < end away."""
    within = (DirtyQuarterHour.start_ms >= start_ms) & (DirtyQuarterHour.start_ms < end_ms)
    session.execute(delete(DirtyQuarterHour).where(DirtyQuarterHour.station_id == station, within))
