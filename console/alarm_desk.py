"""The changes of the alarm desk: acts on one or many alarms, answers with their proof, and proof to fetch.

Each alarm is a transaction of its own, through the same desk as the command line's: what is refused for one
is said, and the others are done.
"""

from functools import partial
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from alerting.desk import Desk as AlarmDesk
from alerting.desk import DeskError
from alerting.desk_act import Turn
from console import alarm_words as words
from console.access import Route, local_path
from console.address import read_number
from console.alarm_acts import ActError, Do, Given, read_act, read_cause, read_text
from console.alarm_lists import AlarmRow, some
from console.desk import Desk
from console.form import BAD_FORM, Form, form_of
from console.person import Person, client_address, person_of
from console.reader import Reader
from console.said import said
from console.uploads import MOST_BYTES, UploadError, drop_upload, store_upload, upload_answer
from registry.tables import Alarm, AlarmEvent, Company
from service.settings import SettingsError

NO_ALARM = "no_alarm"
"""Why nothing is at an address that looks like an alarm's; also of one outside a person's limits."""
MOST_AT_ONCE = 200
_NAMED = 5
_OF_A_FORM = 100_000
"""Bytes that a form has beside its file."""


def alarm_desk_routes(desk: Desk) -> list[Route]:
    """The addresses of this room."""
    own = _AlarmDesk(desk)
    return [
        Route("/alarms/act", own.act, "alarms.handle", ("POST",)),
        Route("/alarms/{alarm_id}/answer", own.answer, "alarms.answer", ("POST",), MOST_BYTES + _OF_A_FORM),
        Route("/alarms/{alarm_id}/proof/{event_id}", own.proof, "see"),
    ]


def seen_alarm(session: Session, person: Person, text: str) -> AlarmRow:
    """The alarm whose number stands in an address.

    Raises:
        HTTPException: 404, there is none that the person sees.
    """
    number = read_number(text)
    found = [] if number is None else some(session, person, [number])
    if not found:
        raise HTTPException(404, NO_ALARM)
    return found[0]


class _AlarmDesk:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def act(self, request: Request) -> Response:
        """Do one thing with each of the alarms that were ticked."""
        person, form = person_of(request), form_of(request)
        name, back = form.field("act", 20), local_path(form.field("back", 2_000))
        if name not in words.DONE:
            raise HTTPException(400, BAD_FORM)
        with self._desk.reading() as session:
            rows = _chosen(session, person, form)
            companies = list(session.scalars(select(Company.name)))
        given = Given(form, companies, self._desk.clock_ms(), self._desk.settings.zone)
        try:
            self._do(request, name, read_act(name, given), rows)
        except ActError as error:
            said(request, error.text, is_wrong=True, **error.parts)
        return RedirectResponse(back, 303)

    def answer(self, request: Request, alarm_id: str) -> Response:
        """Take down what the O&M company says, with the file that proves it."""
        person, form = person_of(request), form_of(request)
        with self._desk.reading() as session:
            number = seen_alarm(session, person, alarm_id).alarm.id
        folder, kept = Path(self._desk.settings.console.uploads_path), ""
        try:
            text, cause = read_text(form, "text", is_needed=True), read_cause(form)
            turn = self._turn(request)
            proof: dict[str, object] = {}
            for upload in form.uploads("proof")[:1]:
                stored = store_upload(folder, upload.file.read(MOST_BYTES + 1))
                kept = stored.name
                proof = {"file": stored.name, "media_type": stored.media_type, "sha256": stored.sha256,
                         "size_bytes": stored.size_bytes}  # fmt: skip
            turn.act(lambda desk: desk.answer(number, text, cause, proof), self._desk.clock_ms())
        except ActError as error:
            said(request, error.text, is_wrong=True, **error.parts)
        except UploadError as error:
            said(request, words.UPLOADS[error.code], is_wrong=True)
        except Exception:
            drop_upload(folder, kept)
            raise
        else:
            said(request, words.ANSWERED, id=number)
        return RedirectResponse(f"/alarms/{number}", 303)

    def proof(self, request: Request, alarm_id: str, event_id: str) -> Response:
        """A file that was handed in, to whoever sees the alarm."""
        number = read_number(event_id)
        with self._desk.reading() as session:
            alarm = seen_alarm(session, person_of(request), alarm_id).alarm
            event = None if number is None else session.get(AlarmEvent, number)
            if event is None or event.alarm_id != alarm.id or "file" not in event.details:
                raise HTTPException(404)
            name, download_as = str(event.details["file"]), f"alarm-{alarm.id}-{event.id}"
        return upload_answer(Path(self._desk.settings.console.uploads_path), name, download_as)

    def _turn(self, request: Request) -> Turn:
        by, address = person_of(request).name, client_address(request)
        try:
            return Turn(self._desk.registry, self._desk.settings, by, address)
        except SettingsError as error:
            raise ActError(words.ROSTER_WRONG) from error

    def _do(self, request: Request, name: str, do: Do, rows: list[AlarmRow]) -> None:
        """Do it alarm by alarm, and say what came of it.

        Raises:
            ActError: nothing was chosen, or the roster cannot be read.
        """
        if not rows:
            raise ActError(words.NONE_CHOSEN)
        turn, reader = self._turn(request), self._desk.reader(request)
        done: list[AlarmRow] = []
        rang: list[AlarmRow] = []
        refused: list[tuple[AlarmRow, DeskError]] = []
        for row in rows:
            try:
                _, rings = turn.act(partial(_with, do, row.alarm.id), self._desk.clock_ms())
            except DeskError as error:
                refused.append((row, error))
            else:
                done.append(row)
                rang += [row] if rings else []
        if done:
            said(request, words.DONE[name], alarms=_named(reader, done))
        if rang:
            said(request, words.RINGS_AGAIN, alarms=_named(reader, rang))
        for row, why in refused[:_NAMED]:
            text = words.REFUSED.get(why.code, words.REFUSED_OTHERWISE)
            said(request, text, is_wrong=True, alarm=name_of(reader, row), by=why.by, why=why)
        if len(refused) > _NAMED:
            said(request, words.MORE_REFUSED, is_wrong=True, count=len(refused) - _NAMED)


def name_of(reader: Reader, row: AlarmRow) -> str:
    """What an alarm is called in a sentence."""
    where = row.station_name or " ".join(part for part in (row.county_name, row.town) if part)
    return f"{where or row.alarm.subject} {reader.alarm(row.alarm.type)}"


def _named(reader: Reader, rows: list[AlarmRow]) -> str:
    named = reader.text(", ").join(name_of(reader, row) for row in rows[:_NAMED])
    if len(rows) <= _NAMED:
        return named
    return reader.text("%(named)s and %(count)s more", named=named, count=len(rows) - _NAMED)


def _chosen(session: Session, person: Person, form: Form) -> list[AlarmRow]:
    """The alarms that were ticked, each once.

    Raises:
        HTTPException: 404, one of them is not seen; nothing is done then.
    """
    numbers = list(dict.fromkeys(read_number(text) for text in form.fields("alarm", 20)[:MOST_AT_ONCE]))
    rows = some(session, person, [number for number in numbers if number is not None])
    if len(rows) != len(numbers):
        raise HTTPException(404, NO_ALARM)
    return rows


def _with(do: Do, number: int, desk: AlarmDesk) -> Alarm:
    return do(desk, number)
