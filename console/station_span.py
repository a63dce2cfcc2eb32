"""Which span of time a chart shows, as an address asks for it; nobody's typing may break it. Pure."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from console.address import EARLIEST, read_number
from service.civil import ONE_DAY, day_of, start_of

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
RANGES = {
    "1h": HOUR_MS,
    "6h": 6 * HOUR_MS,
    "24h": DAY_MS,
    "7d": 7 * DAY_MS,
    "31d": 31 * DAY_MS,
    "90d": 90 * DAY_MS,
    "1y": 365 * DAY_MS,
    "2y": 731 * DAY_MS,
}
"""The spans that end now, ms."""
USUAL = "7d"
LONGEST_MS = RANGES["2y"]
SHORTEST_MS = 5 * 60_000
MOST_DAYS = 31
"""Of `?days=`, which other pages ask for."""
STEP_MS = 300_000
"""A span that ends now ends on a whole step, so that an answer keeps its ETag while nothing new has come."""
_SLACK_MS = HOUR_MS
"""A civil day may have 25 hours."""

_LAST_YEAR = 2100

Detail = Literal["raw", "readings", "quarters", "days"]


class ChartSpan(NamedTuple):
    """From one instant to another.

    Attributes:
        start_ms, end_ms: ms since the epoch, UTC; the end is not included.
        code: of RANGES if it ends now, else empty.
        day: the civil day that it is, if it is one.
    """

    start_ms: int
    end_ms: int
    code: str = ""
    day: date | None = None

    @property
    def length_ms(self) -> int:
        """How long it is."""
        return self.end_ms - self.start_ms

    @property
    def detail(self) -> Detail:
        """How finely it is read: every reading for a day, then what is thinned; beyond a month whole days."""
        if self.length_ms <= DAY_MS + _SLACK_MS:
            return "raw"
        if self.length_ms <= RANGES["7d"] + _SLACK_MS:
            return "readings"
        return "quarters" if self.length_ms <= RANGES["31d"] + _SLACK_MS else "days"

    @property
    def ends_now(self) -> bool:
        """Whether it moves on with time."""
        return bool(self.code)

    def days(self, zone: ZoneInfo) -> tuple[date, date]:
        """The first and the last civil day that it touches."""
        return day_of(self.start_ms, zone), day_of(self.end_ms - 1, zone)


def span_of(asked: Mapping[str, str], now_ms: int, zone: ZoneInfo) -> ChartSpan:
    """The span that an address's question asks for; the last seven days for anything that cannot be meant.

    `from` and `to` are ISO dates or date-times of the centre's zone (or with an offset); a date as `to` is
    included. `day` is one civil day, `range` one of RANGES, `days` a number up to MOST_DAYS.
    """
    end_ms = -(-now_ms // STEP_MS) * STEP_MS
    today = day_of(now_ms, zone)
    day = _day(asked.get("day", ""))
    if day is not None and EARLIEST <= day <= today:
        return ChartSpan(start_of(day, zone), start_of(day + ONE_DAY, zone), day=day)
    if asked.get("from"):
        start = _instant(asked["from"], zone, is_end=False)
        end = _instant(asked["to"], zone, is_end=True) if asked.get("to") else end_ms
        if start is not None and end is not None:
            end = min(end, start_of(today + ONE_DAY, zone))
            start = max(start, end - LONGEST_MS)
            if end - start >= SHORTEST_MS:
                return ChartSpan(start, end, day=_whole_day(start, end, zone))
    days = read_number(asked.get("days", ""))
    if days is not None:
        length_ms = min(max(1, days), MOST_DAYS) * DAY_MS
        code = next((code for code, length in RANGES.items() if length == length_ms), f"{days}d")
        return ChartSpan(end_ms - length_ms, end_ms, code)
    code = asked.get("range", USUAL)
    code = code if code in RANGES else USUAL
    return ChartSpan(end_ms - RANGES[code], end_ms, code)


def _whole_day(start_ms: int, end_ms: int, zone: ZoneInfo) -> date | None:
    day = day_of(start_ms, zone)
    return day if (start_of(day, zone), start_of(day + ONE_DAY, zone)) == (start_ms, end_ms) else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _instant(text: str, zone: ZoneInfo, *, is_end: bool) -> int | None:
    """An instant, ms since the epoch, UTC; None if it cannot be read or lies before the year 2000."""
    day = _day(text)
    try:
        if day is not None:
            at = datetime.combine(day + ONE_DAY if is_end else day, time(), zone)
        else:
            at = datetime.fromisoformat(text)
            at = at.replace(tzinfo=zone) if at.tzinfo is None else at
        if at.year < EARLIEST.year or at.year > _LAST_YEAR:
            return None
        return int(at.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
