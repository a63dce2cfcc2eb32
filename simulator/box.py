"""The box of an invented station: what it reads from the two meters every quarter hour.

The lift pump runs for the part of a quarter hour that its water takes; whether a sample falls into that
part is drawn by chance, so that the samples have the right mean.
"""

from collections.abc import Iterator
from typing import NamedTuple

from simulator.chance import fraction
from simulator.city_station import CityStation
from simulator.days import SMOOTHED_SHARE, Day, Days
from simulator.mains import Load, Mains
from simulator.script import Effect, Script
from simulator.truth import shown_dtsu666, shown_mfe600
from simulator.village import QUARTER_S, QUARTERS_PER_DAY, first_quarter
from telemetry.quantities import Kind
from telemetry.reading import Reading

QUARTER_MS = QUARTER_S * 1000
DEVICES: dict[Kind, str] = {"power": "power-1", "flow": "flow-1"}
ASKED_AFTER_MS: dict[Kind, int] = {"power": 0, "flow": 200}
EARLIEST_MS, LATEST_MS = 3_000, 50_000
"""When in a quarter hour boxes take their sample; each has a moment of its own."""
REPEAT_QUARTERS = 4
"""A `missing` reading is repeated hourly while its meter stays mute."""


class DayWithCounters(NamedTuple):
    """A day, and the counters (kWh, m³) at the 97 boundaries of its quarter hours."""

    day: Day
    energies_kwh: list[float]
    volumes_m3: list[float]


class _Sample(NamedTuple):
    """A moment within a quarter hour, with what holds for all of that quarter hour."""

    time_s: float
    effect: Effect
    sway: float
    luck: float
    volume_m3: float


class Box:
    """One box."""

    def __init__(self, station: CityStation, script: Script, days: Days) -> None:
        self._meters = station.meters
        self._plant = station.plant
        self._script = script
        self._days = days
        self._mains = Mains(station.seed)
        self._flows_by_gravity = station.process in SMOOTHED_SHARE
        moment = fraction(station.seed, "moment")
        self._offset_ms = EARLIEST_MS + int(moment * (LATEST_MS - EARLIEST_MS))

    def next_sample_ms(self, from_ms: int) -> int:
        """When it takes its first sample that is not before this instant, ms since the epoch."""
        return from_ms + (self._offset_ms - from_ms) % QUARTER_MS

    def readings(self, whole: DayWithCounters, start_ms: float, end_ms: float) -> Iterator[Reading]:
        """What it reads on a day, from start to end (ms since the epoch, not included), by time."""
        first = first_quarter(whole.day.number)
        for quarter in range(first, first + QUARTERS_PER_DAY):
            for kind in self._meters:
                t = quarter * QUARTER_MS + self._offset_ms + ASKED_AFTER_MS[kind]
                if not start_ms <= t < end_ms or self._script.is_unheard(quarter):
                    continue
                mute_since = self._script.mute_since(kind, quarter)
                if mute_since is None:
                    yield Reading(
                        t=t, d=DEVICES[kind], k=kind, x=self._shown(kind, whole, quarter - first, t)
                    )
                elif (quarter - mute_since) % REPEAT_QUARTERS == 0:
                    yield Reading(t=t, d=DEVICES[kind], k=kind, q="missing", why="no_response")

    def _shown(self, kind: Kind, whole: DayWithCounters, place: int, t: int) -> dict[str, float]:
        day = whole.day
        now = _Sample(t / 1000, day.effects[place], day.sway[place], day.luck[place], day.volume_m3[place])
        counter = whole.energies_kwh if kind == "power" else whole.volumes_m3
        share = t % QUARTER_MS / QUARTER_MS
        standing = counter[place] + share * (counter[place + 1] - counter[place])
        return self._power(now, standing) if kind == "power" else self._flow(now, standing)

    def _power(self, now: _Sample, energy_kwh: float) -> dict[str, float]:
        plant, effect = self._plant, now.effect
        loads = [Load(plant.standby_kw * effect.standby, plant.standby_power_factor, single_phase=True)]
        if effect.blower and plant.blower_kw and self._days.is_blowing(now.time_s):
            loads.append(Load(plant.blower_kw * now.sway * effect.blower, plant.blower_power_factor))
        if effect.pump and self._is_pumping(now):
            loads.append(Load(plant.pump_kw * effect.pump, plant.pump_power_factor))
        return shown_dtsu666(self._mains.feed(tuple(loads), now.time_s), energy_kwh)

    def _flow(self, now: _Sample, volume_m3: float) -> dict[str, float]:
        if self._flows_by_gravity or not now.effect.pump:
            flow_m3h = now.volume_m3 * 3600 / QUARTER_S
        else:
            flow_m3h = self._plant.pump_m3h if self._is_pumping(now) else 0.0
        return shown_mfe600(flow_m3h, volume_m3)

    def _is_pumping(self, now: _Sample) -> bool:
        return now.luck * self._plant.pump_m3h * QUARTER_S / 3600 < now.volume_m3
