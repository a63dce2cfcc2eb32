"""Which days of a facility count: those on the register that no approved stop takes away. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from registry.classes import NO_LONGER_DUE
from reporting.days import Span

RULE_VERSION = "1"
"""Of the definition as a whole; it stands on every report and in its row."""


class Rules(NamedTuple):
    """The thresholds, printed on every report.

    Attributes:
        target: rate by number that the plan asks for.
        running_share: share of its known days that a normal station runs at least.
        stop_days: civil days in a row whose stop makes a station not normal.
        unknown_share: share of its countable days beyond which a station cannot be assessed.
        closing_day: day of the next month on which an approved stop must be entered at the latest.
    """

    target: Fraction
    running_share: Fraction
    stop_days: int
    unknown_share: Fraction
    closing_day: int


RULES = Rules(Fraction(9, 10), Fraction(9, 10), 4, Fraction(1, 4), 10)


class Facility(NamedTuple):
    """What the rate needs to know of a station.

    Attributes:
        id: of the station.
        county: code of its county.
        company: who operates it.
        design_m3_per_day: its scale, m³/d.
        commissioned: its first countable day; None means since ever.
        classes: since when it is of which class, sorted; before the first of them it is in use.
        connected_from: the day its box began to send; None means it has none.
    """

    id: str
    county: str
    company: str
    design_m3_per_day: float | None
    commissioned: date | None
    classes: tuple[tuple[date, str], ...] = ()
    connected_from: date | None = None


class Excluded(NamedTuple):
    """An approved stop: civil days, both included, and the day on which it was entered."""

    start: date
    end: date
    entered: date


class DueDays(NamedTuple):
    """A station's days on the register and those that approved stops take away, as bits of a span."""

    registered: int
    excluded: int

    @property
    def countable(self) -> int:
        """The days that are left."""
        return self.registered & ~self.excluded


def due_days(facility: Facility, span: Span, exclusions: Sequence[Excluded], until: date | None) -> DueDays:
    """The days of a span on which a facility is on the register, and those that approved stops take away."""
    registered = span.bits(facility.commissioned, until)
    if facility.classes:
        ends = [since for since, _ in facility.classes[1:]] + [date.max]
        for (since, name), end in zip(facility.classes, ends, strict=True):
            if name in NO_LONGER_DUE:
                registered &= ~span.bits(since, date.fromordinal(end.toordinal() - 1))
    return DueDays(registered, registered & excluded_days(exclusions, span) if exclusions else 0)


def excluded_days(exclusions: Iterable[Excluded], span: Span) -> int:
    """The days of a span that approved stops take away: those entered in time for the month of the day."""
    bits = 0
    for stop in exclusions:
        for month in span.months():
            if stop.entered <= month.after(1).first.replace(day=RULES.closing_day):
                bits |= span.bits(max(stop.start, month.first), min(stop.end, month.last))
    return bits
