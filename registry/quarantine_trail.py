"""What is done with entries of the quarantine stands in the audit trail, in the transaction that does it."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from registry.audit import note_change
from registry.quarantine import remove
from registry.tables import Quarantine

REPLAY: Final = "quarantine.replay"
DISCARD: Final = "quarantine.discard"
"""Under which actions they stand there."""


class Actor(NamedTuple):
    """Who does it, when (ms since the epoch, UTC) and from where."""

    name: str
    at_ms: int
    address: str = ""


def note_replayed(session: Session, entry_id: int, outcome: dict[str, Any], by: Actor) -> None:
    """Note that an entry was tried once more, and what came of it."""
    note_change(
        session, at_ms=by.at_ms, actor=by.name, action=REPLAY, subject=f"quarantine:{entry_id}",
        after=outcome, address=by.address,
    )  # fmt: skip


def discard(session: Session, entries: Sequence[Quarantine], reason: str, by: Actor) -> None:
    """Remove entries for good; the trail keeps what they were and why they went."""
    for entry in entries:
        was = {
            "station": entry.station_id, "code": entry.code, "count": entry.count,
            "size_bytes": entry.size_bytes, "received_ms": entry.received_ms,
        }  # fmt: skip
        note_change(
            session, at_ms=by.at_ms, actor=by.name, action=DISCARD, subject=f"quarantine:{entry.id}",
            before=was, after={"removed_because": reason}, address=by.address,
        )  # fmt: skip
    remove(session, [entry.id for entry in entries])
