"""The plants and boxes of a trial set, drawn by chance within the bands known for village stations. Pure."""

import math
import random
from dataclasses import replace
from typing import NamedTuple

from simulator.trial_station import Box, Plant, Register
from simulator.trial_time import HOUR_S
from telemetry.quantities import Kind


class _Train(NamedTuple):
    """Energy of aeration per m³ of design scale at 30 m³/d, of lifting per m³, and how common it is."""

    blower_kwh_m3: float
    pump_kwh_m3: float
    weight: int


_TRAINS = {
    "A2O": _Train(0.34, 0.10, 26), "AO": _Train(0.30, 0.10, 16), "contact_oxidation": _Train(0.28, 0.10, 16),
    "MBR": _Train(0.60, 0.14, 10), "SBR": _Train(0.33, 0.10, 9), "biofilter": _Train(0.16, 0.10, 8),
    "wetland": _Train(0.0, 0.09, 6), "pond": _Train(0.0, 0.07, 4), "": _Train(0.32, 0.10, 5),
}  # fmt: skip
WITHOUT_BLOWER = ("wetland", "pond")
_SMALLEST_M3, _LARGEST_M3 = 5.0, 300.0
_SCALE_EXPONENT = -0.3
_LEAST_FACTOR = 0.45
_ON_MIN = (10, 15, 20, 30, 45, 60, 90, 120)
_MOST_STANDBY = 0.15
"""Standby beyond this part of the usual would make a station that stands still look like one that runs."""
_SAMPLING_S = {60: 3, 300: 10, 900: 68, 3600: 11, 21_600: 4, 86_400: 4}
"""How common each sampling interval is, in percent."""
_METERS: tuple[tuple[tuple[Kind, ...], int], ...] = (
    (("power", "flow"), 72),
    (("power",), 17),
    (("flow",), 11),
)


def plant(chance: random.Random, *, has_blower: bool = False) -> Plant:
    """Draw a plant.

    Args:
        chance: of the station.
        has_blower: whether it must have one.
    """
    names = [name for name in _TRAINS if not (has_blower and name in WITHOUT_BLOWER)]
    process = chance.choices(names, [_TRAINS[name].weight for name in names])[0]
    train = _TRAINS[process]
    design = math.exp(chance.uniform(math.log(_SMALLEST_M3), math.log(_LARGEST_M3)))
    design = round(design) if design >= 10 else round(design, 1)
    load = chance.uniform(0.15, 0.90)
    on_s, off_s = _timer(chance, process)
    factor = max((design / 30) ** _SCALE_EXPONENT, _LEAST_FACTOR) * chance.uniform(0.75, 1.3)
    mean_kw = train.blower_kwh_m3 * factor * design / 24
    runs = chance.uniform(2, 8) if process in WITHOUT_BLOWER else chance.uniform(5, 60)
    has_pump = process in WITHOUT_BLOWER or chance.random() < 0.75
    pump_m3h = chance.uniform(3, 6) * design * load / 24
    pump_kwh_m3 = train.pump_kwh_m3 * chance.uniform(0.7, 1.4)
    gravity = "pumped" if has_pump and chance.random() < 0.5 else "gravity"
    drawn = Plant(
        process=process,
        design_m3_per_day=design,
        load=load,
        blower_kw=round(mean_kw * (on_s + off_s) / on_s, 4),
        on_s=on_s,
        off_s=off_s,
        timer_offset_s=chance.randrange(on_s + off_s),
        pump_kw=round(pump_kwh_m3 * pump_m3h, 4) if has_pump else 0.0,
        pump_m3h=pump_m3h,
        sump_m3=design * load / runs,
        effluent="decanted" if process == "SBR" else "pumped" if gravity == "pumped" else "gravity",
        tank_s=chance.uniform(0.2, 0.7) * HOUR_S,
        standby_kw=0.0,
        night_h=chance.uniform(6, 10) if chance.random() < 0.4 else 0.0,
    )
    standby_kwh = min(chance.uniform(0.05, 0.5), _MOST_STANDBY * drawn.usual_kwh)
    return replace(drawn, standby_kw=standby_kwh / 24 if chance.random() < 0.65 else 0.0)


def box(
    chance: random.Random, of: Plant, *, meters: tuple[Kind, ...] | None = None, often: bool = False
) -> Box:
    """Draw a box and its meters.

    Args:
        chance: of the station.
        of: the plant.
        meters: kinds it must have; drawn where None.
        often: samples must come at least every quarter of an hour.
    """
    if meters is None:
        meters = chance.choices([each for each, _ in _METERS], [weight for _, weight in _METERS])[0]
    intervals = {s: weight for s, weight in _SAMPLING_S.items() if not often or s <= 900}
    sampling_s = chance.choices(list(intervals), list(intervals.values()))[0]
    registers = {
        "power": _register(chance, of.usual_kwh, ((1.0, 30.0), (0.1, 3.0), (0.01, 0.0))),
        "flow": _register(chance, of.mean_m3, ((1.0, 30.0), (0.1, 3.0), (0.01, 0.5), (0.001, 0.0))),
    }
    return Box(
        meters=meters,
        sampling_s=sampling_s,
        offset_s=chance.uniform(0, min(sampling_s, 86_000)),
        jitter_s=0.2 * sampling_s if sampling_s <= 900 and chance.random() < 0.06 else 3.0,
        momentary=chance.random() < 0.85,
        voltages="power" in meters and chance.random() < 0.3,
        empty_rows=chance.random() < 0.5,
        battery=chance.random() < 0.5,
        registers={kind: registers[kind] for kind in meters},
    )


def _timer(chance: random.Random, process: str) -> tuple[int, int]:
    """The blower's timer: how long on, how long off, seconds, a little off as timers are."""
    if process == "SBR":
        cycle_s = chance.choice((4, 6, 8)) * HOUR_S
        return cycle_s - 2 * HOUR_S, 2 * HOUR_S
    if chance.random() < (0.7 if process == "MBR" else 0.25):
        return HOUR_S, 0
    on_min = chance.choice(_ON_MIN)
    off_min = min(max(round(on_min * chance.choice((0.5, 0.75, 1, 1, 1.5))), 10), 120)
    return 60 * on_min + chance.randrange(10), 60 * off_min - chance.randrange(10)


def _register(chance: random.Random, usual: float, steps: tuple[tuple[float, float], ...]) -> Register:
    """A counter, not coarser than suits what it counts in a day."""
    step = chance.choice([step for step, least in steps if usual >= least])
    start = round(chance.uniform(20, 900) * usual / step) * step
    return Register(step, start, math.inf)
