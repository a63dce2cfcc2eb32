"""Keeps quarter hours fresh: always recomputed from raw readings, never added to."""

from bisect import bisect_left
from collections.abc import Iterable
from typing import Protocol

from history.counter import LONGEST_BRIDGE_MS, NEIGHBOURS, REACH
from history.device_counts import Count, counts_of
from history.main_meter import with_eyes
from history.meter_events import NO_EVENTS, MeterEvents
from history.port import QUARTER_HOUR_MS, QuarterHour
from history.quarter_hours import floor_to_quarter, quarter_hours
from history.sampled import LONGEST_STEP_MS
from history.succession import succession
from history.touched import bridges, told_instants, touched_span
from telemetry.quantities import LEVEL_BY_KIND, TOTAL_BY_KIND, Kind
from telemetry.reading import Reading

RECENT_MS = 45 * 60_000
BEFORE_MS = 45 * 60_000
AFTER_MS = 30 * 60_000
"""So far around a span readings are asked for at once; before it that is enough with 60 s between them."""
LEAP_MS = 3_600_000
FURTHER = 8
"""Beyond that so far from the next count on, and so many times further each time."""


class Past(Protocol):
    """The part of a history that recomputing asks; see `history.port`."""

    def raw(self, station: str, device: str | None, start_ms: int, end_ms: int) -> list[Reading]:
        """Readings of one device (or of all) with start <= t < end, by time."""

    def edges(self, station: str, start_ms: int, end_ms: int) -> list[Reading]:
        """For each device the last reading with a counter before start, and the first from end on."""

    def write_quarter_hours(self, rows: Iterable[QuarterHour]) -> None:
        """Store rows whole."""


def recompute(
    history: Past, station: str, start_ms: int, end_ms: int, events: MeterEvents = NO_EVENTS
) -> tuple[int, int]:
    """Recompute a station's quarter hours from start to end, and as far around as a change reaches.

    The rows do not depend on how the time is cut into spans, nor on the order in which it was computed.

    Args:
        history: of all stations.
        station: its id.
        start_ms: ms since the epoch, UTC.
        end_ms: likewise; not included.
        events: what people told about the station's meters.

    Returns:
        The span that was recomputed, `(start_ms, end_ms)`.

    Raises:
        HistoryError: the store cannot be used just now.
    """
    start_ms = floor_to_quarter(start_ms)
    end_ms = max(end_ms, start_ms + 1)
    around = _Around(history, station, events, start_ms, end_ms)
    start_ms, end_ms = around.lives(start_ms, end_ms)
    if around.has_samples_alone():
        start_ms = floor_to_quarter(start_ms - LONGEST_STEP_MS)
        around.widen(start_ms - LONGEST_STEP_MS, end_ms + 2 * LONGEST_STEP_MS)
        last_ms = max((reading.t for reading in around.readings()), default=end_ms)
        end_ms = max(end_ms, min(end_ms + LONGEST_STEP_MS, last_ms + 1))
    devices = around.main_devices()
    spans = [around.touched(device, start_ms, end_ms) for device in devices]
    starts = range(
        floor_to_quarter(min((before for before, _ in spans), default=start_ms)),
        max((after for _, after in spans), default=end_ms),
        QUARTER_HOUR_MS,
    )
    span_end_ms = starts[-1] + QUARTER_HOUR_MS
    around.widen(starts[0], span_end_ms)
    if around.has_samples_alone():
        around.widen(starts[0] - LONGEST_STEP_MS, span_end_ms + LONGEST_STEP_MS)
    for device in devices:
        around.reach(device, starts[0], span_end_ms, REACH - NEIGHBOURS - 1)
    history.write_quarter_hours(quarter_hours(station, around.readings(), starts, events))
    return starts[0], span_end_ms


