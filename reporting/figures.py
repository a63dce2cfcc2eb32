"""All figures of a month, for the report."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.tables import County
from reporting.group_figures import GroupFigures, change_in_points, group_of, grouped, strict
from reporting.month_lines import Change, FindingLine, PlanLine, QualityLine
from reporting.quality_lines import finding_lines, quality_lines
from reporting.rate import Rate, StationMonth, rate
from reporting.records import last_finished_day, station_months
from reporting.station_lines import StationLine, StopLine, station_lines
from service.civil import Month

__all__ = ["GroupFigures", "MonthFigures", "change_in_points", "month_figures"]


class MonthFigures(NamedTuple):
    """Everything a month's report says.

    Attributes:
        month: which.
        until: the last civil day that counts.
        cutoff_ms: when the registry was read.
        whole: all stations.
        counties: by rank.
        companies: by rank.
        stations: by county and id.
        stops: by county, station and day.
        quality: by county and id.
        findings: by county, id and first day; those that stood in the month.
        plan: the plan's targets by county, if a file of them is configured.
        changes: against the frozen revision before; empty for a first one.
        place: name of the county of which alone this tells; empty for all of them.
    """

    month: Month
    until: date
    cutoff_ms: int
    whole: GroupFigures
    counties: list[GroupFigures]
    companies: list[GroupFigures]
    stations: list[StationLine]
    stops: list[StopLine]
    quality: Sequence[QualityLine] = ()
    findings: Sequence[FindingLine] = ()
    plan: Sequence[PlanLine] = ()
    changes: Sequence[Change] = ()
    place: str = ""

    @property
    def city(self) -> Rate:
        """The rate of all stations."""
        return self.whole.rate

    @property
    def connected(self) -> int:
        """Stations that have a box."""
        return self.whole.connected

    @property
    def due_for_connection(self) -> int:
        """Stations that should have one: all on the register."""
        return self.whole.registered


def month_figures(
    session: Session,
    month: Month,
    zone: ZoneInfo,
    now_ms: int,
    county: str | None = None,
    plan: Sequence[PlanLine] = (),
    changes: Sequence[Change] = (),
) -> MonthFigures:
    """Read one month whole.

    Args:
        session: on the registry.
        month: which; days that are not over do not count.
        zone: of the civil days.
        now_ms: the present, epoch ms.
        county: code of a county, of which alone the figures are then; None for all stations.
        plan: the plan's targets, of which those of the county are kept.
        changes: against the revision before; kept as they are.
    """
    until = min(last_finished_day(now_ms, zone), month.last)
    lines, stops = station_lines(session, month, zone, now_ms)
    lines = sorted((line for line in lines if _lies_in(line.month, county)), key=_by_county)
    stops = [stop for stop in stops if _lies_in(stop.station.month, county)]
    stops.sort(key=lambda stop: (_by_county(stop.station), stop.first))
    before, year_before = (
        [each for each in station_months(session, other, zone, now_ms) if _lies_in(each, county)]
        for other in (month.after(-1), month.after(-12))
    )
    rows = session.execute(select(County.code, County.name))
    names = {code: name for code, name in rows}  # noqa: C416 - rows, not pairs
    past = (strict(rate(before)), strict(rate(year_before)))
    return MonthFigures(
        month=month,
        until=until,
        cutoff_ms=now_ms,
        whole=group_of("", "", lines, until, *past),
        counties=grouped(lambda each: each.facility.county, names, lines, until, before, year_before),
        companies=grouped(lambda each: each.facility.company, {}, lines, until, before, year_before),
        stations=lines,
        stops=stops,
        quality=quality_lines(lines),
        findings=finding_lines(session, lines, month.first, until),
        plan=tuple(line for line in plan if county is None or line.county == county),
        changes=tuple(changes),
        place=names.get(county, county) if county else "",
    )


def _lies_in(month: StationMonth, county: str | None) -> bool:
    return county is None or month.facility.county == county


def _by_county(line: StationLine) -> tuple[bool, str, str]:
    return (not line.month.facility.county, line.month.facility.county, line.id)
