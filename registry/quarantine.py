"""Quarantine: what could not be stored, why, and a capped copy for whoever must find the cause."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Select, delete, func, insert, select, update
from sqlalchemy.orm import Session

from registry.tables import Quarantine

PAYLOAD_CAP_BYTES = 4_096
ENTRIES_CAP = 10_000
"""Beyond so many entries the oldest leave."""
STATION_CAP = 500
"""Beyond so many entries of one station its oldest leave, so that it drives out nobody else's."""
KEPT_EACH = frozenset({"unknown_quantity", "store_refuses"})
"""Codes of which every payload is kept, because it may be stored one day and its station has let it go."""
_AT_ONCE = 500
"""Values named in one statement."""
_Value = TypeVar("_Value")


@dataclass(slots=True)
class Entry:
    """One thing put aside; of its payload only the beginning is held, and how long it was."""

    received_ms: int
    station: str
    code: str
    text: str
    payload: bytes
    size_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        self.size_bytes = len(self.payload)
        self.payload = self.payload[:PAYLOAD_CAP_BYTES]


class Wanted(NamedTuple):
    """Which entries are meant; whatever is not given fits all of them.

    Attributes:
        station: its whole id.
        station_part: letters that its id has, in either case.
        code: why it was put aside.
        since_ms, before_ms: since <= last received < before.
        among: asks for the ids of the stations that may be told of; None for all, the unknown ones too.
    """

    station: str = ""
    code: str = ""
    since_ms: int | None = None
    before_ms: int | None = None
    station_part: str = ""
    among: Select[str] | None = None


EVERYTHING = Wanted()


def put_aside(session: Session, entries: Sequence[Entry]) -> None:
    """Keep entries; one that repeats its station's newest (same code and text) mostly raises its count only.

    However many there are, the statements are few: a flood must not hold up the collector.
    """
    last_of = _newest_of(session, {entry.station for entry in entries})
    fresh: list[dict[str, Any]] = []
    raised: dict[int, dict[str, Any]] = {}
    for entry in entries:
        told = _printable(entry.text)
        last = last_of.get(entry.station)
        is_same = last is not None and (last["code"], last["text"]) == (entry.code, told)
        if last is not None and is_same and entry.code not in KEPT_EACH:
            last["count"] += 1
            last["received_ms"] = entry.received_ms
            if "id" in last:
                raised[last["id"]] = last
            continue
        row = {
            "received_ms": entry.received_ms,
            "station_id": entry.station,
            "code": entry.code,
            "text": told,
            "count": 1,
            "size_bytes": entry.size_bytes,
            "payload": entry.payload,
        }
        last_of[entry.station] = row
        fresh.append(row)
    if raised:
        changed = ("id", "count", "received_ms")
        session.execute(update(Quarantine), [{key: row[key] for key in changed} for row in raised.values()])
    if fresh:
        session.execute(insert(Quarantine), fresh)
        _keep_to_share(session, {row["station_id"] for row in fresh})
        _drop_oldest(session)


def newest(session: Session, limit: int = 200) -> list[Quarantine]:
    """The entries put aside last, newest first."""
    return find(session, EVERYTHING, limit)


def find(session: Session, wanted: Wanted, limit: int | None = None, offset: int = 0) -> list[Quarantine]:
    """The entries meant, newest first."""
    found = select(Quarantine).where(*_conditions(wanted)).order_by(Quarantine.id.desc())
    return list(session.scalars(found.limit(limit).offset(offset)))


def find_ids(session: Session, wanted: Wanted) -> list[int]:
    """The numbers of the entries meant, oldest first."""
    return list(session.scalars(select(Quarantine.id).where(*_conditions(wanted)).order_by(Quarantine.id)))


def numbered(session: Session, ids: Collection[int]) -> list[Quarantine]:
    """The entries with these numbers, oldest first; those that are not there are left out."""
    found: list[Quarantine] = []
    for some in _portions(sorted(set(ids))):
        found += session.scalars(select(Quarantine).where(Quarantine.id.in_(some)).order_by(Quarantine.id))
    return found


