"""Consumption from counters: what a station used and let go in a span of time. Pure.

A counter's difference between two readings is the truth, whatever happened between them; it is spread evenly
over the time between, so the sum over any spans equals the counter's difference.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from history.port import QUARTER_HOUR_MS, QuarterHour
from telemetry.quantities import LEVEL_BY_KIND, TOTAL_BY_KIND, Kind
from telemetry.reading import Reading

BRIDGED_BEYOND_MS = 2 * QUARTER_HOUR_MS
"""Counter readings further apart than this bridge a gap."""
BELIEVABLE = 1e12
"""No village meter shows more than this, or counts further between two readings; it would spoil every sum."""


class Consumption(NamedTuple):
    """What one kind of meter says about a span.

    Attributes:
        amount: counter difference within the span (kWh or m³), None if no part of it is known.
        coverage: share of the span that lies between counter readings, 0 to 1.
        bridged: some of the amount was spread over a gap.
        mean, most: of the momentary samples in the span (kW or m³/h).
        good, missing: samples with values, and failed polls.
    """

    amount: float | None
    coverage: float
    bridged: bool
    mean: float | None
    most: float | None
    good: int
    missing: int


class _Meter(NamedTuple):
    """The main meter of a kind: its readings, and its counter as `(t, value)`, both by time."""

    kind: Kind
    readings: list[Reading]
    counter: list[tuple[int, float]]


def floor_to_quarter(t_ms: int) -> int:
    """The beginning of the quarter hour that an instant lies in."""
    return t_ms - t_ms % QUARTER_HOUR_MS


def main_device(readings: Iterable[Reading], kind: Kind) -> str | None:
    """The device that counts for a kind: the first by name, since sub-meters come after the main one."""
    return min((reading.d for reading in readings if reading.k == kind), default=None)


def consumption(readings: Sequence[Reading], kind: Kind, start_ms: int, end_ms: int) -> Consumption:
    """Sum up one kind of meter over start <= t < end.

    Args:
        readings: of the station, by time; with the counter readings next to the span on both sides.
        kind: of meter; the main device of that kind counts.
        start_ms: ms since the epoch, UTC.
        end_ms: likewise; not included.
    """
    return _consumption(_main_meter(readings, kind), start_ms, end_ms)


def quarter_hours(station: str, readings: Sequence[Reading], starts: Iterable[int]) -> list[QuarterHour]:
    """Compute quarter hours from raw readings (by time, with the counter readings next to the spans)."""
    power_meter, flow_meter = _main_meter(readings, "power"), _main_meter(readings, "flow")
    rows = []
    for start in starts:
        power = _consumption(power_meter, start, start + QUARTER_HOUR_MS)
        flow = _consumption(flow_meter, start, start + QUARTER_HOUR_MS)
        rows.append(
            QuarterHour(
                station=station,
                start_ms=start,
                energy_kwh=power.amount,
                volume_m3=flow.amount,
                power_mean_kw=power.mean,
                power_max_kw=power.most,
                flow_mean_m3h=flow.mean,
                flow_max_m3h=flow.most,
                power_bridged=power.bridged,
                flow_bridged=flow.bridged,
                power_good=power.good,
                power_missing=power.missing,
                flow_good=flow.good,
                flow_missing=flow.missing,
            )
        )
    return rows


def _main_meter(readings: Sequence[Reading], kind: Kind) -> _Meter:
    device = main_device(readings, kind)
    own = [reading for reading in readings if reading.d == device and reading.k == kind]
    total = TOTAL_BY_KIND[kind]
    return _Meter(kind, own, [(reading.t, reading.x[total]) for reading in own if total in reading.x])


def _consumption(meter: _Meter, start_ms: int, end_ms: int) -> Consumption:
    amount, covered_ms, bridged = _counted(meter.counter, start_ms, end_ms)
    first, last = (bisect_left(meter.readings, t, key=lambda reading: reading.t) for t in (start_ms, end_ms))
    inside = meter.readings[first:last]
    level = LEVEL_BY_KIND[meter.kind]
    levels = [reading.x[level] for reading in inside if abs(reading.x.get(level, math.inf)) <= BELIEVABLE]
    return Consumption(
        amount=amount if covered_ms else None,
        coverage=covered_ms / (end_ms - start_ms),
        bridged=bridged,
        mean=sum(levels) / len(levels) if levels else None,
        most=max(levels, default=None),
        good=sum(reading.q != "missing" for reading in inside),
        missing=sum(reading.q == "missing" for reading in inside),
    )


def _counted(counter: Sequence[tuple[int, float]], start_ms: int, end_ms: int) -> tuple[float, int, bool]:
    """Amount within the span, how much of the span it covers (ms), and whether a gap was bridged."""
    first = bisect_right(counter, start_ms, key=lambda point: point[0])
    last = bisect_left(counter, end_ms, key=lambda point: point[0])
    amount, covered_ms, bridged = 0.0, 0, False
    for (t0, before), (t1, after) in pairwise(counter[max(first - 1, 0) : last + 1]):
        overlap_ms = min(t1, end_ms) - max(t0, start_ms)
        if overlap_ms <= 0 or not 0 <= after - before <= BELIEVABLE:  # tells nothing of the time between
            continue
        amount += (after - before) * overlap_ms / (t1 - t0)
        covered_ms += overlap_ms
        bridged = bridged or t1 - t0 > BRIDGED_BEYOND_MS
    return amount, covered_ms, bridged
