"""A look at all meters for the page of live values: one poll at a time, shared by all phones that look."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple

from edge_agent.config import Agent, BusSettings
from edge_agent.meter import Poll
from edge_agent.port import PortGone
from edge_agent.read import meters_of, poll_all
from service.process import UnavailableError

FRESH_S = 1.5
"""So young a look is shown again, so that several phones do not add up on the line."""

Lend = Callable[[BusSettings], AbstractContextManager[object]]
"""Takes a line from whoever reads it, and gives it back at the end."""


class Look(NamedTuple):
    """All meters at one moment of the monotonic clock; `trouble` says why there are none."""

    at_s: float
    polls: tuple[Poll, ...] = ()
    trouble: Exception | None = None

    @property
    def bad(self) -> list[str]:
        """The meters that were not good."""
        return [poll.device for poll in self.polls if poll.quality != "good"]


class Watch:
    """The last look; may be asked from any thread, and one that comes meanwhile gets the look before."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._turn = threading.Lock()
        self._changes = 0
        self.last: Look | None = None

    def look(self, agent: Agent, lend: Lend) -> Look | None:
        """Poll every meter once, unless that was just done or is under way; the last look."""
        if not self._turn.acquire(blocking=self.last is None):
            return self.last
        try:
            if self.last is None or self._clock() - self.last.at_s >= FRESH_S:
                changes = self._changes
                found = _looked(agent, lend, self._clock)
                if changes == self._changes:
                    self.last = found
        finally:
            self._turn.release()
        return self.last

    def forget(self) -> None:
        """The meters are others now; a look under way is of the former ones, and is not kept."""
        self._changes += 1
        self.last = None


def _looked(agent: Agent, lend: Lend, clock: Callable[[], float]) -> Look:
    polls: dict[str, Poll] = {}
    trouble: Exception | None = None
    for bus in dict.fromkeys(device.settings.bus for device in agent.devices):
        try:
            # Ports are opened at the first question, and closed before their line is given back.
            with lend(agent.settings.bus[bus]), meters_of(agent) as meters:
                pairs = zip(agent.devices, meters, strict=True)
                mine = [meter for device, meter in pairs if device.settings.bus == bus]
                polls |= {poll.device: poll for poll in poll_all(mine)}
        except (UnavailableError, PortGone) as error:
            trouble = error
    return Look(
        clock(),
        tuple(polls[each.settings.id] for each in agent.devices if each.settings.id in polls),
        trouble,
    )
