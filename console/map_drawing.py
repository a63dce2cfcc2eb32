"""The map as it is drawn: by longitude and latitude over outlines, else a scheme by county. Pure."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from console.map_marks import Layer, Spot, layers
from console.map_outlines import Outline, drawn
from console.map_plane import Place, Plane, Tile, fitted, near
from console.map_stations import Placed
from console.map_tiles import pictures

BLOCK_WIDTH = 320
_LABEL_WIDTH = 92
_PITCH, _ROW = 11, 16
_A_ROW = (BLOCK_WIDTH - _LABEL_WIDTH) // _PITCH
_MOST_COLUMNS = 14
"""Of a town's name; a Chinese letter takes two."""


class Border(NamedTuple):
    """An outline as it is drawn; with the code of its county if that is on the register."""

    code: str
    name: str
    path: str
    x: int
    y: int


class Chart(NamedTuple):
    """A drawing by longitude and latitude; `left_out` stations have no place on it."""

    height: int
    borders: list[Border]
    pictures: list[tuple[Tile, str]]
    layers: list[Layer]
    left_out: int


class Label(NamedTuple):
    """A town's name in a block, cut to what fits."""

    text: str
    whole: str
    y: int


class Block(NamedTuple):
    """A county of the scheme: its towns below one another, a mark for each station."""

    code: str
    total: int
    height: int
    labels: list[Label]
    layers: list[Layer]


def chart(
    stations: Sequence[Placed],
    outlines: Sequence[Outline],
    names: Mapping[str, str],
    tile_url: str,
    links: int,
) -> Chart | None:
    """The stations where they are; None if nothing tells where that is.

    Args:
        stations: those to show.
        outlines: those to draw; they tell how far it reaches, or the stations if there are none.
        names: of the counties on the register, by code.
        tile_url: where pictures beneath it are; may be empty.
        links: so many marks lead to their stations.
    """
    known = [(each, place) for each in stations if (place := _place(each)) is not None]
    places = [place for one in outlines for place in one.places] or near([place for _, place in known])
    plane = fitted(places)
    if plane is None:
        return None
    points = ((each, plane.point(place)) for each, place in known)
    spots = [Spot(each.id, each.name, each.state, *point) for each, point in points if plane.shows(point)]
    borders = [_border(one, plane, names) for one in outlines]
    return Chart(
        plane.height, borders, pictures(plane, tile_url), layers(spots, links), len(stations) - len(spots)
    )


def scheme(stations: Iterable[Placed], links: int) -> list[Block]:
    """The counties side by side; every station keeps its place in its town while its state changes.

    Args:
        stations: by county, town and id.
        links: so many marks lead to their stations, shared out over the counties.
    """
    counties = [(code, list(own)) for code, own in groupby(stations, key=lambda each: each.county)]
    return [_block(code, own, links // len(counties)) for code, own in counties]


def _block(code: str, stations: Sequence[Placed], links: int) -> Block:
    spots: list[Spot] = []
    labels: list[Label] = []
    top = 0
    for town, grouped in groupby(stations, key=lambda each: each.town):
        own = list(grouped)
        labels.append(Label(_cut(town), town, top + _ROW // 2))
        for number, each in enumerate(own):
            row, column = divmod(number, _A_ROW)
            x = _LABEL_WIDTH + column * _PITCH + _PITCH // 2
            spots.append(Spot(each.id, each.name, each.state, x, top + row * _ROW + _ROW // 2))
        top += _ROW * -(-len(own) // _A_ROW)
    return Block(code, len(stations), top, labels, layers(spots, links))


def _border(outline: Outline, plane: Plane, names: Mapping[str, str]) -> Border:
    code = outline.code if outline.code in names else ""
    if not code:
        code = next((each for each, name in names.items() if outline.name and name == outline.name), "")
    points = [plane.point(place) for place in max(outline.rings, key=len, default=[])] or [(0, 0)]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    middle = (min(xs) + max(xs)) // 2, (min(ys) + max(ys)) // 2
    return Border(code, names.get(code, outline.name), drawn(outline, plane), *middle)


def _place(station: Placed) -> Place | None:
    if station.longitude is None or station.latitude is None:
        return None
    return station.longitude, station.latitude


def _cut(text: str) -> str:
    room, kept = _MOST_COLUMNS, ""
    for letter in text:
        room -= 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if room < 0:
            return f"{kept[:-1]}…"
        kept += letter
    return kept
