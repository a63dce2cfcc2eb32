"""What a plant of a trial set did, step by step: energy and effluent in truth, before any meter. Pure."""

import math
from dataclasses import dataclass
from itertools import accumulate

from simulator.trial_station import PLANT, Happening, Plant, TrialStation
from simulator.trial_time import DAY_S, HOUR_S, STEP_S, Window, chance_of
from simulator.trial_works import Works

_PROFILE = (
    *(0.5, 0.4, 0.3, 0.3, 0.4, 0.6),
    *(1.4, 2.2, 1.9, 1.1, 0.8, 1.2),
    *(2.0, 1.5, 0.8, 0.7, 0.8, 1.1),
    *(1.8, 2.1, 1.5, 1.0, 0.8, 0.6),
)
"""Inflow of each hour of the day; three peaks."""
_MORNING_H = 6.5
_MOTOR_SWAY = 0.03
_DAY_SWAY = 0.12
_HOUR_SWAY = 0.15
_STORM = 2.5
"""From this factor of the inflow on it is a storm, and the operator blows more."""
_STORM_BLOWING = 1.2
_SATURDAY = 5


@dataclass(frozen=True)
class Life:
    """What one plant did; lists have an entry per step, the running sums one more.

    Attributes:
        plant: whose life it is.
        start_s, step_s: of the first step, and of each.
        energy_kwh: running sum, all behind the meter.
        motor_kwh: running sum of the motors alone.
        volume_m3: running sum of the effluent.
        blower_kw: power of the blower while it blows, 0 while it may not.
        pumping: part of a step in which the lift pump ran.
        flow_m3h: effluent.
        usual_kwh, usual_m3: what the motors and the village would bring each day without the plant's script.
    """

    plant: Plant
    start_s: int
    step_s: int
    energy_kwh: list[float]
    motor_kwh: list[float]
    volume_m3: list[float]
    blower_kw: list[float]
    pumping: list[float]
    flow_m3h: list[float]
    usual_kwh: list[float]
    usual_m3: list[float]

    def step(self, time_s: float) -> int:
        """The step an instant lies in."""
        return min(max(int((time_s - self.start_s) // self.step_s), 0), len(self.flow_m3h) - 1)

    def at(self, sums: list[float], time_s: float) -> float:
        """A running sum at an instant, in proportion within a step."""
        place = (time_s - self.start_s) / self.step_s
        step = min(max(int(place), 0), len(sums) - 2)
        return sums[step] + (sums[step + 1] - sums[step]) * min(max(place - step, 0.0), 1.0)

    def between(self, sums: list[float], start_s: float, end_s: float) -> float:
        """How much a running sum rises from one instant to another."""
        return self.at(sums, end_s) - self.at(sums, start_s)

    def blows(self, time_s: float) -> bool:
        """Whether the timer lets the blower blow."""
        return (time_s + self.plant.timer_offset_s) % self.plant.timer_s < self.plant.on_s


def live(station: TrialStation, window: Window, seed: int) -> Life:
    """Let a station live through a set."""
    plant = station.plant
    step_s = 60 if station.box.sampling_s < STEP_S else STEP_S
    chance = chance_of(seed, station.id, "life")
    inflow_m3h = _hourly_inflow(station, window, seed)
    sway = [
        (1 + _MOTOR_SWAY * (2 * chance.random() - 1)) * more
        for more in _blowing(station, window, len(inflow_m3h))
    ]
    works = Works(plant, step_s, chance.random())
    script = _Script([each for each in station.happenings if each.what in PLANT])
    hours = step_s / HOUR_S
    standby_kwh = plant.standby_kw * hours
    motors: list[float] = []
    standby: list[float] = []
    volume: list[float] = []
    blower_kw: list[float] = []
    lifted: list[float] = []
    for time_s in range(window.start_s, window.end_s, step_s):
        hour = (time_s - window.start_s) // HOUR_S
        now = script.at(time_s)
        kw = works.blower_kw(now, time_s, sway[hour])
        m3 = works.lifted_m3(now, inflow_m3h[hour] * hours)
        motors.append(works.blower_kwh(now, kw, time_s) + works.pump_kwh(now, m3, time_s))
        standby.append(0.0 if now and now.what == "cut" else standby_kwh)
        volume.append(works.effluent_m3(now, m3, time_s))
        blower_kw.append(kw)
        lifted.append(0.0 if now and now.what == "bypass" else m3)
    usual_m3 = [sum(inflow_m3h[hour : hour + 24]) for hour in range(0, len(inflow_m3h), 24)]
    steady_kw = plant.blower_kw * plant.on_s / plant.timer_s
    usual_kwh = [
        steady_kw * sum(sway[24 * day : 24 * day + 24]) + plant.pump_kwh_m3 * m3
        for day, m3 in enumerate(usual_m3)
    ]
    return Life(
        plant=plant,
        start_s=window.start_s,
        step_s=step_s,
        energy_kwh=list(accumulate(map(sum, zip(motors, standby, strict=True)), initial=0.0)),
        motor_kwh=list(accumulate(motors, initial=0.0)),
        volume_m3=list(accumulate(volume, initial=0.0)),
        blower_kw=blower_kw,
        pumping=[m3 / hours / plant.pump_m3h if plant.pump_kw else 0.0 for m3 in lifted],
        flow_m3h=[m3 / hours for m3 in volume],
        usual_kwh=usual_kwh,
        usual_m3=usual_m3,
    )


class _Script:
    """What befalls the plant, asked for in order of time; nothing overlaps."""

    def __init__(self, happenings: list[Happening]) -> None:
        self._left = sorted(happenings, key=lambda each: each.start_s, reverse=True)

    def at(self, time_s: float) -> Happening | None:
        """What holds at an instant."""
        while self._left and self._left[-1].end_s <= time_s:
            self._left.pop()
        return self._left[-1] if self._left and self._left[-1].start_s <= time_s else None


def _blowing(station: TrialStation, window: Window, hours: int) -> list[float]:
    """Which part of the usual is blown in each hour, by season and storm."""
    storms = [each for each in station.of("inflow") if each.amount >= _STORM]
    blowing = []
    for hour in range(hours):
        middle_s = window.start_s + (hour + 0.5) * HOUR_S
        season = 1 + station.plant.drift * (hour / hours - 0.5)
        is_storm = any(each.start_s <= middle_s < each.end_s for each in storms)
        blowing.append(season * (_STORM_BLOWING if is_storm else 1.0))
    return blowing


def _hourly_inflow(station: TrialStation, window: Window, seed: int) -> list[float]:
    """Inflow of every hour, m3/h, without what befalls the plant itself."""
    plant, chance = station.plant, chance_of(seed, station.id, "inflow")
    dusk_h = _MORNING_H - plant.night_h
    weights = [
        0.0 if (hour + 0.5 - dusk_h) % 24 < plant.night_h else weight for hour, weight in enumerate(_PROFILE)
    ]
    mean = sum(weights) / 24
    factors = station.of("inflow")
    inflow = []
    for day, date in enumerate(window.dates()):
        of_day = plant.mean_m3 / 24 * (1 + _DAY_SWAY * (2 * chance.random() - 1))
        of_day *= 1 + plant.drift * (day / window.days - 0.5)
        of_day *= plant.week_end if date.weekday() >= _SATURDAY else 1.0
        for hour, weight in enumerate(weights):
            middle_s = window.start_s + day * DAY_S + (hour + 0.5) * HOUR_S
            factor = math.prod(each.amount for each in factors if each.start_s <= middle_s < each.end_s)
            swayed = 1 + _HOUR_SWAY * (2 * chance.random() - 1)
            inflow.append(of_day * weight / mean * factor * swayed)
    return inflow
