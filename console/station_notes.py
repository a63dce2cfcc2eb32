"""A note on a station, kept."""

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from console import queries
from console.access import Route
from console.address import NO_STATION
from console.desk import Desk
from console.form import form_of
from console.person import person_of
from console.said import said
from console.station_words import NOTE_ERRORS, NOTED
from registry.station_notes import MOST_LETTERS, NoteError, add_note

MOST_NOTES = 50
"""That the station's page shows, the newest."""


def station_note_routes(desk: Desk) -> list[Route]:
    """The address of this room."""

    def note(request: Request, station_id: str) -> Response:
        person, now = person_of(request), desk.clock_ms()
        text = form_of(request).field("text", 4 * MOST_LETTERS)
        with desk.writing() as session:
            known = queries.station_file(session, person, station_id)
            if known is None:
                raise HTTPException(404, NO_STATION)
            try:
                add_note(session, station_id, text, person.by(request, now))
            except NoteError as error:
                said(request, NOTE_ERRORS[error.code], is_wrong=True)
            else:
                said(request, NOTED, station=known.station.name or station_id)
        return RedirectResponse(f"/stations/{station_id}#notes", 303)

    return [Route("/stations/{station_id}/notes", note, "notes.write", ("POST",))]
