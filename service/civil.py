"""Civil days and months: what a report counts in. Pure; the zone is an argument."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
ONE_DAY = timedelta(days=1)


class Month(NamedTuple):
    """A calendar month; months compare and sort by time."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Read a month such as `2026-10`.

        Raises:
            ValueError: it is not written so.
        """
        found = _MONTH.fullmatch(text)
        if found is None or found[1] == "0000":
            raise ValueError(f"must be a month such as 2026-10 (got {text[:20]!r})")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, day: date) -> "Month":
        """The month a day lies in."""
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.after(1).first - ONE_DAY

    def after(self, months: int) -> "Month":
        """The month so many months later; earlier for a negative number."""
        year, index = divmod(12 * self.year + self.number - 1 + months, 12)
        return Month(year, index + 1)

    def days(self) -> list[date]:
        """All its days, in order."""
        return list(days_between(self.first, self.last))


def days_between(first: date, last: date) -> Iterator[date]:
    """Each day from first to last, both included; none where last lies before first."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def clock_of(ms: int, zone: ZoneInfo) -> datetime:
    """The wall clock of a zone at an instant, ms since the epoch, UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone)


def day_of(ms: int, zone: ZoneInfo) -> date:
    """The civil day of an instant, ms since the epoch, UTC."""
    return clock_of(ms, zone).date()


def start_of(day: date, zone: ZoneInfo) -> int:
    """The instant a civil day begins, ms since the epoch, UTC."""
    return int(datetime.combine(day, time(), zone).timestamp() * 1000)
