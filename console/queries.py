"""What the pages need from the registry: one statement a table, rows as small tuples, nothing lazy."""

from datetime import date
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Select, and_, exists, func, literal_column, or_, select
from sqlalchemy.orm import Session

from console.alarm_lists import ALARMS
from console.person import Person
from console.scope import alarms_seen
from console.words import STATES, UNKNOWN
from registry.tables import Alarm, Company, County, DayVerdict, Device, Presence, StatePeriod, Station, Town

PAGE_ROWS = 50
_HAS_STATE = and_(StatePeriod.station_id == Station.id, StatePeriod.end_ms.is_(None))
_Found = TypeVar("_Found", bound=Select[*tuple[Any, ...]])
_STATE = func.coalesce(StatePeriod.state, literal_column(f"'{UNKNOWN}'"))  # a literal: it is also grouped by


class StationRow(NamedTuple):
    """A line of the station list."""

    id: str
    name: str
    county: str | None
    town: str | None
    process: str
    design_m3_per_day: float | None
    review: str
    state: str
    since_ms: int | None
    last_reading_ms: int | None
    connected_from: date | None
    has_devices: bool

    @property
    def awaits_box(self) -> bool:
        """Whether no box was ever connected, so that there is no state to speak of."""
        return self.state == UNKNOWN and self.connected_from is None and not self.has_devices


class Search(NamedTuple):
    """What is looked for: words, a county's code and a state; an empty one fits every station."""

    words: str = ""
    county: str = ""
    state: str = ""


EVERY_STATION = Search()


class StationPage(NamedTuple):
    """One page of the list, and how many stations each state has under the same search."""

    rows: list[StationRow]
    counts: dict[str, int]
    total: int
    page: int
    pages: int


class StationFile(NamedTuple):
    """The facility file of one station with what was last heard of it."""

    station: Station
    county: str | None
    town: str | None
    company: str | None
    presence: Presence | None
    devices: dict[str, Device]


def counties(session: Session, person: Person) -> list[County]:
    """The counties that have something to be seen, by code."""
    found = select(County).order_by(County.code)
    scope = person.scope
    if scope.company_id is not None:
        found = found.where(County.code.in_(select(Station.county_code).where(scope.stations())))
    elif scope.counties is not None:
        found = found.where(County.code.in_(scope.counties))
    return list(session.scalars(found))


def state_counts(session: Session, person: Person, search: Search = EVERY_STATION) -> dict[str, int]:
    """How many stations are in each state, worst first; states without a station are left in as zero.

    The state looked for is not held against them.
    """
    found = select(_STATE, func.count()).select_from(Station).outerjoin(StatePeriod, _HAS_STATE)
    rows = session.execute(_matching(found, person, search).group_by(_STATE))
    return {**dict.fromkeys(STATES, 0), **{state: count for state, count in rows}}  # noqa: C416 - rows, not pairs


def stations(session: Session, person: Person, search: Search, page: int) -> StationPage:
    """A page of stations by id; a page beyond the end is the last one."""
    counts = state_counts(session, person, search)
    total = counts.get(search.state, 0) if search.state else sum(counts.values())
    pages = max(1, -(-total // PAGE_ROWS))
    page = min(max(1, page), pages)
    found = (
        select(
            Station.id, Station.name, County.name, Town.name, Station.process, Station.design_m3_per_day,
            Station.review, _STATE, StatePeriod.start_ms, Presence.last_reading_ms, Station.connected_from,
            exists().where(Device.station_id == Station.id),
        )
        .outerjoin(StatePeriod, _HAS_STATE)
        .outerjoin(Presence, Presence.station_id == Station.id)
    )  # fmt: skip
    found = (
        _matching(found, person, search).order_by(Station.id).limit(PAGE_ROWS).offset((page - 1) * PAGE_ROWS)
    )
    if search.state:
        found = found.where(_STATE.in_([search.state]))
    rows = [StationRow._make(row) for row in session.execute(found)]
    return StationPage(rows, counts, total, page, pages)


def station_file(session: Session, person: Person, station_id: str) -> StationFile | None:
    """Everything known of one station, or None if there is none that the person sees."""
    row = session.execute(
        select(Station, County.name, Town.name, Company.name, Presence)
        .outerjoin(County, County.code == Station.county_code)
        .outerjoin(Town, Town.id == Station.town_id)
        .outerjoin(Company, Company.id == Station.company_id)
        .outerjoin(Presence, Presence.station_id == Station.id)
        .where(Station.id == station_id, person.scope.stations())
    ).one_or_none()
    if row is None:
        return None
    devices = session.scalars(select(Device).where(Device.station_id == station_id))
    return StationFile(*row, {device.device: device for device in devices})


def periods(session: Session, station_id: str, limit: int) -> list[StatePeriod]:
    """The last state periods, newest first; the first is the present one if it is open."""
    found = select(StatePeriod).where(StatePeriod.station_id == station_id)
    return list(session.scalars(found.order_by(StatePeriod.start_ms.desc()).limit(limit)))


def periods_between(session: Session, station_id: str, start_ms: int, end_ms: int) -> list[StatePeriod]:
    """The state periods that touch a span, by time."""
    found = select(StatePeriod).where(
        StatePeriod.station_id == station_id,
        StatePeriod.start_ms < end_ms,
        or_(StatePeriod.end_ms.is_(None), StatePeriod.end_ms > start_ms),
    )
    return list(session.scalars(found.order_by(StatePeriod.start_ms)))


def verdicts(session: Session, station_id: str, first: date, last: date) -> list[DayVerdict]:
    """The verdicts of a station's civil days from first to last, by day."""
    found = select(DayVerdict).where(DayVerdict.station_id == station_id, DayVerdict.day.between(first, last))
    return list(session.scalars(found.order_by(DayVerdict.day)))


def active_alarm_count(session: Session, person: Person) -> int:
    """How many alarms ring and ask for somebody: neither notices, nor what is quiet or followed up."""
    return session.scalar(select(func.count()).select_from(Alarm).where(ALARMS, alarms_seen(person))) or 0


def heard_since(session: Session, person: Person, since_ms: int) -> int:
    """How many stations were heard at or after an instant."""
    found = select(func.count()).select_from(Presence).where(Presence.last_seen_ms >= since_ms)
    if person.scope.is_limited:
        found = found.where(Presence.station_id.in_(person.scope.station_ids()))
    return session.scalar(found) or 0


def _matching(found: _Found, person: Person, search: Search) -> _Found:
    found = found.outerjoin(County, County.code == Station.county_code)
    found = found.outerjoin(Town, Town.id == Station.town_id).where(person.scope.stations())
    for word in search.words.split():
        columns = (Station.id, Station.name, Station.village, County.name, Town.name)
        found = found.where(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    return found.where(Station.county_code == search.county) if search.county else found
