"""Which entries of the quarantine a person may handle, and what came of trying some once more."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from collector.replay import replay
from console.person import Person
from history.port import History
from registry.database import Registry
from registry.quarantine import numbered
from registry.quarantine_trail import Actor
from registry.stations import known_ids
from registry.tables import Quarantine, Station

MOST_ENTRIES = 100
LONGEST_REASON = 1_000


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
    outcomes = list(replay(registry, history, [entry.id for entry in entries], known, by))
    fates = Counter(outcome.fate == "replayed" for outcome in outcomes)
    return Done(fates[True], fates[False], sum(outcome.stored for outcome in outcomes))
