"""A station's last weeks as the rules of findings look at them. Pure."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from functools import cached_property
from statistics import median
from typing import NamedTuple

from alerting.baseline import Baseline
from alerting.marks import DayMarks

LOOKED_BACK = 35
"""No rule looks further back, days."""
COMPARED_DAYS = 28
"""A change is held against so many days before it began."""
COMPARED_NEEDED = 14
"""Of which so many must be running days with the figure in question."""
ODD_DAYS = 2
UNKNOWN_STEP = 1.0
"""A counter of which nobody knows how fine it is may count whole kWh or m³."""


class Found(NamedTuple):
    """Something odd that is worth an unannounced visit.

    Attributes:
        code: of the rule.
        first_day: since when.
        evidence: the figures it rests on.
    """

    code: str
    first_day: date
    evidence: Mapping[str, float | str]


class Before:
    """Medians of the running days before a change; None where too few of them tell."""

    def __init__(self, days: Iterable[DayMarks]) -> None:
        self._days = list(days)

    @cached_property
    def energy_kwh(self) -> float | None:
        """Of a day."""
        return self._median(day.energy_kwh for day in self._days)

    @cached_property
    def volume_m3(self) -> float | None:
        """Of a day."""
        return self._median(day.volume_m3 for day in self._days)

    @cached_property
    def kwh_per_m3(self) -> float | None:
        """Energy per m³."""
        return self._median(day.kwh_per_m3 for day in self._days)

    @cached_property
    def running_kw(self) -> float | None:
        """Running power."""
        return self._median(day.running_kw for day in self._days)

    @cached_property
    def power_factor(self) -> float | None:
        """0 to 1."""
        return self._median(day.power_factor for day in self._days)

    @cached_property
    def cycling(self) -> float | None:
        """See `LoadShape`."""
        return self._median(day.cycling for day in self._days)

    def never_saw(self, name: str, value: float, sign: int) -> bool:
        """Whether a figure lies beyond all of them, up (1) or down (-1), but for two odd days."""
        known = sorted(sign * each for day in self._days if (each := getattr(day, name)) is not None)
        return len(known) > ODD_DAYS and sign * value > known[-ODD_DAYS - 1]

    def _median(self, values: Iterable[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return median(known) if len(known) >= COMPARED_NEEDED else None


class Past:
    """The days of a station up to the one that just ended.

    Attributes:
        day: which just ended.
        usual: the usual day before it.
        process: one of the contract's, or empty.
        floor_kwh: energy of a day below which nothing is treated.
    """

    def __init__(
        self,
        days: Mapping[date, DayMarks],
        day: date,
        usual: Baseline,
        process: str,
        verdicts: Mapping[date, str],
        floor_kwh: float,
    ) -> None:
        self.day, self.usual, self.process, self.floor_kwh = day, usual, process, floor_kwh
        first = day - timedelta(days=LOOKED_BACK)
        self._days = {each: marks for each, marks in days.items() if first <= each <= day}
        self._verdicts = verdicts
        self._befores: dict[date, Before] = {}

    @property
    def today(self) -> DayMarks:
        """Of the day that just ended."""
        return self._days.get(self.day, DayMarks())

    def marks(self, day: date) -> DayMarks | None:
        """Of a day that counts: one that is known and no approved stop."""
        return None if self._verdicts.get(day) == "excluded" else self._days.get(day)

    def running(self) -> list[tuple[date, DayMarks]]:
        """The running days, by time."""
        return [(day, self._days[day]) for day in sorted(self._days) if self.is_running(day)]

    def is_running(self, day: date) -> bool:
        """Whether a day counts as running."""
        return self._verdicts.get(day) == "running"

    def since(self, least_days: int, tells: Callable[[DayMarks], bool]) -> date | None:
        """The first of the days in an unbroken row up to now that all tell the same; None for too few."""
        first = None
        for back in range(LOOKED_BACK + 1):
            marks = self.marks(self.day - timedelta(days=back))
            if marks is None or not tells(marks):
                break
            first = self.day - timedelta(days=back)
        return first if first is not None and (self.day - first).days + 1 >= least_days else None

    def changed_since(
        self, least_days: int, tells: Callable[[DayMarks, Before], bool], *, running: bool = False
    ) -> date | None:
        """Since when all days differ from the days before that; the longest such row.

        The days that differ are never part of what they are held against, so that a change that lasts does
        not become the usual before the days before it are out of sight.

        Args:
            least_days: a shorter row tells nothing.
            tells: whether a day differs.
            running: only running days can differ.
        """
        row = 0
        while row <= LOOKED_BACK - COMPARED_NEEDED:
            day = self.day - timedelta(days=row)
            if self.marks(day) is None or (running and not self.is_running(day)):
                break
            row += 1
        for days in range(row, least_days - 1, -1):
            first = self.day - timedelta(days=days - 1)
            before = self.before(first)
            if all(tells(self._days[self.day - timedelta(days=back)], before) for back in range(days)):
                return first
        return None

    def before(self, first: date) -> Before:
        """The running days before a change."""
        if first not in self._befores:
            since = first - timedelta(days=COMPARED_DAYS)
            self._befores[first] = Before(
                marks for day, marks in self._days.items() if since <= day < first and self.is_running(day)
            )
        return self._befores[first]

    def during(self, first: date) -> list[DayMarks]:
        """The days from one on."""
        return [
            marks for day in sorted(self._days) if day >= first and (marks := self.marks(day)) is not None
        ]

    @property
    def energy_step(self) -> float:
        """How fine the power meter counts, kWh, as far as that was seen."""
        return min((step for day in self._days.values() if (step := day.energy_step)), default=UNKNOWN_STEP)

    @property
    def volume_step(self) -> float:
        """Likewise the flow meter, m³."""
        return min((step for day in self._days.values() if (step := day.volume_step)), default=UNKNOWN_STEP)


def rounded(figures: Mapping[str, float | None]) -> dict[str, float | str]:
    """The figures that are known, to four digits."""
    return {name: float(f"{value:.4g}") for name, value in figures.items() if value is not None}
