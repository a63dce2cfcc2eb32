"""The stations that a map shows: where each is, and in what state."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import and_, func, literal_column, select
from sqlalchemy.orm import Session

from console.person import Person
from console.words import UNKNOWN
from registry.tables import County, StatePeriod, Station, Town


class Placed(NamedTuple):
    """A station; county and town are empty and its place is None where the register does not know them."""

    id: str
    name: str
    county: str
    town: str
    longitude: float | None
    latitude: float | None
    state: str


class Quarter(NamedTuple):
    """A town of a county, or what lies in none, with the number of its stations in each state."""

    county: str
    town: str
    counts: Counter[str]

    @property
    def total(self) -> int:
        """All its stations."""
        return self.counts.total()


def placed(session: Session, person: Person, county: str = "") -> list[Placed]:
    """The stations that a person sees, by county, town and id; those of one county if it is named."""
    state = func.coalesce(StatePeriod.state, literal_column(f"'{UNKNOWN}'"))
    found = (
        select(
            Station.id, Station.name, func.coalesce(Station.county_code, ""), func.coalesce(Town.name, ""),
            Station.longitude, Station.latitude, state,
        )
        .outerjoin(Town, Town.id == Station.town_id)
        .outerjoin(StatePeriod, and_(StatePeriod.station_id == Station.id, StatePeriod.end_ms.is_(None)))
        .where(person.scope.stations())
    )  # fmt: skip
    if county:
        found = found.where(Station.county_code == county)
    stations = [Placed._make(row) for row in session.execute(found)]
    return sorted(
        stations, key=lambda each: (not each.county, each.county, not each.town, each.town, each.id)
    )


def county_names(session: Session) -> dict[str, str]:
    """The names of all counties by code."""
    return {county.code: county.name for county in session.scalars(select(County))}


def quarters(stations: Iterable[Placed]) -> list[Quarter]:
    """The towns in the order of the stations, each with its counts."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for each in stations:
        counts.setdefault((each.county, each.town), Counter())[each.state] += 1
    return [Quarter(*place, own) for place, own in counts.items()]
