"""Which readings go when the outbox is full; pure.

What waits lies in four tiers, in order of its numbers. The oldest tier holds one reading a day for each
device, the next one an hour, the next one a quarter hour, the newest every reading. A step takes the oldest
part of a tier into the next coarser one and lets go of all but the first reading of each slot; at the very
end the oldest tier loses its oldest part. The finest tier that has more than its share is thinned first, so
the first reading of a quarter hour stays as long as there are finer ones older than it to be had.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

QUARTER_HOUR_MS, HOUR_MS, DAY_MS = 900_000, 3_600_000, 86_400_000
DAY_BEGINS_MS = -8 * HOUR_MS
"""Days are the civil days of China, UTC+8 all the year: a total near midnight bounds a day."""
SLOTS_MS = (DAY_MS, HOUR_MS, QUARTER_HOUR_MS)
FINEST = len(SLOTS_MS)
SHARE = 4
"""Each finer tier keeps one part in so many of all that waits: its newest."""
MOST_ROWS = 1_000
"""A step looks at no more rows than that: one accept stays fast on a small box."""
PARTS = 16
"""In a small outbox a step takes one part in so many."""
_FOR_EVER = 1 << 62


class Row(NamedTuple):
    """What thinning needs to know of a reading; `t` in ms, of whatever clock."""

    seq: int
    t: int
    device: str


class Step(NamedTuple):
    """The oldest `rows` of a tier become coarser; those of tier 0 go altogether."""

    tier: int
    rows: int


class Tiers(NamedTuple):
    """Where the tiers lie, from the coarsest to the finest.

    Attributes:
        ends: the number behind the last one of each tier but the finest, which has no end.
        counts: how many readings each tier holds.
    """

    ends: tuple[int, ...] = (0,) * FINEST
    counts: tuple[int, ...] = (0,) * (FINEST + 1)

    @property
    def total(self) -> int:
        """How many readings there are."""
        return sum(self.counts)

    def begin(self, tier: int) -> int:
        """The first number of a tier."""
        return self.ends[tier - 1] if tier else 0

    def parts(self, first: int, last: int) -> Iterator[tuple[int, int, int]]:
        """A range of numbers, both included, cut at the borders: tier, first, last."""
        for tier in range(FINEST + 1):
            end = self.ends[tier] if tier < FINEST else _FOR_EVER
            low, high = max(first, self.begin(tier)), min(last, end - 1)
            if low <= high:
                yield tier, low, high

    def added(self, tier: int, count: int) -> "Tiers":
        """With more (or fewer) readings in a tier."""
        counts = list(self.counts)
        counts[tier] += count
        return self._replace(counts=tuple(counts))

    def moved(self, tier: int, *, seen: int, gone: int, end: int) -> "Tiers":
        """After a step that saw so many of a tier's readings, up to before number `end`."""
        if tier == 0:
            return self.added(0, -gone)
        ends = (*self.ends[: tier - 1], end, *self.ends[tier:])
        return self._replace(ends=ends).added(tier, -seen).added(tier - 1, seen - gone)


def next_step(tiers: Tiers) -> Step | None:
    """What to do to gain room; None if there is nothing left."""
    if tiers.total == 0:
        return None
    rows = max(1, min(MOST_ROWS, tiers.total // PARTS))
    for tier in range(FINEST, 0, -1):
        if tiers.counts[tier] >= tiers.total // SHARE + rows:
            return Step(tier, rows)
    return Step(0, rows)


def superfluous(rows: Iterable[Row], slot_ms: int, before: Iterable[Row]) -> list[int]:
    """Which of the rows are not the first of their device in its slot.

    Args:
        rows: in order of their numbers.
        slot_ms: the length of a slot.
        before: the rows just before them, in order.
    """
    slots = {row.device: _slot(row.t, slot_ms) for row in before}
    gone = []
    for row in rows:
        slot = _slot(row.t, slot_ms)
        if slots.get(row.device) == slot:
            gone.append(row.seq)
        slots[row.device] = slot
    return gone


def _slot(t: int, slot_ms: int) -> int:
    return (t - DAY_BEGINS_MS) // slot_ms
