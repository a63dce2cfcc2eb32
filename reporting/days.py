"""Sets of civil days as bits of a number: a month of 2,000 stations is counted in milliseconds. Pure."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from service.civil import Month


class Run(NamedTuple):
    """Days in a row: the number of the first in its span, and how many there are."""

    start: int
    length: int

    @property
    def bits(self) -> int:
        """The same as a set."""
        return ((1 << self.length) - 1) << self.start


class Span(NamedTuple):
    """Civil days in a row, both ends included; in a set of its days, bit n stands for day n, from 0."""

    first: date
    last: date

    def bits(self, first: date | None = None, last: date | None = None) -> int:
        """The days from first to last that lie in the span; None is the span's own end."""
        low = 0 if first is None else max(0, (first - self.first).days)
        high = (self.last - self.first).days
        if last is not None:
            high = min(high, (last - self.first).days)
        return (1 << (high + 1)) - (1 << low) if high >= low else 0

    def of(self, days: Iterable[date]) -> int:
        """Those of the days given that lie in the span."""
        bits = 0
        for day in days:
            if self.first <= day <= self.last:
                bits |= 1 << (day - self.first).days
        return bits

    def day(self, number: int) -> date:
        """The day with a number."""
        return date.fromordinal(self.first.toordinal() + number)

    def months(self) -> Iterator[Month]:
        """The months that the span touches, in order."""
        month = Month.of(self.first)
        while month.first <= self.last:
            yield month
            month = month.after(1)


def runs(bits: int) -> Iterator[Run]:
    """The longest possible runs of a set of days, in order."""
    start = 0
    while bits:
        gap = (bits & -bits).bit_length() - 1
        bits >>= gap
        length = (~bits & (bits + 1)).bit_length() - 1
        yield Run(start + gap, length)
        bits >>= length
        start += gap + length
