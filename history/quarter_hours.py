"""Consumption from counters: what a station used and let go in a span of time. Pure.

A counter's difference between two readings is the truth, whatever happened between them; it is spread evenly
over the time between, so the sum over any spans equals the counter's difference. Every case with an example
stands in docs/quarter-hours.md.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from history.main_meter import MainMeter, main_meter
from history.meter_events import NO_EVENTS, ManualReading, MeterEvents
from history.port import QUARTER_HOUR_MS, QuarterHour
from telemetry.quantities import TOTAL_BY_KIND, Kind
from telemetry.reading import Reading


class Consumption(NamedTuple):
    """What one kind of meter says about a span.

    Attributes:
        amount: counter difference within the span (kWh or m³), None if no part of it is known.
        coverage: share of the span that lies between counter readings, 0 to 1.
        bridged: some of the amount was spread over a gap, estimated, or counted by eye.
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


def consumption(
    readings: Sequence[Reading],
    kind: Kind,
    start_ms: int,
    end_ms: int,
    events: MeterEvents = NO_EVENTS,
) -> Consumption:
    """Sum up one kind of meter over start <= t < end.

    Args:
        readings: of the station, in any order; with the counter readings next to the span on both sides.
        kind: of meter; the main device of that kind counts.
        start_ms: ms since the epoch, UTC.
        end_ms: likewise; not included.
        events: what people told about the station's meters.
    """
    return _consumption(main_meter(readings, kind, events, start_ms), start_ms, end_ms)


def quarter_hours(
    station: str, readings: Sequence[Reading], starts: Iterable[int], events: MeterEvents = NO_EVENTS
) -> list[QuarterHour]:
    """Compute quarter hours from raw readings.

    Args:
        station: its id.
        readings: of the station, in any order; with `history.counter.REACH` counter readings on both sides of
            the starts, or all there are.
        starts: of the quarter hours, ms since the epoch, UTC.
        events: what people told about the station's meters.
    """
    power_meter, flow_meter = (main_meter(readings, kind, events) for kind in ("power", "flow"))
    rows = []
    for start in starts:
        power = _consumption(power_meter, start, start + QUARTER_HOUR_MS)
        flow = _consumption(flow_meter, start, start + QUARTER_HOUR_MS)
        rows.append(
            QuarterHour(
                station,
                start,
                power.amount,
                flow.amount,
                power.mean,
                power.most,
                flow.mean,
                flow.most,
                power.bridged,
                flow.bridged,
                power.good,
                power.missing,
                flow.good,
                flow.missing,
            )
        )
    return rows


def contradictions(readings: Sequence[Reading], events: MeterEvents) -> list[ManualReading]:
    """The counts by eye that the box's readings around them contradict, so that no sum rests on them."""
    found = [each for kind in TOTAL_BY_KIND for each in main_meter(readings, kind, events).contradicting]
    return sorted(found, key=lambda manual: (manual.at_ms, manual.device))


def _consumption(meter: MainMeter, start_ms: int, end_ms: int) -> Consumption:
    amount, known_ms, bridged = meter.counter.passed(start_ms, end_ms)
    first, last = bisect_left(meter.times, start_ms), bisect_left(meter.times, end_ms)
    levels = [level for level in meter.levels[first:last] if level is not None]
    missing = sum(meter.missing[first:last])
    return Consumption(
        amount if known_ms else None,
        known_ms / (end_ms - start_ms),
        bridged,
        sum(levels) / len(levels) if levels else None,
        max(levels, default=None),
        last - first - missing,
        missing,
    )
