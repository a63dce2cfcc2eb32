"""The stations of a trial set: their kinds of scenario, plants and boxes, and what befalls whom. Pure."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from simulator.errors import ParameterError
from simulator.places import COUNTIES
from simulator.trial_kinds import KINDS
from simulator.trial_plants import box, plant
from simulator.trial_script import Script
from simulator.trial_station import Approved, Box, Plant, Register, TrialStation
from simulator.trial_time import DAY_S, HOUR_S, Window, chance_of, civil, midnight
from telemetry.quantities import Kind

MOST_STATIONS = 2_000
FEWEST_DAYS, MOST_DAYS = 8, 366
_FIRST_DAY = date(2025, 3, 1)
_CUT_TOWNS = (("410823", "芦洲镇"), ("410825", "荷池镇"), ("410882", "松陂镇"))
_STATIONS_A_CUT_TOWN = 4
_WRAPS = {0.01: 100_000.0, 0.1: 10_000.0, 1.0: 10_000.0, 0.001: 1_000.0}
"""Where a counter of so fine a step rolls over: after 9999.9, 99999.99 and so on."""


def cast(seed: int, stations: int, days: int, kinds: Sequence[str] = ()) -> tuple[Window, list[TrialStation]]:
    """The time and the stations of a set.

    Args:
        seed: changes everything.
        stations: how many.
        days: whole civil days.
        kinds: of scenario; all where empty.

    Raises:
        ParameterError: such a set cannot be made.
    """
    _check(stations, days, kinds)
    chance = chance_of(seed, "set")
    window = Window(midnight(_FIRST_DAY + timedelta(days=chance.randrange(600))), days)
    wanted = _spread(kinds or list(KINDS), stations)
    chance.shuffle(wanted)
    cuts = _cuts(window, chance)
    serials = dict.fromkeys(COUNTIES, 0)
    cast_of: list[TrialStation] = []
    cut_stations = 0
    for number, kind in enumerate(wanted):
        own = chance_of(seed, "station", number)
        if kind == "town_cut":
            county, town = _CUT_TOWNS[cut_stations // _STATIONS_A_CUT_TOWN % len(_CUT_TOWNS)]
            cut_stations += 1
        else:
            county = own.choice(list(COUNTIES))
            town = own.choice(
                [each for each in COUNTIES[county].towns if (county, each) not in _CUT_TOWNS] or [""]
            )
        serials[county] += 1
        station_id = f"{county}-T{serials[county]:04}"
        cast_of.append(_station(station_id, county, town, kind, window, own, cuts))
    return window, sorted(cast_of, key=lambda each: each.id)


def _check(stations: int, days: int, kinds: Sequence[str]) -> None:
    if not 1 <= stations <= MOST_STATIONS:
        raise ParameterError("--stations", f"1 to {MOST_STATIONS}", stations, "Choose a number of these.")
    if not FEWEST_DAYS <= days <= MOST_DAYS:
        raise ParameterError("--days", f"{FEWEST_DAYS} to {MOST_DAYS}", days, "Choose a number of these.")
    for kind in kinds:
        if kind not in KINDS:
            raise ParameterError("--kinds", "names of kinds", kind, f"Choose of: {', '.join(KINDS)}.")


def _spread(kinds: Sequence[str], stations: int) -> list[str]:
    """So many stations over the kinds, each in proportion to its share, none forgotten if there is room."""
    total = sum(KINDS[kind].share for kind in kinds)
    quotas = {kind: KINDS[kind].share * stations / total for kind in kinds}
    counts = {kind: int(quota) for kind, quota in quotas.items()}
    by_rest = sorted(quotas, key=lambda kind: counts[kind] - quotas[kind])
    for kind in by_rest[: stations - sum(counts.values())]:
        counts[kind] += 1
    return [kind for kind, count in counts.items() for _ in range(count)]


def _cuts(window: Window, chance: random.Random) -> dict[str, list[tuple[float, float]]]:
    """When the grid is gone in each of the towns that suffer cuts."""
    cuts = {}
    for _, town in _CUT_TOWNS:
        starts_s = [
            window.start_s + (window.days * share + chance.uniform(0, 0.2 * window.days)) * DAY_S
            for share in (0.2, 0.6)
        ]
        cuts[town] = [(start_s, start_s + chance.uniform(1, 10) * HOUR_S) for start_s in starts_s]
    return cuts


def _station(
    station_id: str,
    county: str,
    town: str,
    name: str,
    window: Window,
    chance: random.Random,
    cuts: dict[str, list[tuple[float, float]]],
) -> TrialStation:
    kind = KINDS[name]
    special = kind.plant(chance)
    drawn = plant(chance, has_blower=kind.blower)
    if "runs" in special:
        drawn = replace(drawn, sump_m3=drawn.mean_m3 / special.pop("runs"))
    drawn = replace(drawn, **special)
    both: tuple[Kind, ...] = ("power", "flow")
    read_by = box(chance, drawn, meters=both if kind.both else None, often=kind.often)
    if name == "frozen":  # without its samples a counter at rest is a plant at rest
        read_by = replace(read_by, momentary=True)
    if name == "heater":
        read_by = replace(read_by, voltages="power" in read_by.meters)
    if name == "roll_over":
        read_by = replace(read_by, registers=_rolling_over(read_by, drawn, window, chance))
    script = Script(window, chance)
    kind.script(script)
    begins_s: float = window.start_s
    approved: tuple[Approved, ...] = ()
    if name == "town_cut":
        for start_s, end_s in cuts[town]:
            script.lay("cut", start_s, end_s)
    if name == "planned":
        approved = _planned(script)
    if name == "new":
        begins_s += chance.uniform(0.1, 0.6) * window.days * DAY_S
    if chance.random() < kind.further_stops:
        after = int((begins_s - window.start_s) / DAY_S) + 3
        script.chance, length_s = chance, script.hours(3, 200)
        script.add("stop", length_s, after_days=after) if name != "new" else _late_stop(script, begins_s)
    commissioned = civil(begins_s).date() - timedelta(days=0 if name == "new" else chance.randint(100, 1500))
    shown = name == "new" or chance.random() < 0.85
    return TrialStation(
        id=station_id,
        county=COUNTIES[county].name,
        town=town,
        kind=name,
        columns=(
            drawn.process,
            f"{drawn.design_m3_per_day:g}" if chance.random() < 0.9 else "",
            f"{drawn.blower_kw + drawn.pump_kw:.3f}" if chance.random() < 0.8 else "",
            commissioned.isoformat() if shown else "",
        ),
        begins_s=begins_s,
        plant=drawn,
        box=read_by,
        happenings=tuple(sorted(script.happenings, key=lambda each: each.start_s)),
        approved=approved,
    )


def _late_stop(script: Script, begins_s: float) -> None:
    """A stop of a station that began within the set."""
    room_s = script.window.end_s - begins_s
    start_s = begins_s + script.chance.uniform(0.3, 0.7) * room_s
    script.lay("stop", start_s, start_s + min(script.hours(6, 150), 0.25 * room_s))


def _planned(script: Script) -> tuple[Approved, ...]:
    """Approved stops: entered before they begin, while they last, or too late to count."""
    approved = []
    for way in script.chance.sample(("before", "meanwhile", "late"), 2):
        stop = script.add("stop", script.hours(48, 220))
        if stop is None:
            continue
        first, last = civil(stop.start_s).date(), civil(stop.end_s).date()
        next_month = (last.replace(day=1) + timedelta(days=32)).replace(day=1)
        entered = {
            "before": first - timedelta(days=3),
            "meanwhile": min(first + timedelta(days=1), last),
            "late": next_month + timedelta(days=14),
        }[way]
        approved.append(Approved(first, last, entered))
    return tuple(approved)


def _rolling_over(of: Box, plant_of: Plant, window: Window, chance: random.Random) -> dict[Kind, Register]:
    """Counters that roll over within the set."""
    usual = {"power": plant_of.usual_kwh, "flow": plant_of.mean_m3}
    turned: dict[Kind, Register] = {}
    for kind, register in of.registers.items():
        wrap = _WRAPS[register.step]
        passed = usual[kind] * window.days * chance.uniform(0.2, 0.7)
        turned[kind] = Register(
            register.step, max(0.0, round((wrap - passed) / register.step) * register.step), wrap
        )
    return turned
