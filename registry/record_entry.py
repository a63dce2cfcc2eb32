"""What every record that people enter has in common: by whom, when, and what is wrong with it. Pure."""

import math
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from service.civil import clock_of, day_of
from service.settings import Fault

FUTURE_MS = 600_000
"""What happened is not entered before it happens; clocks may differ by so much."""
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)
"""Days beyond are slips of the pen."""
_EARLIEST_MS = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp() * 1000)
_DAY_MS = 86_400_000


class By(NamedTuple):
    """Who enters something, and under which clock.

    Attributes:
        actor: a user's name, or `cli:NAME` for somebody at the command line.
        now_ms: the present, ms since the epoch, UTC.
        zone: of the centre's civil days.
        raw_days: so long raw readings are kept; older quarter hours cannot be made anew.
        address: where the request came from, if over the network.
    """

    actor: str
    now_ms: int
    zone: ZoneInfo
    raw_days: int = 400
    address: str = ""

    @property
    def today(self) -> date:
        """The civil day of the present."""
        return day_of(self.now_ms, self.zone)

    @property
    def raw_from_ms(self) -> int:
        """From when on raw readings are sure to be there, ms; one day is left as a margin."""
        return self.now_ms - (self.raw_days - 1) * _DAY_MS


class Entered(NamedTuple):
    """A record that was written: its number, and what the person should be told about it."""

    id: int
    warnings: tuple[str, ...] = ()


class RecordError(Exception):
    """A record cannot be entered or withdrawn.

    Attributes:
        faults: everything wrong with it; each path is the name of a field.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = list(faults)
        super().__init__("; ".join(fault.line("record") for fault in self.faults))


def refuse(faults: Iterable[Fault]) -> None:
    """Go on only if nothing is wrong.

    Raises:
        RecordError: something is.
    """
    if found := list(faults):
        raise RecordError(found)


def local(at_ms: int, zone: ZoneInfo) -> str:
    """The centre's wall clock at an instant, to the minute; to the second where that matters."""
    at = clock_of(at_ms, zone)
    return f"{at:%Y-%m-%d %H:%M:%S}" if at_ms % 60_000 else f"{at:%Y-%m-%d %H:%M}"


def faults_of_instant(field: str, at_ms: int, now_ms: int, zone: ZoneInfo) -> Iterator[Fault]:
    """What is wrong with the time at which something is said to have happened."""
    if at_ms > now_ms + FUTURE_MS:
        remedy = "Correct the date, or enter it when it has happened."
        yield Fault(field, "must not lie in the future", local(at_ms, zone), remedy)
    if at_ms < _EARLIEST_MS:
        yield Fault(field, f"must not lie before {EARLIEST}", local(at_ms, zone), "Correct the year.")


def faults_of_day(field: str, day: date, today: date) -> Iterator[Fault]:
    """What is wrong with a civil day on which something is said to have happened."""
    if day > today:
        remedy = "Correct the date, or enter it when it has happened."
        yield Fault(field, "must not lie in the future", day.isoformat(), remedy)
    if day < EARLIEST:
        yield Fault(field, f"must not lie before {EARLIEST}", day.isoformat(), "Correct the year.")


def faults_of_text(field: str, text: str, longest: int, *, is_required: bool = False) -> Iterator[Fault]:
    """What is wrong with a text that a column of the registry is to take."""
    if is_required and not text.strip():
        yield Fault(field, "is required", text or None, "Fill it in.")
    if len(text) > longest:
        shown = f"{text[:20]}… ({len(text)} letters)"
        yield Fault(field, f"must have at most {longest} letters", shown, "Shorten it.")
    if any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\r\t" for letter in text):
        yield Fault(field, "must have no control characters", text[:40], "Type it anew.")


def faults_of_amount(field: str, value: float) -> Iterator[Fault]:
    """What is wrong with the count of a meter, kWh or m³."""
    if not (math.isfinite(value) and 0 <= value <= 1e12):
        yield Fault(field, "must be a number from 0 to 1e12", value, "Give what the counter shows.")
