"""Approved stops: the list, one of them, entering, and a manager's word. All through the registry's rules."""

from datetime import date
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from console import queries
from console.access import Route
from console.address import month_of
from console.desk import Desk
from console.exclusion_decisions import PER_STATION, Decisions, may_withdraw
from console.exclusion_entry import (
    UPLOAD_ERRORS,
    Application,
    application_of,
    drop_attachment,
    enter,
    keep_attachment,
)
from console.exclusion_list import (
    MOST_ROWS,
    MOST_WAITING,
    Asked,
    closing,
    is_own,
    is_stored,
    stops_of_month,
    stops_waiting,
)
from console.form import form_of
from console.person import person_of
from console.registry_faults import by_field, rule_text
from console.said import said
from console.uploads import MOST_BYTES, UploadError, upload_answer
from console.words import N_
from registry.exclusion_days import CEILING_DAYS, CLOSING_DAY
from registry.exclusions import REASONS
from registry.record_entry import RecordError
from service.civil import Month, day_of

_FORM_BYTES = 200_000
"""Of a form beside its file."""


def exclusion_routes(desk: Desk) -> list[Route]:
    """The pages of this room."""
    decisions = Decisions(desk)
    own = _ExclusionPages(desk, decisions)
    one = "/exclusions/{exclusion_id}"
    return [
        Route("/exclusions", own.listed, "see"),
        Route("/exclusions/new", own.form, "exclusions.enter"),
        Route("/exclusions/new", own.enter, "exclusions.enter", ("POST",), MOST_BYTES + _FORM_BYTES),
        Route(one, own.one, "see"),
        Route(f"{one}/attachment", own.attachment, "see"),
        Route(f"{one}/approve", decisions.approve, "exclusions.approve", ("POST",)),
        Route(f"{one}/refuse", decisions.refuse, "exclusions.approve", ("POST",)),
        Route(f"{one}/withdraw", decisions.withdraw, "exclusions.enter", ("POST",)),
    ]


class _ExclusionPages:
    def __init__(self, desk: Desk, decisions: Decisions) -> None:
        self._desk = desk
        self._decisions = decisions
        self._zone = desk.settings.zone
        self._folder = Path(desk.settings.console.uploads_path)

    def listed(self, request: Request) -> Response:
        """A month's stops, and above them what waits for a manager."""
        person, today = person_of(request), day_of(self._desk.clock_ms(), self._zone)
        asked = _asked(request, Month.of(today))
        with self._desk.reading() as session:
            values = {
                "asked": asked,
                "rows": stops_of_month(session, person, asked, self._zone, today),
                "waiting": stops_waiting(session, person, self._zone, today),
                "counties": queries.counties(session, person),
                "alarm_count": queries.active_alarm_count(session, person),
            }
        values |= {"reasons": REASONS, "most": MOST_ROWS, "most_waiting": MOST_WAITING, **_rules(today)}
        return self._desk.page(request, "exclusions.html", values)

    def form(self, request: Request) -> Response:
        """An empty application, for a station if the address names one."""
        return self._form(request, Application(stations=request.query_params.get("station", "")[:64]))

    def enter(self, request: Request) -> Response:
        """Enter an application for all of its stations, or say what is wrong with it."""
        person, form, reader = person_of(request), form_of(request), self._desk.reader(request)
        typed, kept = application_of(form), ""
        try:
            kept = keep_attachment(self._folder, form)
            with self._desk.writing() as session:
                entered = enter(session, person, typed, kept, self._decisions.by(request))
        except UploadError as error:
            return self._form(request, typed, {"attachment": reader.word(UPLOAD_ERRORS, error.code)})
        except RecordError as error:
            drop_attachment(self._folder, kept)
            return self._form(request, typed, by_field(reader, error.faults))
        except BaseException:
            drop_attachment(self._folder, kept)
            raise
        said(request, N_("Entered: %(count)s approved stops."), count=len(entered))
        for station, each in entered:
            for warning in each.warnings:
                text = rule_text(reader, warning)
                said(request, PER_STATION, is_wrong=True, station=station, warning=text)
        if len(entered) == 1:
            return RedirectResponse(f"/exclusions/{entered[0][1].id}", 303)
        return RedirectResponse(f"/exclusions?month={typed.start[:7]}", 303)

    def one(self, request: Request, exclusion_id: str) -> Response:
        """A stop with all that happened to it."""
        row, steps = self._decisions.found(request, exclusion_id)
        person, stop = person_of(request), row.stop
        may_approve = person.may("exclusions.approve") and stop.withdrawn_ms is None
        with self._desk.reading() as session:
            alarms = queries.active_alarm_count(session, person)
        values = {
            "alarm_count": alarms,
            **_rules(day_of(self._desk.clock_ms(), self._zone)),
            "row": row,
            "steps": steps,
            "is_stored": is_stored,
            "is_own": is_own(row, person),
            "may_approve": may_approve and stop.manager_ms is None and bool(row.waiting),
            "may_withdraw": may_withdraw(request, row),
        }
        return self._desk.page(request, "exclusion.html", values)

    def attachment(self, request: Request, exclusion_id: str) -> Response:
        """The file that was handed in with it."""
        row, _ = self._decisions.found(request, exclusion_id)
        return upload_answer(self._folder, row.stop.attachment, f"exclusion-{row.stop.id}")

    def _form(self, request: Request, typed: Application, faults: dict[str, str] | None = None) -> Response:
        with self._desk.reading() as session:
            alarms = queries.active_alarm_count(session, person_of(request))
        values = {
            "typed": typed,
            "faults": faults or {},
            "reasons": REASONS,
            "alarm_count": alarms,
            **_rules(day_of(self._desk.clock_ms(), self._zone)),
        }
        return self._desk.page(request, "exclusion_new.html", values, 422 if faults else 200)


def _asked(request: Request, this_month: Month) -> Asked:
    asked = request.query_params
    try:
        month = month_of(asked.get("month", ""))
    except HTTPException:
        month = this_month
    county, station, reason, who = (
        asked.get(name, "").replace("\x00", "").strip()[:64]
        for name in ("county", "station", "reason", "who")
    )
    return Asked(month, county, station, reason, who)


def _rules(today: date) -> dict[str, Any]:
    """What the pages say of the rules."""
    return {"closing": closing(today), "ceiling": CEILING_DAYS, "closing_day": CLOSING_DAY}
