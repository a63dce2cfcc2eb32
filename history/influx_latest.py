"""The last reading of each device, without scanning the whole past each time.

LAST() opens every shard: 2,000 stations over 400 days take seconds. So the whole past is scanned once in a
while, and in between only the last two days are.
"""

import time
from collections.abc import Collection, Iterable, Iterator
from functools import partial

from history.influx_query import Querier, one_of, where
from history.influx_rows import READING_COLUMNS, counted
from telemetry.quantities import Kind
from telemetry.reading import Reading

KINDS: tuple[Kind, ...] = ("power", "flow")
MOST_NAMED = 50
"""Stations named in a query; for more of them all are asked for."""
SCAN_EVERY_S = 1_800.0
_RECENT = "time > now() - 2d"

Newest = dict[tuple[str, str], Reading]


class LatestReadings:
    """Answers for one bucket.

    What another process writes is seen at once if it is dated within the last two days, or if the station is
    named; other late readings are seen at the next scan.
    """

    def __init__(self, querier: Querier) -> None:
        self._querier = querier
        self._scanned: Newest | None = None
        self._scanned_s = 0.0
        self._writings = 0

    def of(self, stations: Collection[str] | None) -> dict[str, list[Reading]]:
        """By station and device; of all stations where none are named.

        Raises:
            HistoryError: the store cannot be read just now.
        """
        if stations is None:
            return _by_station(self._of_all())
        if len(stations) > MOST_NAMED:
            return {name: each for name, each in _by_station(self._of_all()).items() if name in stations}
        newest: Newest = {}
        if stations:
            self._look(newest, [one_of("station", stations)])
        return _by_station(newest)

    def forget(self) -> None:
        """Scan anew next time, because something was written here."""
        self._writings += 1
        self._scanned = None

    def _of_all(self) -> Newest:
        scanned, now_s, writings = self._scanned, time.monotonic(), self._writings
        if scanned is None or now_s - self._scanned_s > SCAN_EVERY_S:
            scanned = {}
            self._look(scanned, [])
            if writings == self._writings:  # else it may lack what was written meanwhile
                self._scanned, self._scanned_s = scanned, now_s
            return scanned
        newest = dict(scanned)
        self._look(newest, [_RECENT])
        return newest

    def _look(self, newest: Newest, conditions: Iterable[str]) -> None:
        for station, reading in self._found(where(conditions)):
            known = newest.get((station, reading.d))
            if known is None or known.t <= reading.t:
                newest[station, reading.d] = reading

    def _found(self, condition: str) -> Iterator[tuple[str, Reading]]:
        for kind in KINDS:
            others = READING_COLUMNS[kind].removeprefix("q, ")
            query = f"SELECT LAST(q), {others} FROM {kind}{condition} GROUP BY station, device"
            yield from self._querier.rows(query, partial(counted, selected="q"))


def _by_station(newest: Newest) -> dict[str, list[Reading]]:
    found: dict[str, list[Reading]] = {}
    for station, device in sorted(newest):
        found.setdefault(station, []).append(newest[station, device])
    return found
