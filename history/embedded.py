"""The embedded back end: one SQLite file, so that a county pilot and a fresh machine need no server."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from history.port import NEAR_MS, HistoryError, QuarterHour, Rejected, StationReading
from service.sqlite_file import SqliteFile
from telemetry.quantities import LEVEL_BY_KIND, NAMES_BY_KIND, TOTAL_BY_KIND, Kind
from telemetry.reading import Quality, Reading

_KINDS: tuple[Kind, ...] = ("power", "flow")
_QUALITIES: tuple[Quality, ...] = ("good", "suspect", "missing")


def _schema() -> Iterator[str]:
    for kind in _KINDS:
        columns = ", ".join(f"{name} REAL" for name in NAMES_BY_KIND[kind])
        yield (
            f"CREATE TABLE IF NOT EXISTS {kind} (station TEXT, device TEXT, t INTEGER, q INTEGER, why TEXT,"
            f" {columns}, PRIMARY KEY (station, device, t)) WITHOUT ROWID"
        )
    yield (
        "CREATE TABLE IF NOT EXISTS device (station TEXT, device TEXT, kind TEXT, last_t INTEGER,"
        " PRIMARY KEY (station, device)) WITHOUT ROWID"
    )
    columns = ", ".join(QuarterHour._fields[2:])
    yield (
        f"CREATE TABLE IF NOT EXISTS quarter_hour (station TEXT, start_ms INTEGER, {columns},"
        " PRIMARY KEY (station, start_ms)) WITHOUT ROWID"
    )


def _insert(kind: Kind) -> str:
    count = 5 + len(NAMES_BY_KIND[kind])
    return f"INSERT OR REPLACE INTO {kind} VALUES ({', '.join('?' * count)})"


_NOTE_DEVICE = (
    "INSERT INTO device VALUES (?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET kind = excluded.kind, last_t = excluded.last_t"
    " WHERE excluded.last_t >= last_t"
)
_INSERTS = {kind: _insert(kind) for kind in _KINDS}
_INSERT_QUARTER_HOUR = (
    f"INSERT OR REPLACE INTO quarter_hour VALUES ({', '.join('?' * len(QuarterHour._fields))})"
)


class EmbeddedHistory:
    """A history in one file; safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        Raises:
            HistoryError: it cannot be opened.
        """
        self._file = SqliteFile(path, "history", HistoryError)
        try:
            with self._file.writing() as db:
                for statement in _schema():
                    db.execute(statement)
        except HistoryError:
            self._file.close()
            raise

    def write(self, readings: Sequence[StationReading]) -> list[Rejected]:
        """Store durably before returning, all or nothing; see the port."""
        rows: dict[Kind, list[tuple[Any, ...]]] = {"power": [], "flow": []}
        newest: dict[tuple[str, str], tuple[Kind, int]] = {}
        for each in readings:
            station, reading = each.station, each.reading
            value = reading.x.get
            known = newest.get((station, reading.d))
            if known is None or known[1] < reading.t:
                newest[station, reading.d] = (reading.k, reading.t)
            rows[reading.k].append(
                (
                    station,
                    reading.d,
                    reading.t,
                    _QUALITIES.index(reading.q),
                    reading.why,
                    *[value(name) for name in NAMES_BY_KIND[reading.k]],
                )
            )
        with self._file.writing() as db:
            for kind in _KINDS:
                db.executemany(_INSERTS[kind], rows[kind])
            db.executemany(_NOTE_DEVICE, [(*whose, *last) for whose, last in newest.items()])
        return []

    def raw(self, station: str, device: str | None, start_ms: int, end_ms: int) -> list[Reading]:
        """Readings with start <= t < end, by time; see the port."""
        found: list[Reading] = []
        for kind in _KINDS:
            where = "station = ? AND t >= ? AND t < ? AND device "
            where += "= ?" if device else "IN (SELECT device FROM device WHERE station = ?)"
            values = (station, start_ms, end_ms, device or station)
            found.extend(self._readings(kind, f"SELECT * FROM {kind} WHERE {where}", *values))
        found.sort(key=lambda reading: (reading.t, reading.d))
        return found

    def counts(
        self, start_ms: int, end_ms: int, stations: Collection[str] | None = None
    ) -> dict[str, list[Reading]]:
        """Totals and levels of many stations, by station and time; see the port."""
        found: dict[str, list[Reading]] = {}
        for kind in _KINDS:
            names = TOTAL_BY_KIND[kind], LEVEL_BY_KIND[kind]
            query = (
                f"SELECT station, device, t, q, why, {', '.join(names)} FROM device"
                f" JOIN {kind} USING (station, device) WHERE t < ? AND t >= ifnull("
                f"(SELECT max(t) FROM {kind} AS before WHERE before.station = device.station"
                f" AND before.device = device.device AND t < ? AND t >= ? AND {names[0]} IS NOT NULL), ?)"
                f" AND (t >= ? OR {names[0]} IS NOT NULL)"
            )
            times = (end_ms, start_ms, start_ms - NEAR_MS, start_ms, start_ms)
            for station, device, t, quality, why, *values in self._file.rows(query, *times):
                if stations is None or station in stations:
                    x = {name: value for name, value in zip(names, values, strict=True) if value is not None}
                    reading = Reading(t=t, d=device, k=kind, q=_QUALITIES[quality], why=why, x=x)
                    found.setdefault(station, []).append(reading)
        for own in found.values():
            own.sort(key=lambda reading: (reading.t, reading.d))
        return found

    def edges(self, station: str, start_ms: int, end_ms: int) -> list[Reading]:
        """The counter readings next to a span, on both sides; see the port."""
        found: list[Reading] = []
        for device, kind in self._file.rows("SELECT device, kind FROM device WHERE station = ?", station):
            known = f"station = ? AND device = ? AND {TOTAL_BY_KIND[kind]} IS NOT NULL"
            for side, at, order in (("<", start_ms, "DESC"), (">=", end_ms, "ASC")):
                query = f"SELECT * FROM {kind} WHERE {known} AND t {side} ? ORDER BY t {order} LIMIT 1"
                found.extend(self._readings(kind, query, station, device, at))
        return found

    def latest(self, stations: Collection[str] | None = None) -> dict[str, list[Reading]]:
        """The last reading of each device, by station; see the port."""
        found: dict[str, list[Reading]] = {}
        for station, device, kind, t in self._file.rows("SELECT * FROM device ORDER BY station, device"):
            if stations is None or station in stations:
                query = f"SELECT * FROM {kind} WHERE station = ? AND device = ? AND t = ?"
                found.setdefault(station, []).extend(self._readings(kind, query, station, device, t))
        return found

    def write_quarter_hours(self, rows: Iterable[QuarterHour]) -> None:
        """Store rows whole; see the port."""
        with self._file.writing() as db:
            db.executemany(_INSERT_QUARTER_HOUR, rows)

    def quarter_hours(
        self, start_ms: int, end_ms: int, stations: Collection[str] | None = None
    ) -> list[QuarterHour]:
        """Rows with start <= start_ms < end, by station and time; see the port."""
        if stations is None:
            query = (
                "SELECT * FROM quarter_hour WHERE start_ms >= ? AND start_ms < ? ORDER BY station, start_ms"
            )
            rows = self._file.rows(query, start_ms, end_ms)
        else:
            query = "SELECT * FROM quarter_hour WHERE station = ? AND start_ms >= ? AND start_ms < ?"
            rows = [
                row for name in sorted(stations) for row in self._file.rows(query, name, start_ms, end_ms)
            ]
        return [_quarter_hour(row) for row in rows]

    def drop(self, raw_before_ms: int, quarter_hours_before_ms: int) -> Iterator[None]:
        """Delete what is older, a device or a station at a time; see the port."""
        for station, device in self._file.rows("SELECT station, device FROM device"):
            with self._file.writing() as db:
                for kind in _KINDS:
                    old = f"DELETE FROM {kind} WHERE station = ? AND device = ? AND t < ?"
                    db.execute(old, (station, device, raw_before_ms))
                gone = "DELETE FROM device WHERE station = ? AND device = ? AND last_t < ?"
                db.execute(gone, (station, device, raw_before_ms))
            yield
        for (station,) in self._file.rows("SELECT DISTINCT station FROM quarter_hour"):
            with self._file.writing() as db:
                old = "DELETE FROM quarter_hour WHERE station = ? AND start_ms < ?"
                db.execute(old, (station, quarter_hours_before_ms))
            yield

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _readings(self, kind: Kind, query: str, *values: object) -> list[Reading]:
        return [_reading(kind, row) for row in self._file.rows(query, *values)]


def _reading(kind: Kind, row: tuple[Any, ...]) -> Reading:
    _station, device, t, quality, why, *values = row
    known = {
        name: value for name, value in zip(NAMES_BY_KIND[kind], values, strict=True) if value is not None
    }
    return Reading(t=t, d=device, k=kind, q=_QUALITIES[quality], why=why, x=known)


def _quarter_hour(row: tuple[Any, ...]) -> QuarterHour:
    known = QuarterHour._make(row)
    return known._replace(power_bridged=bool(known.power_bridged), flow_bridged=bool(known.flow_bridged))
