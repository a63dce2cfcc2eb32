"""The list of stations: found, counted by state, sorted and paged by the database, one statement a table."""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal_column, or_, select
from sqlalchemy.orm import Session

from console.address import read_number
from console.person import Person
from console.station_search import Search
from console.words import STATES, UNKNOWN
from registry.tables import Company, County, Device, Presence, StatePeriod, Station, StationClass, Town

PAGE_ROWS = 50
IN_USE = "in_use"
"""What a station is on the register as while no class was entered."""
_HAS_STATE = and_(StatePeriod.station_id == Station.id, StatePeriod.end_ms.is_(None))
_Found = TypeVar("_Found", bound=Select[*tuple[Any, ...]])
_STATE = func.coalesce(StatePeriod.state, literal_column(f"'{UNKNOWN}'"))  # a literal: it is also grouped by
_WORST_FIRST = case({code: place for place, code in enumerate(STATES)}, value=_STATE, else_=len(STATES))


class StationRow(NamedTuple):
    """A line of the station list."""

    id: str
    name: str
    county: str | None
    town: str | None
    company: str | None
    process: str
    class_: str
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


class StationPage(NamedTuple):
    """One page of the list, and how many stations each state has under the same search."""

    rows: list[StationRow]
    counts: dict[str, int]
    total: int
    page: int
    pages: int


class Choices(NamedTuple):
    """What the filters offer: towns with code and name of their county, and O&M companies."""

    towns: list[tuple[int, str, str, str]]
    companies: list[tuple[int, str]]


def state_counts(session: Session, person: Person, search: Search, today: date) -> dict[str, int]:
    """How many stations are in each state, worst first; states without a station are left in as zero.

    The state looked for is not held against them.
    """
    found = select(_STATE, func.count()).select_from(Station).outerjoin(StatePeriod, _HAS_STATE)
    rows = session.execute(_matching(found, person, search, today).group_by(_STATE))
    return {**dict.fromkeys(STATES, 0), **{state: count for state, count in rows}}  # noqa: C416 - rows, not pairs


def station_page(session: Session, person: Person, search: Search, page: int, today: date) -> StationPage:
    """A page of stations; a page beyond the end is the last one."""
    counts = state_counts(session, person, search, today)
    total = counts.get(search.state, 0) if search.state else sum(counts.values())
    pages = max(1, -(-total // PAGE_ROWS))
    page = min(max(1, page), pages)
    found = _rows_wanted(person, search, today).limit(PAGE_ROWS).offset((page - 1) * PAGE_ROWS)
    rows = [StationRow._make(row) for row in session.execute(found)]
    return StationPage(rows, counts, total, page, pages)


def every_station(session: Session, person: Person, search: Search, today: date) -> Iterator[StationRow]:
    """All stations of a search, in its order."""
    return map(StationRow._make, session.execute(_rows_wanted(person, search, today)))


def choices(session: Session, person: Person, county: str) -> Choices:
    """What the filters offer: towns (of one county if one is chosen) and companies with a station seen."""
    seen = person.scope.stations()
    towns = (
        select(Town.id, Town.name, County.code, County.name)
        .join(County, County.code == Town.county_code)
        .where(Town.id.in_(select(Station.town_id).where(seen)))
        .order_by(County.code, Town.name)
    )
    if county:
        towns = towns.where(Town.county_code == county)
    companies = (
        select(Company.id, Company.name)
        .where(Company.id.in_(select(Station.company_id).where(seen)))
        .order_by(Company.name)
    )
    return Choices(
        [(number, name, code, place) for number, name, code, place in session.execute(towns)],
        [(number, name) for number, name in session.execute(companies)],
    )


def _rows_wanted(person: Person, search: Search, today: date) -> Select[*tuple[Any, ...]]:
    found = (
        select(
            Station.id, Station.name, County.name, Town.name, Company.name, Station.process, _class_on(today),
            Station.design_m3_per_day, Station.review, _STATE, StatePeriod.start_ms, Presence.last_reading_ms,
            Station.connected_from, exists().where(Device.station_id == Station.id),
        )
        .outerjoin(StatePeriod, _HAS_STATE)
        .outerjoin(Presence, Presence.station_id == Station.id)
        .outerjoin(Company, Company.id == Station.company_id)
    )  # fmt: skip
    found = _matching(found, person, search, today)
    if search.state:
        found = found.where(_STATE.in_([search.state]))
    return found.order_by(*_order(search, today))


def _order(search: Search, today: date) -> list[ColumnElement[Any]]:
    """What is not known stands last either way; equals stand by id."""
    columns: dict[str, ColumnElement[Any]] = {
        "state": _WORST_FIRST,
        "id": Station.id.expression,
        "name": func.nullif(Station.name, ""),
        "county": County.name.expression,
        "town": Town.name.expression,
        "company": Company.name.expression,
        "process": func.nullif(Station.process, ""),
        "class": _class_on(today),
        "design": Station.design_m3_per_day.expression,
        "reading": Presence.last_reading_ms.expression,
    }
    column = columns[search.column]
    wanted = column.desc() if search.is_descending else column.asc()
    return [wanted] if search.column == "id" else [column.is_(None), wanted, Station.id.expression]


def _class_on(today: date) -> ColumnElement[str]:
    """What a station is on the register as on a day."""
    own = select(StationClass.class_).where(
        StationClass.station_id == Station.id, StationClass.since <= today
    )
    last = own.order_by(StationClass.since.desc()).limit(1).correlate(Station).scalar_subquery()
    return func.coalesce(last, IN_USE)


def _matching(found: _Found, person: Person, search: Search, today: date) -> _Found:
    found = found.outerjoin(County, County.code == Station.county_code)
    found = found.outerjoin(Town, Town.id == Station.town_id).where(person.scope.stations())
    for word in search.words.split():
        columns = (Station.id, Station.name, Station.village, County.name, Town.name)
        found = found.where(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    if search.county:
        found = found.where(Station.county_code == search.county)
    if search.town:
        found = found.where(Station.town_id == read_number(search.town))
    if search.company:
        found = found.where(Station.company_id == read_number(search.company))
    if search.process:
        found = found.where(Station.process == search.process)
    if search.class_:
        found = found.where(_class_on(today) == search.class_)
    return found
