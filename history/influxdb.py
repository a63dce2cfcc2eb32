"""The InfluxDB back end: 1.8, 2.x, 3 Core and Clustered through the endpoints that they share."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from itertools import islice

from history.influx_edges import Edges
from history.influx_latest import KINDS, MOST_NAMED, LatestReadings
from history.influx_place import InfluxPlace
from history.influx_query import Querier, instant, one_of, text, where
from history.influx_rows import QUARTER_HOUR_COLUMNS, READING_COLUMNS, counted, quarter_hours, readings
from history.influx_write import LineWriter
from history.line_protocol import LineMaker, quarter_hour
from history.port import (
    NEAR_MS,
    HistoryError,
    HistoryMisconfiguredError,
    QuarterHour,
    Rejected,
    StationReading,
)
from telemetry.quantities import LEVEL_BY_KIND, TOTAL_BY_KIND, Kind
from telemetry.reading import Reading

_ROWS_AT_ONCE = 20_000
_MOST_PORTIONS = 8
"""So many queries for some stations cost as much as one for all."""
_READINGS_AT_ONCE = 5_000
"""One way; while the server works on some, the lines of the next are made."""


class InfluxHistory:
    """A history in one bucket; safe to use from several threads and processes.

    Making one asks nothing of the server, so the centre starts while it is down.
    """

    def __init__(self, place: InfluxPlace) -> None:
        self._place = place
        self._writer = LineWriter(place)
        self._querier = Querier(place)
        self._latest = LatestReadings(self._querier)
        self._edges = Edges(self._querier)
        self._maker = LineMaker()
        self._lanes = ThreadPoolExecutor(2, "influxdb")
        self._is_closed = False

    def write(self, readings: Sequence[StationReading]) -> list[Rejected]:
        """Store durably before returning; see the port.

        Many readings go two ways at once, all of a station the same way, so that the last one stands.
        """
        self._must_be_open()
        if len(readings) <= _READINGS_AT_ONCE:
            return self._write_some(readings)
        lanes: tuple[list[StationReading], ...] = ([], [])
        for each in readings:
            lanes[hash(each.station) & 1].append(each)
        doing = [self._lanes.submit(self._write_lane, lane) for lane in lanes]
        wait(doing)
        rejected = [each for lane in doing for each in lane.result()]
        if rejected:
            places = {id(each): place for place, each in enumerate(readings)}
            rejected.sort(key=lambda each: places[id(each.reading)])
        return rejected

    def _write_lane(self, readings: list[StationReading]) -> list[Rejected]:
        parts = range(0, len(readings), _READINGS_AT_ONCE)
        return [
            each for first in parts for each in self._write_some(readings[first : first + _READINGS_AT_ONCE])
        ]

    def _write_some(self, readings: Sequence[StationReading]) -> list[Rejected]:
        lines, unwritable = self._maker.readings(readings)
        places = [place for place, line in enumerate(lines) if line] if unwritable else range(len(lines))
        try:
            refused = self._writer.write([lines[place] for place in places] if unwritable else lines)
        finally:
            self._latest.forget()
            self._edges.forget()
        rejected = unwritable | {places[line]: said for line, said in refused}
        return [Rejected(readings[place], said) for place, said in sorted(rejected.items())]

    def raw(self, station: str, device: str | None, start_ms: int, end_ms: int) -> list[Reading]:
        """Readings with start <= t < end, by time; see the port."""
        span = [f"station = {text(station)}", f"time >= {instant(start_ms)}", f"time < {instant(end_ms)}"]
        if device:
            span.append(f"device = {text(device)}")
        found = [reading for kind in KINDS for reading in self._readings(kind, span)]
        found.sort(key=lambda reading: (reading.t, reading.d))
        return found

    def counts(
        self, start_ms: int, end_ms: int, stations: Collection[str] | None = None
    ) -> dict[str, list[Reading]]:
        """Totals and levels of many stations, by station and time; see the port."""
        self._must_be_open()
        found: dict[str, list[Reading]] = {}
        for named in _portions(stations):
            for station, reading in self._counts(start_ms, end_ms, named):
                if stations is None or station in stations:
                    found.setdefault(station, []).append(reading)
        for own in found.values():
            own.sort(key=lambda reading: (reading.t, reading.d))
        return found

    def _counts(self, start_ms: int, end_ms: int, named: Collection[str]) -> Iterator[tuple[str, Reading]]:
        for kind in KINDS:
            total, level = TOTAL_BY_KIND[kind], LEVEL_BY_KIND[kind]
            for first_ms, last_ms, selected in (
                (start_ms - NEAR_MS, start_ms, f"LAST({total})"),
                (start_ms, end_ms, total),
            ):
                span = [f"time >= {instant(first_ms)}", f"time < {instant(last_ms)}"]
                span += [one_of("station", named)] if named else []
                columns = f"{selected}, {level}, q, known, why"
                query = f"SELECT {columns} FROM {kind}{where(span)} GROUP BY station, device"
                yield from self._querier.rows(query, partial(counted, selected=total))

    def edges(self, station: str, start_ms: int, end_ms: int) -> list[Reading]:
        """The counter readings next to a span, on both sides; see the port."""
        self._must_be_open()
        found = self._edges.around(station, start_ms, end_ms)
        if len({(reading.d, reading.k) for reading in found}) > len({reading.d for reading in found}):
            kinds = {reading.d: reading.k for reading in self.latest([station])[station]}
            found = [reading for reading in found if kinds[reading.d] == reading.k]
        return found

    def latest(self, stations: Collection[str] | None = None) -> dict[str, list[Reading]]:
        """The last reading of each device, by station; see the port, and `LatestReadings`."""
        self._must_be_open()
        return self._latest.of(stations)

    def write_quarter_hours(self, rows: Iterable[QuarterHour]) -> None:
        """Store rows whole; see the port.

        Raises:
            HistoryMisconfiguredError: the store refuses a row for good.
        """
        self._must_be_open()
        source = iter(rows)
        while some := list(islice(source, _ROWS_AT_ONCE)):
            for place, said in self._writer.write([quarter_hour(row) for row in some]):
                row = some[place]
                raise HistoryMisconfiguredError(
                    f"{self._place.name}: refuses the quarter hour {row.start_ms} of {row.station}: {said}."
                    " Let the bucket keep at least 5 years, and write nothing else into it."
                )

    def quarter_hours(
        self, start_ms: int, end_ms: int, stations: Collection[str] | None = None
    ) -> list[QuarterHour]:
        """Rows with start <= start_ms < end, by station and time; see the port."""
        self._must_be_open()
        if stations is not None and not stations:
            return []
        span = [f"time >= {instant(start_ms)}", f"time < {instant(end_ms)}"]
        if stations is not None and len(stations) <= MOST_NAMED:
            span.append(one_of("station", stations))
        query = f"SELECT {QUARTER_HOUR_COLUMNS} FROM quarter_hour{where(span)} GROUP BY station"
        found = [
            row
            for row in self._querier.rows(query, quarter_hours)
            if stations is None or row.station in stations
        ]
        found.sort(key=lambda row: (row.station, row.start_ms))
        return found

    def drop(self, raw_before_ms: int, quarter_hours_before_ms: int) -> Iterator[None]:
        """Delete what is older, a measurement at a time; see the port."""
        self._must_be_open()
        for measurement, before_ms in (
            ("power", raw_before_ms),
            ("flow", raw_before_ms),
            ("quarter_hour", quarter_hours_before_ms),
        ):
            statement = f"DELETE FROM {measurement} WHERE time < {instant(before_ms)}"
            for _ in self._querier.series(statement):
                pass
            self._latest.forget()
            self._edges.forget()
            yield

    def close(self) -> None:
        """Give the connections back."""
        self._is_closed = True
        self._lanes.shutdown()
        self._writer.close()
        self._querier.close()

    def _readings(self, kind: Kind, span: Iterable[str]) -> Iterator[Reading]:
        self._must_be_open()
        query = f"SELECT {READING_COLUMNS[kind]} FROM {kind}{where(span)} GROUP BY device"
        return self._querier.rows(query, readings)

    def _must_be_open(self) -> None:
        if self._is_closed:
            raise HistoryError(f"{self._place.name}: is closed")


def _portions(stations: Collection[str] | None) -> Iterator[Collection[str]]:
    """What to name in each query: some stations at a time, or nothing where nearly all are wanted."""
    if stations is None or len(stations) > _MOST_PORTIONS * MOST_NAMED:
        yield ()
        return
    names = sorted(stations)
    for first in range(0, len(names), MOST_NAMED):
        yield names[first : first + MOST_NAMED]
