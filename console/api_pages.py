"""The console's data for other programs: `/api/v1/…`, only to be read, with the pages' logins and limits.

docs/api.md describes the answers.
"""

from datetime import date, timedelta

from fastapi import Request, Response
from starlette.exceptions import HTTPException

from console import alarm_lists, queries
from console.access import Route
from console.address import NO_STATION, civil_day, whole_number
from console.alarm_past import past
from console.alarm_search import search_of as alarms_sought
from console.api_answers import alarm_lines, days, report_lines, station_answer, station_lines
from console.desk import Desk
from console.person import person_of
from console.report_list import all_reports
from console.station_list import every_station
from console.station_search import search_of as stations_sought
from service.civil import day_of

LAST_STATES = 20
MOST_ALARMS = 2_000
DAYS_SHOWN = 31
MOST_DAYS = 400


def api_routes(desk: Desk) -> list[Route]:
    """The addresses of this room."""
    own = _Api(desk)
    return [
        Route("/api/v1/stations", own.stations, "see"),
        Route("/api/v1/stations/{station_id}", own.station, "see"),
        Route("/api/v1/stations/{station_id}/days", own.days, "see"),
        Route("/api/v1/alarms", own.alarms, "see"),
        Route("/api/v1/alarms/closed", own.closed, "see"),
        Route("/api/v1/reports", own.reports, "reports.see"),
    ]


class _Api:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def stations(self, request: Request) -> Response:
        """All stations of a search, asked for as the page /stations is."""
        person, search = person_of(request), stations_sought(request.query_params)
        with self._desk.reading() as session:
            found = station_lines(every_station(session, person, search, self._today()))
        return self._answer(request, stations=found)

    def station(self, request: Request, station_id: str) -> Response:
        """One station with its last states and the last reading of each meter."""
        with self._desk.reading() as session:
            file = queries.station_file(session, person_of(request), station_id)
            if file is None:
                raise HTTPException(404, NO_STATION)
            periods = queries.periods(session, station_id, LAST_STATES)
            found = station_answer(file, periods, self._desk.latest(station_id), self._desk.clock_ms())
        return self._desk.json(request, found)

    def days(self, request: Request, station_id: str) -> Response:
        """Day verdicts from `from` to `to`, both included; without them the last 31 days."""
        today = self._today()
        last = civil_day(request, "to", today) or today
        first = civil_day(request, "from", last) or last - timedelta(days=DAYS_SHOWN - 1)
        first = max(first, last - timedelta(days=MOST_DAYS - 1))
        with self._desk.reading() as session:
            if queries.station_file(session, person_of(request), station_id) is None:
                raise HTTPException(404, NO_STATION)
            found = days(queries.verdicts(session, station_id, first, last))
        return self._answer(request, station=station_id, days=found)

    def alarms(self, request: Request) -> Response:
        """The open alarms, standing ones first, then the severest, then the longest."""
        person, search = person_of(request), alarms_sought(request)
        with self._desk.reading() as session:
            found = alarm_lists.worst_first(session, person, alarm_lists.IS_OPEN, MOST_ALARMS, search.fits())
            lines = alarm_lines(found)
        return self._answer(request, alarms=lines)

    def closed(self, request: Request) -> Response:
        """A page of the closed alarms, the last to be closed first."""
        person, search = person_of(request), alarms_sought(request)
        with self._desk.reading() as session:
            found = past(session, person, whole_number(request, "page", 1), search.fits())
            lines = alarm_lines(found.rows)
        return self._answer(request, alarms=lines, page=found.page, pages=found.pages, total=found.total)

    def reports(self, request: Request) -> Response:
        """Every revision of every month's report, the newest first."""
        with self._desk.reading() as session:
            found = report_lines(all_reports(session), person_of(request).scope)
        return self._answer(request, reports=found)

    def _today(self) -> date:
        return day_of(self._desk.clock_ms(), self._desk.settings.zone)

    def _answer(self, request: Request, **parts: object) -> Response:
        return self._desk.json(request, parts)
