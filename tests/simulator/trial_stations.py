"""Stations of trial sets made by hand, for tests."""

from datetime import date

from simulator.trial_station import Approved, Box, Happening, Plant, Register, TrialStation
from simulator.trial_time import HOUR_S, Window, midnight

WINDOW = Window(midnight(date(2026, 3, 2)), 12)


def day(number: float) -> float:
    return WINDOW.start_s + 86_400 * number


def station(
    *happenings: Happening,
    meters=("power", "flow"),
    sampling_s=900,
    approved: tuple[Approved, ...] = (),
    plant: dict | None = None,
    box: dict | None = None,
) -> TrialStation:
    drawn = {
        "process": "AO",
        "design_m3_per_day": 30,
        "load": 0.5,
        "blower_kw": 0.6,
        "on_s": 1200,
        "off_s": 600,
        "timer_offset_s": 100,
        "pump_kw": 0.4,
        "pump_m3h": 4.0,
        "sump_m3": 0.5,
        "effluent": "gravity",
        "tank_s": 1200.0,
        "standby_kw": 0.01,
        "night_h": 0.0,
    }
    read = {
        "meters": meters,
        "sampling_s": sampling_s,
        "offset_s": 5.0,
        "jitter_s": 2.0,
        "momentary": True,
        "voltages": False,
        "empty_rows": False,
        "battery": True,
        "registers": {
            "power": Register(0.01, 100.0, float("inf")),
            "flow": Register(0.01, 50.0, float("inf")),
        },
    }
    read["registers"] = {kind: read["registers"][kind] for kind in meters}
    return TrialStation(
        id="410882-T0001",
        county="沁阳市",
        town="",
        kind="test",
        columns=("AO", "30", "1.0", ""),
        begins_s=WINDOW.start_s,
        plant=Plant(**{**drawn, **(plant or {})}),
        box=Box(**{**read, **(box or {})}),
        happenings=tuple(sorted(happenings, key=lambda each: each.start_s)),
        approved=approved,
    )


def between(what: str, start_day: float, end_day: float, amount: float = 0.0) -> Happening:
    return Happening(what, day(start_day), day(end_day), amount)  # type: ignore[arg-type] - any word of a test


__all__ = ["HOUR_S", "WINDOW", "between", "day", "station"]
