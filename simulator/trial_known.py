"""What the readings that arrived in the end tell of an amount. Pure."""

from bisect import bisect_left
from typing import NamedTuple

_EXACT_SHARE, _EXACT = 0.0045, 0.015
"""A day's amount can be known if what the readings around its midnights say is as close as this."""


class Known(NamedTuple):
    """A true reading that arrived in the end: when it was taken, and what had passed by then."""

    time_s: float
    era: int
    amount: float


class _Midnight(NamedTuple):
    """What can be known of a midnight: the counter's era, and what had passed by then."""

    era: int
    amount: float


def amount_between(readings: list[Known], start_s: float, end_s: float) -> float | None:
    """What passed between two midnights by the readings around them; None if that is unknown."""
    times = [each.time_s for each in readings]
    start, end = (_at(readings, times, each) for each in (start_s, end_s))
    return end.amount - start.amount if start and end and start.era == end.era else None


def is_exact(readings: list[Known], start_s: float, end_s: float, amount: float, step: float) -> bool:
    """Whether the readings around both midnights tell the day's amount, rounded to steps of the counter."""
    told = amount_between(readings, start_s, end_s)
    return told is not None and abs(told - amount) <= max(_EXACT, _EXACT_SHARE * amount - step)


def _at(readings: list[Known], times: list[float], time_s: float) -> _Midnight | None:
    """A midnight between two readings, in proportion."""
    place = bisect_left(times, time_s)
    if place == 0 or place == len(readings) or readings[place].era != readings[place - 1].era:
        return None
    before, after = readings[place - 1], readings[place]
    share = (time_s - before.time_s) / (after.time_s - before.time_s)
    return _Midnight(after.era, before.amount + share * (after.amount - before.amount))
