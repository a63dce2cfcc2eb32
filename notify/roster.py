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

    def lets_hear(self, channel: str, severity: Severity, county: str, at_ms: int) -> bool:
        """Whether a channel is on duty.

        A channel that stands in no row always is. One that does is while a row of its own holds; also when
        nobody at all answers for the county and the matter is of high severity, so that no gap swallows it.
        """
        if all(each.channel != channel for each in self.shifts):
            return True
        answering = {each.channel for each in self.shifts if each.holds(at_ms, county)}
        return channel in answering or (severity == "high" and not answering)
