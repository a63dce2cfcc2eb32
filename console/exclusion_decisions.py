"""A word on an approved stop: a manager approves or refuses it, or it is withdrawn, by the registry."""

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from console.access import NOT_ALLOWED
from console.address import read_number
from console.desk import Desk
from console.exclusion_list import StopRow, is_own, one_stop
from console.form import form_of
from console.person import client_address, person_of
from console.registry_faults import one_line, rule_text
from console.said import said
from console.words import N_
from registry.exclusions import approve_exclusion, withdraw_exclusion
from registry.record_entry import By, RecordError
from registry.tables import Audit
from service.civil import day_of

NO_EXCLUSION = "no_exclusion"
"""Why nothing is at an address that looks like an approved stop's."""
PER_STATION = N_("%(station)s: %(warning)s")
_LONGEST_REASON = 1_000


class Decisions:
    """What is done with a stop that is on record."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def approve(self, request: Request, exclusion_id: str) -> Response:
        """A manager's word: the days beyond the ceiling count. Not for one's own entry."""
        row = self._for_manager(request, exclusion_id)
        with self._desk.writing() as session:
            try:
                done = approve_exclusion(session, row.stop.id, person_of(request).name, self.by(request))
            except RecordError as error:
                return self._refused(request, row, error)
        reader = self._desk.reader(request)
        said(request, N_("Approved: days beyond the ceiling count now."))
        for warning in done.warnings:
            text = rule_text(reader, warning)
            said(request, PER_STATION, is_wrong=True, station=row.stop.station_id, warning=text)
        return RedirectResponse(f"/exclusions/{row.stop.id}", 303)

    def refuse(self, request: Request, exclusion_id: str) -> Response:
        """A manager's no: the stop no longer counts at all, and why stays on record."""
        row = self._for_manager(request, exclusion_id)
        return self._withdrawn(request, row, N_("Refused: the stop no longer counts."), is_refusal=True)

    def withdraw(self, request: Request, exclusion_id: str) -> Response:
        """Take a stop back; what a manager approved only a manager takes back."""
        row, _ = self.found(request, exclusion_id)
        if not may_withdraw(request, row):
            raise HTTPException(403, NOT_ALLOWED)
        return self._withdrawn(request, row, N_("Withdrawn: the stop no longer counts."))

    def _withdrawn(self, request: Request, row: StopRow, done: str, *, is_refusal: bool = False) -> Response:
        reason = form_of(request).field("reason", _LONGEST_REASON)
        with self._desk.writing() as session:
            try:
                withdraw_exclusion(session, row.stop.id, reason, self.by(request), is_refusal=is_refusal)
            except RecordError as error:
                return self._refused(request, row, error)
        said(request, done)
        return RedirectResponse(f"/exclusions/{row.stop.id}", 303)

    def _refused(self, request: Request, row: StopRow, error: RecordError) -> Response:
        text = one_line(self._desk.reader(request), error)
        said(request, N_("Nothing was changed: %(why)s"), is_wrong=True, why=text)
        return RedirectResponse(f"/exclusions/{row.stop.id}", 303)

    def _for_manager(self, request: Request, exclusion_id: str) -> StopRow:
        row, _ = self.found(request, exclusion_id)
        if is_own(row, person_of(request)):
            raise HTTPException(403, NOT_ALLOWED)
        return row

    def found(self, request: Request, exclusion_id: str) -> tuple[StopRow, list[Audit]]:
        """The stop at an address, and what happened to it.

        Raises:
            HTTPException: 404, there is none that the person sees.
        """
        number, zone = read_number(exclusion_id), self._desk.settings.zone
        today = day_of(self._desk.clock_ms(), zone)
        with self._desk.reading() as session:
            found = None if number is None else one_stop(session, person_of(request), number, zone, today)
        if found is None:
            raise HTTPException(404, NO_EXCLUSION)
        return found

    def by(self, request: Request) -> By:
        """Who asks, for the registry and its audit trail."""
        settings = self._desk.settings
        return By(
            person_of(request).name, self._desk.clock_ms(), settings.zone, settings.history.raw_days,
            client_address(request),
        )  # fmt: skip


def may_withdraw(request: Request, row: StopRow) -> bool:
    """Whether somebody may take a stop back; what a manager approved only a manager."""
    person = person_of(request)
    is_settled = bool(row.stop.manager)
    return (
        row.stop.withdrawn_ms is None
        and person.may("exclusions.enter")
        and (not is_settled or person.may("exclusions.approve"))
    )
