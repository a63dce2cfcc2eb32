"""Consumption from counters: what a station used and let go in a span of time. Pure.

A counter's difference between two readings is the truth, whatever happened between them; it is spread evenly
over the time between, so the sum over any spans equals the counter's difference.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from history.port import QUARTER_HOUR_MS, QuarterHour
from telemetry.quantities import LEVEL_BY_KIND, TOTAL_BY_KIND, Kind
from telemetry.reading import Reading

BRIDGED_BEYOND_MS = 2 * QUARTER_HOUR_MS
"""Counter readings further apart than this bridge a gap."""


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
    device = main_device(readings, kind)
    own = [reading for reading in readings if reading.d == device and reading.k == kind]
    amount, covered_ms, bridged = _counted(own, TOTAL_BY_KIND[kind], start_ms, end_ms)
    inside = own[_first_from(own, start_ms) : _first_from(own, end_ms)]
    level = LEVEL_BY_KIND[kind]
    levels = [reading.x[level] for reading in inside if level in reading.x]
    return Consumption(
        amount=amount if covered_ms else None,
        coverage=covered_ms / (end_ms - start_ms),
        bridged=bridged,
        mean=sum(levels) / len(levels) if levels else None,
        most=max(levels, default=None),
        good=sum(reading.q != "missing" for reading in inside),
        missing=sum(reading.q == "missing" for reading in inside),
    )


def quarter_hours(station: str, readings: Sequence[Reading], starts: Iterable[int]) -> list[QuarterHour]:
    """Compute quarter hours from raw readings (by time, with the counter readings next to the spans)."""
    rows = []
    for start in starts:
        power = consumption(readings, "power", start, start + QUARTER_HOUR_MS)
        flow = consumption(readings, "flow", start, start + QUARTER_HOUR_MS)
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


def _counted(own: Sequence[Reading], total: str, start_ms: int, end_ms: int) -> tuple[float, int, bool]:
    """Amount within the span, how much of the span it covers (ms), and whether a gap was bridged."""
    points = [(reading.t, reading.x[total]) for reading in own if total in reading.x]
    amount, covered_ms, bridged = 0.0, 0, False
    for (t0, before), (t1, after) in pairwise(points):
        overlap_ms = min(t1, end_ms) - max(t0, start_ms)
        if overlap_ms <= 0 or after < before:  # a counter that fell tells nothing about the time between
            continue
        amount += (after - before) * overlap_ms / (t1 - t0)
        covered_ms += overlap_ms
        bridged = bridged or t1 - t0 > BRIDGED_BEYOND_MS
    return amount, covered_ms, bridged


def _first_from(own: Sequence[Reading], t_ms: int) -> int:
    return bisect_left(own, t_ms, key=lambda reading: reading.t)
