"""The units that a scan has found so far, each recognised when it is met, and none told twice."""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Protocol

from edge_agent.bus import Bus
from edge_agent.commissioning.findings import Candidate, FoundUnit, LineSettings
from edge_agent.commissioning.search import Answering
from edge_agent.config import BusSettings
from edge_agent.listener import BusError
from edge_agent.meter import Line
from edge_agent.port import PortGone
from edge_agent.profile import Profile


class Recognises(Protocol):
    """How a unit's profiles are found; `recognise` is one."""

    def __call__(
        self, line: Line, unit_id: int, profiles: Sequence[Profile], *, pause: Callable[[float], None]
    ) -> tuple[Candidate, ...]:
        """The profiles that fit, the likeliest first."""


class Roster:
    """Units by id and setting.

    An id that answers at two speeds or parities is two meters, unless the same is recognised again: then the
    line has none (an adapter in a network, say), and whoever is known is known at every one.

    Attributes:
        units: in the order in which they were met.
    """

    def __init__(self, profiles: Sequence[Profile], recognise: Recognises) -> None:
        self.units: list[FoundUnit] = []
        self._profiles = profiles
        self._recognise = recognise
        self._same_at_any_speed = False
        self._same_at_any_parity = False

    def knows(self, unit_id: int, line: LineSettings) -> bool:
        """Whether who answers by this id at a setting would be one that is known already."""
        return any(
            (self._same_at_any_speed or unit.line.baudrate == line.baudrate)
            and (self._same_at_any_parity or unit.line.parity == line.parity)
            for unit in self.units
            if unit.unit_id == unit_id
        )

    def meet(self, line: LineSettings, answering: Answering, settings: BusSettings) -> FoundUnit | None:
        """Recognise who answers at a setting; None if it is one that is known already.

        Raises:
            PortGone: the port vanished, or is not free.
        """
        candidates = self._candidates(settings, answering.unit_id)
        again = [
            unit
            for unit in self.units
            if unit.unit_id == answering.unit_id and _likeliest(unit.candidates) == _likeliest(candidates)
        ]
        if again:
            self._same_at_any_parity = True
            self._same_at_any_speed |= all(unit.line.baudrate != line.baudrate for unit in again)
            return None
        unit = FoundUnit(answering.unit_id, line, answering.delay_s, candidates)
        self.units.append(unit)
        return unit

    def _candidates(self, settings: BusSettings, unit_id: int) -> tuple[Candidate, ...]:
        """What a unit may be; nothing if it cannot be read."""
        with closing(Bus(settings)) as bus:
            try:
                return self._recognise(bus, unit_id, self._profiles, pause=time.sleep)
            except BusError as error:
                if error.why == "port_gone":
                    gone = error.__cause__
                    raise gone if isinstance(gone, PortGone) else PortGone("gone", settings.port) from error
                return ()


def _likeliest(candidates: Sequence[Candidate]) -> str:
    return candidates[0].profile if candidates else ""
