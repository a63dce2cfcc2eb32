"""One station's quarter hours with running sums, so that any window or day is summed at once."""

import math
from collections.abc import Collection, Iterable, Sequence
from itertools import groupby, pairwise
from statistics import median
from typing import NamedTuple

from alerting.steps import Steps
from alerting.verdict import MeterDay
from history.port import QUARTER_HOUR_MS, QuarterHour

HOUR_MS = 3_600_000
NEAR_MIDNIGHT_MS = 6 * HOUR_MS
SAMPLES_NEEDED = 0.75
"""Share of an hour's expected samples that makes it valid."""
UNKNOWN_INTERVAL_MS = 24 * HOUR_MS
"""Before a second sample a meter may be one that is read once a day."""
GAPS_LOOKED_AT = 20
ABSURD_STEPS = 2
"""So many steps with absurd samples spoil no sum of them."""
LEVELS_TO_DOUBT = 8


class Usage(NamedTuple):
    """What one meter counted in a window.

    Attributes:
        amount: kWh or m³ that are known to have passed.
        coverage: share of the window in which that is known, 0 to 1.
    """

    amount: float
    coverage: float

    def reaches(self, coverage: float) -> bool:
        """Whether enough of the window is known to judge it."""
        return self.coverage >= coverage


NOTHING_KNOWN = Usage(0.0, 0.0)


