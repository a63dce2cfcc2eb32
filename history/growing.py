"""A station's readings in memory, and its quarter hours as they come: the quick way for what only grows.

While the main meter of a kind stays the same, comes in order and counts upward, a new count changes nothing
but the time since the last one, so its difference is added there. Everything else is left to the caller, who
computes the span anew from the readings, as `history.quarter_hours` does; the rows come out the same. A row's
`power_bridged` and `flow_bridged` may be those of before where the usual interval just became another.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from history.growing_device import GrowingDevice, time_of
from history.growing_kind import GrowingKind
from history.port import QUARTER_HOUR_MS, QuarterHour
from history.sampled import LONGEST_STEP_MS
from telemetry.reading import Reading

PARTS_KEPT = 8
_Told = tuple[float | None, float | None, float | None, int, int]
"""Amount, mean, most, good and missing polls."""


class Span(NamedTuple):
    """From and to, ms since the epoch, UTC."""

    start_ms: int
    end_ms: int


class GrowingPast:
    """One station's; also a past to compute quarter hours from, see `alerting.freshness`.

    Attributes:
        rows: its quarter hours by their beginning.
        changed: those whose rows changed since the caller last emptied it.
    """

    def __init__(self, station: str) -> None:
        self._station = station
        self._devices: dict[str, GrowingDevice] = {}
        self.rows: dict[int, QuarterHour] = {}
        self.changed: set[int] = set()
        self._power, self._flow = GrowingKind("power", self.rows), GrowingKind("flow", self.rows)
        self._kinds = {"power": self._power, "flow": self._flow}

    def add(self, readings: Iterable[Reading]) -> Span | None:
        """Take readings in, in any order; of those of one instant the last one stands.

        A device is of one kind for good.

        Returns:
            The span to be computed anew, because readings in it are no plain growth; None if all are.
        """
        spans: list[tuple[int, int]] = []
        kinds = self._kinds
        for reading in readings:
            kind = kinds[reading.k]
            device = self._devices.get(reading.d)
            if device is None:
                device = self._devices[reading.d] = GrowingDevice(reading.d, reading.k)
                kind.take_in(device)
            own = device.readings
            if not own or reading.t > own[-1].t:
                own.append(reading)
                if not kind.grow(device, reading):
                    spans.append((reading.t, reading.t))
                continue
            span = device.insert(reading)
            if span is not None:
                kind.is_doubtful = True
                if kind.counts_with(device):
                    spans.append(span)
        for kind in kinds.values():
            span = kind.look_again()
            if span is not None:
                spans.append(span)
        self._make_rows()
        return self._anew(spans) if spans else None

    def raw(self, station: str, device: str | None, start_ms: int, end_ms: int) -> list[Reading]:
        """Readings of one device, or of all, with start <= t < end; see the port."""
        del station
        found: list[Reading] = []
        for name, each in self._devices.items():
            if device is None or name == device:
                low = bisect_left(each.readings, start_ms, key=time_of)
                found += each.readings[low : bisect_left(each.readings, end_ms, key=time_of)]
        return found

    def edges(self, station: str, start_ms: int, end_ms: int) -> list[Reading]:
        """The readings with a believable counter next to a span; see the port."""
        del station
        found: list[Reading] = []
        for each in self._devices.values():
            if not each.counted:
                continue
            low = bisect_left(each.readings, start_ms, key=time_of)
            before = (each.readings[place] for place in range(low - 1, -1, -1))
            high = bisect_left(each.readings, end_ms, key=time_of)
            after = (each.readings[place] for place in range(high, len(each.readings)))
            for side in (before, after):
                edge = next((reading for reading in side if each.count_of(reading) is not None), None)
                if edge is not None:
                    found.append(edge)
        return found

    def write_quarter_hours(self, rows: Iterable[QuarterHour]) -> None:
        """Take rows that were computed anew; what grows goes on from them."""
        for row in rows:
            self.rows[row.start_ms] = row
            self.changed.add(row.start_ms)
            self._power.parts.pop(row.start_ms, None)
            self._flow.parts.pop(row.start_ms, None)

    def _anew(self, spans: Sequence[tuple[int, int]]) -> Span:
        """One span of several; samples that stand for a counter are joined across the hours beside them."""
        first_ms, last_ms = min(first for first, _ in spans), max(last for _, last in spans)
        if self._power.has_samples_alone or self._flow.has_samples_alone:
            known = [each.readings for each in self._devices.values()]
            first_ms = max(first_ms - LONGEST_STEP_MS, min(own[0].t for own in known))
            last_ms = min(last_ms + LONGEST_STEP_MS, max(own[-1].t for own in known))
        return Span(first_ms, last_ms + 1)

    def _make_rows(self) -> None:
        """Rows of what grew; parts of quarter hours that are over are given back."""
        power, flow = self._power, self._flow
        touched = power.touched | flow.touched
        if not touched:
            return
        for start in touched:
            before = self.rows.get(start)
            energy, power_mean, power_most, power_good, power_missing = power.told(start) or _power_told(
                before
            )
            volume, flow_mean, flow_most, flow_good, flow_missing = flow.told(start) or _flow_told(before)
            self.rows[start] = QuarterHour(
                self._station,
                start,
                energy,
                volume,
                power_mean,
                power_most,
                flow_mean,
                flow_most,
                before is not None and before.power_bridged,
                before is not None and before.flow_bridged,
                power_good,
                power_missing,
                flow_good,
                flow_missing,
            )
        self.changed |= touched
        newest = max(touched)
        for kind in (power, flow):
            kind.touched.clear()
            if len(kind.parts) > PARTS_KEPT:
                for start in [each for each in kind.parts if each < newest - QUARTER_HOUR_MS]:
                    del kind.parts[start]


def _power_told(row: QuarterHour | None) -> _Told:
    if row is None:
        return None, None, None, 0, 0
    return row.energy_kwh, row.power_mean_kw, row.power_max_kw, row.power_good, row.power_missing


def _flow_told(row: QuarterHour | None) -> _Told:
    if row is None:
        return None, None, None, 0, 0
    return row.volume_m3, row.flow_mean_m3h, row.flow_max_m3h, row.flow_good, row.flow_missing
