"""The duty roster: who answers when, for which counties, and over which channel. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from registry.notify_settings import Severity


class Shift(NamedTuple):
    """One row: a person on duty, from an instant until before another, ms since the epoch, UTC."""

    from_ms: int
    to_ms: int
    name: str
    channel: str
    counties: tuple[str, ...] = ()

    def holds(self, at_ms: int, county: str) -> bool:
        """Whether the person answers then for a county; a matter of no county concerns all."""
        return self.from_ms <= at_ms < self.to_ms and (
            not self.counties or not county or county in self.counties
        )


class Roster:
    """All shifts; they may have gaps and may overlap. Without any, everybody is always on duty."""

    def __init__(self, shifts: Iterable[Shift] = ()) -> None:
        self.shifts = tuple(shifts)

    def refresh(self) -> str:
        """Read it again if it has changed; what is wrong with it in one line, else an empty text."""
        return ""

    def on_duty(self, at_ms: int, county: str = "") -> list[str]:
        """The names of those on duty, each once, in the order of the roster."""
        return list(dict.fromkeys(each.name for each in self.shifts if each.holds(at_ms, county)))

    def told_from(self, channel: str, severity: Severity, county: str, at_ms: int) -> int | None:
        """From when on the roster lets a channel hear, ms since the epoch, UTC; None if others hear it.

        A channel that stands in no row hears at once, and so does one of those who answer just now. In a gap
        the matter waits for those who answer next; one of high severity is heard by all at once, and so is
        everything when the roster has run out, so that nothing is lost.
        """
        if all(each.channel != channel for each in self.shifts):
            return at_ms
        answering = self._answering(at_ms, county)
        if channel in answering:
            return at_ms
        if answering:
            return None
        starts = (each.from_ms for each in self.shifts if each.from_ms > at_ms)
        next_ms = next((start for start in sorted(starts) if self._answering(start, county)), None)
        if severity == "high" or next_ms is None:
            return at_ms
        return next_ms if channel in self._answering(next_ms, county) else None

    def _answering(self, at_ms: int, county: str) -> set[str]:
        """The channels of those on duty."""
        return {each.channel for each in self.shifts if each.holds(at_ms, county)}
