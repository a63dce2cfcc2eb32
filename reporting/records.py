"""What a month's rate rests on, read from the registry: stations, their classes, approved stops, verdicts.

Two thousand stations have 78,000 verdicts around a month. Fetching them would cost more than all the rest, so
the database folds each station's into two numbers, whose bits are its running and its stopped days.
"""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from registry.exclusion_days import effective_spans
from registry.tables import (
    Company,
    County,
    DayVerdict,
    Exclusion,
    Inspection,
    Station,
    StationClass,
    Town,
)
from reporting.days import Span
from reporting.due import Excluded, Facility, due_days
from reporting.rate import Judged, StationMonth, judge
from service.civil import ONE_DAY, Month, day_of

EDGE_DAYS = 4
"""Days around the month that are read as well, for stops over its edges."""
IS_COUNTED = Station.review == "confirmed"
"""A station that announced itself (待核) does not count before it is imported."""
_Found = TypeVar("_Found", bound=Select[*tuple[Any, ...]])


class Approved(NamedTuple):
    """Days in a row that an approved stop of a station takes away, and why."""

    days: Excluded
    reason: str


class Address(NamedTuple):
    """How a station is called and where it is; codes of its process and tier."""

    name: str
    county: str
    town: str
    village: str
    process: str
    tier: str


def last_finished_day(now_ms: int, zone: ZoneInfo) -> date:
    """The civil day before the present one; a day that still runs does not count."""
    return day_of(now_ms, zone) - ONE_DAY


def span_around(month: Month, days: int = EDGE_DAYS) -> Span:
    """The month and so many days on either side."""
    return Span(month.first - timedelta(days=days), month.last + timedelta(days=days))


def station_months(session: Session, month: Month, zone: ZoneInfo, now_ms: int) -> list[StationMonth]:
    """The month of every station that is imported, by id; days that are not over do not count."""
    span, until = span_around(month), last_finished_day(now_ms, zone)
    judged = _folded_verdicts(session, span)
    approved = approved_stops(session, span, zone)
    abnormal = abnormal_days(session, month)
    nothing = Judged(span, 0, 0)
    months = []
    for facility in facilities(session):
        days = judged.get(facility.id, nothing)
        exclusions = [each.days for each in approved.get(facility.id, ())]
        due = due_days(facility, days.span, exclusions, until)
        months.append(judge(facility, month, days, due, abnormal.get(facility.id, ())))
    return months


def facilities(session: Session, station: str | None = None) -> list[Facility]:
    """All stations that are imported, by id; or the one that is asked for."""
    classes: defaultdict[str, list[tuple[date, str]]] = defaultdict(list)
    history = select(StationClass.station_id, StationClass.since, StationClass.class_)
    for owner, since, name in session.execute(_of(history, StationClass.station_id, station)):
        classes[owner].append((since, name))
    found = (
        select(
            Station.id, Station.county_code, Company.name, Station.design_m3_per_day, Station.commissioned,
            Station.connected_from,
        )
        .outerjoin(Company, Company.id == Station.company_id)
        .where(IS_COUNTED)
    )  # fmt: skip
    return sorted(
        Facility(owner, county or "", company or "", design, since, tuple(sorted(classes[owner])), box)
        for owner, county, company, design, since, box in session.execute(_of(found, Station.id, station))
    )


def addresses(session: Session, station: str | None = None) -> dict[str, Address]:
    """The addresses of all stations that are imported, or of one; what is not known is empty."""
    found = (
        select(
            Station.id, Station.name, County.name, Town.name, Station.village, Station.process, Station.tier
        )
        .outerjoin(County, County.code == Station.county_code)
        .outerjoin(Town, Town.id == Station.town_id)
        .where(IS_COUNTED)
    )
    rows = session.execute(_of(found, Station.id, station))
    return {owner: Address._make(each or "" for each in row) for owner, *row in rows}


def approved_stops(
    session: Session, span: Span, zone: ZoneInfo, station: str | None = None
) -> dict[str, list[Approved]]:
    """What approved stops take away of the months that a span touches, by station, in order of date.

    Only days that count: entered in time, and over the ceiling approved by a manager in time.
    """
    months = list(span.months())
    return {
        owner: [
            Approved(Excluded(each.start, each.end, each.entered), each.stop.reason)
            for each in effective_spans(stops, months, zone)
        ]
        for owner, stops in entered_stops(session, span, station).items()
    }


def entered_stops(session: Session, span: Span, station: str | None = None) -> dict[str, list[Exclusion]]:
    """The stops of all months that a span touches, whether they count or not; not those withdrawn."""
    first, last = Month.of(span.first).first, Month.of(span.last).last
    found = select(Exclusion).where(
        Exclusion.withdrawn_ms.is_(None), Exclusion.start <= last, Exclusion.end >= first
    )
    stops: defaultdict[str, list[Exclusion]] = defaultdict(list)
    for stop in session.scalars(_of(found, Exclusion.station_id, station).order_by(Exclusion.id)):
        stops[stop.station_id].append(stop)
    return dict(stops)


def abnormal_days(session: Session, month: Month, station: str | None = None) -> dict[str, list[date]]:
    """The days of a month on which an inspection found a station 非正常, by station; or of one."""
    found = select(Inspection.station_id, Inspection.day).where(
        Inspection.result == "abnormal", Inspection.day.between(month.first, month.last)
    )
    days: defaultdict[str, list[date]] = defaultdict(list)
    for owner, day in session.execute(_of(found, Inspection.station_id, station)):
        days[owner].append(day)
    return days


def has_verdicts(session: Session, month: Month) -> bool:
    """Whether any day of a month has a verdict."""
    found = select(Station.id).where(IS_COUNTED, exists().where(_lies_within(month.first, month.last)))
    return session.scalars(found.limit(1)).first() is not None


def first_month(session: Session) -> Month | None:
    """The month of the first verdict of all; None while there is none."""
    of_station = select(func.min(DayVerdict.day)).where(DayVerdict.station_id == Station.id)
    found = select(of_station.correlate(Station).scalar_subquery()).where(IS_COUNTED)
    first = min((day for day in session.scalars(found) if day is not None), default=None)
    return None if first is None else Month.of(first)


def _folded_verdicts(session: Session, span: Span) -> dict[str, Judged]:
    """The verdicts in a span of at most 62 days, by station."""
    if session.get_bind().dialect.name == "sqlite":  # where a date is a text
        number = cast(func.julianday(DayVerdict.day) - func.julianday(span.first.isoformat()), Integer)
    else:
        number = cast(DayVerdict.day - literal(span.first), Integer)
    bit = literal(1, BigInteger).bitwise_lshift(number)
    running, stopped = (
        func.coalesce(func.sum(case((DayVerdict.verdict == verdict, bit))), 0)
        for verdict in ("running", "stopped")
    )
    found = (
        select(Station.id, running, stopped)
        .join(DayVerdict, _lies_within(span.first, span.last))
        .where(IS_COUNTED)
        .group_by(Station.id)
    )
    return {station: Judged(span, int(run), int(stop)) for station, run, stop in session.execute(found)}


def _of(found: _Found, owner: InstrumentedAttribute[str], station: str | None) -> _Found:
    """Only the rows of one station, if one is asked for."""
    return found if station is None else found.where(owner == station)


def _lies_within(first: date, last: date) -> ColumnElement[bool]:
    """A verdict of the station from first to last: written so that the primary key finds it."""
    return and_(DayVerdict.station_id == Station.id, DayVerdict.day.between(first, last))