class MeterLedger(Steps):
    """One kind of meter of a station: what is asked of its steps."""

    def usage(self, start_ms: int, end_ms: int) -> Usage:
        """What was counted in a window, and how much of it is known.

        The first step counts in proportion to what lies in the window; the last, which may still be running,
        counts whole.
        """
        self._settle()
        step_ms = self.step_ms
        first, last = start_ms // step_ms - self._first, (end_ms - 1) // step_ms - self._first
        count = len(self._amounts)
        low, high = min(max(first, 0), count), min(max(last + 1, 0), count)
        covered_ms = (self._known[high] - self._known[low]) * step_ms
        if covered_ms <= 0:
            return NOTHING_KNOWN
        amount = self._sums[high] - self._sums[low]
        if 0 <= first < count and not math.isnan(self._amounts[first]):
            before_ms = start_ms - (self._first + first) * step_ms
            amount -= self._amounts[first] * before_ms / step_ms
            covered_ms -= before_ms
        if 0 <= last < count and not math.isnan(self._amounts[last]):
            covered_ms -= (self._first + last + 1) * step_ms - end_ms
        if covered_ms <= 0:
            return NOTHING_KNOWN
        return Usage(max(0.0, amount), covered_ms / (end_ms - start_ms))

    def sampled(self, start_ms: int, end_ms: int) -> Usage:
        """The same as the momentary samples tell it: each holds until the next one is due.

        The highest steps count as what lies just below them, because a few absurd answers are no load.
        """
        levels = sorted(self.levels(start_ms, end_ms))
        if not levels:
            return NOTHING_KNOWN
        if len(levels) >= LEVELS_TO_DOUBT:
            levels[-ABSURD_STEPS:] = [levels[-ABSURD_STEPS - 1]] * ABSURD_STEPS
        length_ms = end_ms - start_ms
        held_ms = min(length_ms, len(levels) * max(self.interval_ms(end_ms), self.step_ms) * 1.1)
        return Usage(sum(levels) / len(levels) * held_ms / HOUR_MS, held_ms / length_ms)

    def levels(self, start_ms: int, end_ms: int) -> list[float]:
        """The means of the steps that lie in a span and have samples."""
        low, high = self._inside(start_ms, end_ms)
        return [level for level in self._levels[low:high] if level == level]  # noqa: PLR0124 - not a number

    def amounts(self, start_ms: int, end_ms: int) -> list[float | None]:
        """The amounts of the steps that lie in a span; None where not known."""
        first = start_ms // self.step_ms - self._first
        found: list[float | None] = []
        for place in range(first, first + (end_ms - start_ms) // self.step_ms):
            amount = self._amounts[place] if 0 <= place < len(self._amounts) else math.nan
            found.append(None if math.isnan(amount) else amount)
        return found

    def least(self, start_ms: int, end_ms: int, length_ms: int) -> float | None:
        """The least that passed in any window of a length ending in a span; None if no such window is known.

        Windows over bridged gaps do not count, because their amounts are spread evenly.
        """
        self._settle()
        low, high = self._inside(start_ms, end_ms)
        steps = length_ms // self.step_ms
        solid, sums = self._solid, self._sums
        found = math.inf
        for end in range(max(low + 1, steps), high + 1):
            if solid[end] - solid[end - steps] == steps:
                passed = sums[end] - sums[end - steps]
                found = min(found, passed)
        return None if found == math.inf else max(0.0, found)

    def quiet_since_ms(self, at_ms: int, most: float) -> int:
        """Start of the unbroken run of steps that ends at an instant, none of which passed more."""
        place = min(at_ms // self.step_ms - self._first, len(self._amounts))
        while place > 0 and self._amounts[place - 1] <= most:  # false where not known
            place -= 1
        return (self._first + place) * self.step_ms

    def quiet_runs(self, start_ms: int, end_ms: int, most: float) -> list[tuple[int, int]]:
        """The unbroken runs of steps, none of which passed more, that touch a span; whole, by time."""
        low, high = self._inside(start_ms, end_ms)
        found: list[tuple[int, int]] = []
        place = low
        while place < high:
            if not self._amounts[place] <= most:  # not either where not known
                place += 1
                continue
            first = self.quiet_since_ms((self._first + place + 1) * self.step_ms, most)
            while place < len(self._amounts) and self._amounts[place] <= most:
                place += 1
            found.append((first, (self._first + place) * self.step_ms))
        return found

    def stirs_at_ms(self, since_ms: int, until_ms: int, least: float) -> int | None:
        """Start of the first step in a span in which more passed; None for none."""
        low, high = self._inside(since_ms, until_ms)
        for place in range(low, high):
            if self._amounts[place] > least:
                return (self._first + place) * self.step_ms
        return None

    def repeats(self, start_ms: int, end_ms: int, least_ms: int) -> list[tuple[int, int]]:
        """The spans of at least a length in which the counter rests at one momentary value above 0.

        That is the last answer of a meter, told again and again by what stands between it and the box.
        """
        low, high = self._inside(start_ms, end_ms)
        found: list[tuple[int, int]] = []
        for level, places in groupby(range(low, high), self._resting_level):
            run = list(places)
            if level and len(run) * self.step_ms >= least_ms:
                found.append(
                    ((self._first + run[0]) * self.step_ms, (self._first + run[-1] + 1) * self.step_ms)
                )
        return found

    def _resting_level(self, place: int) -> float:
        """The momentary value of a step, to 9 digits, while the counter rests; else 0."""
        level = self._levels[place]
        return float(f"{level:.8e}") if self._amounts[place] == 0 and level > 0 else 0.0

    def day(self, start_ms: int, end_ms: int, without: Sequence[tuple[int, int]] = ()) -> MeterDay:
        """What is known of a civil day, which begins and ends on whole quarter hours.

        Args:
            start_ms: of the day, ms since the epoch.
            end_ms: likewise.
            without: spans of it of which nothing is believed.
        """
        left_out = {place for span in without for place in range(*self._inside(*span))}
        hours = self._valid_hours(start_ms, end_ms, left_out)
        known = [
            place
            for place in range(*self._inside(start_ms, end_ms))
            if not math.isnan(self._amounts[place]) and place not in left_out
        ]
        if not known:
            return MeterDay(None, hours)
        return MeterDay(
            sum(self._amounts[place] for place in known),
            hours,
            (self._first + known[0]) * self.step_ms <= start_ms + NEAR_MIDNIGHT_MS
            and (self._first + known[-1] + 1) * self.step_ms >= end_ms - NEAR_MIDNIGHT_MS,
            len(known) * self.step_ms / (end_ms - start_ms),
        )

    def interval_ms(self, now_ms: int) -> int:
        """The usual time between two samples lately, at least 1 s; a day before there are two."""
        if now_ms < self._sampled_step * self.step_ms:  # of a past that is not at its end yet
            return self._interval_before(now_ms)
        if self._interval is not None and self._interval[0] == self._sampled_step:
            return self._interval[1]
        interval_ms = self._interval_before(now_ms)
        self._interval = (self._sampled_step, interval_ms)
        return interval_ms

    def _interval_before(self, now_ms: int) -> int:
        high = min(max(now_ms // self.step_ms - self._first, 0), len(self._good))
        sampled: list[int] = []
        for place in range(high - 1, -1, -1):
            if self._good[place] or self._missing[place]:
                sampled.append(place)
                if len(sampled) > GAPS_LOOKED_AT:
                    break
        if len(sampled) < 2:
            count = self._good[sampled[0]] + self._missing[sampled[0]] if sampled else 0
            return UNKNOWN_INTERVAL_MS if count < 2 else max(1_000, self.step_ms // count)
        gaps = [later - earlier for later, earlier in pairwise(sampled)]
        gap = median(gaps)
        if gap > 1:
            return round(gap * self.step_ms)
        usual = median(self._good[place] + self._missing[place] for place in sampled)
        return max(1_000, round(self.step_ms / usual))

    def _valid_hours(self, start_ms: int, end_ms: int, left_out: Collection[int]) -> int:
        hours = []
        for hour_ms in range(start_ms, end_ms, HOUR_MS):
            places = range(*self._inside(hour_ms, min(hour_ms + HOUR_MS, end_ms)))
            hours.append(sum(self._good[place] for place in places if place not in left_out))
        expected = median([count for count in hours if count] or [1])
        return sum(count >= SAMPLES_NEEDED * expected for count in hours)


class Ledger:
    """Both kinds of meter of one station."""

    def __init__(self, rows: Iterable[QuarterHour] = (), step_ms: int = QUARTER_HOUR_MS) -> None:
        self.power = MeterLedger(step_ms)
        self.flow = MeterLedger(step_ms)
        for row in rows:
            self.put(row)

    def put(self, row: QuarterHour) -> None:
        """Note a quarter hour, new or changed."""
        counted = (row.power_good, row.power_missing, row.power_bridged)
        self.power.put(row.start_ms, row.energy_kwh, row.power_mean_kw, counted)
        counted = (row.flow_good, row.flow_missing, row.flow_bridged)
        self.flow.put(row.start_ms, row.volume_m3, row.flow_mean_m3h, counted)

    @property
    def starts_ms(self) -> int | None:
        """Start of the first step; None before there is one."""
        starts = [meter.starts_ms for meter in (self.power, self.flow) if len(meter)]
        return min(starts, default=None)

    def forget_before(self, start_ms: int) -> None:
        """Give back what lies before an instant."""
        self.power.forget_before(start_ms)
        self.flow.forget_before(start_ms)
