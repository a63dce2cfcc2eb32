"""The operating rate by month: what the reports of finished months say, and the months still open. Pure."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import NamedTuple

from console.report_list import share_of
from registry.tables import Report
from service.civil import Month

MOST_MONTHS = 12


class Point(NamedTuple):
    """A month's rate; `is_over` is False while its days still come in."""

    month: Month
    strict: Fraction
    lenient: Fraction | None
    is_over: bool


def trend(
    reports: Iterable[Report],
    live: Iterable[Point],
    share: Callable[[Report, str], Fraction | None] = share_of,
) -> list[Point]:
    """At most twelve months by time; a month's report goes before figures computed now.

    Args:
        reports: one of each month.
        live: figures computed now, for months that may have no report yet.
        share: reads a rate from a report, see `report_list.share_in`.
    """
    points = {point.month: point for point in live}
    for report in reports:
        month, strict = Month.parse(report.month), share(report, "by_number_strict")
        if strict is not None:
            points[month] = Point(month, strict, share(report, "by_number_lenient"), is_over=True)
    return [points[month] for month in sorted(points)][-MOST_MONTHS:]
