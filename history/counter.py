"""One meter's counter as stretches of time in which it is known what passed. Pure.

Every decision looks at few readings around it (`REACH`), so what is known of a span does not depend on how
many readings further away were given.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from operator import sub
from statistics import median
from typing import NamedTuple

from history.counter_falls import began_anew, pace, rolled_over

BELIEVABLE = 1e12
"""No village meter shows more than this; it would spoil every sum."""
JUMP = 1_000.0
PACE_PER_HOUR = 30_000.0
"""A step of more than a jump and so much an hour (kWh, m³) was not counted: it tells nothing.

It is far more than any village station can use.
"""
LONGEST_BRIDGE_MS = 400 * 86_400_000
"""Readings further apart than this are not connected; raw readings are kept no longer."""
BRIDGED_BEYOND_MS = 1_800_000
BRIDGED_BEYOND_INTERVALS = 3
"""A step longer than half an hour and so many usual intervals bridges a gap."""
NEIGHBOURS = 4
"""So many steps before and after tell the usual interval, the usual pace, and a storm of resets."""
LEAST_INTERVALS = 3
"""Fewer other steps than these tell no usual interval."""
REACH = 24
"""No decision looks further than so many readings of the box before and after it."""
HOUR_MS = 3_600_000


class Stretch(NamedTuple):
    """Instants and the counter's values at them, rising; what passed is the difference times the factor."""

    times: Sequence[int]
    values: Sequence[float]
    factor: float = 1.0

    def passed(self, start_ms: int, end_ms: int) -> float:
        """What passed between two instants within the stretch, steps spread evenly; never negative."""
        return max(0.0, self.value_at(end_ms) - self.value_at(start_ms)) * self.factor

    def value_at(self, t: int) -> float:
        """The counter at an instant within the stretch."""
        place = bisect_left(self.times, t)
        if self.times[place] == t:
            return self.values[place]
        before_ms, before = self.times[place - 1], self.values[place - 1]
        return before + (self.values[place] - before) * (t - before_ms) / (self.times[place] - before_ms)

    def cut(self, since_ms: int, factor: float) -> "list[Stretch]":
        """The same with another factor from an instant on."""
        if since_ms <= self.times[0]:
            return [self._replace(factor=factor)]
        if since_ms >= self.times[-1]:
            return [self]
        value = self.value_at(since_ms)
        low, high = bisect_left(self.times, since_ms), bisect_right(self.times, since_ms)
        return [
            Stretch([*self.times[:low], since_ms], [*self.values[:low], value], self.factor),
            Stretch([since_ms, *self.times[high:]], [value, *self.values[high:]], factor),
        ]


class Steps(NamedTuple):
    """What a row of points tells.

    Attributes:
        stretches: by time, without overlap; between them nothing is known.
        bridged: the spans `(start_ms, end_ms)` whose amount is spread over a gap or estimated, by time.
    """

    stretches: list[Stretch]
    bridged: list[tuple[int, int]]


def steps_between(times: Sequence[int], values: Sequence[float], by_eye: Collection[int] = ()) -> Steps:
    """What one meter's counter tells; an exchange ends it.

    Args:
        times: of the counts, rising, ms since the epoch, UTC.
        values: of the counter, without the odd ones.
        by_eye: instants at which a person counted.
    """
    if not by_eye and _is_calm(times, values):
        return Steps([Stretch(times, values)], [])
    return _Doubtful(times, values, by_eye).steps()


def _is_calm(times: Sequence[int], values: Sequence[float]) -> bool:
    """Whether the counter only rose, by little at a time and without gaps: nearly always."""
    if len(times) < 2 or max(map(sub, times[1:], times)) > BRIDGED_BEYOND_MS:
        return False
    rises: list[float] = list(map(sub, values[1:], values))
    return min(rises) >= 0 and max(rises) <= JUMP


