"""Quarantine: what could not be stored, why, and a capped copy for whoever must find the cause."""

from typing import NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from registry.tables import Quarantine

PAYLOAD_CAP_BYTES = 4_096
ENTRIES_CAP = 10_000
"""Beyond so many entries the oldest leave."""


class Entry(NamedTuple):
    """One thing put aside."""

    received_ms: int
    station: str
    code: str
    text: str
    payload: bytes


def put_aside(session: Session, entries: list[Entry]) -> None:
    """Keep entries; one that repeats its station's newest (same code and text) only raises its count."""
    for entry in entries:
        told = _printable(entry.text)
        newest = session.scalar(
            select(Quarantine)
            .where(Quarantine.station_id == entry.station)
            .order_by(Quarantine.id.desc())
            .limit(1)
        )
        if newest is not None and (newest.code, newest.text) == (entry.code, told):
            newest.count += 1
            newest.received_ms = entry.received_ms
            continue
        session.add(
            Quarantine(
                received_ms=entry.received_ms,
                station_id=entry.station,
                code=entry.code,
                text=told,
                size_bytes=len(entry.payload),
                payload=entry.payload[:PAYLOAD_CAP_BYTES],
            )
        )
        session.flush()
    too_many = (session.scalar(select(func.count()).select_from(Quarantine)) or 0) - ENTRIES_CAP
    if too_many > 0:
        oldest = select(Quarantine.id).order_by(Quarantine.id).limit(too_many)
        session.execute(delete(Quarantine).where(Quarantine.id.in_(oldest)))


def newest(session: Session, limit: int = 200) -> list[Quarantine]:
    """The entries put aside last, newest first."""
    return list(session.scalars(select(Quarantine).order_by(Quarantine.id.desc()).limit(limit)))


def _printable(text: str) -> str:
    """The text without NUL, half surrogate pairs and terminal escapes: a store would refuse it for ever."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
