"""The electrical picture of a station: three phases that wander, and the currents its loads draw.

Voltages stay within 220-235 V, as on a village transformer that is lightly loaded (nominal 220 V, +7 %);
the frequency within 49.95-50.05 Hz. Blower and pump are symmetrical three-phase motors, the standby load
(box, modem, lamp) hangs on L1.
"""

import math
from dataclasses import dataclass

from simulator.chance import Wander

MIDDLE_V = 227.5
SWING_V = 7.0
MIDDLE_HZ = 50.0
SWING_HZ = 0.05

Phases = tuple[float, float, float]
"""One figure for each of L1, L2, L3."""


@dataclass(frozen=True)
class Load:
    """A consumer at one moment.

    Attributes:
        power_kw: active power it draws.
        power_factor: its cosine phi, inductive.
        single_phase: on L1 alone instead of spread over the three.
    """

    power_kw: float
    power_factor: float
    single_phase: bool = False

    @property
    def reactive_kvar(self) -> float:
        """Reactive power, kvar, from active power and power factor."""
        return self.power_kw * math.tan(math.acos(self.power_factor))


@dataclass(frozen=True)
class Electricity:
    """What a power meter sees at one moment; per-phase figures in the order L1, L2, L3.

    Attributes:
        voltage_v: phase to neutral.
        current_a: such that P = U x I x power factor in every phase.
        power_kw: active power.
        reactive_kvar: inductive is positive.
        frequency_hz: of the grid; 0 in a power cut.
    """

    voltage_v: Phases
    current_a: Phases
    power_kw: Phases
    reactive_kvar: Phases
    frequency_hz: float

    @property
    def active_power_kw(self) -> float:
        """Active power of the three phases together."""
        return sum(self.power_kw)

    @property
    def power_factor(self) -> float:
        """Power factor of the three phases together."""
        return power_factor(sum(self.power_kw), sum(self.reactive_kvar))

    @property
    def phase_power_factor(self) -> Phases:
        """Power factor phase by phase; 1 where nothing is drawn."""
        first, second, third = map(power_factor, self.power_kw, self.reactive_kvar)
        return (first, second, third)


def power_factor(power_kw: float, reactive_kvar: float) -> float:
    """Active over apparent power; 1 when nothing is drawn, as meters show it."""
    apparent_kva = math.hypot(power_kw, reactive_kvar)
    return power_kw / apparent_kva if apparent_kva else 1.0


class Mains:
    """The village's grid, a function of seed and time."""

    def __init__(self, seed: int) -> None:
        self._phases = tuple(Wander.of(seed, f"voltage-{phase}") for phase in range(3))
        self._frequency = Wander.of(seed, "frequency")

    def feed(self, loads: tuple[Load, ...], now_s: float) -> Electricity:
        """Work out what the meter sees when these loads are on."""
        alone_kw = alone_kvar = third_kw = third_kvar = 0.0
        for load in loads:
            if load.single_phase:
                alone_kw += load.power_kw
                alone_kvar += load.reactive_kvar
            else:
                third_kw += load.power_kw / 3
                third_kvar += load.reactive_kvar / 3
        power_kw = (third_kw + alone_kw, third_kw, third_kw)
        reactive_kvar = (third_kvar + alone_kvar, third_kvar, third_kvar)
        first_v, second_v, third_v = (MIDDLE_V + SWING_V * wander.at(now_s) for wander in self._phases)
        third_va = 1000 * math.hypot(third_kw, third_kvar)
        first_va = 1000 * math.hypot(power_kw[0], reactive_kvar[0])
        return Electricity(
            voltage_v=(first_v, second_v, third_v),
            current_a=(first_va / first_v, third_va / second_v, third_va / third_v),
            power_kw=power_kw,
            reactive_kvar=reactive_kvar,
            frequency_hz=MIDDLE_HZ + SWING_HZ * self._frequency.at(now_s),
        )


def power_cut() -> Electricity:
    """What a power meter would see, if it still lived, when the grid is gone."""
    nothing = (0.0, 0.0, 0.0)
    return Electricity(nothing, nothing, nothing, nothing, frequency_hz=0.0)
