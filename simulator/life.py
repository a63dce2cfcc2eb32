"""A village station's life: blower on a timer, lift pump on a float switch, counters that never fall.

Two clocks run here. *Real* seconds carry the physics: kWh is the integral of kW over them, m3 the integral
of m3/h. *Village* seconds, `pace` times as fast, carry the day: inflow, sump and blower timer. A life does
not depend on how often it is looked at: time is cut where something switches, and in between every integral
has a closed form.
"""

import math
from dataclasses import dataclass

from simulator import village
from simulator.chance import Wander, fraction
from simulator.errors import ParameterError
from simulator.mains import Electricity, Load, Mains, Phases, power_cut
from simulator.parameters import StationParameters

POWER_SWING = 0.02
"""Motors draw up to this part more or less than their rating, slowly wandering."""
HEAD_SWING = 0.04
"""One run of the pump lifts up to this part more or less than its rated flow."""
LEAP_STEPS = 10_000
"""A gap of more steps than this (about 60 village days) is first bridged by averages, to spare the CPU."""
_MIN_STEP_S = 1e-6
_LEVEL_SLACK_M3 = 1e-9
"""Rounding must neither stop the clock nor keep the float switch from closing."""


@dataclass(frozen=True)
class Snapshot:
    """A station at one moment.

    Attributes:
        time_s: real time, seconds since the epoch.
        mains: the grid is there; without it both meters are mute.
        running: the operator has not switched the treatment off.
        blower_on: it draws power now.
        pump_on: it draws power and lifts water now.
        electricity: what the power meter sees.
        energy_kwh: forward active energy, all phases.
        phase_energy_kwh: the same by phase.
        flow_m3h: effluent.
        volume_m3: effluent counted so far.
    """

    time_s: float
    mains: bool
    running: bool
    blower_on: bool
    pump_on: bool
    electricity: Electricity
    energy_kwh: float
    phase_energy_kwh: Phases
    flow_m3h: float
    volume_m3: float


