"""The overview: the operating rate of this month and the last, its course, the counties, what is wrong."""

from collections.abc import Callable
from typing import NamedTuple

from fastapi import Request, Response
from sqlalchemy.orm import Session

from console import alarm_lists, queries
from console.counties import county_rows, total_row
from console.desk import Desk
from console.health import judged
from console.palette import theme_named
from console.rates import MonthRates
from console.report_list import all_reports, files_of, newest_revisions, share_of
from console.trend import Point, trend
from console.trend_chart import trend_chart
from registry.services import health
from registry.tables import Report
from reporting.rate import RULES, known
from service.civil import Month, day_of

HOUR_MS = 3_600_000
NEWEST_ALARMS = 10


class _Months(NamedTuple):
    """What the two figures at the top, and their course, rest on."""

    this_month: MonthRates
    last_month: MonthRates
    reports: list[Report]

    @property
    def trend(self) -> list[Point]:
        """The rate by month; a month without a known day has no place in it."""
        live = []
        for rates in (self.last_month, self.this_month):
            rate = known(rates.city)
            if rate is not None and rate.by_number_strict is not None:
                is_over = rates is self.last_month
                live.append(Point(rates.month, rate.by_number_strict, rate.by_number_lenient, is_over))
        return trend(self.reports, live)

    @property
    def report(self) -> Report | None:
        """The newest report of last month."""
        return next((each for each in self.reports if each.month == str(self.last_month.month)), None)


def overview_routes(desk: Desk) -> dict[str, Callable[..., Response]]:
    """The pages of this room by address."""
    own = _Overview(desk)
    return {"/": own.page, "/overview/trend.json": own.trend}


class _Overview:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def page(self, request: Request) -> Response:
        now = self._desk.clock_ms()
        with self._desk.reading() as session:
            months = self._months(session, now)
            counties = county_rows(session, months.this_month, months.last_month)
            alarm_counts = alarm_lists.alarm_counts(session, now)
            newest = alarm_lists.newest(session, NEWEST_ALARMS)
            values = {
                "months": months,
                "rules": RULES,
                "counties": counties,
                "city_row": total_row(counties, months.this_month, months.last_month),
                "counts": queries.state_counts(session),
                "alarms": newest,
                "beneath": alarm_lists.beneath(session, newest),
                "alarm_counts": alarm_counts,
                "alarm_count": alarm_counts.alarms,
                "heard": queries.heard_since(session, now - HOUR_MS),
                "services": judged(health(session), now),
                "known": known,
                "files_of": files_of,
                "share_of": share_of,
            }
        return self._desk.page(request, "overview.html", values)

    def trend(self, request: Request) -> Response:
        reader = self._desk.reader(request)
        with self._desk.reading() as session:
            points = self._months(session, reader.now_ms).trend
        theme = theme_named(request.query_params.get("theme"))
        return self._desk.json(request, trend_chart(reader, points, RULES.target, theme))

    def _months(self, session: Session, now_ms: int) -> _Months:
        month = Month.of(day_of(now_ms, self._desk.settings.zone))
        return _Months(
            self._desk.rates.of(session, month, now_ms),
            self._desk.rates.of(session, month.after(-1), now_ms),
            newest_revisions(all_reports(session)),
        )
