"""An agenda: which of many is due next; pure, the time is an argument."""

import math
from collections.abc import Hashable, Iterator
from heapq import heappop, heappush
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Agenda(Generic[T]):
    """At most one entry for each; instants in ms of any one clock."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, T]] = []
        self._entered_ms: dict[T, float] = {}
        self._count = 0

    def enter(self, who: T, due_ms: float) -> None:
        """Note when one is due; a later instant than the one noted is found out when that one comes."""
        if due_ms < self._entered_ms.get(who, math.inf):
            self._entered_ms[who] = due_ms
            self._count += 1
            heappush(self._heap, (due_ms, self._count, who))

    def due(self, now_ms: float, most: int) -> Iterator[T]:
        """Take out those who are due, earliest first, at most so many."""
        while most and self._heap and self._heap[0][0] <= now_ms:
            due_ms, _, who = heappop(self._heap)
            if self._entered_ms.get(who) == due_ms:  # else it was brought forward, and had its turn
                del self._entered_ms[who]
                most -= 1
                yield who

    def next_ms(self) -> float:
        """When somebody is due, or was; inf if nobody is."""
        return self._heap[0][0] if self._heap else math.inf
