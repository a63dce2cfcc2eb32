"""The quarantine: its list, and one entry with its payload made readable."""

from typing import NamedTuple

from fastapi import Request, Response
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from collector.payload_view import beginning, view
from collector.replay import is_capped
from console import queries
from console.access import Route
from console.address import read_number, whole_number
from console.desk import Desk
from console.person import person_of, sees
from registry.quarantine import Wanted, counts_by_code, find, numbered
from registry.tables import Quarantine, Station

NO_ENTRY = "no_entry"
"""Why nothing is at an address that looks like an entry's."""
BEGINNING_BYTES = 240
"""Of a payload, in the list; a little more than is shown."""
_LONGEST_CODE = 64


class EntryPage(NamedTuple):
    """One page of the list, and how many entries of each code the same station filter finds."""

    rows: list[Quarantine]
    counts: dict[str, int]
    page: int
    pages: int


def quarantine_routes(desk: Desk) -> list[Route]:
    """The pages of this room."""
    own = _QuarantinePages(desk)
    return [
        Route("/quarantine", own.entries, "quarantine.see"),
        Route("/quarantine/{entry_id}", own.entry, "quarantine.see"),
    ]


def entry_page(session: Session, wanted: Wanted, page: int) -> EntryPage:
    """A page of entries, newest first; a page beyond the end is the last one."""
    counts = counts_by_code(session, wanted)
    total = counts.get(wanted.code, 0) if wanted.code else sum(counts.values())
    pages = max(1, -(-total // queries.PAGE_ROWS))
    page = min(max(1, page), pages)
    rows = find(session, wanted, queries.PAGE_ROWS, (page - 1) * queries.PAGE_ROWS)
    return EntryPage(rows, counts, page, pages)


class _QuarantinePages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def entries(self, request: Request) -> Response:
        asked, person = request.query_params, person_of(request)
        wanted = Wanted(
            station_part=_without_nul(asked.get("station", "")).strip()[:32],
            code=_without_nul(asked.get("code", ""))[:_LONGEST_CODE],
            among=person.scope.station_ids() if person.scope.is_limited else None,
        )
        with self._desk.reading() as session:
            values = {
                "found": entry_page(session, wanted, whole_number(request, "page", 1)),
                "alarm_count": queries.active_alarm_count(session, person),
                "wanted": wanted,
                "beginning": lambda entry: beginning(entry.payload, BEGINNING_BYTES),
            }
        return self._desk.page(request, "quarantine.html", values)

    def entry(self, request: Request, entry_id: str) -> Response:
        number, person = read_number(entry_id), person_of(request)
        with self._desk.reading() as session:
            found = numbered(session, [] if number is None else [number])
            if not found:
                raise HTTPException(404, NO_ENTRY)
            [entry] = found
            station = session.get(Station, entry.station_id)
            if person.scope.is_limited and not (station and sees(person, station)):
                raise HTTPException(404, NO_ENTRY)
            values = {
                "entry": entry,
                "station": station,
                "alarm_count": queries.active_alarm_count(session, person),
                "view": view(entry.payload, entry.size_bytes),
                "is_capped": is_capped(entry),
            }
        return self._desk.page(request, "quarantine_entry.html", values)


def _without_nul(text: str) -> str:
    """PostgreSQL takes no NUL in a question."""
    return text.replace("\x00", "")
