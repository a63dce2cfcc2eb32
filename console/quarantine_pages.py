"""The quarantine: its list, one entry with its payload made readable, and what is done with entries."""

from typing import NamedTuple

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from collector.payload_view import beginning, view
from collector.replay import is_capped
from console import queries
from console.access import Route
from console.address import read_number, whole_number
from console.desk import Desk
from console.form import form_of
from console.person import client_address, person_of, sees
from console.quarantine_handling import LONGEST_REASON, seen_entries, store_again
from console.said import said
from console.words import N_
from registry.quarantine import Wanted, counts_by_code, find, numbered
from registry.quarantine_trail import Actor, discard
from registry.tables import Quarantine, Station

NO_ENTRY = "no_entry"
"""Why nothing is at an address that looks like an entry's."""
PAGE_ROWS = 50
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
        Route("/quarantine/handle", own.handle, "quarantine.handle", ("POST",)),
        Route("/quarantine/{entry_id}", own.entry, "quarantine.see"),
    ]


def entry_page(session: Session, wanted: Wanted, page: int) -> EntryPage:
    """A page of entries, newest first; a page beyond the end is the last one."""
    counts = counts_by_code(session, wanted)
    total = counts.get(wanted.code, 0) if wanted.code else sum(counts.values())
    pages = max(1, -(-total // PAGE_ROWS))
    page = min(max(1, page), pages)
    rows = find(session, wanted, PAGE_ROWS, (page - 1) * PAGE_ROWS)
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

    def handle(self, request: Request) -> Response:
        """Store entries again, or throw them away with a reason."""
        person, form = person_of(request), form_of(request)
        numbers = [number for text in form.fields("entry", 20) if (number := read_number(text)) is not None]
        by = Actor(person.name, self._desk.clock_ms(), client_address(request))
        with self._desk.reading() as session:
            entries = seen_entries(session, person, numbers)
        back = "/quarantine"
        if not entries:
            said(request, N_("Nothing was done: no entry was chosen, or it is gone already."), is_wrong=True)
        elif form.field("action", 20) == "replay":
            done = store_again(self._desk.registry, self._desk.history, entries, by)
            told = {"readings": done.readings, "gone": done.gone, "staying": done.staying}
            said(
                request,
                N_("Tried again: %(gone)s entries stored and gone, %(staying)s stay; %(readings)s readings."),
                is_wrong=done.staying > 0, **told,
            )  # fmt: skip
            back = f"/quarantine/{entries[0].id}" if len(entries) == done.staying == 1 else back
        else:
            back = self._discarded(request, form.field("reason", LONGEST_REASON), numbers, by) or back
        return RedirectResponse(back, 303)

    def _discarded(self, request: Request, reason: str, numbers: list[int], by: Actor) -> str:
        """Throw entries away; returns where to go on, empty for the list."""
        if not reason:
            said(request, N_("Nothing was thrown away: say why."), is_wrong=True)
            return f"/quarantine/{numbers[0]}" if len(numbers) == 1 else ""
        with self._desk.writing() as session:
            entries = seen_entries(session, person_of(request), numbers)
            discard(session, entries, reason, by)
        said(request, N_("%(count)s entries were thrown away."), count=len(entries))
        return ""


def _without_nul(text: str) -> str:
    """PostgreSQL takes no NUL in a question."""
    return text.replace("\x00", "")
