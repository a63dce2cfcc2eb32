"""A station's own page: its state and live values, its past as a chart, how it was heard, notes, changes."""

from typing import Any

from fastapi import Request, Response
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from console import alarm_lists, queries, station_past
from console.access import Route
from console.address import NO_STATION
from console.desk import Desk
from console.evidence import figures
from console.facility_file import fields
from console.person import person_of
from console.station_days import SHAPES, MonthOfDays, month_of_days
from console.station_hearing import heard_from, hearing
from console.station_means import MOST_DAYS, month_sums
from console.station_notes import MOST_NOTES
from console.station_span import RANGES, ChartSpan, span_of
from console.station_words import GRADES, RANGE_NAMES
from registry.scope import EVERYTHING
from registry.station_notes import MOST_LETTERS, notes_of
from reporting.days import Span
from reporting.records import approved_stops
from service.civil import ONE_DAY, Month, clock_of, day_of
from telemetry.quantities import NAMES_BY_KIND

PERIODS = 20
STATION_ALARMS = 50
CHANGES = 10
STOPS = 10


def station_routes(desk: Desk) -> list[Route]:
    """The page of this room."""
    return [Route("/stations/{station_id}", _StationPage(desk).page, "see")]


class _StationPage:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._zone = desk.settings.zone

    def page(self, request: Request, station_id: str) -> Response:
        now, person = self._desk.clock_ms(), person_of(request)
        span = span_of(request.query_params, now, self._zone)
        is_whole = request.query_params.get("fragment") != "1"
        first, last = span.days(self._zone)
        with self._desk.reading() as session:
            known = queries.station_file(session, person, station_id)
            if known is None:
                raise HTTPException(404, NO_STATION)
            alarms = alarm_lists.alarms_of(session, person, station_id, STATION_ALARMS)
            values: dict[str, Any] = {
                "file": known,
                "periods": queries.periods(session, station_id, PERIODS),
                "alarms": alarms,
                "events": alarm_lists.events_over(session, person, alarms),
                "alarm_count": queries.active_alarm_count(session, person),
                "months": self._months(session, station_id, now),
                "shapes": SHAPES,
                "notes": notes_of(session, station_id, MOST_NOTES),
                "most_letters": MOST_LETTERS,
                "stops": queries.newest_stops(session, station_id, STOPS),
                "changes": queries.last_changes(session, station_id, CHANGES) if is_whole else [],
                "fields": fields,
                "grades": GRADES,
            }
            verdicts = queries.verdicts(session, station_id, first, last) if is_whole else []
        values["latest"] = self._desk.latest(station_id)
        values["hearing"] = self._hearing(station_id, now) if is_whole else None
        values |= self._chart(span, now)
        by_month = (last - first).days >= MOST_DAYS
        values["sums"] = month_sums(verdicts) if by_month else []
        has_days = is_whole and not by_month
        values["means"] = station_past.means(self._desk, station_id, span, verdicts) if has_days else []
        return self._desk.page(request, "station.html", values | {"figures": figures, "names": NAMES_BY_KIND})

    def _hearing(self, station: str, now_ms: int) -> object:
        rows = self._desk.quarter_hours(station, heard_from(now_ms, self._zone), now_ms)
        return hearing(rows, now_ms, self._zone)

    def _chart(self, span: ChartSpan, now_ms: int) -> dict[str, Any]:
        """What the head of the chart says and leads to."""
        day, today = span.day, day_of(now_ms, self._zone)
        first, last = span.days(self._zone)
        return {
            "span": span,
            "ranges": {code: RANGE_NAMES[code] for code in RANGES},
            "first_day": first,
            "last_day": last,
            "today": today,
            "between": [clock_of(ms, self._zone).isoformat() for ms in (span.start_ms, span.end_ms)],
            "day_before": day - ONE_DAY if day is not None else None,
            "day_after": day + ONE_DAY if day is not None and day < today else None,
        }

    def _months(self, session: Session, station_id: str, now_ms: int) -> list[MonthOfDays]:
        """This month and the last, day by day; none for a station that does not count yet."""
        zone = self._zone
        this_month = Month.of(day_of(now_ms, zone))
        months = (this_month, this_month.after(-1))
        span = Span(months[1].first, months[0].last)
        stops = approved_stops(session, span, zone, station_id).get(station_id, [])
        days = queries.verdicts(session, station_id, span.first, span.last)
        laid_out = []
        for month in months:
            rates = self._desk.rates.of(session, month, now_ms, EVERYTHING)
            judged = rates.stations.get(station_id)
            if judged is not None:
                laid_out.append(month_of_days(judged, month, days, stops, rates.until))
        return laid_out
