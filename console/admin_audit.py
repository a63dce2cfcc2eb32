"""The audit trail: who did what to what and when, with a filter, as CSV, and whether its chain holds."""

import csv
import io
from collections.abc import Iterator

from fastapi import Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from console import admin_words
from console.access import Route
from console.address import EARLIEST, civil_day, read_number
from console.admin_difference import fields_of, in_one_line
from console.admin_trail import (
    Asked,
    last_verification,
    note_verification,
    trail_chunks,
    trail_page,
    verify,
)
from console.desk import Desk
from console.person import client_address, person_of
from console.queries import active_alarm_count
from console.reader import Reader
from console.said import said
from console.station_csv import BYTE_ORDER_MARK
from console.words import N_
from registry.cells import harmless
from registry.tables import Audit
from service.civil import ONE_DAY, clock_of, day_of, start_of

_LONGEST = 100


def admin_audit_routes(desk: Desk) -> list[Route]:
    """The page of this room, its download and its check."""
    own = _AuditPages(desk)
    return [
        Route("/admin/audit", own.page, "audit.see"),
        Route("/admin/audit.csv", own.table, "audit.see"),
        Route("/admin/audit/verify", own.verify, "audit.see", ("POST",)),
    ]


class _AuditPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def page(self, request: Request) -> Response:
        """A page of rows, the newest first."""
        person, reader = person_of(request), self._desk.reader(request)
        asked, before = self._asked(request), read_number(request.query_params.get("before", ""))
        with self._desk.reading() as session:
            values = {
                "alarm_count": active_alarm_count(session, person),
                "found": trail_page(session, person, asked, before),
                "verified": last_verification(session),
            }
        values |= {
            "typed": {
                name: request.query_params.get(name, "")[:_LONGEST]
                for name in ("actor", "action", "object", "from", "until")
            },
            "is_later_page": before is not None,
            "fields_of": lambda row: fields_of(reader, row),
            "second": lambda row: _second(reader, row),
            "first_day": EARLIEST,
            "last_day": day_of(reader.now_ms, reader.zone),
            "admin_words": admin_words,
        }
        return self._desk.page(request, "admin_audit.html", values)

    def table(self, request: Request) -> Response:
        """All rows that fit, as CSV; sent while it is read."""
        reader = self._desk.reader(request)
        chunks = trail_chunks(self._desk.reading, person_of(request), self._asked(request))
        name = f"audit-{day_of(reader.now_ms, reader.zone)}.csv"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        }
        return StreamingResponse(_lines(reader, chunks), 200, headers, "text/csv; charset=utf-8")

    def verify(self, request: Request) -> Response:
        """Go through the whole chain, and note what was found."""
        person = person_of(request)
        with self._desk.reading() as session:
            found = verify(session)
        with self._desk.writing() as session:
            note_verification(session, found, self._desk.clock_ms(), person, client_address(request))
        if found.broken is None:
            said(request, N_("The chain holds: %(rows)s rows."), rows=found.rows)
        else:
            said(request, N_("The chain is broken at row %(row)s."), row=found.broken, is_wrong=True)
        return RedirectResponse("/admin/audit", 303)

    def _asked(self, request: Request) -> Asked:
        zone = self._desk.settings.zone
        today = day_of(self._desk.clock_ms(), zone)
        begin, end = civil_day(request, "from", today), civil_day(request, "until", today)
        actor, action, subject = (
            request.query_params.get(name, "").replace("\x00", "").strip()[:_LONGEST]
            for name in ("actor", "action", "object")
        )
        return Asked(
            actor, action, subject,
            None if begin is None else start_of(begin, zone),
            None if end is None else start_of(end + ONE_DAY, zone),
        )  # fmt: skip


def _second(reader: Reader, row: Audit) -> str:
    """Local date and time to the second, for what comes first matters here."""
    return f"{clock_of(row.at_ms, reader.zone):%Y-%m-%d %H:%M:%S}"


def _lines(reader: Reader, chunks: Iterator[list[Audit]]) -> Iterator[str]:
    head = [
        reader.text("No."), reader.text("Time"), reader.text("Who"), reader.text("From the address"),
        reader.text("What"), reader.text("Code"), reader.text("To what"), reader.text("Change"), "SHA-256",
    ]  # fmt: skip
    yield BYTE_ORDER_MARK + _written([head])
    for rows in chunks:
        yield _written([_cells(reader, row) for row in rows])


def _cells(reader: Reader, row: Audit) -> list[str]:
    told = (
        row.actor, row.address, reader.word(admin_words.ACTIONS, row.action), row.action, row.object,
        in_one_line(reader, row),
    )  # fmt: skip
    return [str(row.id), _second(reader, row), *(harmless(each) for each in told), row.sha256]


def _written(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
