"""The pages: each gathers what it shows in one session and hands it to its template."""

from datetime import date

from fastapi import Request, Response
from fastapi.responses import FileResponse
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from console import alarm_lists, charts, queries, series
from console.access import Route
from console.account_pages import account_routes
from console.address import NO_STATION, civil_day, whole_number
from console.alarm_pages import alarm_routes
from console.chart_bundle import compressed, is_made
from console.desk import Desk
from console.evidence import figures
from console.facility_file import facility_file_routes
from console.gate import Gate
from console.login_pages import login_routes
from console.overview import overview_routes
from console.palette import theme_named
from console.person import person_of
from console.quarantine_pages import quarantine_routes
from console.report_pages import report_routes
from console.station_days import SHAPES, MonthOfDays, month_of_days
from console.station_month import station_month_routes
from console.station_month_list import station_month_list_routes
from console.watch_pages import watch_routes
from registry.scope import EVERYTHING
from reporting.days import Span
from reporting.records import approved_stops
from service.civil import ONE_DAY, Month, day_of, start_of
from telemetry.quantities import NAMES_BY_KIND

DAY_MS = 86_400_000
CHART_DAYS = 7
MOST_CHART_DAYS = 31
CHART_STEP_MS = 300_000
"""A chart ends on a whole step, so that it keeps its ETag while nothing new has come."""
PERIODS = 20
STATION_ALARMS = 50


def pages(desk: Desk, gate: Gate) -> list[Route]:
    """All pages of one desk: whatever is not here does not exist."""
    return [
        *watch_routes(desk),
        *login_routes(desk, gate),
        *account_routes(desk, gate),
        *station_month_routes(desk),
        *station_month_list_routes(desk),  # before a report's file of any name
        *overview_routes(desk),
        *_routes(_Pages(desk)),
        *facility_file_routes(desk),
        *alarm_routes(desk),
        *report_routes(desk),
        *quarantine_routes(desk),
    ]


class _Pages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def stations(self, request: Request) -> Response:
        asked, person = request.query_params, person_of(request)
        search = queries.Search(
            asked.get("q", "").strip()[:100], asked.get("county", "")[:12], asked.get("state", "")
        )
        with self._desk.reading() as session:
            values = {
                "found": queries.stations(session, person, search, whole_number(request, "page", 1)),
                "counties": queries.counties(session, person),
                "alarm_count": queries.active_alarm_count(session, person),
                "search": search,
            }
        return self._desk.page(request, "stations.html", values)

    def station(self, request: Request, station_id: str) -> Response:
        now, person = self._desk.clock_ms(), person_of(request)
        with self._desk.reading() as session:
            known = queries.station_file(session, person, station_id)
            if known is None:
                raise HTTPException(404, NO_STATION)
            alarms = alarm_lists.alarms_of(session, person, station_id, STATION_ALARMS)
            values = {
                "file": known,
                "periods": queries.periods(session, station_id, PERIODS),
                "alarms": alarms,
                "events": alarm_lists.events_over(session, person, alarms),
                "alarm_count": queries.active_alarm_count(session, person),
                "months": self._months(session, station_id, now),
                "shapes": SHAPES,
            }
        is_whole = request.query_params.get("fragment") != "1"
        day = self._day(request)
        start, end = (now - CHART_DAYS * DAY_MS, now) if day is None else self._bounds(day)
        readings = self._desk.raw(station_id, start, end) if is_whole else []
        values |= {
            "latest": self._desk.latest(station_id),
            "means": series.day_means(readings, self._desk.settings.zone),
            "figures": figures,
            "names": NAMES_BY_KIND,
            "days": CHART_DAYS,
            "chart_day": day,
            "day_before": day - ONE_DAY if day is not None else None,
            "day_after": day + ONE_DAY if day is not None and self._bounds(day)[1] <= now else None,
        }
        return self._desk.page(request, "station.html", values)

    def _day(self, request: Request) -> date | None:
        """The civil day whose chart is asked for."""
        return civil_day(request, "day", day_of(self._desk.clock_ms(), self._desk.settings.zone))

    def _bounds(self, day: date) -> tuple[int, int]:
        """The instants at which a civil day begins and ends, ms."""
        zone = self._desk.settings.zone
        return start_of(day, zone), start_of(day + ONE_DAY, zone)

    def _months(self, session: Session, station_id: str, now_ms: int) -> list[MonthOfDays]:
        """This month and the last, day by day; none for a station that does not count yet."""
        zone = self._desk.settings.zone
        this_month = Month.of(day_of(now_ms, zone))
        months = (this_month, this_month.after(-1))
        span = Span(months[1].first, months[0].last)
        stops = approved_stops(session, span, zone).get(station_id, [])
        days = queries.verdicts(session, station_id, span.first, span.last)
        laid_out = []
        for month in months:
            rates = self._desk.rates.of(session, month, now_ms, EVERYTHING)
            judged = rates.stations.get(station_id)
            if judged is not None:
                laid_out.append(month_of_days(judged, month, days, stops, rates.until))
        return laid_out

    def chart(self, request: Request, station_id: str) -> Response:
        days = min(max(1, whole_number(request, "days", CHART_DAYS)), MOST_CHART_DAYS)
        reader = self._desk.reader(request)
        end = -(-reader.now_ms // CHART_STEP_MS) * CHART_STEP_MS
        start = end - days * DAY_MS
        day = self._day(request)
        if day is not None:
            start, end = self._bounds(day)
        with self._desk.reading() as session:
            if queries.station_file(session, person_of(request), station_id) is None:
                raise HTTPException(404, NO_STATION)
            periods = queries.periods_between(session, station_id, start, end)
        readings = self._desk.raw(station_id, start, end)
        if day is None:
            start = series.shown_from(readings, start, end)
        spans = [
            charts.Span(p.state, p.start_ms, p.end_ms or end) for p in periods if (p.end_ms or end) > start
        ]
        drawn = series.thinned(readings, start, end)
        theme = theme_named(request.query_params.get("theme"))
        return self._desk.json(request, charts.station_chart(reader, drawn, spans, start, end, theme))

    def chart_script(self, request: Request, version: str) -> Response:
        bundle = self._desk.bundle
        if bundle.name != f"vega-{version}.js" or not is_made(bundle):
            raise HTTPException(404)
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return FileResponse(compressed(bundle), headers=headers, media_type="text/javascript")
        return FileResponse(bundle, headers=headers, media_type="text/javascript")


def _routes(own: _Pages) -> list[Route]:
    return [
        Route("/stations", own.stations, "see"),
        Route("/stations/{station_id}", own.station, "see"),
        Route("/stations/{station_id}/chart.json", own.chart, "see"),
        Route("/static/vega-{version}.js", own.chart_script, None),
    ]
