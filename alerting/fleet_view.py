"""The history as a round of all stations sees it: what each of them is asked for is read for all at once.

One station's windows and recent readings cost a store a few milliseconds; two thousand stations' cost it a
minute. So the recent readings of all are read together, the quarter hours of the last two days are kept (only
this worker writes any), and new rows are written together.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from alerting.freshness import AFTER_MS, BEFORE_MS
from alerting.recent_use import RecentUse
from history.counter import REACH
from history.meter_events import NO_EVENTS, MeterEvents
from history.port import QUARTER_HOUR_MS, History, QuarterHour
from telemetry.quantities import TOTAL_BY_KIND
from telemetry.reading import Reading

HELD_BEFORE_MS = BEFORE_MS + 2 * QUARTER_HOUR_MS
"""Held so much before a span: what recomputing asks for, and the quarter hours into which the span grows."""
HELD_AFTER_MS = AFTER_MS + 60_000
"""And so much after it."""
FEW = 5
"""So many stations are read one by one."""
HELD_OF_SELDOM_MS = 13 * 3_600_000
"""So much of a meter that is read every 5 to 15 minutes holds what recomputing reaches back to."""


class FleetView:
    """A view over one history; like it, as far as recomputing asks.

    Attributes:
        use: what stations counted lately.
        told: what people told about meters, by station.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._start_ms = self._end_ms = 0
        self._recent: dict[str, list[Reading]] = {}
        self._devices: Mapping[str, Sequence[Reading]] = {}
        self._held_from: dict[str, int] = {}
        self._uncounted: set[tuple[str, str]] = set()
        self._rows: list[QuarterHour] | None = None
        self.use = RecentUse(history)
        self.told: Mapping[str, MeterEvents] = {}

    def told_of(self, station: str) -> MeterEvents:
        """What people told about a station's meters."""
        return self.told.get(station, NO_EVENTS)

    @contextmanager
    def together(
        self, start_ms: int, end_ms: int, devices: Mapping[str, Sequence[Reading]]
    ) -> Iterator[None]:
        """Recompute stations from start to end in the block; what that writes is written at its end.

        Args:
            start_ms: of the span, ms since the epoch.
            end_ms: its end, the present.
            devices: the last reading of each device, by station; these will be asked for.

        Raises:
            HistoryError: the store cannot be used just now; nothing of the block may count as written.
        """
        self._start_ms, self._end_ms = start_ms - HELD_BEFORE_MS, end_ms + HELD_AFTER_MS
        if len(devices) > FEW:
            self._recent = self._history.counts(self._start_ms, self._end_ms, devices.keys())
            self._devices = devices
            self._hold_more_of_seldom_read(start_ms)
        self._rows = []
        try:
            yield
            self._history.write_quarter_hours(self._rows)
            self.use.note(self._rows)
        finally:
            self._rows, self._recent, self._devices, self._held_from = None, {}, {}, {}

    def edges(self, station: str, start_ms: int, end_ms: int) -> list[Reading]:
        """The counter readings next to a span; see the port."""
        if not self._holds(station, start_ms, end_ms):
            return self._history.edges(station, start_ms, end_ms)
        before: dict[str, Reading] = {}
        after: dict[str, Reading] = {}
        for reading in self._recent.get(station, ()):
            if TOTAL_BY_KIND[reading.k] in reading.x:
                if reading.t < start_ms:
                    before[reading.d] = reading
                elif reading.t >= end_ms:
                    after.setdefault(reading.d, reading)
        lacking = {(station, each.d) for each in self._devices[station] if each.d not in before}
        if not lacking <= self._uncounted:
            found = self._history.edges(station, start_ms, end_ms)
            self._uncounted |= lacking - {(station, each.d) for each in found if each.t < start_ms}
            return found
        return [*before.values(), *after.values()]

    def raw(self, station: str, device: str | None, start_ms: int, end_ms: int) -> list[Reading]:
        """Readings of a span; see the port. Of recent ones, only what consumption is made of."""
        if not self._holds(station, start_ms, end_ms):
            return self._history.raw(station, device, start_ms, end_ms)
        return [
            reading
            for reading in self._recent.get(station, ())
            if start_ms <= reading.t < end_ms and device in (None, reading.d)
        ]

    def write_quarter_hours(self, rows: Iterable[QuarterHour]) -> None:
        """Store rows whole: at once, or at the end of the block that works on many stations together."""
        some = list(rows)
        if self._rows is not None:
            self._rows += some
        else:
            self._history.write_quarter_hours(some)
            self.use.note(some)

    def forget(self, station: str) -> None:
        """Look anew for counters of a station, because late readings came."""
        self._uncounted = {each for each in self._uncounted if each[0] != station}

    def _hold_more_of_seldom_read(self, start_ms: int) -> None:
        """Hold further back what is read so seldom that recomputing would ask for each station's past."""
        counts = Counter(
            (station, reading.d)
            for station, readings in self._recent.items()
            for reading in readings
            if reading.t < start_ms and TOTAL_BY_KIND[reading.k] in reading.x
        )
        seldom = {
            station
            for station, own in self._devices.items()
            if any(counts[station, each.d] <= REACH for each in own)
        }
        if seldom:
            from_ms = self._end_ms - HELD_OF_SELDOM_MS
            self._recent |= self._history.counts(from_ms, self._end_ms, seldom)
            self._held_from = dict.fromkeys(seldom, from_ms)

    def _holds(self, station: str, start_ms: int, end_ms: int) -> bool:
        from_ms = self._held_from.get(station, self._start_ms)
        return station in self._devices and start_ms >= from_ms and end_ms <= self._end_ms
