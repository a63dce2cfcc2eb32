"""One device of a growing past: its readings by time, and whether its newest one is plain growth."""

from bisect import bisect_left
from operator import attrgetter

from history.counter import (
    BELIEVABLE,
    BRIDGED_BEYOND_MS,
    JUMP,
    LONGEST_BRIDGE_MS,
    NEIGHBOURS,
    PACE_PER_HOUR,
    REACH,
)
from telemetry.quantities import LEVEL_BY_KIND, TOTAL_BY_KIND, Kind
from telemetry.reading import Reading

HOUR_MS = 3_600_000
REGULAR = 1.5
"""A step up to so many times the least of the last few is no gap."""
REPLAYED = REACH + NEIGHBOURS + 2
"""So many counts tell all that the next one is judged by."""
time_of = attrgetter("t")


class GrowingDevice:
    """A device.

    Attributes:
        kind: of meter.
        level, total: names of its momentary value and its counter.
        readings: by time, each instant once.
        counted: how many of them have a count.
        first_ms: the first count's instant; None without counts.
        count: the last count, instant and value.
        sample: the last momentary value, likewise; kept while there is no count.
    """

    def __init__(self, name: str, kind: Kind) -> None:
        self.name = name
        self.kind: Kind = kind
        self.level = LEVEL_BY_KIND[kind]
        self.total = TOTAL_BY_KIND[kind]
        self.readings: list[Reading] = []
        self.counted = 0
        self.first_ms: int | None = None
        self.count: tuple[int, float] | None = None
        self.sample: tuple[int, float] | None = None
        self._steps: list[int] = []
        self._calm = REACH

    def count_of(self, reading: Reading) -> float | None:
        """The believable count of a reading."""
        return _believable(reading.x.get(self.total))

    def level_of(self, reading: Reading) -> float | None:
        """The believable momentary value of a reading."""
        return _believable(reading.x.get(self.level))

    def follow(self, t: int, total: float) -> bool:
        """Take the newest count; returns whether nothing before it needs another look.

        That is so from `REACH` counts on after the last one that was cause for doubt.
        """
        last, self.count = self.count, (t, total)
        self.counted += 1
        if last is None:
            self.first_ms = t
            return True
        ms, rise = t - last[0], total - last[1]
        steps = self._steps
        is_regular = ms <= BRIDGED_BEYOND_MS or (len(steps) == NEIGHBOURS and ms <= REGULAR * min(steps))
        steps.append(ms)
        if len(steps) > NEIGHBOURS:
            del steps[0]
        if not 0 <= rise <= JUMP + PACE_PER_HOUR * ms / HOUR_MS or ms > LONGEST_BRIDGE_MS:
            self._calm = 0
        elif not is_regular:
            self._calm = min(self._calm, REACH - NEIGHBOURS - 1)
        else:
            self._calm += 1
        return self._calm > REACH

    def insert(self, reading: Reading) -> tuple[int, int] | None:
        """Take a late reading, or one that came again and replaces what stood at its instant.

        Returns:
            First and last instant of what may have changed; None if nothing did.
        """
        t, new = reading.t, self.count_of(reading)
        place = bisect_left(self.readings, t, key=time_of)
        if self.readings[place].t != t:
            self.readings.insert(place, reading)
            self.settle(self.counted + (new is not None))
            return t, t
        before = self.readings[place]
        if before == reading:
            return None
        self.readings[place] = reading
        old = self.count_of(before)
        if old == new:
            self.settle(self.counted)
            return t, t
        self.settle(self.counted + (new is not None) - (old is not None))
        counted = [each.t for each in self._counted_before(place, REACH)]
        low_ms = counted[-1] if counted else t
        return low_ms, max([t, *(each.t for each in self._counted_after(place, REACH))])

    def settle(self, counted: int) -> None:
        """Look anew at the last readings, of which so many have a count."""
        newest = self._counted_before(len(self.readings), REPLAYED) if counted else []
        self._steps, self._calm, self.count = [], REACH, None
        for each in reversed(newest):
            self.follow(each.t, each.x[self.total])
        self.counted, self.first_ms, self.sample = counted, None, None
        if counted:
            self.first_ms = next(each.t for each in self.readings if self.count_of(each) is not None)
            return
        for each in reversed(self.readings):
            level = self.level_of(each)
            if level is not None:
                self.sample = each.t, level
                break

    def _counted_before(self, place: int, most: int) -> list[Reading]:
        """Readings with a count before a place, the newest first."""
        found: list[Reading] = []
        while place > 0 and len(found) < most:
            place -= 1
            if self.count_of(self.readings[place]) is not None:
                found.append(self.readings[place])
        return found

    def _counted_after(self, place: int, most: int) -> list[Reading]:
        found: list[Reading] = []
        while place < len(self.readings) - 1 and len(found) < most:
            place += 1
            if self.count_of(self.readings[place]) is not None:
                found.append(self.readings[place])
        return found


def _believable(value: float | None) -> float | None:
    return value if value is not None and -BELIEVABLE <= value <= BELIEVABLE else None
