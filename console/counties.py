"""The counties side by side: how many stations, how they run this month and last, what is wrong just now."""

from collections import Counter
from collections.abc import Collection, Iterable
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import case, func, literal_column, select
from sqlalchemy.orm import Session

from console.alarm_lists import ALARMS
from console.person import Person
from console.rates import MonthRates
from console.scope import alarms_seen
from registry.tables import Alarm, County, StatePeriod, Station
from reporting.rate import Rate, known


class Presently(NamedTuple):
    """What is so in a county at this moment; of alarms those that ring, without notices."""

    stations: int
    stopped: int
    alarms: int


class CountyRow(NamedTuple):
    """A line of the table; the code is empty for stations without a county, and for the city.

    A month's figures are None while none of its days is over.
    """

    code: str
    name: str
    now: Presently
    this_month: Rate | None
    last_month: Rate | None

    @property
    def strict(self) -> Fraction | None:
        """The strict rate of this month so far."""
        rate = known(self.this_month)
        return rate.by_number_strict if rate else None

    @property
    def strict_before(self) -> Fraction | None:
        """The strict rate of last month."""
        rate = known(self.last_month)
        return rate.by_number_strict if rate else None


def county_rows(
    session: Session, person: Person, this_month: MonthRates, last_month: MonthRates
) -> list[CountyRow]:
    """One line a county by code; stations without a county come last, and only if there are any.

    A county of which the person sees nothing has no line.
    """
    names = {county.code: county.name for county in session.scalars(select(County))}
    now = _presently(session, person, names)
    seen = {code for code in names if person.scope.has_county(code)}
    codes = sorted(seen | now.keys(), key=lambda code: (not code, code))
    return [
        CountyRow(
            code,
            names.get(code, code),
            now.get(code, Presently(0, 0, 0)),
            this_month.counties.get(code) if this_month.has_begun else None,
            last_month.counties.get(code),
        )
        for code in codes
    ]


def total_row(rows: Iterable[CountyRow], this_month: MonthRates, last_month: MonthRates) -> CountyRow:
    """The city, or all that the person sees: counts added up, rates of all stations together."""
    now = [row.now for row in rows]
    added = Presently(*(sum(counts) for counts in zip(*now, strict=True))) if now else Presently(0, 0, 0)
    return CountyRow("", "", added, this_month.city if this_month.has_begun else None, last_month.city)


def ranks(rows: Iterable[CountyRow]) -> dict[str, int]:
    """The place of each county by this month's strict rate, 1 the best; equal rates share a place.

    Counties without a rate have none, nor has what lies in no county.
    """
    rates = {row.code: row.strict for row in rows if row.code and row.strict is not None}
    return {code: 1 + sum(other > rate for other in rates.values()) for code, rate in rates.items()}


def _presently(session: Session, person: Person, known: Collection[str]) -> dict[str, Presently]:
    is_stopped = case((StatePeriod.state == "stopped", 1), else_=0)
    open_period = (StatePeriod.station_id == Station.id) & StatePeriod.end_ms.is_(None)
    found = (
        select(func.coalesce(Station.county_code, ""), func.count(), func.sum(is_stopped))
        .outerjoin(StatePeriod, open_period)
        .where(person.scope.stations())
        .group_by(Station.county_code)
    )
    counted = {code: (stations, stopped) for code, stations, stopped in session.execute(found)}
    alarms = _ringing(session, person, known)
    return {
        code: Presently(*counted.get(code, (0, 0)), alarms.get(code, 0)) for code in counted.keys() | alarms
    }


def _ringing(session: Session, person: Person, known: Collection[str]) -> dict[str, int]:
    """Alarms that ring, by the county of their station; that of an area event is named in its subject."""
    area = case((Alarm.station_id.is_(None), Alarm.subject), else_=literal_column("''"))  # also grouped by
    code = func.coalesce(Station.county_code, area)
    found = select(code, func.count()).select_from(Alarm)
    found = found.outerjoin(Station, Station.id == Alarm.station_id)
    found = found.where(ALARMS, alarms_seen(person)).group_by(code)
    counts: Counter[str] = Counter()
    for subject, count in session.execute(found):
        county = subject.partition("/")[0]
        counts[county if county in known else ""] += count
    return counts
