"""The civil days of a station's months: what each counts as, for the strip of squares and its table. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from console import words
from console.reader import Reader
from registry.tables import DayVerdict
from reporting.days import Span
from reporting.due import due_days
from reporting.explain import Mark, mark_of
from reporting.rate import Judged, StationMonth
from reporting.records import Approved
from service.civil import Month

SHAPES: dict[Mark, str] = {
    "running": "running",
    "stopped": "stopped",
    "unknown": "unknown",
    "excluded": "planned_stop",
}
"""The drawn mark of every day that counts as something; the others are left empty."""


class Day(NamedTuple):
    """A civil day: what it counts as, its verdict from alerting, and the approved stop it lies in, if any."""

    day: date
    mark: Mark
    verdict: DayVerdict | None
    stop: Approved | None

    def reason(self, reader: Reader) -> str:
        """Why it counts as that, empty for a day that counts as nothing."""
        if self.mark == "excluded":
            return reader.word(words.APPROVED_STOPS, self.stop.reason) if self.stop else ""
        if self.mark not in SHAPES:
            return ""
        return reader.word(words.DAY_REASONS, self.verdict.reason if self.verdict else "no_data")

    def text(self, reader: Reader) -> str:
        """The day in words, for whoever points at its square."""
        if self.mark == "open":
            return reader.text("%(day)s: not over yet", day=reader.day(self.day))
        if self.mark == "off":
            return reader.text("%(day)s: not on the register", day=reader.day(self.day))
        return reader.text(
            "%(day)s: %(verdict)s, %(reason)s",
            day=reader.day(self.day),
            verdict=reader.word(words.VERDICTS, self.mark),
            reason=self.reason(reader),
        )


class MonthOfDays(NamedTuple):
    """A month's days in order, and what the station counts as in it so far."""

    judged: StationMonth
    month: Month
    days: list[Day]

    def text(self, reader: Reader) -> str:
        """The strip in words, for whoever does not see it."""
        marks = Counter(day.mark for day in self.days)
        counts = reader.text(", ").join(
            f"{reader.word(words.VERDICTS, mark)} {marks[mark]}" for mark in SHAPES if marks[mark]
        )
        return reader.text(
            "Days of %(month)s: %(counts)s", month=reader.month(self.month), counts=counts or "0"
        )


def month_of_days(
    judged: StationMonth,
    month: Month,
    verdicts: Iterable[DayVerdict],
    stops: Sequence[Approved],
    until: date,
) -> MonthOfDays:
    """Lay out a month.

    Args:
        judged: the station's month as the rate has it.
        month: the month.
        verdicts: of the station; those of other months are passed over.
        stops: its approved stops.
        until: the last civil day that is over.
    """
    span = Span(month.first, month.last)
    due = due_days(judged.facility, span, [stop.days for stop in stops], until)
    known = {verdict.day: verdict for verdict in verdicts}
    running, stopped = (
        span.of(day for day, verdict in known.items() if verdict.verdict == name)
        for name in ("running", "stopped")
    )
    days = []
    for day in month.days():
        mark = mark_of(day, Judged(span, running, stopped), due, until)
        stop = next((stop for stop in stops if stop.days.start <= day <= stop.days.end), None)
        days.append(Day(day, mark, known.get(day), stop))
    return MonthOfDays(judged, month, days)
