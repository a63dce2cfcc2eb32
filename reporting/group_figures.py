"""The month of groups of facilities: of the counties, of the operators, of all; and their ranks. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from reporting.amounts import Amounts, of_many
from reporting.rate import Rate, StationMonth, connection, known, rate, rates_by
from reporting.station_lines import StationLine


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


def grouped(
    key: Callable[[StationMonth], str],
    names: Mapping[str, str],
    lines: Iterable[StationLine],
    until: date,
    before: Iterable[StationMonth],
    year_before: Iterable[StationMonth],
) -> list[GroupFigures]:
    """Figures by group, ranked; a group without a facility on the register is left out.

    Args:
        key: gives the code of a facility's group.
        names: of the groups, by code; one that lacks is called by its code.
        lines: the facilities.
        until: the last civil day that counts.
        before: the facilities in the month before.
        year_before: likewise in the same month a year before.
    """
    members: defaultdict[str, list[StationLine]] = defaultdict(list)
    for line in lines:
        members[key(line.month)].append(line)
    rates_before, rates_year_before = rates_by(key, before), rates_by(key, year_before)
    groups = [
        group_of(
            code,
            names.get(code, code),
            own,
            until,
            strict(rates_before.get(code)),
            strict(rates_year_before.get(code)),
        )
        for code, own in members.items()
    ]
    return _ranked([group for group in groups if group.registered])


def group_of(
    code: str,
    name: str,
    lines: list[StationLine],
    until: date,
    strict_before: Fraction | None,
    strict_year_before: Fraction | None,
) -> GroupFigures:
    """The figures of some facilities together."""
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
        strict_year_before=strict_year_before,
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


def strict(of_month: Rate | None) -> Fraction | None:
    """The strict rate of a month of which at least one day is known."""
    rate_known = known(of_month)
    return rate_known.by_number_strict if rate_known else None


def change_in_points(share: Fraction | None, before: Fraction | None) -> Fraction | None:
    """By how many percentage points a rate rose; None unless both are known."""
    return None if share is None or before is None else (share - before) * 100
