"""Readings made few enough to draw or to print: means per bucket, with gaps left as gaps. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from statistics import fmean, median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from service.civil import clock_of
from telemetry.quantities import LEVEL_BY_KIND, Kind
from telemetry.reading import Reading

MOST_POINTS = 700
_MINUTE_MS = 60_000
_SHORTEST_MS = 15 * _MINUTE_MS
_BUCKETS_MS = tuple(
    minutes * _MINUTE_MS for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880)
)
_SPACINGS_A_BUCKET = 1.5
"""A bucket is wider than the usual distance of two samples, so that only a true gap leaves one empty."""


class Series(NamedTuple):
    """One device's momentary quantity over time; None breaks the line."""

    device: str
    kind: Kind
    points: list[tuple[int, float | None]]


class DayMeans(NamedTuple):
    """A civil day in figures: the table beside the chart."""

    day: date
    power_mean_kw: float | None
    power_max_kw: float | None
    flow_mean_m3h: float | None
    samples: int


def shown_from(readings: Sequence[Reading], start_ms: int, end_ms: int) -> int:
    """Where a chart begins: at the start wanted, or with a young station's first reading."""
    first = readings[0].t if readings else start_ms
    if first - start_ms < (end_ms - start_ms) / 2:
        return start_ms
    return max(start_ms, min(first, end_ms - _SHORTEST_MS))


def thinned(readings: Iterable[Reading], start_ms: int, end_ms: int) -> list[Series]:
    """Mean per bucket for each device; a run of empty buckets is one None where it begins."""
    samples: dict[tuple[str, Kind], list[tuple[int, float]]] = defaultdict(list)
    for reading in readings:
        value = reading.x.get(LEVEL_BY_KIND[reading.k])
        if value is not None:
            samples[reading.d, reading.k].append((reading.t, value))
    return [
        Series(device, kind, _means(known, start_ms, _bucket_ms(known, end_ms - start_ms)))
        for (device, kind), known in sorted(samples.items())
    ]


def day_means(readings: Iterable[Reading], zone: ZoneInfo) -> list[DayMeans]:
    """Means per civil day, newest first; several meters of a kind are added up."""
    found: dict[date, dict[tuple[Kind, str], list[float]]] = defaultdict(lambda: defaultdict(list))
    for reading in readings:
        value = reading.x.get(LEVEL_BY_KIND[reading.k])
        if value is not None:
            found[clock_of(reading.t, zone).date()][reading.k, reading.d].append(value)
    return [_day(day, meters) for day, meters in sorted(found.items(), reverse=True)]


def _day(day: date, meters: dict[tuple[Kind, str], list[float]]) -> DayMeans:
    power = [values for (kind, _), values in meters.items() if kind == "power"]
    flow = [values for (kind, _), values in meters.items() if kind == "flow"]
    return DayMeans(
        day,
        sum(fmean(values) for values in power) if power else None,
        max(max(values) for values in power) if len(power) == 1 else None,
        sum(fmean(values) for values in flow) if flow else None,
        sum(len(values) for values in meters.values()),
    )


def _bucket_ms(samples: Sequence[tuple[int, float]], span_ms: int) -> int:
    spacings = [after[0] - before[0] for before, after in pairwise(samples)]
    usual = median(spacings) * _SPACINGS_A_BUCKET if spacings else 0
    least = max(span_ms / MOST_POINTS, usual)
    return next((bucket for bucket in _BUCKETS_MS if bucket >= least), _BUCKETS_MS[-1])


def _means(
    samples: Iterable[tuple[int, float]], start_ms: int, bucket_ms: int
) -> list[tuple[int, float | None]]:
    first = start_ms // bucket_ms
    buckets: dict[int, list[float]] = defaultdict(list)
    for t, value in samples:
        buckets[t // bucket_ms].append(value)
    points: list[tuple[int, float | None]] = []
    before = first - 1
    for number, values in sorted(buckets.items()):
        if number > before + 1:
            points.append(((before + 1) * bucket_ms + bucket_ms // 2, None))
        points.append((number * bucket_ms + bucket_ms // 2, round(fmean(values), 4)))
        before = number
    return points