class _Doubtful:
    """Counts with falls, leaps or gaps among them, step by step."""

    def __init__(self, times: Sequence[int], values: Sequence[float], by_eye: Collection[int]) -> None:
        self._times = times
        self._values = values
        self._by_eye = by_eye
        self._ms: list[int] = list(map(sub, times[1:], times))
        self._rises: list[float] = list(map(sub, values[1:], values))
        self._falls = [place for place, rise in enumerate(self._rises) if rise < 0]

    def steps(self) -> Steps:
        """All of them, plain neighbours joined."""
        found, first = Steps([], []), 0
        for place in range(len(self._ms)):
            if self._is_believable(place) and not self._is_stormy(place):
                if self._is_bridged(place):
                    found.bridged.append((self._times[place], self._times[place + 1]))
                continue
            self._join(first, place, found)
            first = place + 1
            if self._rises[place] < 0 and not self._is_stormy(place):
                self._explain(place, found)
        self._join(first, len(self._ms), found)
        return found

    def _join(self, first: int, last: int, found: Steps) -> None:
        if first < last:
            found.stretches.append(Stretch(self._times[first : last + 1], self._values[first : last + 1]))

    def _is_believable(self, place: int) -> bool:
        """Whether the difference of a step can be what passed."""
        ms = self._ms[place]
        return 0 <= self._rises[place] <= JUMP + PACE_PER_HOUR * ms / HOUR_MS and ms <= LONGEST_BRIDGE_MS

    def _is_stormy(self, place: int) -> bool:
        """Whether a step lies among several falls: a counter that falls again and again counts nothing."""
        at = bisect_left(self._falls, place)
        if at == len(self._falls):
            return False
        near = [*self._falls[max(at - 1, 0) : at], self._falls[at]]
        if near[-1] == place:
            near += self._falls[at + 1 : at + 2]
        return any(after - before <= NEIGHBOURS for before, after in pairwise(near))

    def _explain(self, place: int, found: Steps) -> None:
        """What a lonely fall tells: a roll-over, a new beginning, or nothing."""
        before_ms, after_ms = self._times[place : place + 2]
        before, after = self._values[place : place + 2]
        usual = self._pace(place)
        if self._ms[place] > LONGEST_BRIDGE_MS:
            return
        passed = rolled_over(before, after, self._ms[place], usual)
        if passed is not None:
            found.stretches.append(Stretch((before_ms, after_ms), (0.0, passed)))
            if self._is_bridged(place):
                found.bridged.append((before_ms, after_ms))
            return
        since_ms = began_anew(after, before_ms, after_ms, usual)
        if since_ms is not None:
            found.stretches.append(Stretch((since_ms, after_ms), (0.0, after)))
            found.bridged.append((since_ms, after_ms))

    def _pace(self, place: int) -> float:
        near = [each for each in self._near(place) if self._is_believable(each)]
        return pace((self._ms[each], self._rises[each]) for each in near)

    def _is_bridged(self, place: int) -> bool:
        """Whether a step is so long that samples are missing in it, or rests on a count by eye."""
        if self._times[place] in self._by_eye or self._times[place + 1] in self._by_eye:
            return True
        ms = self._ms[place]
        if ms <= BRIDGED_BEYOND_MS:
            return False
        others = [self._ms[near] for near in self._near(place)]
        return len(others) < LEAST_INTERVALS or ms > BRIDGED_BEYOND_INTERVALS * median(others)

    def _near(self, place: int) -> Iterator[int]:
        """The steps around one."""
        last = min(place + NEIGHBOURS, len(self._ms) - 1)
        return (near for near in range(max(place - NEIGHBOURS, 0), last + 1) if near != place)


class Counter:
    """All that a kind's main meters counted: the stretches of one after another."""

    def __init__(self, steps: Steps) -> None:
        self._stretches = steps.stretches
        self._ends = [stretch.times[-1] for stretch in steps.stretches]
        self._bridged = steps.bridged
        self._bridged_ends = [end_ms for _, end_ms in steps.bridged]

    def passed(self, start_ms: int, end_ms: int) -> tuple[float, int, bool]:
        """What passed from start to end (kWh, m³), how many ms of it are known, and whether it is bridged."""
        amount, known_ms = 0.0, 0
        for place in range(bisect_right(self._ends, start_ms), len(self._ends)):
            stretch = self._stretches[place]
            since_ms, until_ms = max(start_ms, stretch.times[0]), min(end_ms, stretch.times[-1])
            if since_ms >= until_ms:
                break
            amount += stretch.passed(since_ms, until_ms)
            known_ms += until_ms - since_ms
        at = bisect_right(self._bridged_ends, start_ms)
        return amount, known_ms, at < len(self._bridged) and self._bridged[at][0] < end_ms
