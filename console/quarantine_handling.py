"""What is done with entries of the quarantine: tried once more, or thrown away with a reason; both noted."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from collector.replay import Outcome, replay
from console.person import Person
from history.port import History
from registry.audit import note_change
from registry.database import Registry
from registry.quarantine import numbered, remove
from registry.stations import known_ids
from registry.tables import Quarantine, Station

REPLAY, DISCARD = "quarantine.replay", "quarantine.discard"
"""Under which actions they stand in the audit trail."""
MOST_ENTRIES = 100
LONGEST_REASON = 1_000


class Actor(NamedTuple):
    """Who does it, from where and when (ms since the epoch, UTC)."""

    name: str
    address: str
    at_ms: int


class Done(NamedTuple):
    """What came of it: entries gone, entries that stay, readings stored."""

    gone: int
    staying: int
    readings: int


def seen_entries(session: Session, person: Person, ids: Sequence[int]) -> list[Quarantine]:
    """The entries with these numbers that the person sees, oldest first, at most MOST_ENTRIES."""
    entries = numbered(session, list(ids)[:MOST_ENTRIES])
    if not person.scope.is_limited:
        return entries
    rows = {entry.station_id: session.get(Station, entry.station_id) for entry in entries}
    seen = {name for name, row in rows.items() if row and person.scope.has(row.county_code, row.company_id)}
    return [entry for entry in entries if entry.station_id in seen]


def store_again(registry: Registry, history: History, entries: Sequence[Quarantine], by: Actor) -> Done:
    """Check entries as the collector does and store what is good; what is stored wholly is gone.

    Raises:
        HistoryError: the store cannot be used now.
        SQLAlchemyError: likewise the registry. Doing it again does no harm.
    """
    with registry.reading() as session:
        known = known_ids(session)
    outcomes: list[Outcome] = []
    try:
        for outcome in replay(registry, history, [entry.id for entry in entries], known, by.at_ms):
            outcomes.append(outcome)  # noqa: PERF402 - what was done before a failure is noted too
    finally:
        with registry.writing() as session:
            for outcome in outcomes:
                told = {"station": outcome.station, "fate": outcome.fate, "stored": outcome.stored}
                _note(session, by, REPLAY, outcome.entry_id, after=told | {"code": outcome.code})
    fates = Counter(outcome.fate == "replayed" for outcome in outcomes)
    return Done(fates[True], fates[False], sum(outcome.stored for outcome in outcomes))


def discard(session: Session, entries: Sequence[Quarantine], reason: str, by: Actor) -> Done:
    """Remove entries for good; the audit trail keeps what they were and why they went."""
    for entry in entries:
        was = {
            "station": entry.station_id, "code": entry.code, "count": entry.count,
            "size_bytes": entry.size_bytes, "received_ms": entry.received_ms,
        }  # fmt: skip
        _note(session, by, DISCARD, entry.id, before=was, after={"removed_because": reason})
    remove(session, [entry.id for entry in entries])
    return Done(len(entries), 0, 0)


def _note(
    session: Session,
    by: Actor,
    action: str,
    number: int,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object],
) -> None:
    note_change(
        session, at_ms=by.at_ms, actor=by.name, action=action, subject=f"quarantine:{number}", before=before,
        after=after, address=by.address,
    )  # fmt: skip
