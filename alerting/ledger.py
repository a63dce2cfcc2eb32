"""A station's quarter hours with running sums, so that any window or day is summed at once. Pure."""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from statistics import median
from typing import NamedTuple

from alerting.verdict import MeterDay
from history.port import QUARTER_HOUR_MS, QuarterHour

HOUR_MS = 3_600_000
NEAR_MIDNIGHT_MS = 6 * HOUR_MS
SAMPLES_NEEDED = 0.75
"""Share of an hour's expected samples that makes it valid."""


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


class Window(NamedTuple):
    """A window and what power and flow meter counted in it."""

    start_ms: int
    end_ms: int
    energy: Usage
    volume: Usage

    @property
    def seconds(self) -> int:
        """Its length."""
        return (self.end_ms - self.start_ms) // 1000


NO_WINDOW = Window(0, 0, NOTHING_KNOWN, NOTHING_KNOWN)
"""Stands where nothing was gathered yet."""


class Ledger:
    """The quarter hours of one station over one span; what lies outside is not known."""

    def __init__(self, rows: Sequence[QuarterHour]) -> None:
        first_ms = min((row.start_ms for row in rows), default=0)
        count = (
            max((row.start_ms for row in rows), default=-QUARTER_HOUR_MS) - first_ms
        ) // QUARTER_HOUR_MS + 1
        by_place: list[QuarterHour | None] = [None] * count
        for row in rows:
            by_place[(row.start_ms - first_ms) // QUARTER_HOUR_MS] = row
        self.power = MeterLedger(
            first_ms,
            [row.energy_kwh if row else None for row in by_place],
            [row.power_good if row else 0 for row in by_place],
            [row.power_missing if row else 0 for row in by_place],
        )
        self.flow = MeterLedger(
            first_ms,
            [row.volume_m3 if row else None for row in by_place],
            [row.flow_good if row else 0 for row in by_place],
            [row.flow_missing if row else 0 for row in by_place],
        )

    def window(self, start_ms: int, end_ms: int) -> Window:
        """Sum a window.

        The first quarter hour counts in proportion to what lies in the window; the last, which may still be
        running, counts whole.
        """
        return Window(
            start_ms,
            end_ms,
            self.power.usage(start_ms, end_ms),
            self.flow.usage(start_ms, end_ms),
        )


class MeterLedger:
    """One kind of meter in a ledger."""

    def __init__(
        self, first_ms: int, amounts: Sequence[float | None], good: Sequence[int], missing: Sequence[int]
    ) -> None:
        self._first_ms = first_ms
        self._amounts = amounts
        self._good = good
        self._sums = list(accumulate((amount or 0.0 for amount in amounts), initial=0.0))
        self._known = list(accumulate((amount is not None for amount in amounts), initial=0))
        self._last_good = _last_places(good)
        self._last_sample = _last_places(a or b for a, b in zip(good, missing, strict=True))

    def usage(self, start_ms: int, end_ms: int) -> Usage:
        """What was counted in a window, and how much of it is known."""
        first, last = self._place(start_ms), self._place(end_ms - 1)
        low, high = self._clipped(first), self._clipped(last + 1)
        amount = self._sums[high] - self._sums[low]
        covered_ms = (self._known[high] - self._known[low]) * QUARTER_HOUR_MS
        before_ms = start_ms - self._start_of(first)
        at_first, at_last = self._amount(first), self._amount(last)
        if at_first is not None:
            amount -= at_first * before_ms / QUARTER_HOUR_MS
            covered_ms -= before_ms
        if at_last is not None:
            covered_ms -= self._start_of(last + 1) - end_ms
        if covered_ms <= 0:
            return NOTHING_KNOWN
        return Usage(max(0.0, amount), covered_ms / (end_ms - start_ms))

    def day(self, start_ms: int, end_ms: int) -> MeterDay:
        """What is known of a civil day, which begins and ends on whole quarter hours."""
        low, high = self._clipped(self._place(start_ms)), self._clipped(self._place(end_ms))
        known = [place for place in range(low, high) if self._amounts[place] is not None]
        if not known:
            return MeterDay(None, self._valid_hours(start_ms, end_ms))
        return MeterDay(
            self._sums[high] - self._sums[low],
            self._valid_hours(start_ms, end_ms),
            self._start_of(known[0]) <= start_ms + NEAR_MIDNIGHT_MS
            and self._start_of(known[-1] + 1) >= end_ms - NEAR_MIDNIGHT_MS,
        )

    def last_sample_ms(self, before_ms: int) -> int | None:
        """The end of the last quarter hour with a poll, good or failed, at or before an instant."""
        return self._last(self._last_sample, before_ms)

    def mute_since_ms(self, before_ms: int) -> int | None:
        """Since when the meter fails to answer, None while it answers or was never polled."""
        sample, good = self._last(self._last_sample, before_ms), self._last(self._last_good, before_ms)
        if sample is None or sample == good:
            return None
        return good if good is not None else self._first_ms

    def _last(self, places: Sequence[int], before_ms: int) -> int | None:
        at = self._clipped(self._place(before_ms))
        return self._start_of(places[at] + 1) if places[at] >= 0 else None

    def _valid_hours(self, start_ms: int, end_ms: int) -> int:
        hours = []
        for hour_ms in range(start_ms, end_ms, HOUR_MS):
            low = self._clipped(self._place(hour_ms))
            high = self._clipped(self._place(min(hour_ms + HOUR_MS, end_ms)))
            hours.append(sum(self._good[low:high]))
        expected = median([count for count in hours if count] or [1])
        return sum(count >= SAMPLES_NEEDED * expected for count in hours)

    def _amount(self, place: int) -> float | None:
        return self._amounts[place] if 0 <= place < len(self._amounts) else None

    def _place(self, ms: int) -> int:
        return (ms - self._first_ms) // QUARTER_HOUR_MS

    def _clipped(self, place: int) -> int:
        return min(max(place, 0), len(self._amounts))

    def _start_of(self, place: int) -> int:
        return self._first_ms + place * QUARTER_HOUR_MS


def _last_places(marks: Iterable[int]) -> list[int]:
    """For each place the last marked one before it, -1 for none; one entry more than there are places."""
    places = [-1]
    for place, mark in enumerate(marks):
        places.append(place if mark else places[-1])
    return places
