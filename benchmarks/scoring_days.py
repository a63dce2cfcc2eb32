"""Verdicts and amounts of days, held against the truth."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from scoring_set import AMOUNTS, Day, Said, Station

SHARE, LEAST = 0.005, 0.02
"""An amount is right within this part of it, or within so much and a step of its counter."""
MISSING = "(none)"


class Verdict(NamedTuple):
    """A clear day."""

    day: Day
    kind: str
    said: str
    reason: str

    @property
    def is_right(self) -> bool:
        """Whether the verdict is the true one."""
        return self.said == self.day.verdict


class Amount(NamedTuple):
    """An amount of a day that can be known; said: None for nothing."""

    day: Day
    kind: str
    what: str
    true: float
    said: float | None
    is_right: bool

    @property
    def error(self) -> float:
        """How far off, as a part of the truth."""
        return abs((self.said or 0.0) - self.true) / max(self.true, LEAST)


def verdicts(days: Iterable[Day], stations: Mapping[str, Station], said: Said) -> list[Verdict]:
    """What was said of each clear day."""
    found = []
    for day in days:
        if day.is_clear:
            row = said.days.get((day.station, day.date), {})
            kind = stations[day.station].kind
            found.append(Verdict(day, kind, row.get("verdict") or MISSING, row.get("reason", "")))
    return found


def amounts(days: Iterable[Day], stations: Mapping[str, Station], said: Said) -> list[Amount]:
    """What was said of each amount that can be known."""
    found = []
    for day in days:
        row = said.days.get((day.station, day.date), {})
        for what in AMOUNTS:
            if day.has_evidence and what in day.amounts:
                true, station = day.amounts[what], stations[day.station]
                cell = row.get(what, "")
                told = float(cell) if cell else None
                most = max(SHARE * true, LEAST + station.steps[what])
                is_right = told is not None and abs(told - true) <= most + 1e-9
                found.append(Amount(day, station.kind, what, true, told, is_right))
    return found
