"""Stations in the registry: look up, import from a file, note one that announced itself."""

from collections.abc import Collection
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from registry.stations_columns import COLUMNS, PROCESSES, TEXT_LENGTHS, TIERS
from registry.tables import Station
from service.process import now_ms

__all__ = [
    "COLUMNS", "PROCESSES", "TEXT_LENGTHS", "TIERS", "among", "import_csv", "known_ids", "note_pending",
]  # fmt: skip


def known_ids(session: Session) -> set[str]:
    """The ids of all stations."""
    return set(session.scalars(select(Station.id)))


def among(column: InstrumentedAttribute[str], stations: Collection[str] | None) -> ColumnElement[bool]:
    """The condition that a column names one of some stations; None stands for all."""
    return true() if stations is None else column.in_(stations)


def note_pending(session: Session, station: str) -> None:
    """Register a station that announced itself, as 待核."""
    if session.get(Station, station) is None:
        session.add(Station(id=station, review="pending"))


def import_csv(session: Session, path: Path, *, at_ms: int | None = None, actor: str = "import") -> int:
    """Add or update the stations of a facility file; returns how many it holds.

    An empty cell leaves an existing value as it is. Nothing is imported unless every row is well.

    Args:
        session: a writing one.
        path: CSV or XLSX with at least the column `station`.
        at_ms: the present for the audit trail, ms since the epoch, UTC; else the system's clock.
        actor: who, for the audit trail.

    Raises:
        SettingsError: with every bad row, its column, rule and value.
    """
    from registry.stations_import import carry_out, plan_import, read_stations, refuse_bad  # noqa: PLC0415

    sheet = read_stations(path)
    plan = plan_import(session, sheet)
    refuse_bad(sheet, plan)
    when = now_ms() if at_ms is None else at_ms
    carry_out(session, plan, at_ms=when, actor=actor, zone=ZoneInfo("Asia/Shanghai"))
    return len(plan.changes) + len(plan.unchanged)
