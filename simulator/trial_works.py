"""The works of a plant in a trial set, one step of the clock after the other: motors, sump and tank. Pure."""

import math

from simulator.trial_station import Happening, Plant
from simulator.trial_time import DAY_S, HOUR_S

_WEIR_SHARE = 0.05
"""Below this part of the mean nothing runs over the weir."""
_DECANTING_S = 2_700
_WITHOUT_POWER = frozenset(("stop", "cut", "bypass"))


class Works:
    """What waits in sump and tank, and what one step makes of it."""

    def __init__(self, plant: Plant, step_s: int, filled: float) -> None:
        self._plant = plant
        self._step_s = step_s
        self._hours = step_s / HOUR_S
        self._most_m3 = plant.pump_m3h * self._hours
        self._pump_kwh_m3 = plant.pump_kwh_m3
        self._decay = 1 - math.exp(-step_s / plant.tank_s)
        self._weir_m3 = _WEIR_SHARE * plant.mean_m3 / DAY_S * step_s
        self._steady_kw = plant.blower_kw * plant.on_s / plant.timer_s
        self._sump_m3 = filled * plant.sump_m3
        self._tank_m3 = plant.mean_m3 / DAY_S * plant.tank_s
        self._is_pumping = False

    def blower_kw(self, now: Happening | None, time_s: float, sway: float) -> float:
        """Power of the blower while its timer lets it blow; what a heater in its place draws."""
        if now is None:
            return self._plant.blower_kw * sway
        if now.what in _WITHOUT_POWER:
            return 0.0
        return self._steady_kw if now.what == "heater" else self._plant.blower_kw * sway * share(now, time_s)

    def blower_kwh(self, now: Happening | None, blower_kw: float, time_s: float) -> float:
        """Energy of the blower in a step."""
        if not blower_kw:
            return 0.0
        is_heater = now is not None and now.what == "heater"
        return blower_kw * (self._step_s if is_heater else self._blown_s(time_s)) / HOUR_S

    def lifted_m3(self, now: Happening | None, inflow_m3: float) -> float:
        """What comes into the plant in a step."""
        what = now.what if now else None
        if what == "low" and now is not None:
            inflow_m3 *= now.amount
        if what == "bypass":
            return inflow_m3
        has_pump = self._plant.pump_kw > 0
        if what == "idle" or what in _WITHOUT_POWER:
            flows = has_pump and what != "idle"
            self._is_pumping = False
            self._sump_m3 = min(self._sump_m3 + flows * inflow_m3, 2 * self._plant.sump_m3)
            return 0.0
        return self._pumped_m3(inflow_m3) if has_pump else inflow_m3

    def pump_kwh(self, now: Happening | None, lifted_m3: float, time_s: float) -> float:
        """Energy of the lift pump in a step."""
        if now is None:
            return self._pump_kwh_m3 * lifted_m3
        if now.what == "bypass":
            return 0.0
        return self._pump_kwh_m3 * lifted_m3 * (1.0 if now.what == "low" else share(now, time_s))

    def effluent_m3(self, now: Happening | None, lifted_m3: float, time_s: float) -> float:
        """What leaves the plant in a step."""
        what = now.what if now else None
        if self._plant.effluent == "pumped" or what == "bypass":
            return lifted_m3
        self._tank_m3 += lifted_m3
        if self._plant.effluent == "gravity":
            out_m3 = self._tank_m3 * self._decay
            out_m3 = out_m3 if out_m3 > self._weir_m3 else 0.0
        else:
            left_s = 0.0 if what == "idle" or what in _WITHOUT_POWER else self._decanting_left_s(time_s)
            out_m3 = self._tank_m3 * min(self._step_s / left_s, 1.0) if left_s else 0.0
        self._tank_m3 -= out_m3
        return out_m3

    def _pumped_m3(self, inflow_m3: float) -> float:
        self._sump_m3 += inflow_m3
        if not self._is_pumping and self._sump_m3 < self._plant.sump_m3:
            return 0.0
        lifted_m3 = min(self._sump_m3, self._most_m3)
        self._sump_m3 = min(self._sump_m3 - lifted_m3, 3 * self._plant.sump_m3)  # beyond that it floods
        self._is_pumping = lifted_m3 >= self._most_m3
        return lifted_m3

    def _blown_s(self, time_s: float) -> float:
        """How long the timer lets the blower blow in a step, seconds."""
        plant = self._plant
        if not plant.off_s:
            return self._step_s
        begin_s = (time_s + plant.timer_offset_s) % plant.timer_s
        end_s = begin_s + self._step_s
        next_s = min(end_s - plant.timer_s, plant.on_s)
        return max(0.0, min(end_s, plant.on_s) - begin_s) + max(0.0, next_s)

    def _decanting_left_s(self, time_s: float) -> float:
        """How much longer an SBR decants; 0 while it does not."""
        since_s = (time_s + self._plant.timer_offset_s) % self._plant.timer_s - self._plant.on_s
        return _DECANTING_S - since_s if 0 <= since_s < _DECANTING_S else 0.0


def share(now: Happening, time_s: float) -> float:
    """Which part of their power the motors draw under what befalls them."""
    if now.what in ("weak", "low"):
        return now.amount
    if now.what == "fade":
        return 1 - (1 - now.amount) * (time_s - now.start_s) / (now.end_s - now.start_s)
    return 1.0
