"""A map's plane: places on earth as points of a drawing, in the projection that map tiles have. Pure."""

import math
from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

Place = tuple[float, float]
"""Longitude and latitude, degrees, WGS84."""
WIDTH = 1_000
HEIGHTS = (320, 900)
_PADDING = 14
_MOST_LATITUDE = 85.0
_LEAST_SPAN = 0.05 / 360
_FAR_DEGREES = 1.5
"""Without outlines a station so far from the middle of all is taken for a slip of the pen."""
_LEAST_TILE = 200
_MOST_ZOOM = 18


class Tile(NamedTuple):
    """A picture beneath the map: its numbers, and where its upper left corner lies."""

    z: int
    x: int
    y: int
    left: float
    top: float
    side: float


class Plane(NamedTuple):
    """How a drawing lies on the world, which is one unit wide and high.

    Attributes:
        left, top: of the drawing, in the world's units.
        scale: units of the drawing in one of the world.
        height: of the drawing, in its units; its width is WIDTH.
    """

    left: float
    top: float
    scale: float
    height: int

    def point(self, place: Place) -> tuple[int, int]:
        """Where a place lies in the drawing."""
        x, y = _world(place)
        return round((x - self.left) * self.scale), round((y - self.top) * self.scale)

    def shows(self, point: tuple[int, int]) -> bool:
        """Whether a point lies within the drawing."""
        return 0 <= point[0] <= WIDTH and 0 <= point[1] <= self.height

    def tiles(self) -> list[Tile]:
        """The tiles that cover it, few enough for an intranet."""
        zoom = min(_MOST_ZOOM, max(0, math.floor(math.log2(self.scale / _LEAST_TILE))))
        count = 2**zoom
        side = self.scale / count
        columns = _covering(self.left, self.left + WIDTH / self.scale, count)
        rows = _covering(self.top, self.top + self.height / self.scale, count)
        return [
            Tile(
                zoom, x, y, round((x / count - self.left) * self.scale, 1),
                round((y / count - self.top) * self.scale, 1), round(side, 1),
            )
            for x in columns for y in rows
        ]  # fmt: skip


def fitted(places: Iterable[Place]) -> Plane | None:
    """The plane on which all places lie, with a little room around; None without any place."""
    worlds = [_world(place) for place in places]
    if not worlds:
        return None
    xs, ys = [x for x, _ in worlds], [y for _, y in worlds]
    width = max(max(xs) - min(xs), _LEAST_SPAN)
    height = max(max(ys) - min(ys), _LEAST_SPAN)
    inner = WIDTH - 2 * _PADDING
    scale = min(inner / width, (HEIGHTS[1] - 2 * _PADDING) / height)
    drawn = min(HEIGHTS[1], max(HEIGHTS[0], round(height * scale) + 2 * _PADDING))
    middle = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    return Plane(middle[0] - WIDTH / 2 / scale, middle[1] - drawn / 2 / scale, scale, drawn)


def near(places: Sequence[Place]) -> list[Place]:
    """Those that lie near the middle of all: a mistyped degree must not shrink the map to a dot."""
    if not places:
        return []
    middle = median(longitude for longitude, _ in places), median(latitude for _, latitude in places)
    return [
        place for place in places
        if abs(place[0] - middle[0]) <= _FAR_DEGREES and abs(place[1] - middle[1]) <= _FAR_DEGREES
    ]  # fmt: skip


def _world(place: Place) -> tuple[float, float]:
    """Web Mercator (EPSG:3857), from 0 to 1, north and west first."""
    latitude = math.radians(max(-_MOST_LATITUDE, min(_MOST_LATITUDE, place[1])))
    return place[0] / 360 + 0.5, 0.5 - math.asinh(math.tan(latitude)) / (2 * math.pi)


def _covering(start: float, end: float, count: int) -> range:
    return range(max(0, math.floor(start * count)), min(count, math.floor(end * count) + 1))
