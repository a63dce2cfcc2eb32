"""How well the alarms serve the desk, month by month: the figures of ISA-18.2 beside their targets."""

from typing import NamedTuple

from fastapi import Request, Response
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from alerting.performance import LEAST_FOR_TOP, Figure, Performance, performance
from alerting.performance_book import alarm_past
from alerting.performance_past import FLEETING_MS, Limits, Span
from console import queries
from console.access import Route
from console.address import month_beside, month_of
from console.alarm_performance_chart import DayLoad, day_loads, load_chart
from console.alarm_performance_words import FIGURES, GROUPS, target_of, value_of
from console.desk import Desk
from console.kept import Kept
from console.palette import theme_named
from console.person import Person, person_of
from registry.tables import County
from service.civil import ONE_DAY, Month, day_of, start_of

SHORTEST_DAYS = 28
"""ISA-18.2 asks for 30 days; a February will do."""


class MonthFigures(NamedTuple):
    """The figures of a month, and what rang by day; none for a month in which nothing can have rung yet."""

    told: Performance
    days: list[DayLoad]


class _Asked(NamedTuple):
    """Which month of which desk; an empty county is the whole centre."""

    month: Month
    county: str


def alarm_performance_routes(desk: Desk) -> list[Route]:
    """The pages of this room."""
    own = _PerformancePages(desk)
    return [
        Route("/alarms/performance", own.page, "performance.see"),
        Route("/alarms/performance.json", own.chart, "performance.see"),
    ]


class _PerformancePages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._kept: Kept[_Asked, MonthFigures] = Kept()

    def page(self, request: Request) -> Response:
        """The figures in groups, each beside its target, and what is behind them."""
        person, reader = person_of(request), self._desk.reader(request)
        zone = self._desk.settings.zone
        with self._desk.reading() as session:
            asked, counties = self._asked(session, request, person)
            own = self._figures(session, asked)
            alarm_count = queries.active_alarm_count(session, person)
            names = {each.code: each.name for each in counties}
        by_name: dict[str, Figure] = {each.name: each for each in own.told.figures}
        values = {
            "month": asked.month,
            "before": month_beside(asked.month, -1, reader.now_ms, zone),
            "after": month_beside(asked.month, 1, reader.now_ms, zone),
            "county": asked.county,
            "counties": counties,
            "names": names,
            "sees_all": not person.scope.is_limited,
            "told": own.told,
            "groups": [(title, [by_name[name] for name in group]) for title, group in GROUPS],
            "figure_words": FIGURES,
            "value_of": value_of,
            "target_of": target_of,
            "days": own.days,
            "is_short": len(own.days) < SHORTEST_DAYS,
            "least_for_top": LEAST_FOR_TOP,
            "span_end_ms": self._span(asked.month).end_ms,
            "alarm_count": alarm_count,
        }
        return self._desk.page(request, "performance.html", values)

    def chart(self, request: Request) -> Response:
        """What rang on each day of the month."""
        with self._desk.reading() as session:
            asked, _ = self._asked(session, request, person_of(request))
            days = self._figures(session, asked).days
        theme = theme_named(request.query_params.get("theme"))
        return self._desk.json(request, load_chart(self._desk.reader(request), days, theme))

    def _asked(self, session: Session, request: Request, person: Person) -> tuple[_Asked, list[County]]:
        """What is asked for, within the person's limits: whoever does not see all sees one county at a time.

        Raises:
            HTTPException: 404, there is no such month or county, or it lies in the future.
        """
        this_month = Month.of(day_of(self._desk.clock_ms(), self._desk.settings.zone))
        text = request.query_params.get("month", "")
        month = month_of(text) if text else this_month
        counties = queries.counties(session, person)
        county = request.query_params.get("county", "")
        if not county and person.scope.is_limited and counties:
            county = counties[0].code
        is_known = county in {each.code for each in counties} or (not county and not person.scope.is_limited)
        if month > this_month or not is_known:
            raise HTTPException(404)
        return _Asked(month, county), counties

    def _span(self, month: Month) -> Span:
        zone = self._desk.settings.zone
        start_ms, end_ms = start_of(month.first, zone), start_of(month.last + ONE_DAY, zone)
        return Span(start_ms, max(start_ms + 1, min(end_ms, self._desk.clock_ms())), zone)

    def _figures(self, session: Session, asked: _Asked) -> MonthFigures:
        return self._kept.get(asked, self._desk.clock_ms(), lambda: self._counted(session, asked))

    def _counted(self, session: Session, asked: _Asked) -> MonthFigures:
        span = self._span(asked.month)
        past = alarm_past(session, span, asked.county or None)
        # An alarm returns by the off-delay later than its condition: that is no part of how short it was.
        limits = Limits(fleeting_ms=FLEETING_MS + self._desk.settings.alerting.clear_after_s * 1000)
        return MonthFigures(performance(*past, span, limits), day_loads(past.rang, span))
