"""Notes on stations: what people saw or agreed and no meter tells. They are added, never changed."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.accounts import By
from registry.audit import note_change
from registry.tables import StationNote

MOST_LETTERS = 2_000
NOTE_EMPTY = "note_empty"
NOTE_LONG = "note_long"


class NoteError(ValueError):
    """A note that cannot be taken.

    Attributes:
        code: which rule it breaks: NOTE_EMPTY or NOTE_LONG.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def add_note(session: Session, station: str, text: str, by: By) -> StationNote:
    """Note something down of a station, in the audit trail too.

    Args:
        session: a writing one.
        station: id of a station on the register, which `by` may see.
        text: 1 to MOST_LETTERS letters.
        by: who, and when.

    Raises:
        NoteError: the text is empty or too long.
    """
    text = text.strip().replace("\r\n", "\n")
    if not text:
        raise NoteError(NOTE_EMPTY)
    if len(text) > MOST_LETTERS:
        raise NoteError(NOTE_LONG)
    note = StationNote(station_id=station, at_ms=by.at_ms, author=by.actor, text=text)
    session.add(note)
    session.flush()
    note_change(
        session,
        at_ms=by.at_ms,
        actor=by.actor,
        action="station.note",
        subject=f"{station}/note/{note.id}",
        after={"note": text},
        address=by.address,
    )
    return note


def notes_of(session: Session, station: str, limit: int) -> list[StationNote]:
    """The last notes on a station, newest first."""
    found = select(StationNote).where(StationNote.station_id == station)
    return list(session.scalars(found.order_by(StationNote.at_ms.desc(), StationNote.id.desc()).limit(limit)))
