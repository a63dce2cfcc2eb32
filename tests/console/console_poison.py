"""Hostile text wherever the registry keeps a text: in every column of every table that is no key."""

from datetime import date
from typing import Any

from console_alarms import alarms_of_each_kind, beneath_events
from console_centre import NOW_MS
from sqlalchemy import JSON, Boolean, Date, Float, String, Table, select, update
from sqlalchemy.types import LargeBinary

from registry.tables import Alarm, Base, Company

RAW = """=1+1<i data-x="'>]]></script><!--\u202e{{7*7}}"""
"""A formula, an element, ends of an attribute and of a script, a mark that turns the line, a template."""
WORDS = {
    "state", "verdict", "kind", "type", "severity", "status", "role", "review", "process", "tier", "class",
    "reason", "cause", "code", "occasion", "result", "clock", "event", "shelve_reason", "purpose",
    "parameter", "escalated", "suppressed_by", "revoked_why", "action", "rule_version", "quality",
}  # fmt: skip
"""Columns of closed lists: their words are looked up, and a word of nobody is shown as it stands."""
KEPT = {"month", "scope", "password_hash", "token_sha256", "key_sha256", "device", "subject"}
"""Without these nothing is found any more, or nobody logs in."""


def poisoned(registry, *, words: bool) -> None:
    """Fill every table, then put hostile text in the place of every text."""
    with registry.writing() as session:
        session.query(Alarm).delete()
        session.merge(Company(id=2, name="甲运维（虚构）"))
        session.flush()
        session.add_all(alarms_of_each_kind())
        session.add_all(beneath_events()[:4])
    with registry.writing() as session:
        session.connection().exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        for table in Base.metadata.sorted_tables:
            if table.name == "login_sessions":
                continue
            if session.execute(select(table).limit(1)).first() is None:
                session.execute(table.insert().values(**_row(session, table)))
            changes = _changes(table, words=words)
            if changes:
                _unlocked(session, table)
                session.execute(update(table).values(changes))
        session.connection().exec_driver_sql("PRAGMA ignore_check_constraints = OFF")


def _row(session, table: Table) -> dict[str, Any]:
    values = {}
    for column in table.columns:
        if column.foreign_keys:
            other = next(iter(column.foreign_keys)).column
            values[column.name] = session.scalar(select(other).limit(1))
        else:
            values[column.name] = _value(column)
    return values


def _value(column) -> Any:
    kind = column.type
    for known, value in (
        (Boolean, True), (JSON, {}), (Date, date(2026, 11, 3)), (Float, 1.0), (LargeBinary, b"x"),
        (String, "410882"),
    ):  # fmt: skip
        if isinstance(kind, known):
            return value
    return NOW_MS - 60_000 if column.name.endswith("_ms") else 1


def _changes(table: Table, *, words: bool) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    unique = {name for key in table.indexes if key.unique for name in key.columns.keys()}  # noqa: SIM118 - columns, no dict
    for constraint in table.constraints:
        names = set(getattr(constraint, "columns", {}).keys())
        unique |= names if type(constraint).__name__ == "UniqueConstraint" else set()
    for column in table.columns:
        name = column.name
        if column.primary_key or column.foreign_keys or name in KEPT or (name in WORDS and not words):
            continue
        if isinstance(column.type, JSON) and name in ("evidence", "after", "before"):
            changes[name] = {RAW: RAW, "window_s": RAW, "name": [RAW], "cause": RAW}
        elif isinstance(column.type, String):
            length = column.type.length or 100
            text = RAW[: max(length, len(RAW))]
            changes[name] = column.table.c.id.cast(String) + text if name in unique else text
    return changes


def _unlocked(session, table: Table) -> None:
    """Take away the triggers that keep what is frozen as it is."""
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?"
    for (name,) in session.connection().exec_driver_sql(query, (table.name,)).all():
        session.connection().exec_driver_sql(f'DROP TRIGGER "{name}"')
