"""All figures of a month, for the report."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.tables import County
from reporting.amounts import Amounts, of_many
from reporting.month_lines import Change, FindingLine, PlanLine, QualityLine
from reporting.rate import Rate, StationMonth, connection, known, rate, rates_by
from reporting.records import last_finished_day, station_months
from reporting.station_lines import StationLine, StopLine, station_lines
from service.civil import Month


class GroupFigures(NamedTuple):
    """The month of a county, of a company's stations, or of all.

    Attributes:
        code: of the county; the company's name; empty for all and for those that have none.
        name: for people.
        registered: facilities on the register on a day of the month that counts.
        connected: of them, those that have a box by the last day that counts.
        rate: of the facilities.
        amounts: what their meters counted.
        stops: stops with a day in the month.
        stopped_days: ΣS.
        strict_before: the strict rate of the month before; None if nothing is known of it.
        strict_year_before: likewise of the same month a year before.
        rank: by strict rate, then by days; equal ones share it. None if nothing is due, and for stations
            that have no county or no company.
    """

    code: str
    name: str
    registered: int
    connected: int
    rate: Rate
    amounts: Amounts
    stops: int
    stopped_days: int
    strict_before: Fraction | None
    rank: int | None = None
    strict_year_before: Fraction | None = None


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


def month_figures(session: Session, month: Month, zone: ZoneInfo, now_ms: int) -> MonthFigures:
    """Read one month whole."""
    until = min(last_finished_day(now_ms, zone), month.last)
    lines, stops = station_lines(session, month, zone, now_ms)
    lines.sort(key=_by_county)
    stops.sort(key=lambda stop: (_by_county(stop.station), stop.first))
    before = station_months(session, month.after(-1), zone, now_ms)
    rows = session.execute(select(County.code, County.name))
    names = {code: name for code, name in rows}  # noqa: C416 - rows, not pairs
    all_before = _strict(rate(before))
    return MonthFigures(
        month=month,
        until=until,
        cutoff_ms=now_ms,
        whole=_group("", "", lines, until, all_before),
        counties=_groups(lambda each: each.facility.county, names, lines, until, before),
        companies=_groups(lambda each: each.facility.company, {}, lines, until, before),
        stations=lines,
        stops=stops,
    )


def _by_county(line: StationLine) -> tuple[bool, str, str]:
    return (not line.month.facility.county, line.month.facility.county, line.id)


def _groups(
    key: Callable[[StationMonth], str],
    names: Mapping[str, str],
    lines: Iterable[StationLine],
    until: date,
    before: Iterable[StationMonth],
) -> list[GroupFigures]:
    """Figures by group, ranked; a group without a facility on the register is left out."""
    members: defaultdict[str, list[StationLine]] = defaultdict(list)
    for line in lines:
        members[key(line.month)].append(line)
    rates_before = rates_by(key, before)
    groups = [
        _group(code, names.get(code, code), own, until, _strict(rates_before.get(code)))
        for code, own in members.items()
    ]
    return _ranked([group for group in groups if group.registered])


def _group(
    code: str, name: str, lines: list[StationLine], until: date, strict_before: Fraction | None
) -> GroupFigures:
    months = [line.month for line in lines]
    boxes = connection(months, until)
    return GroupFigures(
        code=code,
        name=name,
        registered=boxes.due,
        connected=boxes.connected,
        rate=rate(months),
        amounts=of_many(line.amounts for line in lines),
        stops=sum(line.stops for line in lines),
        stopped_days=sum(month.stopped for month in months),
        strict_before=strict_before,
    )


def _ranked(groups: list[GroupFigures]) -> list[GroupFigures]:
    """In order of rank; groups without one stand last."""
    named = [group for group in groups if group.code and group.rate.due]
    others = [group for group in groups if not (group.code and group.rate.due)]
    named.sort(key=lambda group: ([-share for share in _merit(group)], group.code))
    merits = [_merit(group) for group in named]
    ranked = [group._replace(rank=merits.index(_merit(group)) + 1) for group in named]
    return ranked + sorted(others, key=lambda group: (not group.code, group.code))


def _merit(group: GroupFigures) -> tuple[Fraction, Fraction]:
    least = Fraction(-1)
    shares = (group.rate.by_number_strict, group.rate.by_days)
    strict, by_days = (least if share is None else share for share in shares)
    return strict, by_days


def _strict(of_month: Rate | None) -> Fraction | None:
    """The strict rate of a month of which at least one day is known."""
    rate_known = known(of_month)
    return rate_known.by_number_strict if rate_known else None
