"""What a simulated station is built from."""

import math
from dataclasses import dataclass

from simulator.errors import ParameterError

MAX_PACE = 86_400


@dataclass(frozen=True)
class StationParameters:
    """What stands in the cabinet and who lives upstream; the defaults are a 20 t/d A2O station.

    Attributes:
        population: people connected; 250 send 17 m3 a day.
        blower_kw: rated power of the blower.
        blower_on_s: how long the timer lets it blow, village seconds.
        blower_off_s: how long it then rests; 0 = it never rests.
        blower_power_factor: of its motor.
        pump_kw: rated power of the lift pump.
        pump_m3h: rated flow of the lift pump; the effluent is this while it runs, else nothing.
        pump_power_factor: of its motor.
        sump_m3: water between the float switch's off and on levels; twice as much overflows unmeasured.
        standby_kw: box, modem and lamp, day and night.
        standby_power_factor: of these.
        pace: village seconds per real second, at most a day.
        energy_kwh: what the power meter has counted before.
        volume_m3: what the flow meter has counted before.
    """

    population: int = 250
    blower_kw: float = 1.1
    blower_on_s: float = 900.0
    blower_off_s: float = 900.0
    blower_power_factor: float = 0.82
    pump_kw: float = 0.75
    pump_m3h: float = 6.0
    pump_power_factor: float = 0.78
    sump_m3: float = 0.8
    standby_kw: float = 0.01
    standby_power_factor: float = 0.98
    pace: float = 1.0
    energy_kwh: float = 8412.6
    volume_m3: float = 15_230.4

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not (math.isfinite(value) and value >= 0):
                raise ParameterError(name, "a finite number, zero or more", value, "Correct it.")
        for name in ("pump_m3h", "sump_m3", "pace"):
            if not getattr(self, name):
                raise ParameterError(name, "more than zero", getattr(self, name), "Correct it.")
        if self.blower_on_s < 1:
            raise ParameterError(
                "blower_on_s", "at least 1 second", self.blower_on_s, "Use blower_kw = 0 for none."
            )
        if self.pace > MAX_PACE:
            raise ParameterError("pace", f"at most {MAX_PACE}", self.pace, "A day a second is the fastest.")
        for name in ("blower_power_factor", "pump_power_factor", "standby_power_factor"):
            if not 0 < getattr(self, name) <= 1:
                raise ParameterError(name, "above 0, at most 1", getattr(self, name), "Correct it.")