def counts_by_code(session: Session, wanted: Wanted) -> dict[str, int]:
    """How many of the entries meant each code has, the most first; the code wanted does not count."""
    how_many = func.count()
    found = select(Quarantine.code, how_many).where(*_conditions(wanted._replace(code="")))
    found = found.group_by(Quarantine.code).order_by(how_many.desc(), Quarantine.code)
    return {code: count for code, count in session.execute(found)}  # noqa: C416 - rows, not pairs


def remove(session: Session, ids: Collection[int]) -> None:
    """Take entries out for good."""
    for some in _portions(sorted(ids)):
        session.execute(delete(Quarantine).where(Quarantine.id.in_(some)))


def give_reason(session: Session, entry_id: int, code: str, text: str) -> None:
    """Say anew why an entry cannot be stored."""
    changed = update(Quarantine).where(Quarantine.id == entry_id)
    session.execute(changed.values(code=code, text=_printable(text)))


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.station:
        conditions.append(Quarantine.station_id == wanted.station)
    if wanted.station_part:
        conditions.append(Quarantine.station_id.icontains(wanted.station_part, autoescape=True))
    if wanted.code:
        conditions.append(Quarantine.code == wanted.code)
    if wanted.since_ms is not None:
        conditions.append(Quarantine.received_ms >= wanted.since_ms)
    if wanted.before_ms is not None:
        conditions.append(Quarantine.received_ms < wanted.before_ms)
    if wanted.among is not None:
        conditions.append(Quarantine.station_id.in_(wanted.among))
    return conditions


def _newest_of(session: Session, stations: Collection[str]) -> dict[str, dict[str, Any]]:
    """Each station's newest entry without its payload, locked so that nobody removes it meanwhile."""
    columns = (Quarantine.id, Quarantine.station_id, Quarantine.code, Quarantine.text, Quarantine.count)
    found: dict[str, dict[str, Any]] = {}
    for some in _portions(sorted(stations)):
        last = select(func.max(Quarantine.id)).where(Quarantine.station_id.in_(some))
        last = last.group_by(Quarantine.station_id)
        rows = session.execute(
            select(*columns).where(Quarantine.id.in_(last)).order_by(Quarantine.id).with_for_update()
        )
        found.update((row.station_id, dict(row._mapping)) for row in rows)  # noqa: SLF001 - its public name
    return found


def _keep_to_share(session: Session, stations: Collection[str]) -> None:
    """Drop the oldest entries of stations that have more than their share."""
    for some in _portions(sorted(stations)):
        of_station = Quarantine.station_id
        counted = select(of_station).where(of_station.in_(some)).group_by(of_station)
        for station in session.scalars(counted.having(func.count() > STATION_CAP)).all():
            newest_first = select(Quarantine.id).where(of_station == station).order_by(Quarantine.id.desc())
            last_kept = session.scalar(newest_first.offset(STATION_CAP - 1).limit(1))
            session.execute(delete(Quarantine).where(of_station == station, Quarantine.id < last_kept))


def _drop_oldest(session: Session) -> None:
    """Keep to the cap; the entries are counted only where their numbers reach further than it."""
    first, last = session.execute(select(func.min(Quarantine.id), func.max(Quarantine.id))).one()
    if last - first < ENTRIES_CAP:
        return
    too_many = (session.scalar(select(func.count()).select_from(Quarantine)) or 0) - ENTRIES_CAP
    if too_many > 0:
        oldest = select(Quarantine.id).order_by(Quarantine.id).limit(too_many)
        session.execute(delete(Quarantine).where(Quarantine.id.in_(oldest)))


def _portions(values: Sequence[_Value]) -> Iterator[Sequence[_Value]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def _printable(text: str) -> str:
    """The text without NUL, half surrogate pairs and terminal escapes: a store would refuse it for ever."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
