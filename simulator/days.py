"""The days of an invented station by the quarter hour, as they would be and as its script leaves them.

The blower follows its timer, the lift pump brings what flows in, box and lamp go on day and night. A day
depends on the station and its number only.
"""

import math
import random
from itertools import pairwise
from typing import NamedTuple

from simulator import village
from simulator.chance import fraction
from simulator.city_station import CityStation
from simulator.script import UNDISTURBED, Effect, Script
from simulator.village import QUARTER_S, QUARTERS_PER_DAY

SWAY = 0.03
"""Blower and effluent of a quarter hour lie up to this part above or below the rule."""
SEASON_SWING = 0.06
WEEKEND_RISE = 0.04
SMOOTHED_SHARE = {"wetland": 0.6, "pond": 0.6, "biofilter": 0.4}
"""Part of the inflow that large basins spread over the whole day, so that the effluent never ceases."""
_WETTEST_DAY = 200
_WEEKEND = (2, 3)
"""1970-01-01 was a Thursday."""


class Day(NamedTuple):
    """One civil day, 96 quarter hours.

    Attributes:
        number: counted from 1970-01-01, in China.
        effects: what the script leaves.
        sway: factor of chance on blower and effluent.
        luck: another draw, 0 to 1.
        motor_kwh: used by blower and pump.
        energy_kwh: used altogether.
        volume_m3: effluent.
        usual_kwh: what would have been used without the script.
        usual_m3: likewise, effluent.
    """

    number: int
    effects: list[Effect]
    sway: list[float]
    luck: list[float]
    motor_kwh: list[float]
    energy_kwh: list[float]
    volume_m3: list[float]
    usual_kwh: list[float]
    usual_m3: list[float]


class Days:
    """All days of one station."""

    def __init__(self, station: CityStation, script: Script) -> None:
        self._plant = station.plant
        self._seed = station.seed
        self._script = script
        self._timer_s = self._plant.blower_on_s + self._plant.blower_off_s
        self._timer_offset_s = fraction(station.seed, "timer") * self._timer_s
        self._smooth = SMOOTHED_SHARE.get(station.process, 0.0)

    def day(self, number: int) -> Day:
        """Compute a day."""
        chance = random.Random((self._seed << 20) + number).random  # noqa: S311 - chance that repeats itself
        sway = [1 + SWAY * (2 * chance() - 1) for _ in range(QUARTERS_PER_DAY)]
        luck = [chance() for _ in range(QUARTERS_PER_DAY)]
        pump_kwh_m3 = self._plant.pump_kw / self._plant.pump_m3h
        standby_kwh = self._plant.standby_kw * QUARTER_S / 3600
        hourly_m3 = self._hourly_m3(number)
        usual_m3 = [factor * hourly_m3[place // 4] / 4 for place, factor in enumerate(sway)]
        blower_kwh = [
            factor * self._plant.blower_kw * blown_s / 3600
            for factor, blown_s in zip(sway, self._blown_s(number), strict=True)
        ]
        usual_motor_kwh = [kwh + pump_kwh_m3 * m3 for kwh, m3 in zip(blower_kwh, usual_m3, strict=True)]
        usual_kwh = [kwh + standby_kwh for kwh in usual_motor_kwh]
        effects = self._script.effects(number)
        if effects is None:
            motor_kwh, energy_kwh, volume_m3 = usual_motor_kwh, usual_kwh, usual_m3
        else:
            parts = list(zip(effects, blower_kwh, usual_m3, strict=True))
            motor_kwh = [left.blower * kwh + left.pump * pump_kwh_m3 * m3 for left, kwh, m3 in parts]
            energy_kwh = [
                kwh + left.standby * standby_kwh for left, kwh in zip(effects, motor_kwh, strict=True)
            ]
            volume_m3 = [left.effluent * m3 for left, _, m3 in parts]
        return Day(
            number=number,
            effects=effects or [UNDISTURBED] * QUARTERS_PER_DAY,
            sway=sway,
            luck=luck,
            motor_kwh=motor_kwh,
            energy_kwh=energy_kwh,
            volume_m3=volume_m3,
            usual_kwh=usual_kwh,
            usual_m3=usual_m3,
        )

    def is_blowing(self, time_s: float) -> bool:
        """Whether the timer lets the blower blow at this instant."""
        return (time_s + self._timer_offset_s) % self._timer_s < self._plant.blower_on_s

    def _hourly_m3(self, number: int) -> list[float]:
        """Effluent of each hour of a day."""
        start_s, population = village.midnight_s(number), self._plant.population
        drift = 1 + SEASON_SWING * math.cos(math.tau * (number - _WETTEST_DAY) / 365.25)
        if number % 7 in _WEEKEND:
            drift += WEEKEND_RISE
        steady_m3 = drift * self._smooth * village.mean_inflow_m3h(population)
        rest = drift * (1 - self._smooth)
        return [
            steady_m3 + rest * village.inflow_m3h(population, self._seed, start_s + village.HOUR_S * hour)
            for hour in range(24)
        ]

    def _blown_s(self, number: int) -> list[float]:
        """How long the blower blows in each quarter hour of a day, by its timer."""
        on_s, timer_s = self._plant.blower_on_s, self._timer_s
        start_s = village.midnight_s(number) + self._timer_offset_s
        so_far_s = [
            time_s // timer_s * on_s + min(time_s % timer_s, on_s)
            for time_s in (start_s + QUARTER_S * place for place in range(QUARTERS_PER_DAY + 1))
        ]
        return [after_s - before_s for before_s, after_s in pairwise(so_far_s)]
