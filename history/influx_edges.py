"""The counter readings next to a span: near by first, in the whole past or future only where need be.

LAST() and FIRST() open every shard of their time range, so a range of two days is asked for first.
"""

import time
from collections.abc import Iterable, Iterator

from history.influx_latest import KINDS
from history.influx_query import Querier, instant, text, where
from history.influx_rows import READING_COLUMNS, Series, readings, stated
from history.port import NEAR_MS
from telemetry.quantities import TOTAL_BY_KIND, Kind
from telemetry.reading import Reading

DEVICES_AGAIN_S = 1_800.0
"""The index is asked so often which devices a station has: it looks into every shard too."""

_Devices = dict[Kind, set[str]]


class Edges:
    """Looks for the edges of spans in one bucket."""

    def __init__(self, querier: Querier) -> None:
        self._querier = querier
        self._devices: dict[str, tuple[float, _Devices]] = {}

    def around(self, station: str, start_ms: int, end_ms: int) -> list[Reading]:
        """For each device and kind the last counter reading before start, and the first from end on.

        Raises:
            HistoryError: the store cannot be read just now.
        """
        found: list[Reading] = []
        for kind, devices in self._devices_of(station).items():
            before = self._nearest(station, kind, start_ms - NEAR_MS, start_ms, "LAST")
            after = self._nearest(station, kind, end_ms, end_ms + NEAR_MS, "FIRST")
            wanted = devices | before.keys() | after.keys()
            if before.keys() != wanted:
                before = self._nearest(station, kind, None, start_ms - NEAR_MS, "LAST") | before
            if after.keys() != wanted:
                after = self._nearest(station, kind, end_ms + NEAR_MS, None, "FIRST") | after
            found += [*before.values(), *after.values()]
        return found

    def forget(self) -> None:
        """Ask the index anew, because something was written here."""
        self._devices.clear()

    def _devices_of(self, station: str) -> _Devices:
        """The station's devices by kind, as the index knew them lately."""
        now_s = time.monotonic()
        asked_s, found = self._devices.get(station, (0.0, {}))
        if found.keys() != set(KINDS) or now_s - asked_s > DEVICES_AGAIN_S:
            found = {}
            query = f"SHOW TAG VALUES FROM power, flow WITH KEY = device{where([_is(station)])}"
            for kind, device in self._querier.rows(query, _kind_and_device):
                found.setdefault(kind, set()).add(device)
            self._devices[station] = now_s, found
        return found

    def _nearest(
        self, station: str, kind: Kind, start_ms: int | None, end_ms: int | None, side: str
    ) -> dict[str, Reading]:
        """By device, the last or first reading with a counter in a range that may be open on one side."""
        span = [] if start_ms is None else [f"time >= {instant(start_ms)}"]
        span += [] if end_ms is None else [f"time < {instant(end_ms)}"]
        found: dict[str, Reading] = {}
        for reading in self._selected(kind, side, [_is(station), *span]):
            if TOTAL_BY_KIND[kind] in reading.x:
                found[reading.d] = reading
            elif side == "LAST":  # an older writing of this reading had a counter, its last one has none
                found |= _one(reading, self._nearest(station, kind, start_ms, reading.t, side))
            else:
                found |= _one(reading, self._nearest(station, kind, reading.t + 1, end_ms, side))
        return found

    def _selected(self, kind: Kind, side: str, span: Iterable[str]) -> Iterator[Reading]:
        total = TOTAL_BY_KIND[kind]
        others = ", ".join(name for name in READING_COLUMNS[kind].split(", ") if name != total)
        condition = where(span)
        query = f"SELECT {side}({total}), {others} FROM {kind}{condition} GROUP BY device"
        return self._querier.rows(query, lambda series: readings(stated(series, total)))


def _is(station: str) -> str:
    return f"station = {text(station)}"


def _one(reading: Reading, found: dict[str, Reading]) -> dict[str, Reading]:
    """Of what was found beyond a reading, that of its own device."""
    return {device: each for device, each in found.items() if device == reading.d}


def _kind_and_device(series: Series) -> Iterator[tuple[Kind, str]]:
    kind: Kind = "power" if series.name == "power" else "flow"
    value = series.columns.index("value")
    return ((kind, row[value]) for row in series.values)
