"""The outlines of counties, from a GeoJSON file that the centre brings along."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from console.map_plane import Place, Plane

CODES = ("code", "adcode", "county_code", "id")
"""Where a feature may have its county's code, besides its own id."""
_APART = 2
"""Points of an outline that lie closer, in units of the drawing, are left out."""
_DEGREES = (180, 90)
_REMEDY = "Write a FeatureCollection of Polygons in longitude and latitude (WGS84)."


class OutlineError(Exception):
    """The file cannot be used; the text says why and what to do."""


class Outline(NamedTuple):
    """A county's border; code and name are empty where the file has none."""

    code: str
    name: str
    rings: list[list[Place]]

    @property
    def places(self) -> Iterator[Place]:
        """Every point of it."""
        return (place for ring in self.rings for place in ring)


class _Geometry(msgspec.Struct):
    type: str
    coordinates: list[Any] = []


class _Feature(msgspec.Struct):
    geometry: _Geometry | None = None
    properties: dict[str, Any] | None = None
    id: str | int | None = None


class _Features(msgspec.Struct, tag_field="type", tag="FeatureCollection"):
    features: list[_Feature]


def read_outlines(path: Path) -> list[Outline]:
    """Read the file; features that are no areas are passed over.

    Raises:
        OutlineError: it cannot be read, is no GeoJSON, or holds no area.
    """
    try:
        content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
        features = msgspec.json.decode(content, type=_Features).features
    except OSError as error:
        raise OutlineError(f"{path}: {error.strerror}. Mend console.counties_geojson.") from error
    except msgspec.MsgspecError as error:
        raise OutlineError(f"{path}: is no GeoJSON: {error}. {_REMEDY}") from error
    outlines = [each for number, one in enumerate(features, 1) for each in _outlines(path, number, one)]
    if not outlines:
        raise OutlineError(f"{path}: holds no area. {_REMEDY}")
    return outlines


def drawn(outline: Outline, plane: Plane) -> str:
    """Its border as a path of the drawing, without what is too fine to be seen."""
    return "".join(_ring(plane.point(place) for place in ring) for ring in outline.rings)


def _outlines(path: Path, number: int, feature: _Feature) -> Iterator[Outline]:
    geometry = feature.geometry
    if geometry is None or geometry.type not in ("Polygon", "MultiPolygon"):
        return
    areas = geometry.coordinates if geometry.type == "MultiPolygon" else [geometry.coordinates]
    given = feature.properties or {}
    codes = [given.get(key) for key in CODES] + [feature.id]
    code = next((str(each) for each in codes if isinstance(each, str | int) and each != ""), "")
    try:
        rings = [[_place(point) for point in ring] for area in areas for ring in area]
    except (TypeError, ValueError, IndexError) as error:
        raise OutlineError(f"{path}: feature {number}: {error}. {_REMEDY}") from error
    yield Outline(code, str(given.get("name") or ""), rings)


def _place(point: Any) -> Place:  # noqa: ANN401 - foreign: any JSON may stand there
    longitude, latitude = float(point[0]), float(point[1])
    if not (abs(longitude) <= _DEGREES[0] and abs(latitude) <= _DEGREES[1]):
        raise ValueError(f"must be degrees (got {longitude:g}, {latitude:g})")
    return longitude, latitude


def _ring(points: Iterable[tuple[int, int]]) -> str:
    kept: list[tuple[int, int]] = []
    for x, y in points:
        if not kept or max(abs(x - kept[-1][0]), abs(y - kept[-1][1])) > _APART:
            kept.append((x, y))
    steps = [f"{x - left},{y - top}" for (left, top), (x, y) in pairwise(kept)]
    return f"M{kept[0][0]},{kept[0][1]}l{' '.join(steps)}z" if steps else ""
