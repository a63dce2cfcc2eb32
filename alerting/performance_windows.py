"""Alarms counted in windows of time: periods, floods, chatter, what stands at midnight. Pure."""

import math
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from alerting.performance_past import DAY_MS, DEFAULT_LIMITS, Limits, Occurrence, Span, first_of

PERIOD_MS = 600_000
FLOOD_OVER, FLOOD_ENDS_BELOW = 10, 5
"""Alarms in ten minutes: more begin a flood, fewer end it."""


class Flood(NamedTuple):
    """A time in which alarms came faster than a person can look at."""

    start_ms: int
    end_ms: int
    alarms: int


class Standing(NamedTuple):
    """What had been active for more than a day at an instant, and what of it was nobody's work yet."""

    at_ms: int
    stale: int
    red: int


def per_period(instants: Iterable[int], span: Span, step_ms: int) -> Counter[int]:
    """How many fall into each period of the clock, by its beginning; periods are counted from midnight."""
    midnights = span.midnights()
    found: Counter[int] = Counter()
    for at_ms in instants:
        midnight = midnights[bisect_right(midnights, at_ms) - 1]
        found[midnight + (at_ms - midnight) // step_ms * step_ms] += 1
    return found


def periods_in(span: Span, step_ms: int) -> int:
    """How many periods of the clock the span touches."""
    edges = [*span.midnights(), span.end_ms]
    return sum(
        math.ceil((until_ms - midnight) / step_ms) - max(0, (span.start_ms - midnight) // step_ms)
        for midnight, until_ms in pairwise(edges)
    )


def most_within(instants: Sequence[int], window_ms: int) -> int:
    """The most in any window so long, wherever it begins.

    Args:
        instants: in order.
        window_ms: its length; two that lie so far apart are not in one.
    """
    most = oldest = 0
    for number, at_ms in enumerate(instants):
        while instants[oldest] <= at_ms - window_ms:
            oldest += 1
        most = max(most, number + 1 - oldest)
    return most


def floods_in(instants: Sequence[int], end_ms: int) -> list[Flood]:
    """The floods: more than 10 in ten minutes begin one, fewer than 5 in ten minutes end it.

    A flood begins with the first alarm of the ten minutes that were too many, and ends when the last ten
    minutes hold fewer than 5, or with the span. One that swells again out of the same ten is the same flood.

    Args:
        instants: in order.
        end_ms: of the span, after all of them.
    """
    ranges: list[tuple[int, int]] = []
    first: int | None = None
    oldest = 0
    for number, at_ms in enumerate(instants):
        if first is not None and instants[number - FLOOD_ENDS_BELOW] + PERIOD_MS < at_ms:
            ranges.append((first, number))
            first = None
        while instants[oldest] <= at_ms - PERIOD_MS:
            oldest += 1
        if first is None and number + 1 - oldest > FLOOD_OVER:
            is_same = bool(ranges) and ranges[-1][1] > oldest
            first = ranges.pop()[0] if is_same else oldest
    if first is not None:
        ranges.append((first, len(instants)))
    return [
        Flood(instants[begin], min(instants[end - FLOOD_ENDS_BELOW] + PERIOD_MS, end_ms), end - begin)
        for begin, end in ranges
    ]


def chattering_in(new: Iterable[Occurrence], limits: Limits = DEFAULT_LIMITS) -> list[tuple[str, str]]:
    """Subject and type of what was raised too often; a shelf that ends and rings again does not count."""
    by_alarm: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for each in new:
        if each.alarmed_ms is not None:
            by_alarm[each.subject, each.type].append(each.alarmed_ms)
    return sorted(
        alarm
        for alarm, instants in by_alarm.items()
        if most_within(sorted(instants), limits.chatter_ms) >= limits.chatter_times
    )


def standing_in(occurrences: Iterable[Occurrence], span: Span) -> list[Standing]:
    """What was stale at the end of each civil day, and at the end of the span: active for more than 24 h.

    It stands red if it was not on the follow-up list and not quiet either.
    """
    marks = [midnight for midnight in span.midnights() if span.start_ms < midnight < span.end_ms]
    marks.append(span.end_ms)
    stale, red = [0] * len(marks), [0] * len(marks)
    for each in occurrences:
        if each.alarmed_ms is None:
            continue
        gone_ms = first_of(each.returned_ms, each.closed_ms, span.end_ms + 1)
        begin = max(bisect_right(marks, each.raised_ms + DAY_MS), bisect_left(marks, each.alarmed_ms))
        for number in range(begin, bisect_left(marks, gone_ms)):
            at_ms = marks[number]
            stale[number] += 1
            is_work = each.followed_up_ms is not None and each.followed_up_ms <= at_ms
            red[number] += not is_work and not any(quiet.stands(at_ms) for quiet in each.quiet)
    return [Standing(*counted) for counted in zip(marks, stale, red, strict=True)]