class _Around:
    """The readings of a station in and around a span, as far as they are needed."""

    def __init__(self, history: Past, station: str, events: MeterEvents, start_ms: int, end_ms: int) -> None:
        self._history = history
        self._station = station
        self._events = events
        self._found: dict[str, dict[int, Reading]] = {}
        self._counted: dict[str, list[Count]] = {}
        self._start_ms, self._end_ms = start_ms - BEFORE_MS, end_ms + AFTER_MS
        self._known: dict[str, tuple[int, int]] = {}
        """Between which instants all counts of a device are known, where that is more than of the others."""
        self._note(history.raw(station, None, self._start_ms, self._end_ms))
        self._note(history.edges(station, self._start_ms, self._end_ms))

    def readings(self) -> list[Reading]:
        """All of them."""
        return [reading for found in self._found.values() for reading in found.values()]

    def main_devices(self) -> list[str]:
        """The main meters of both kinds, whose counters are to be known.

        A device that seems to succeed another is asked for its earlier counts, in case it is a sub-meter.
        """
        main: list[str] = []
        for kind in TOTAL_BY_KIND:
            asked: set[int] = set()
            while True:
                counts = {device: self._counts(device) for device in self._devices(kind)}
                counts = with_eyes(counts, kind, self._events)
                tenures = succession(counts, self._events)
                ends = {
                    tenure.closing.t if tenure.closing else counts[tenure.device][-1].t
                    for tenure in tenures[:-1]
                }
                if ends <= asked:
                    break
                late = {tenure.device for tenure in tenures[1:]}
                for end_ms in ends - asked:
                    edges = self._history.edges(self._station, end_ms, end_ms)
                    self._note(edge for edge in edges if edge.t < end_ms and edge.d in late)
                asked |= ends
            main.extend(tenure.device for tenure in tenures)
        return main

    def lives(self, start_ms: int, end_ms: int) -> tuple[int, int]:
        """Widen a span to all that follows from a device's first or last count within it.

        These say which device is the main meter (`history.succession`) and whether its momentary values
        stand for a counter (`history.sampled`), however long before or after.
        """
        low_ms, high_ms = start_ms, end_ms
        for kind in TOTAL_BY_KIND:
            lives = {
                device: (counts[0].t, counts[-1].t)
                for device in self._devices(kind)
                if (counts := self._counts(device))
            }
            if lives and all(start_ms <= first and last < end_ms for first, last in lives.values()):
                # these may be the kind's first counts: until then its momentary values stood for them
                self.widen(start_ms - LONGEST_BRIDGE_MS, end_ms + LONGEST_BRIDGE_MS)
                times = [t for device in self._devices(kind) for t in self._found[device]]
                low_ms, high_ms = min(low_ms, *times), max(high_ms, *(t + 1 for t in times))
            begun = [device for device, (first_ms, _) in lives.items() if start_ms <= first_ms < end_ms]
            ended = [device for device, (_, last_ms) in lives.items() if start_ms <= last_ms < end_ms]
            if len(lives) < 2:
                continue
            if (begun or ended) and any(last_ms >= end_ms for _, last_ms in lives.values()):
                far_ms = end_ms + LONGEST_BRIDGE_MS
                edges = self._history.edges(self._station, far_ms, far_ms)
                high_ms = max(high_ms, *(edge.t + 1 for edge in edges if edge.d in lives and edge.t < far_ms))
            if min(lives) in begun and any(first_ms < start_ms for first_ms, _ in lives.values()):
                far_ms = start_ms - LONGEST_BRIDGE_MS
                edges = self._history.edges(self._station, far_ms, far_ms)
                low_ms = min(low_ms, *(edge.t for edge in edges if edge.d in lives and edge.t >= far_ms))
        low_ms = floor_to_quarter(low_ms)
        self.widen(low_ms, high_ms)
        return low_ms, high_ms

    def has_samples_alone(self) -> bool:
        """Whether a kind of meter has momentary values but no counter, so that these stand for it."""
        return any(
            not any(self._counts(device) for device in devices)
            and any(
                LEVEL_BY_KIND[kind] in reading.x
                for device in devices
                for reading in self._found[device].values()
            )
            for kind in TOTAL_BY_KIND
            if (devices := self._devices(kind))
        )

    def touched(self, device: str, start_ms: int, end_ms: int) -> tuple[int, int]:
        """How far around a span a change of a device's readings within it reaches."""
        self.reach(device, start_ms, end_ms, REACH)
        told = told_instants(device, self._events)
        return touched_span(self._counts(device), told, start_ms, end_ms)

    def widen(self, start_ms: int, end_ms: int) -> None:
        """Know all readings of a span."""
        if start_ms >= self._start_ms and end_ms <= self._end_ms:
            return
        if start_ms < self._start_ms:
            self._note(self._history.raw(self._station, None, start_ms, self._start_ms))
            self._start_ms = start_ms
        if end_ms > self._end_ms:
            self._note(self._history.raw(self._station, None, self._end_ms, end_ms))
            self._end_ms = end_ms
        self._note(self._history.edges(self._station, self._start_ms, self._end_ms))

    def reach(self, device: str, start_ms: int, end_ms: int, needed: int) -> None:
        """Know so many counts of a device on both sides of a span that it bridges, or all there are."""
        leap_ms = LEAP_MS
        while True:
            low_ms, high_ms = self._known_span(device)
            times = [count.t for count in self._counts(device)]
            before, after = bisect_left(times, start_ms), len(times) - bisect_left(times, end_ms)
            if not bridges([*times, *told_instants(device, self._events)], start_ms, end_ms):
                return
            lower_ms, higher_ms = low_ms, high_ms
            if 0 < before < needed and times[0] < low_ms:
                lower_ms = times[0] - leap_ms
                self._note(self._history.raw(self._station, device, lower_ms, times[0] + 1))
            if 0 < after < needed and times[-1] >= high_ms:
                higher_ms = times[-1] + leap_ms
                self._note(self._history.raw(self._station, device, times[-1], higher_ms))
            if (lower_ms, higher_ms) == (low_ms, high_ms):
                return
            edges = self._history.edges(self._station, lower_ms, higher_ms)
            self._note(edge for edge in edges if edge.d == device)
            self._known[device] = (lower_ms, higher_ms)
            leap_ms *= FURTHER

    def _devices(self, kind: Kind) -> list[str]:
        return [
            device
            for device, found in self._found.items()
            if any(reading.k == kind for reading in found.values())
        ]

    def _known_span(self, device: str) -> tuple[int, int]:
        low_ms, high_ms = self._known.get(device, (self._start_ms, self._end_ms))
        return min(low_ms, self._start_ms), max(high_ms, self._end_ms)

    def _counts(self, device: str) -> list[Count]:
        known = self._counted.get(device)
        if known is None:
            readings = sorted(self._found.get(device, {}).values(), key=lambda reading: reading.t)
            known = self._counted[device] = counts_of(readings)
        return known

    def _note(self, readings: Iterable[Reading]) -> None:
        for reading in readings:
            found = self._found.setdefault(reading.d, {})
            if reading.t not in found:
                found[reading.t] = reading
                self._counted.pop(reading.d, None)


def runs(starts: Iterable[int]) -> list[tuple[int, int]]:
    """Join neighbouring quarter hours into spans `(start_ms, end_ms)`."""
    joined: list[tuple[int, int]] = []
    for start in sorted(starts):
        if joined and start == joined[-1][1]:
            joined[-1] = (joined[-1][0], start + QUARTER_HOUR_MS)
        else:
            joined.append((start, start + QUARTER_HOUR_MS))
    return joined
