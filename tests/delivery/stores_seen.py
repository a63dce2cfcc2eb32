"""What really lies in a store, read past the house's own code."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, Protocol

from influx_server import InfluxServer
from readings_made import QUANTITIES

QUALITIES = ("good", "suspect", "missing")
Key = tuple[str, str, str, int]
"""Kind, station, device, t in ms."""


class Point(NamedTuple):
    """What the store says about one reading."""

    quality: str
    why: str | None
    values: dict[str, float]


class SeenStore(Protocol):
    """A store that can be looked into."""

    def keys(self) -> set[Key]:
        """Of all points."""

    def points(self) -> list[tuple[Key, Point]]:
        """All of them, each as often as it is there."""


class SeenInflux:
    """A database of an influxd, asked past the shim."""

    def __init__(self, server: InfluxServer, database: str) -> None:
        self._server, self._database = server, database

    def keys(self) -> set[Key]:
        """See SeenStore."""
        return {
            (series["name"], series["tags"]["station"], series["tags"]["device"], row[0])
            for series in self._series("SELECT q FROM power, flow GROUP BY station, device")
            for row in series["values"]
        }

    def points(self) -> list[tuple[Key, Point]]:
        """See SeenStore."""
        found = []
        for series in self._series("SELECT * FROM power, flow GROUP BY station, device"):
            names = QUANTITIES[series["name"]]
            columns = series["columns"]
            for values in series["values"]:
                row = dict(zip(columns, values, strict=True))
                known = {name: row[name] for name in names if row.get(name) is not None}
                key = (series["name"], series["tags"]["station"], series["tags"]["device"], row["time"])
                found.append((key, Point(QUALITIES[row["q"]], row.get("why"), known)))
        return found

    def _series(self, query: str) -> list[dict]:
        return self._server.query(query, self._database).get("series", [])


class SeenSqlite:
    """The embedded history's file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keys(self) -> set[Key]:
        """See SeenStore."""
        return {
            (kind, *row)
            for kind in QUANTITIES
            for row in self._rows(f"SELECT station, device, t FROM {kind}")
        }

    def points(self) -> list[tuple[Key, Point]]:
        """See SeenStore."""
        found = []
        for kind, names in QUANTITIES.items():
            query = f"SELECT station, device, t, q, why, {', '.join(names)} FROM {kind}"
            for station, device, t, quality, why, *values in self._rows(query):
                known = {name: value for name, value in zip(names, values, strict=True) if value is not None}
                found.append(((kind, station, device, t), Point(QUALITIES[quality], why, known)))
        return found

    def _rows(self, query: str) -> list[tuple]:
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10)) as database:
            return database.execute(query).fetchall()
