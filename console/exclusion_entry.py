"""Approved stops entered in the console: one application for one station or for several, all or none."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from console.form import Form
from console.person import Person
from console.uploads import MOST_BYTES, UploadError, drop_upload, store_upload
from console.words import N_
from registry.exclusions import NewExclusion, check_approved_stop, enter_approved_stop, faults_of_exclusion
from registry.record_entry import By, Entered, RecordError
from registry.record_lock import wait_for_turn
from registry.tables import Station
from service.settings import Fault

UPLOAD_ERRORS: dict[str, str] = {
    "upload_empty": N_("The file is empty."),
    "upload_large": N_("The file is larger than 5 MB."),
    "upload_unknown": N_("Only JPEG, PNG and PDF files are taken."),
    "upload_unwritable": N_("The file could not be kept on the server. Call whoever looks after it."),
}
MOST_STATIONS = 200
_ONE_ATTACHMENT = 1
_STATIONS_END = str.maketrans(dict.fromkeys(",;，；、\r\t", "\n"))


class Application(NamedTuple):
    """What was typed.

    Attributes:
        stations: numbers or names, a line each.
        start: first day that does not count, as typed.
        end: last one, as typed.
        reason: one of `registry.exclusions.REASONS`.
        applicant: who asked for it.
    """

    stations: str = ""
    start: str = ""
    end: str = ""
    reason: str = ""
    applicant: str = ""


def application_of(form: Form) -> Application:
    """What a form brings back."""
    return Application(*(form.field(name) for name in Application._fields))


def enter(
    session: Session, person: Person, typed: Application, attachment: str, by: By
) -> list[tuple[str, Entered]]:
    """Enter the stop of every station that was named; who enters it stands for it as its approver.

    Args:
        session: a writing one.
        person: who enters it.
        typed: the application.
        attachment: name of the file that was handed in; empty without one.
        by: the same person, for the audit trail.

    Raises:
        RecordError: something is wrong; nothing was written.
    """
    wait_for_turn(session)
    faults = list(_faults_of_days(typed))
    stations, unknown = _stations(session, person, typed.stations)
    faults += unknown
    if faults:
        faults += _other_faults(typed, person, by)
        raise RecordError(faults)
    start, end = date.fromisoformat(typed.start), date.fromisoformat(typed.end)
    new = [
        NewExclusion(each, start, end, typed.reason, typed.applicant, person.name, attachment)
        for each in stations
    ]
    for each in new:
        own = check_approved_stop(session, each, by)
        faults += [
            fault._replace(path="stations", rule=f"{each.station} {fault.rule}")
            if len(new) > 1 and fault.rule.startswith("overlaps")
            else fault
            for fault in own
        ]
    if faults:
        raise RecordError(dict.fromkeys(faults))
    return [(each.station, enter_approved_stop(session, each, by)) for each in new]


def keep_attachment(folder: Path, form: Form) -> str:
    """Keep the file that came with a form; returns its name, empty without one.

    Raises:
        UploadError: it is not taken.
    """
    for upload in form.uploads("attachment")[:_ONE_ATTACHMENT]:
        return store_upload(folder, upload.file.read(MOST_BYTES + 1), MOST_BYTES).name
    return ""


def drop_attachment(folder: Path, name: str) -> None:
    """Take a file away whose application came to nothing."""
    if name:
        with suppress(OSError, UploadError):  # a file without a record does no harm
            drop_upload(folder, name)


def _faults_of_days(typed: Application) -> Iterator[Fault]:
    for name in ("start", "end"):
        text = getattr(typed, name)
        try:
            date.fromisoformat(text)
        except ValueError:
            yield Fault(name, "is required" if not text else "must be a date such as 2026-11-05", text)


def _other_faults(typed: Application, person: Person, by: By) -> Iterator[Fault]:
    """What else is wrong, so that everything is told at once; days that cannot be read are set aside."""
    start = end = by.today
    has_days = not list(_faults_of_days(typed))
    if has_days:
        start, end = date.fromisoformat(typed.start), date.fromisoformat(typed.end)
    found = faults_of_exclusion(
        NewExclusion("", start, end, typed.reason, typed.applicant, person.name), (), by
    )
    return (fault for fault in found if has_days or fault.path not in ("start", "end"))


def _stations(session: Session, person: Person, typed: str) -> tuple[list[str], Sequence[Fault]]:
    """The ids of the stations that lines name by number or name, of those that the person sees."""
    named = list(dict.fromkeys(filter(None, (line.strip() for line in _lines(typed)))))
    if not named:
        return [], [Fault("stations", "is required")]
    if len(named) > MOST_STATIONS:
        return [], [Fault("stations", f"must have at most {MOST_STATIONS} stations", len(named))]
    ids, faults = [], []
    for text in named:
        found = select(Station.id).where(
            or_(Station.id == text, Station.name == text), person.scope.stations()
        )
        own = list(session.scalars(found.limit(2)))
        if len(own) == 1:
            ids += own
        else:
            rule = f"{text[:40]} is the name of more than one station" if own else f"{text[:40]} is not known"
            faults.append(Fault("stations", rule, text))
    return list(dict.fromkeys(ids)), faults


def _lines(typed: str) -> list[str]:
    return typed.translate(_STATIONS_END).split("\n")
