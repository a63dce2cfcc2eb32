"""The monthly reports: their list, what one says, their files to download, and a draft made final."""

from typing import Any

from fastapi import Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from console import queries
from console.access import NOT_ALLOWED, Route
from console.address import read_number
from console.desk import Desk
from console.form import form_of
from console.person import Person, client_address, person_of
from console.report_freezing import MOST_LETTERS, REFUSALS, Asked, freeze, is_open
from console.report_list import all_reports, county_shares, files_of, next_draft, share_in
from console.report_preview import Preview, preview_of
from console.said import said
from console.words import N_
from registry.tables import Report, Station
from reporting.data_file import figures_of
from reporting.rate import RULES
from reporting.report_files import ReportError, report_file
from reporting.report_rows import DRAFT, due_months
from reporting.verify import verify
from service.civil import Month, day_of

NO_REPORT = "no_report"
"""Why nothing is at an address that looks like a report's."""
NO_REPORT_FILE = "no_report_file"
"""Why a report that is on the list cannot be had."""
_MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "data": "application/json",
}


def report_routes(desk: Desk) -> list[Route]:
    """The pages of this room."""
    own = _ReportPages(desk)
    return [
        Route("/reports", own.reports, "reports.see"),
        Route("/reports/{report_id}", own.one, "reports.see"),
        Route("/reports/{report_id}/freeze", own.freeze, "reports.freeze", ("POST",)),
        Route("/reports/{report_id}/{filename}", own.download, "reports.see"),
    ]


class _ReportPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def reports(self, request: Request) -> Response:
        now, zone = self._desk.clock_ms(), self._desk.settings.zone
        draft_hour = self._desk.settings.reporting.draft_hour
        person = person_of(request)
        last_month = Month.of(day_of(now, zone)).after(-1)
        with self._desk.reading() as session:
            found = all_reports(session)
            newest = next((report for report in found if report.month == str(last_month)), None)
            values: dict[str, Any] = {
                "alarm_count": queries.active_alarm_count(session, person),
                "counties": queries.counties(session, person) if person.scope.is_limited else [],
                "is_due": newest is None and last_month in due_months(session, zone, now, draft_hour),
            }
        values |= {
            "reports": found,
            "last_month": last_month,
            "newest": newest,
            "next_draft": next_draft(now, zone, draft_hour),
            "rules": RULES,
            "files_of": files_of,
            "share_of": share_in(person.scope),
            "county_shares": county_shares,
        }
        return self._desk.page(request, "reports.html", values)

    def one(self, request: Request, report_id: str) -> Response:
        """What a report says to this person; with `?verify=1` whether all is as it was made."""
        person = person_of(request)
        is_whole = not person.scope.is_limited
        with self._desk.reading() as session:
            report = _report(session, report_id)
            month = Month.parse(report.month)
            is_asked = is_whole and request.query_params.get("verify") == "1"
            values: dict[str, Any] = {
                "report": report,
                "month": month,
                "preview": self._preview(session, person, report),
                "verified": verify(session, self._desk.settings, month) if is_asked else None,
                "alarm_count": queries.active_alarm_count(session, person),
            }
        is_draft = report.status == DRAFT
        values |= {
            "files_of": files_of,
            "rules": RULES,
            "may_freeze": is_draft and is_whole and person.may("reports.freeze"),
            "is_open": is_draft and is_open(self._desk, month),
            "most_letters": MOST_LETTERS,
        }
        return self._desk.page(request, "report.html", values)

    def freeze(self, request: Request, report_id: str) -> Response:
        """Make the draft final that was looked at. It is the whole city's."""
        person, form = person_of(request), form_of(request)
        if person.scope.is_limited:
            raise HTTPException(403, NOT_ALLOWED)
        with self._desk.reading() as session:
            report = _report(session, report_id)
        asked = Asked(
            form.field("figures", 64), form.field("confirmed", 1) == "1", form.field("note"),
            form.field("early"), person.name, client_address(request),
        )  # fmt: skip
        done = freeze(self._desk, report, asked)
        if done.report is None:
            said(request, REFUSALS[done.refusal], is_wrong=True, why=done.why)
        else:
            text = N_("The report of %(month)s, revision %(revision)s, is final.")
            said(request, text, month=done.report.month, revision=done.report.revision)
        return RedirectResponse("/reports" if done.refusal == "withdrawn" else f"/reports/{report.id}", 303)

    def _preview(self, session: Session, person: Person, report: Report) -> Preview | None:
        """What it says; None if its data file is not there or not the one that was made."""
        seen = set(session.scalars(select(Station.id).where(person.scope.stations())))
        try:
            figures = figures_of(self._desk.settings, report)
            return preview_of(
                figures, person.scope, seen.__contains__ if person.scope.is_limited else lambda _id: True
            )
        except (ReportError, ValueError):
            return None

    def download(self, request: Request, report_id: str, filename: str) -> Response:
        """A file by the name its row gives it; no other name leads anywhere. Files are of the whole city."""
        if person_of(request).scope.is_limited:
            raise HTTPException(403, NOT_ALLOWED)
        with self._desk.reading() as session:
            report = _report(session, report_id)
        file = next((file for file in files_of(report) if file.name == filename), None)
        if file is None:
            raise HTTPException(404, NO_REPORT)
        try:
            path = report_file(self._desk.settings, report, file.kind)
        except ReportError as error:
            raise HTTPException(404, NO_REPORT_FILE) from error
        media_type = _MEDIA_TYPES.get(file.kind, "application/octet-stream")
        return FileResponse(
            path, media_type=media_type, filename=file.name, headers={"Cache-Control": "private, no-cache"}
        )


def _report(session: Session, report_id: str) -> Report:
    """The report at an address.

    Raises:
        HTTPException: 404, there is none.
    """
    number = read_number(report_id)
    report = None if number is None else session.get(Report, number)
    if report is None:
        raise HTTPException(404, NO_REPORT)
    return report
