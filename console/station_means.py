"""The table beside a station's chart: its figures a day, or a month where days would be too many. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from statistics import fmean
from typing import NamedTuple
from zoneinfo import ZoneInfo

from history.port import QuarterHour
from registry.tables import DayVerdict
from service.civil import Month, day_of
from telemetry.quantities import LEVEL_BY_KIND, Kind
from telemetry.reading import Reading

MOST_DAYS = 100
"""More days than these are told by the month."""


class DayMeans(NamedTuple):
    """A civil day in figures."""

    day: date
    power_mean_kw: float | None = None
    power_max_kw: float | None = None
    flow_mean_m3h: float | None = None
    samples: int = 0
    verdict: DayVerdict | None = None


class MonthSums(NamedTuple):
    """What the judged days of a month come to; `days` counts them by verdict."""

    month: Month
    energy_kwh: float | None
    volume_m3: float | None
    days: Mapping[str, int]


def day_means(readings: Iterable[Reading], zone: ZoneInfo) -> list[DayMeans]:
    """Means per civil day, newest first; several meters of a kind are added up."""
    found: dict[date, dict[tuple[Kind, str], list[float]]] = defaultdict(lambda: defaultdict(list))
    for reading in readings:
        value = reading.x.get(LEVEL_BY_KIND[reading.k])
        if value is not None:
            found[day_of(reading.t, zone)][reading.k, reading.d].append(value)
    return [_day(day, meters) for day, meters in sorted(found.items(), reverse=True)]


def means_of_quarters(rows: Iterable[QuarterHour], zone: ZoneInfo) -> list[DayMeans]:
    """The same from quarter hours, of the main meters."""
    found: dict[date, list[QuarterHour]] = defaultdict(list)
    for row in rows:
        if row.power_good or row.flow_good:
            found[day_of(row.start_ms, zone)].append(row)
    return [
        DayMeans(
            day,
            _weighted((row.power_mean_kw, row.power_good) for row in own),
            max((row.power_max_kw for row in own if row.power_max_kw is not None), default=None),
            _weighted((row.flow_mean_m3h, row.flow_good) for row in own),
            sum(row.power_good + row.flow_good for row in own),
        )
        for day, own in sorted(found.items(), reverse=True)
    ]


def with_verdicts(means: Iterable[DayMeans], verdicts: Iterable[DayVerdict]) -> list[DayMeans]:
    """Each day with its verdict, newest first; days of which only the verdict is known too."""
    known = {verdict.day: verdict for verdict in verdicts}
    days = {each.day: each for each in means}
    return [
        days.get(day, DayMeans(day))._replace(verdict=known.get(day))
        for day in sorted({*known, *days}, reverse=True)
    ]


def month_sums(verdicts: Iterable[DayVerdict]) -> list[MonthSums]:
    """What each month's judged days come to, newest first."""
    found: dict[Month, list[DayVerdict]] = defaultdict(list)
    for verdict in verdicts:
        found[Month.of(verdict.day)].append(verdict)
    return [
        MonthSums(
            month,
            _sum([each.energy_kwh for each in own]),
            _sum([each.volume_m3 for each in own]),
            Counter(each.verdict for each in own),
        )
        for month, own in sorted(found.items(), reverse=True)
    ]


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


def _weighted(values: Iterable[tuple[float | None, int]]) -> float | None:
    known = [(value, weight) for value, weight in values if value is not None and weight]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else None


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
