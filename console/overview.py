"""The overview: the operating rate of this month and the last, its course, the counties, what is wrong."""

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from fastapi import Request, Response
from sqlalchemy.orm import Session

from console import alarm_lists, queries
from console.access import Route
from console.counties import county_rows, ranks, total_row
from console.desk import Desk
from console.health import judged
from console.map_pages import CityMap, map_routes
from console.overview_health import data_way
from console.palette import theme_named
from console.person import Person, person_of
from console.rates import MonthRates
from console.report_list import all_reports, files_of, newest_revisions, share_in
from console.trend import Point, trend
from console.trend_chart import trend_chart
from registry.services import health
from registry.tables import Report
from reporting.rate import RULES, known
from service.civil import Month, day_of

HOUR_MS = 3_600_000
NEWEST_ALARMS = 10


class _Months(NamedTuple):
    """What the two figures at the top, and their course, rest on; `share` reads a rate from a report."""

    this_month: MonthRates
    last_month: MonthRates
    reports: list[Report]
    share: Callable[[Report, str], Fraction | None]

    @property
    def trend(self) -> list[Point]:
        """The rate by month; a month without a known day has no place in it."""
        live = []
        for rates in (self.last_month, self.this_month):
            rate = known(rates.city)
            if rate is not None and rate.by_number_strict is not None:
                is_over = rates is self.last_month
                live.append(Point(rates.month, rate.by_number_strict, rate.by_number_lenient, is_over))
        return trend(self.reports, live, self.share)

    @property
    def report(self) -> Report | None:
        """The newest report of last month."""
        return next((each for each in self.reports if each.month == str(self.last_month.month)), None)


def overview_routes(desk: Desk) -> list[Route]:
    """The pages of this room, and the map's, which share its outlines."""
    city_map = CityMap(desk)
    own = _Overview(desk, city_map)
    return [
        Route("/", own.page, "see"),
        Route("/overview/trend.json", own.trend, "see"),
        *map_routes(desk, city_map),
    ]


class _Overview:
    def __init__(self, desk: Desk, city_map: CityMap) -> None:
        self._desk = desk
        self._map = city_map

    def page(self, request: Request) -> Response:
        now, person = self._desk.clock_ms(), person_of(request)
        with self._desk.reading() as session:
            months = self._months(session, person, now)
            counties = county_rows(session, person, months.this_month, months.last_month)
            alarm_counts = alarm_lists.alarm_counts(session, person, now)
            services = health(session) if person.may("system.see") else []
            newest = alarm_lists.newest(session, person, NEWEST_ALARMS)
            values = {
                "months": months,
                "rules": RULES,
                "counties": counties,
                "ranks": ranks(counties),
                "city_row": total_row(counties, months.this_month, months.last_month),
                "counts": queries.state_counts(session, person),
                "alarms": newest,
                "beneath": alarm_lists.beneath(session, newest),
                "alarm_counts": alarm_counts,
                "alarm_count": alarm_counts.alarms,
                "heard": queries.heard_since(session, person, now - HOUR_MS),
                "map": self._map.of(session, person)[0],
                "services": judged(services, now),
                "way": data_way(services, now),
                "known": known,
                "files_of": files_of,
                "share_of": months.share,
            }
        return self._desk.page(request, "overview.html", values)

    def trend(self, request: Request) -> Response:
        reader = self._desk.reader(request)
        with self._desk.reading() as session:
            points = self._months(session, person_of(request), reader.now_ms).trend
        theme = theme_named(request.query_params.get("theme"))
        return self._desk.json(request, trend_chart(reader, points, RULES.target, theme))

    def _months(self, session: Session, person: Person, now_ms: int) -> _Months:
        month = Month.of(day_of(now_ms, self._desk.settings.zone))
        return _Months(
            self._desk.rates.of(session, month, now_ms, person.scope),
            self._desk.rates.of(session, month.after(-1), now_ms, person.scope),
            newest_revisions(all_reports(session)) if person.may("reports.see") else [],
            share_in(person.scope),
        )
