"""A year by county: each month's rate, and what the months come to together.

A month has data if a day of it has a verdict; the others are left out altogether. A month counts as in
its report. The rate of the year is that of all its station months: all normal ones by all that were due.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from registry.tables import County, DayVerdict, Station
from reporting.amounts import known_sum
from reporting.month_lines import PlanLine
from reporting.rate import RULES, Rate, StationMonth, rate
from reporting.records import IS_COUNTED, has_verdicts, last_finished_day, station_months
from service.civil import Month


class YearGroup(NamedTuple):
    """The year of a county, or of all stations.

    Attributes:
        code: of the county; empty for all, and for those that have none.
        name: for people.
        strict: strict rate of each month with data, in order; None where no station was due.
        rate: of all station months; `by_number_strict` is ΣN / Σdue over the months.
        stopped_days: ΣS.
        volume_m3: effluent of the days whose effluent is known; None if it is of none.
        energy_kwh: likewise.
    """

    code: str
    name: str
    strict: tuple[Fraction | None, ...]
    rate: Rate
    stopped_days: int
    volume_m3: float | None
    energy_kwh: float | None

    @property
    def months_met(self) -> int:
        """Months at or above the target."""
        return sum(share is not None and share >= RULES.target for share in self.strict)

    @property
    def months_due(self) -> int:
        """Months in which a station was due."""
        return sum(share is not None for share in self.strict)


class YearFigures(NamedTuple):
    """Everything that the summary of a year says.

    Attributes:
        year: which.
        until: the last civil day that counts.
        cutoff_ms: when the registry was read.
        months: those with data.
        whole: all stations.
        counties: by code; stations without a county stand last.
        plan: the plan's targets.
    """

    year: int
    until: date
    cutoff_ms: int
    months: tuple[Month, ...]
    whole: YearGroup
    counties: list[YearGroup]
    plan: Sequence[PlanLine] = ()


_Amounts = tuple[float | None, float | None]


def year_figures(
    session: Session, year: int, zone: ZoneInfo, now_ms: int, plan: Sequence[PlanLine] = ()
) -> YearFigures:
    """Read one year whole; a running one counts up to yesterday."""
    until = min(last_finished_day(now_ms, zone), date(year, 12, 31))
    possible = [Month(year, number) for number in range(1, 13)]
    months = tuple(month for month in possible if month.first <= until and has_verdicts(session, month))
    by_month = [station_months(session, month, zone, now_ms) for month in months]
    rows = session.execute(select(County.code, County.name))
    names = {code: name for code, name in rows}  # noqa: C416 - rows, not pairs
    amounts = _amounts(session, months, until)
    codes = {each.facility.county for month in by_month for each in month if each.calendar_days}
    counties = [
        _group(
            code,
            names.get(code, code),
            [[each for each in month if each.facility.county == code] for month in by_month],
            amounts.get(code, (None, None)),
        )
        for code in sorted(codes, key=lambda code: (not code, code))
    ]
    volume, energy = (known_sum(each[n] for each in amounts.values()) for n in range(2))
    return YearFigures(
        year, until, now_ms, months, _group("", "", by_month, (volume, energy)), counties, plan
    )


def _group(code: str, name: str, by_month: Sequence[Sequence[StationMonth]], amounts: _Amounts) -> YearGroup:
    volume_m3, energy_kwh = amounts
    everyone = [each for month in by_month for each in month]
    return YearGroup(
        code=code,
        name=name,
        strict=tuple(rate(month).by_number_strict for month in by_month),
        rate=rate(everyone),
        stopped_days=sum(each.stopped for each in everyone),
        volume_m3=volume_m3,
        energy_kwh=energy_kwh,
    )


def _amounts(session: Session, months: Sequence[Month], until: date) -> Mapping[str, _Amounts]:
    """Effluent in m³ and energy in kWh of the days that count, by county."""
    if not months:
        return {}
    within = [DayVerdict.day.between(month.first, min(month.last, until)) for month in months]
    found = (
        select(Station.county_code, func.sum(DayVerdict.volume_m3), func.sum(DayVerdict.energy_kwh))
        .join(DayVerdict, DayVerdict.station_id == Station.id)
        .where(IS_COUNTED, or_(*within))
        .group_by(Station.county_code)
    )
    return {county or "": (volume, energy) for county, volume, energy in session.execute(found)}
