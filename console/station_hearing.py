"""How well a station was heard: the share of expected readings a day, and the gaps. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from console.reader import Reader
from history.port import QUARTER_HOUR_MS, QuarterHour
from service.civil import ONE_DAY, day_of, days_between, start_of

DAYS = 31
MOST_GAPS = 10
"""The newest."""
SHORTEST_GAP_MS = 1_800_000
"""Less than half an hour is no gap, whatever the sampling."""
_INTERVALS_A_GAP = 3
_WHOLE, _MOST = 0.95, 0.75
"""The least share of a day that counts as heard, and of one that was heard mostly."""


class HeardDay(NamedTuple):
    """A civil day: the share of its expected readings that came, 0 to 1; None before the first ever."""

    day: date
    share: float | None

    @property
    def grade(self) -> str:
        """`whole`, `most`, `part`, `none`, or `before`; each has its own height and letter."""
        if self.share is None:
            return "before"
        if self.share >= _WHOLE:
            return "whole"
        if self.share >= _MOST:
            return "most"
        return "part" if self.share > 0 else "none"

    @property
    def percent(self) -> int:
        """The share in per cent; only what is whole is 100, only what is nothing is 0."""
        share = self.share or 0.0
        return 100 if share >= 1 else min(99, max(1, round(share * 100))) if share else 0

    def text(self, reader: Reader) -> str:
        """The day in words."""
        if self.share is None:
            return reader.text("%(day)s: not heard of yet", day=reader.day(self.day))
        share = f"{self.percent} %"
        return reader.text("%(day)s: %(share)s of the readings", day=reader.day(self.day), share=share)


class Gap(NamedTuple):
    """A time without any reading.

    Attributes:
        start_ms, end_ms: ms since the epoch, UTC, to the quarter hour; the end is None while it lasts.
        bridged: the counters tell what passed meanwhile.
    """

    start_ms: int
    end_ms: int | None
    bridged: bool

    def length_s(self, now_ms: int) -> float:
        """How long it lasted, or has lasted."""
        return ((now_ms if self.end_ms is None else self.end_ms) - self.start_ms) / 1000


class Hearing(NamedTuple):
    """The last days, in order, and the newest gaps, newest first.

    Attributes:
        interval_s: the usual time between two readings of a meter; None while nothing was heard.
        share: of the expected readings of all days since the first reading, 0 to 1.
        gap_count: all gaps of the time.
    """

    interval_s: float | None
    share: float | None
    days: list[HeardDay]
    gaps: list[Gap]
    gap_count: int

    def text(self, reader: Reader) -> str:
        """The band in words, for whoever does not see it."""
        whole = sum(day.grade == "whole" for day in self.days)
        known = sum(day.share is not None for day in self.days)
        return reader.text(
            "Readings of the last %(days)s days: whole on %(whole)s of %(known)s",
            days=len(self.days), whole=whole, known=known,
        )  # fmt: skip


def heard_from(now_ms: int, zone: ZoneInfo) -> int:
    """Since when quarter hours are wanted, ms since the epoch, UTC."""
    return start_of(day_of(now_ms, zone) - (DAYS - 1) * ONE_DAY, zone)


def hearing(rows: Sequence[QuarterHour], now_ms: int, zone: ZoneInfo) -> Hearing:
    """Sum up how a station was heard.

    Args:
        rows: its quarter hours since `heard_from`, by time; the one that runs is passed over.
        now_ms: now, ms since the epoch, UTC.
        zone: of the civil days.
    """
    until_ms = now_ms - now_ms % QUARTER_HOUR_MS
    counted = [
        (row.start_ms, count)
        for row in rows
        if row.start_ms < until_ms and (count := max(row.power_good, row.flow_good))
    ]
    today = day_of(now_ms, zone)
    if not counted:
        days = [HeardDay(day, None) for day in days_between(today - (DAYS - 1) * ONE_DAY, today)]
        return Hearing(None, None, days, [], 0)
    interval_ms = _interval_ms(rows, counted)
    shares, came, expected = _days(counted, interval_ms, until_ms, zone)
    days = [HeardDay(day, shares.get(day)) for day in days_between(today - (DAYS - 1) * ONE_DAY, today)]
    gaps = _gaps(rows, counted, interval_ms, until_ms)
    share = min(1.0, came / expected) if expected else None
    return Hearing(interval_ms / 1000, share, days, gaps[:MOST_GAPS], len(gaps))


def _interval_ms(rows: Sequence[QuarterHour], counted: Sequence[tuple[int, int]]) -> float:
    """Of the meter that is read oftener; failed polls count, for they were due."""
    asked = [
        (row.start_ms, max(row.power_good + row.power_missing, row.flow_good + row.flow_missing))
        for row in rows
    ]
    polled = [each for each in asked if each[1]]
    spacings = [after[0] - before[0] for before, after in pairwise(polled)]
    spacing = median(spacings) if spacings else QUARTER_HOUR_MS
    if spacing > QUARTER_HOUR_MS:
        return spacing
    return QUARTER_HOUR_MS / median(count for _, count in (polled or counted))


def _days(
    counted: Sequence[tuple[int, int]], interval_ms: float, until_ms: int, zone: ZoneInfo
) -> tuple[dict[date, float], int, float]:
    """The share of each day since the first reading; and how many readings came and were expected in all."""
    came: dict[date, int] = defaultdict(int)
    for start_ms, count in counted:
        came[day_of(start_ms, zone)] += count
    first_ms = counted[0][0]
    shares, all_expected = {}, 0.0
    for day in days_between(day_of(first_ms, zone), day_of(until_ms - 1, zone)):
        start_ms = max(start_of(day, zone), first_ms)
        end_ms = min(start_of(day + ONE_DAY, zone), until_ms)
        expected = (end_ms - start_ms) / interval_ms
        all_expected += expected
        due = int(expected)  # a reading that is due at the edge may have come on the other side of it
        shares[day] = min(1.0, came[day] / due) if due else 1.0
    return shares, sum(came.values()), all_expected


def _gaps(
    rows: Sequence[QuarterHour], counted: Sequence[tuple[int, int]], interval_ms: float, until_ms: int
) -> list[Gap]:
    least_ms = max(SHORTEST_GAP_MS, _INTERVALS_A_GAP * interval_ms if interval_ms > QUARTER_HOUR_MS else 0)
    bridged = {row.start_ms for row in rows if row.power_bridged or row.flow_bridged}
    gaps = []
    for (before, _), (after, _) in pairwise(counted):
        start_ms = before + QUARTER_HOUR_MS
        if after - start_ms >= least_ms:
            gaps.append(Gap(start_ms, after, start_ms in bridged))
    last_ms = counted[-1][0] + QUARTER_HOUR_MS
    if until_ms - last_ms >= least_ms:
        gaps.append(Gap(last_ms, None, bridged=False))
    return gaps[::-1]
