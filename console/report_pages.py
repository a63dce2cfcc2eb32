"""The monthly reports: their list, and their files to download."""

from typing import Any

from fastapi import Request, Response
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

from console import queries
from console.access import NOT_ALLOWED, Route
from console.desk import Desk
from console.person import person_of
from console.report_list import all_reports, county_shares, files_of, next_draft, share_in
from registry.tables import Report
from reporting.monthly import ReportError, due_months, report_file
from reporting.rate import RULES
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

    def download(self, request: Request, report_id: str, filename: str) -> Response:
        """A file by the name its row gives it; no other name leads anywhere. Files are of the whole city."""
        if person_of(request).scope.is_limited:
            raise HTTPException(403, NOT_ALLOWED)
        with self._desk.reading() as session:
            is_id = report_id.isascii() and report_id.isdecimal() and len(report_id) < 10
            report = session.get(Report, int(report_id)) if is_id else None
        file = next((file for file in files_of(report) if file.name == filename), None) if report else None
        if report is None or file is None:
            raise HTTPException(404, NO_REPORT)
        try:
            path = report_file(self._desk.settings, report, file.kind)
        except ReportError as error:
            raise HTTPException(404, NO_REPORT_FILE) from error
        media_type = _MEDIA_TYPES.get(file.kind, "application/octet-stream")
        return FileResponse(
            path, media_type=media_type, filename=file.name, headers={"Cache-Control": "private, no-cache"}
        )
