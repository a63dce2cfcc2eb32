"""How far a change of readings reaches: the span whose consumption must be computed anew. Pure."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise

from history.counter import BRIDGED_BEYOND_MS, LONGEST_BRIDGE_MS, NEIGHBOURS, REACH
from history.device_counts import Count
from history.meter_events import MeterEvents

Span = tuple[int, int]
"""From and to, ms since the epoch, UTC."""


def told_instants(device: str, events: MeterEvents) -> list[int]:
    """When people told something about a device's counter."""
    told = [(each.device, each.at_ms) for each in events.exchanges]
    told += [(each.device, each.at_ms) for each in events.manual]
    return [at_ms for whose, at_ms in told if whose == device]


def bridges(instants: Iterable[int], start_ms: int, end_ms: int) -> bool:
    """Whether a device whose counter is known at some instants tells anything of a span."""
    known = list(instants)
    return any(t < end_ms for t in known) and any(t >= start_ms for t in known)


def touched_span(counts: Sequence[Count], told: Iterable[int], start_ms: int, end_ms: int) -> Span:
    """The span that a change of one device's readings between start and end reaches.

    A reading changes what is known of the time back to the count before it and on to the next one. Where the
    counter falls or people told something, decisions look further, up to `REACH` counts; where gaps stand
    beside it, the usual interval may change.

    Args:
        counts: of the device, by time; at least `REACH` on both sides, or all there are.
        told: instants at which people told something about its counter.
        start_ms: ms since the epoch, UTC.
        end_ms: likewise; not included.
    """
    told = list(told)
    low, high = (bisect_left(counts, t, key=lambda count: count.t) for t in (start_ms, end_ms))
    near = counts[max(low - REACH, 0) : high + REACH]
    if low >= REACH:
        told = [t for t in told if t >= near[0].t]
    if high + REACH <= len(counts):
        told = [t for t in told if t <= near[-1].t]
    times = [count.t for count in near]
    if not bridges([*times, *told], start_ms, end_ms):
        return start_ms, end_ms
    reach = REACH
    if not told and all(first.value <= second.value for first, second in pairwise(near)):
        has_gaps = any(second - first > BRIDGED_BEYOND_MS for first, second in pairwise(times))
        reach = NEIGHBOURS + 1 if has_gaps else 1
    before = sorted([t for t in times if t < start_ms][-reach:] + [t for t in told if t < start_ms])
    after = sorted([t for t in times if t >= end_ms][:reach] + [t for t in told if t >= end_ms])
    return _far(reversed(before), start_ms), _far(after, end_ms)


def _far(outward: Iterable[int], edge_ms: int) -> int:
    """The last of some instants on the way out that a counter could bridge."""
    far = edge_ms
    for t in outward:
        if abs(t - far) > LONGEST_BRIDGE_MS:
            break
        far = t
    return far
