"""Measurements made few enough to draw: means per bucket with the least and the most beside them. Pure.

No peak is lost by thinning, and gaps are left as gaps.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import fmean, median
from typing import NamedTuple

from history.port import QUARTER_HOUR_MS, QuarterHour
from telemetry.quantities import LEVEL_BY_KIND, Kind
from telemetry.reading import Reading

MOST_POINTS = 700
MOST_RAW_POINTS = 3_000
"""A day of minutes is drawn as it was measured; what is sampled more often than twice a minute is not."""
_MINUTE_MS = 60_000
_SHORTEST_MS = 15 * _MINUTE_MS
_BUCKETS_MS = tuple(
    minutes * _MINUTE_MS for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880)
)
_SPACINGS_A_BUCKET = 1.5
"""A bucket is wider than the usual distance of two samples, so that only a true gap leaves one empty."""
_SPACINGS_A_GAP = 2.5
"""Readings further apart than so many of their usual distances are not joined by a line."""


class Point(NamedTuple):
    """A value at an instant, with the least and the most around it; None breaks the line."""

    t: int
    value: float | None
    low: float | None = None
    high: float | None = None


class Series(NamedTuple):
    """One device's momentary quantity over time; `is_thinned` if its points have least and most."""

    device: str
    kind: Kind
    points: list[Point]
    is_thinned: bool = True


class _Sample(NamedTuple):
    t: int
    value: float
    low: float
    high: float


_Samples = dict[tuple[str, Kind], list[_Sample]]


def shown_from(first_ms: int | None, start_ms: int, end_ms: int) -> int:
    """Where a chart begins: at the start wanted, or with a young station's first reading."""
    first = start_ms if first_ms is None else first_ms
    if first - start_ms < (end_ms - start_ms) / 2:
        return start_ms
    return max(start_ms, min(first, end_ms - _SHORTEST_MS))


def first_of(series: Iterable[Series]) -> int | None:
    """The first instant of some series; None if there is nothing in them."""
    return min((one.points[0].t for one in series if one.points), default=None)


def raw(readings: Iterable[Reading], start_ms: int, end_ms: int) -> list[Series]:
    """Every reading as it was measured; thinned if there are too many."""
    return [
        Series(device, kind, _as_measured(known), is_thinned=False)
        if len(known) <= MOST_RAW_POINTS
        else _thinned(device, kind, known, start_ms, end_ms)
        for (device, kind), known in sorted(_samples(readings).items())
    ]


def thinned(readings: Iterable[Reading], start_ms: int, end_ms: int) -> list[Series]:
    """Mean, least and most per bucket for each device; a run of empty buckets is one break."""
    return [
        _thinned(device, kind, known, start_ms, end_ms)
        for (device, kind), known in sorted(_samples(readings).items())
    ]


def of_quarters(rows: Iterable[QuarterHour], start_ms: int, end_ms: int) -> list[Series]:
    """The same from quarter hours, of the main meters; of the least only the least mean is known."""
    found: _Samples = defaultdict(list)
    middle = QUARTER_HOUR_MS // 2
    for row in rows:
        levels: tuple[tuple[Kind, float | None, float | None], ...] = (
            ("power", row.power_mean_kw, row.power_max_kw),
            ("flow", row.flow_mean_m3h, row.flow_max_m3h),
        )
        for kind, mean, most in levels:
            if mean is not None:
                high = mean if most is None else most
                found["", kind].append(_Sample(row.start_ms + middle, mean, mean, high))
    return [
        _thinned(device, kind, known, start_ms, end_ms) for (device, kind), known in sorted(found.items())
    ]


def _samples(readings: Iterable[Reading]) -> _Samples:
    found: _Samples = defaultdict(list)
    for reading in readings:
        value = reading.x.get(LEVEL_BY_KIND[reading.k])
        if value is not None:
            found[reading.d, reading.k].append(_Sample(reading.t, value, value, value))
    return found


def _as_measured(samples: Sequence[_Sample]) -> list[Point]:
    spacings = [after.t - before.t for before, after in pairwise(samples)]
    longest = max(median(spacings) * _SPACINGS_A_GAP, 2 * _MINUTE_MS) if spacings else 0
    points: list[Point] = []
    for sample in samples:
        if points and sample.t - points[-1].t > longest:
            points.append(Point(points[-1].t + 1, None))
        points.append(Point(sample.t, sample.value))
    return points


def _thinned(device: str, kind: Kind, samples: Sequence[_Sample], start_ms: int, end_ms: int) -> Series:
    bucket_ms = _bucket_ms(samples, end_ms - start_ms)
    first = start_ms // bucket_ms
    buckets: dict[int, list[_Sample]] = defaultdict(list)
    for sample in samples:
        buckets[sample.t // bucket_ms].append(sample)
    points: list[Point] = []
    before = first - 1
    for number, own in sorted(buckets.items()):
        if number > before + 1:
            points.append(Point((before + 1) * bucket_ms + bucket_ms // 2, None))
        mean = round(fmean(sample.value for sample in own), 4)
        low, high = min(sample.low for sample in own), max(sample.high for sample in own)
        points.append(Point(number * bucket_ms + bucket_ms // 2, mean, round(low, 4), round(high, 4)))
        before = number
    return Series(device, kind, points)


def _bucket_ms(samples: Sequence[_Sample], span_ms: int) -> int:
    spacings = [after.t - before.t for before, after in pairwise(samples)]
    usual = median(spacings) * _SPACINGS_A_BUCKET if spacings else 0
    least = max(span_ms / MOST_POINTS, usual)
    return next((bucket for bucket in _BUCKETS_MS if bucket >= least), _BUCKETS_MS[-1])
