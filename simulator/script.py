"""A station's script in quarter hours: what its events leave, and when its meters or its box say nothing."""

import math
from typing import NamedTuple

from simulator import village
from simulator.city_station import CityStation, EventKind
from simulator.village import QUARTER_S, QUARTERS_PER_DAY
from telemetry.quantities import Kind


class Effect(NamedTuple):
    """What an event leaves of blower, lift pump, effluent and standby, as factors."""

    blower: float
    pump: float
    effluent: float
    standby: float


UNDISTURBED = Effect(1, 1, 1, 1)
EFFECTS: dict[EventKind, Effect] = {
    "stop": Effect(0, 0, 0, 1),
    "low_load": Effect(0.18, 0.18, 0.2, 1),
    "under_powered": Effect(0.15, 0.15, 1, 1),
    "idle": Effect(1, 0, 0, 1),
    "bypass": Effect(0, 0, 1, 1),
    "power_cut": Effect(0, 0, 0, 0),
}
MUTES: dict[EventKind, tuple[Kind, ...]] = {
    "power_cut": ("power", "flow"),
    "power_meter_mute": ("power",),
}
"""Which meters do not answer the box."""


class Span(NamedTuple):
    """Quarter hours, counted from the epoch; `end` is not included and may be infinite."""

    first: int
    end: float

    def holds(self, quarter: int) -> bool:
        """Whether a quarter hour lies in it."""
        return self.first <= quarter < self.end


class Script:
    """The script of one station.

    Attributes:
        unheard: no reading of these times ever reaches the centre: box dead, not there yet, or taken away.
        late: readings of these times come afterwards.
        idle: the blower blows without effluent.
    """

    def __init__(self, station: CityStation) -> None:
        spans = [(event.kind, _span(event.start_s, event.end_s)) for event in station.events]
        self._effects = [(span, EFFECTS[kind]) for kind, span in spans if kind in EFFECTS]
        self._mutes = [(span, MUTES[kind]) for kind, span in spans if kind in MUTES]
        self.unheard = [span for kind, span in spans if kind == "box_dead"]
        self.late = [span for kind, span in spans if kind == "mast_down"]
        self.idle = [span for kind, span in spans if kind == "idle"]
        connected_s = (
            math.inf
            if station.connected_from is None
            else village.midnight_s(village.number_of(station.connected_from))
        )
        if connected_s > station.past_start_s:
            self.unheard.append(_span(station.past_start_s, connected_s))
        if station.class_change is not None:
            gone = _span(village.midnight_s(village.number_of(station.class_change[0])), math.inf)
            self._effects.append((gone, EFFECTS["stop"]))
            self.unheard.append(gone)

    def effects(self, number: int) -> list[Effect] | None:
        """What is left in each quarter hour of a civil day; None on a day on which nothing happens."""
        first = village.first_quarter(number)
        quarters = range(first, first + QUARTERS_PER_DAY)
        near = [
            (span, effect)
            for span, effect in self._effects
            if span.first < quarters.stop and span.end > first
        ]
        if not near:
            return None
        return [
            next((effect for span, effect in near if span.holds(quarter)), UNDISTURBED)
            for quarter in quarters
        ]

    def mute_since(self, kind: Kind, quarter: int) -> int | None:
        """The quarter hour since which the meters of a kind do not answer; None if they do."""
        return next(
            (span.first for span, kinds in self._mutes if kind in kinds and span.holds(quarter)), None
        )

    def is_unheard(self, quarter: int) -> bool:
        """Whether the centre never gets a reading of this quarter hour."""
        return any(span.holds(quarter) for span in self.unheard)

    def is_late(self, quarter: int) -> bool:
        """Whether readings of this quarter hour wait in the box."""
        return any(span.holds(quarter) for span in self.late)

    def gaps(self, kind: Kind) -> list[Span]:
        """When the centre will never have a counter reading of the meters of a kind, in order."""
        return sorted([*self.unheard, *(span for span, kinds in self._mutes if kind in kinds)])


def silences(station: CityStation) -> list[tuple[float, float]]:
    """When nothing arrived at the centre: mast down, box dead, not there yet, or taken away.

    Returns:
        Start and end, ms since the epoch, in order; an end of math.inf = goes on.
    """
    script = Script(station)
    return sorted((_ms(span.first), _ms(span.end)) for span in (*script.unheard, *script.late))


def _span(start_s: float, end_s: float) -> Span:
    end = end_s if end_s == math.inf else int(end_s // QUARTER_S)
    return Span(int(start_s // QUARTER_S), end)


def _ms(quarter: float) -> float:
    return quarter if quarter == math.inf else int(quarter) * QUARTER_S * 1000
