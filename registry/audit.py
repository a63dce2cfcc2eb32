"""The audit trail: who changed what, in rows that are only added and that hold each other by their hashes."""

import getpass
import hashlib
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import msgspec
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from registry.tables import Audit

LONGEST_ACTOR = 64
"""Letters that the table takes."""
_FIRST = "0" * 64
_LOCK_OF_THE_CHAIN = 0x71_6C_61_75
_encoder = msgspec.json.Encoder(order="deterministic")


def note_change(  # noqa: PLR0913 - each is a column of the trail
    session: Session,
    *,
    at_ms: int,
    actor: str,
    action: str,
    subject: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    address: str = "",
) -> None:
    """Add a row in the transaction of the change itself.

    Args:
        session: a writing one.
        at_ms: when, ms since the epoch, UTC.
        actor: who; a user's name, or `cli:NAME` for somebody at the command line.
        action: what was done, such as `station.update` or `exclusion.enter`.
        subject: to what, such as a station's id.
        before: the fields as they were; only those that changed.
        after: as they are now; likewise.
        address: where the actor's request came from.
    """
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer anyway
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_OF_THE_CHAIN})
    previous = session.scalar(select(Audit.sha256).order_by(Audit.id.desc()).limit(1)) or _FIRST
    row = Audit(
        at_ms=at_ms,
        actor=actor,
        address=address,
        action=action,
        object=subject,
        before=_plain(before),
        after=_plain(after),
        previous_sha256=previous,
    )
    row.sha256 = _hash(row)
    session.add(row)
    session.flush()


def at_command_line(name: str | None) -> str:
    """Who acts at the command line: the name given, or else the system's user as `cli:USER`."""
    if name is not None and name.strip():
        return name.strip()[:LONGEST_ACTOR]
    try:
        return f"cli:{getpass.getuser()}"[:LONGEST_ACTOR]
    except (OSError, KeyError):  # a user without a name
        return "cli:unknown"


def first_broken(session: Session) -> int | None:
    """The number of the first row that was altered, or follows a missing one; None if the chain holds."""
    previous = _FIRST
    query = select(Audit).order_by(Audit.id).execution_options(yield_per=1_000)
    with closing(session.scalars(query)) as rows:
        for row in rows:
            if row.previous_sha256 != previous or row.sha256 != _hash(row):
                return row.id
            previous = row.sha256
    return None


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that differ, as they were and as they are."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return ({name: before.get(name) for name in names}, {name: after.get(name) for name in names})


def _plain(fields: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """As JSON holds it: dates as text."""
    return None if fields is None else msgspec.to_builtins(dict(fields), builtin_types=())


def _hash(row: Audit) -> str:
    said = [
        row.previous_sha256, row.at_ms, row.actor, row.address, row.action, row.object, row.before, row.after,
    ]  # fmt: skip
    return hashlib.sha256(_encoder.encode(said)).hexdigest()
