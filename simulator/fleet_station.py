"""The stations of a fleet: invented, each with a power and a flow meter that live on with the clock; pure."""

import re
from collections.abc import Iterator
from dataclasses import replace

from simulator import village
from simulator.box import DEVICES
from simulator.chance import fraction
from simulator.crowd import further_role
from simulator.errors import ParameterError
from simulator.life import Station
from simulator.parameters import StationParameters
from simulator.plant import people, plant
from simulator.truth import truth_dtsu666, truth_mfe600
from telemetry.reading import Reading

COUNTED_SINCE_S = 1_735_660_800
"""2025-01-01 in China: the counters stand where an average life from then on has brought them."""
_PREFIX = re.compile(r"[A-Za-z0-9_-]{1,27}", re.ASCII)
_DIGITS = 4


class FleetStation:
    """One station.

    Attributes:
        id: the prefix of its fleet, and its number.
        number: of the station, from 1.
        process: one of the contract's processes.
        design_m3_per_day: design scale.
        plant: what stands in its cabinet.
        seed: chooses its chance.
    """

    def __init__(self, station: str, number: int, *, now_s: float, pace: float = 1.0) -> None:
        self.id = station
        self.number = number
        self.seed = int(fraction(0, station) * 2**32)
        role = further_role(number)
        self.process, self.design_m3_per_day = role.process, role.design_m3_per_day
        population = people(role.design_m3_per_day, role.load)
        self.plant = _counted(
            plant(role.process, role.design_m3_per_day, population, days_old=0), now_s, pace
        )
        self._life = Station(self.plant, seed=self.seed, start_s=now_s)
        self._last_t = 0

    def readings(self, wall_ms: int) -> tuple[Reading, Reading]:
        """What both meters show now, ms since the epoch; no instant is given twice."""
        self._life.advance(wall_ms / 1000)
        shown = self._life.snapshot()
        t = self._last_t = max(wall_ms, self._last_t + 1)
        return (
            Reading(t=t, d=DEVICES["power"], k="power", x=truth_dtsu666(shown)),
            Reading(t=t, d=DEVICES["flow"], k="flow", x=truth_mfe600(shown)),
        )


def station_ids(prefix: str, count: int) -> list[str]:
    """The ids of a fleet, from 0001 on.

    Raises:
        ParameterError: the prefix makes no station ids.
    """
    if not _PREFIX.fullmatch(prefix):
        rule = "1 to 27 letters, digits, - or _"
        raise ParameterError("--prefix", rule, prefix, "Write for example 410882-F.")
    return [f"{prefix}{number:0{_DIGITS}}" for number in range(1, count + 1)]


def fleet_stations(ids: list[str], *, now_s: float, pace: float) -> Iterator[FleetStation]:
    """The stations of these ids.

    Args:
        ids: from `station_ids`.
        now_s: when their lives begin, seconds since the epoch.
        pace: village seconds per real second.
    """
    for number, station in enumerate(ids, 1):
        yield FleetStation(station, number, now_s=now_s, pace=pace)


def _counted(parameters: StationParameters, now_s: float, pace: float) -> StationParameters:
    """The same, with the counters that an average life since `COUNTED_SINCE_S` makes."""
    hours = max(now_s - COUNTED_SINCE_S, 0) / 3600
    inflow_m3h = village.mean_inflow_m3h(parameters.population)
    blowing = parameters.blower_on_s / (parameters.blower_on_s + parameters.blower_off_s)
    pump_kwh_m3 = parameters.pump_kw / parameters.pump_m3h
    mean_kw = parameters.blower_kw * blowing + pump_kwh_m3 * inflow_m3h + parameters.standby_kw
    return replace(parameters, pace=pace, energy_kwh=mean_kw * hours, volume_m3=inflow_m3h * hours)
