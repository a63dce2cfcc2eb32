"""Keeps quarter hours fresh: always recomputed from raw readings, never added to."""

from collections.abc import Iterable

from history.port import QUARTER_HOUR_MS, History
from history.quarter_hours import floor_to_quarter, quarter_hours
from telemetry.quantities import TOTAL_BY_KIND

RECENT_MS = 45 * 60_000
LONGEST_BRIDGE_MS = 31 * 86_400_000


def recompute(history: History, station: str, start_ms: int, end_ms: int) -> tuple[int, int]:
    """Recompute a station's quarter hours from start to end, and the gaps on both sides that counters bridge.

    A reading changes what is known of the time back to the counter reading before it and on to the next one,
    so the span grows to both.

    Returns:
        The span that was recomputed, `(start_ms, end_ms)`.

    Raises:
        HistoryError: the store cannot be used just now.
    """
    start_ms = floor_to_quarter(start_ms)
    edges = history.edges(station, start_ms, end_ms)
    counted = [reading.t for reading in edges if TOTAL_BY_KIND[reading.k] in reading.x]
    before = min((t for t in counted if t < start_ms), default=start_ms)
    after = max((t for t in counted if t >= end_ms), default=end_ms)
    starts = range(
        floor_to_quarter(max(before, start_ms - LONGEST_BRIDGE_MS)),
        min(after, end_ms + LONGEST_BRIDGE_MS),
        QUARTER_HOUR_MS,
    )
    span_end_ms = starts[-1] + QUARTER_HOUR_MS
    readings = history.edges(station, starts[0], span_end_ms) + history.raw(
        station, None, starts[0], span_end_ms
    )
    readings.sort(key=lambda reading: reading.t)
    history.write_quarter_hours(quarter_hours(station, readings, starts))
    return starts[0], span_end_ms


def runs(starts: Iterable[int]) -> list[tuple[int, int]]:
    """Join neighbouring quarter hours into spans `(start_ms, end_ms)`."""
    joined: list[tuple[int, int]] = []
    for start in sorted(starts):
        if joined and start == joined[-1][1]:
            joined[-1] = (joined[-1][0], start + QUARTER_HOUR_MS)
        else:
            joined.append((start, start + QUARTER_HOUR_MS))
    return joined