class Station:
    """The life itself. Not thread-safe; the caller brings the time.

    Attributes:
        parameters: what it was built from.
        running: blower and pump may run. A change counts from the last `advance` on.
        mains: the grid is there. A change counts from the last `advance` on.
    """

    def __init__(
        self, parameters: StationParameters | None = None, *, seed: int = 0, start_s: float = 0.0
    ) -> None:
        self.parameters = parameters or StationParameters()
        self.running = True
        self.mains = True
        self._seed = seed
        self._start_s = start_s
        self._lived_s = 0.0
        self._grid = Mains(seed)
        self._blower_wander = Wander.of(seed, "blower")
        self._pump_wander = Wander.of(seed, "pump")
        self._timer_offset_s = fraction(seed, "timer") * self._timer_s
        self._sump_m3 = fraction(seed, "sump") * self.parameters.sump_m3
        self._pumping = False
        self._pump_runs = 0
        self._motor_kwh = 0.0
        self._standby_kwh = 0.0
        self._volume_m3 = self.parameters.volume_m3

    def advance(self, now_s: float) -> None:
        """Live on to this real time, seconds since the epoch; a time already lived through does nothing."""
        if not math.isfinite(now_s):
            raise ParameterError("now_s", "a finite time", now_s, "Pass seconds since the epoch.")
        end_s = now_s - self._start_s
        if end_s > self._lived_s + self._leap_s():
            self._leap(end_s - self._leap_s())
        self._float_switch()
        while self._lived_s < end_s:
            here_s = self._village_s()
            step_s = (self._next_change_s(here_s) - here_s) / self.parameters.pace
            self._live(min(end_s, self._lived_s + max(step_s, _MIN_STEP_S)), here_s)

    def snapshot(self) -> Snapshot:
        """Describe the station at the time it has lived to."""
        at, now_s = self.parameters, self._start_s + self._lived_s
        blower_on, pump_on = self._blower_on(self._village_s()), self._pump_on()
        loads = [Load(at.standby_kw, at.standby_power_factor, single_phase=True)]
        if blower_on:
            blower_kw = at.blower_kw * (1 + POWER_SWING * self._blower_wander.at(self._lived_s))
            loads.append(Load(blower_kw, at.blower_power_factor))
        if pump_on:
            pump_kw = at.pump_kw * (1 + POWER_SWING * self._pump_wander.at(self._lived_s))
            loads.append(Load(pump_kw, at.pump_power_factor))
        third_kwh = (at.energy_kwh + self._motor_kwh) / 3
        return Snapshot(
            time_s=now_s,
            mains=self.mains,
            running=self.running,
            blower_on=blower_on,
            pump_on=pump_on,
            electricity=self._grid.feed(tuple(loads), now_s) if self.mains else power_cut(),
            energy_kwh=at.energy_kwh + self._motor_kwh + self._standby_kwh,
            phase_energy_kwh=(third_kwh + self._standby_kwh, third_kwh, third_kwh),
            flow_m3h=self._pump_m3h() if pump_on else 0.0,
            volume_m3=self._volume_m3,
        )

    @property
    def _timer_s(self) -> float:
        return self.parameters.blower_on_s + self.parameters.blower_off_s

    def _village_s(self) -> float:
        return self._start_s + self._lived_s * self.parameters.pace

    def _in_timer_s(self, village_s: float) -> float:
        return (village_s + self._timer_offset_s) % self._timer_s

    def _blower_on(self, village_s: float) -> bool:
        return self.running and self.mains and self._in_timer_s(village_s) < self.parameters.blower_on_s

    def _pump_on(self) -> bool:
        return self.running and self.mains and self._pumping

    def _pump_m3h(self) -> float:
        head = HEAD_SWING * (2 * fraction(self._seed, "run", self._pump_runs) - 1)
        return self.parameters.pump_m3h * (1 + head)

    def _inflow_m3h(self, village_s: float) -> float:
        return village.inflow_m3h(self.parameters.population, self._seed, village_s)

    def _next_change_s(self, here_s: float) -> float:
        """Village time of the next thing that switches: the hour's inflow, the timer or the float."""
        in_timer_s = self._in_timer_s(here_s)
        blowing = in_timer_s < self.parameters.blower_on_s
        timer_s = here_s + (self.parameters.blower_on_s if blowing else self._timer_s) - in_timer_s
        rise_m3h = self._inflow_m3h(here_s) - (self._pump_m3h() if self._pump_on() else 0.0)
        room_m3 = self.parameters.sump_m3 - self._sump_m3 if rise_m3h > 0 else self._sump_m3
        float_s = here_s + 3600 * room_m3 / abs(rise_m3h) if rise_m3h and room_m3 > 0 else math.inf
        return min(village.next_hour_s(here_s), timer_s, float_s)

    def _live(self, end_s: float, here_s: float) -> None:
        """Step to an age before which nothing switches; the village's clock now shows `here_s`."""
        at, real_s = self.parameters, end_s - self._lived_s
        if self.mains:
            self._standby_kwh += at.standby_kw * real_s / 3600
        if self._blower_on(here_s):
            self._motor_kwh += at.blower_kw * self._full_load_s(self._blower_wander, end_s) / 3600
        rise_m3h = self._inflow_m3h(here_s)
        if self._pump_on():
            self._motor_kwh += at.pump_kw * self._full_load_s(self._pump_wander, end_s) / 3600
            self._volume_m3 += self._pump_m3h() * real_s / 3600
            rise_m3h -= self._pump_m3h()
        self._sump_m3 = min(max(self._sump_m3 + rise_m3h * real_s * at.pace / 3600, 0.0), 2 * at.sump_m3)
        self._lived_s = end_s
        self._float_switch()

    def _full_load_s(self, wander: Wander, end_s: float) -> float:
        """Time at rated power that would use as much as the wandering motor does until then."""
        wave_s = POWER_SWING * wander.integral(self._lived_s, end_s)
        return max(0.0, end_s - self._lived_s + wave_s)  # rounding must not turn a counter back

    def _float_switch(self) -> None:
        if not (self.running and self.mains) or self._sump_m3 <= _LEVEL_SLACK_M3:
            self._pumping = False
        elif self._sump_m3 >= self.parameters.sump_m3 - _LEVEL_SLACK_M3 and not self._pumping:
            self._pumping = True
            self._pump_runs += 1

    def _leap_s(self) -> float:
        """Longest gap lived step by step, real seconds, from the switchings of an average day."""
        at = self.parameters
        pumpings = 24 * village.mean_inflow_m3h(at.population) / at.sump_m3
        steps_a_day = 24 + 2 * (village.DAY_S / self._timer_s + pumpings)
        return LEAP_STEPS / steps_a_day * village.DAY_S / at.pace

    def _leap(self, end_s: float) -> None:
        """Bridge a long gap by averages: the timer's share of blowing, and what flows in is pumped out."""
        at, real_s = self.parameters, end_s - self._lived_s
        if self.mains:
            self._standby_kwh += at.standby_kw * real_s / 3600
        if self.mains and self.running:
            blowing_s = real_s * at.blower_on_s / self._timer_s
            pumping_s = real_s * min(1.0, village.mean_inflow_m3h(at.population) / at.pump_m3h)
            self._motor_kwh += (at.blower_kw * blowing_s + at.pump_kw * pumping_s) / 3600
            self._volume_m3 += at.pump_m3h * pumping_s / 3600
        self._lived_s = end_s
