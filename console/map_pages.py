"""The map: on the overview the whole city, on its own page also a county, with the same figures as a list."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from fastapi import Request, Response
from sqlalchemy.orm import Session

from console import queries
from console.access import Route
from console.desk import Desk
from console.map_drawing import Block, Chart, chart, scheme
from console.map_outlines import Outline, OutlineError, read_outlines
from console.map_stations import Placed, county_names, placed, quarters
from console.person import Person, person_of
from console.words import STATES

CITY_LINKS = 220
COUNTY_LINKS = 1_000
"""So many marks lead to their stations, the worst first: what lies close together cannot be hit anyway."""


class Map(NamedTuple):
    """What a template draws: either a chart by longitude and latitude, or the blocks of a scheme.

    Attributes:
        chart, blocks: one of the two; neither without a station.
        counts: stations by state, worst first, without states that none is in.
        names: of counties, by code.
    """

    chart: Chart | None
    blocks: list[Block]
    counts: dict[str, int]
    names: Mapping[str, str]


class CityMap:
    """Draws maps of one desk's stations; the outlines are read once."""

    def __init__(self, desk: Desk) -> None:
        self._tile_url = desk.settings.console.tile_url
        self._outlines = _outlines(desk)

    def of(
        self, session: Session, person: Person, county: str = "", links: int = CITY_LINKS
    ) -> tuple[Map, list[Placed]]:
        """The map of what a person sees, or of one county of it, and its stations in order."""
        stations = placed(session, person, county)
        names = county_names(session)
        states = Counter(each.state for each in stations)
        counts = {
            state: states[state] for state in (*STATES, *(states.keys() - STATES.keys())) if states[state]
        }
        drawing = None
        if stations and (self._outlines or self._tile_url):
            seen = {county} if county else {each.county for each in stations}
            drawing = chart(stations, self._of_counties(seen, names), names, self._tile_url, links)
        return Map(drawing, [] if drawing else scheme(stations, links), counts, names), stations

    def _of_counties(self, codes: set[str], names: Mapping[str, str]) -> list[Outline]:
        """The outlines of some counties, told by code or name; others are not drawn."""
        wanted = codes | {names[code] for code in codes if code in names}
        return [one for one in self._outlines if one.code in wanted or (one.name and one.name in wanted)]


def map_routes(desk: Desk, city_map: CityMap) -> list[Route]:
    """The pages of this room."""
    return [Route("/map", _MapPage(desk, city_map).page, "see")]


class _MapPage:
    def __init__(self, desk: Desk, city_map: CityMap) -> None:
        self._desk = desk
        self._map = city_map

    def page(self, request: Request) -> Response:
        """The map of the city, or with `?county=` of one county."""
        person = person_of(request)
        with self._desk.reading() as session:
            counties = queries.counties(session, person)
            asked = request.query_params.get("county", "")
            county = next((each for each in counties if each.code == asked), None)
            city, stations = self._map.of(
                session, person, county.code if county else "", COUNTY_LINKS if county else CITY_LINKS
            )
            values = {
                "map": city,
                "county": county,
                "counties": counties,
                "quarters": quarters(stations),
                "alarm_count": queries.active_alarm_count(session, person),
            }
        return self._desk.page(request, "map.html", values)


def _outlines(desk: Desk) -> list[Outline]:
    """Those of the file that is named; a file that cannot be used is said among the console's troubles."""
    name = desk.settings.console.counties_geojson
    if not name:
        return []
    try:
        return read_outlines(Path(name))
    except OutlineError as error:
        desk.conditions.begin("counties_geojson", str(error))
        return []
