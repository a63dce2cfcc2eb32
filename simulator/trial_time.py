"""The time a trial set covers, its clock, and its chance. Pure."""

import random
from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple

CHINA = timezone(timedelta(hours=8))
"""Asia/Shanghai, which knows no summer time."""
HOUR_S = 3600
DAY_S = 86_400
STEP_S = 300
"""What befalls a plant begins and ends on whole steps of the epoch."""


class Window(NamedTuple):
    """The time a set covers: its first midnight in China, seconds since the epoch, and whole days."""

    start_s: int
    days: int

    @property
    def end_s(self) -> int:
        """The midnight after the last day."""
        return self.start_s + self.days * DAY_S

    def dates(self) -> list[date]:
        """Its civil days."""
        first = civil(self.start_s).date()
        return [first + timedelta(days=number) for number in range(self.days)]


def civil(time_s: float) -> datetime:
    """An instant as clocks in China show it."""
    return datetime.fromtimestamp(time_s, CHINA)


def midnight(day: date) -> int:
    """When a civil day begins, seconds since the epoch."""
    return int(datetime(day.year, day.month, day.day, tzinfo=CHINA).timestamp())


def chance_of(seed: int, *name: str | int) -> random.Random:
    """The chance that belongs to this seed and this name, always the same one."""
    return random.Random(":".join(map(str, (seed, *name))))  # noqa: S311 - chance that repeats itself


def iso(time_s: float) -> str:
    """An instant as the files of a set write it."""
    return civil(time_s).isoformat(timespec="seconds")
