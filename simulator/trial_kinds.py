"""What befalls the stations of a trial set: a function for each kind of scenario. Pure."""

import random
from collections.abc import Callable
from typing import Any, NamedTuple

from simulator.trial_script import Script
from simulator.trial_station import What
from simulator.trial_time import DAY_S, HOUR_S

LEARNT_DAYS = 18
"""What can only be told against the usual begins after so many days."""
_FREEZING: tuple[What, ...] = ("power_frozen", "flow_frozen", "power_gateway", "flow_gateway")


def _ordinary(script: Script) -> None:
    if script.chance.random() < 0.4:  # a holiday
        script.add("inflow", 3 * DAY_S, 1.3)


def _storm(script: Script) -> None:
    for _ in range(script.chance.randint(2, 4)):
        script.add("inflow", script.hours(24, 72), script.chance.uniform(3, 6))


def _full_festival(script: Script) -> None:
    script.add("inflow", script.hours(8 * 24, 15 * 24), 1.8)


def _empty_festival(script: Script) -> None:
    script.add("inflow", script.hours(8 * 24, 15 * 24), 0.1)


def _nothing(_script: Script) -> None:
    """What is special about it, its plant has."""


def _stops(script: Script) -> None:
    for _ in range(script.chance.randint(1, 4)):
        script.stop()


def _night_off(script: Script) -> None:
    window, nights = script.window, script.chance.randint(8, 16)
    first = script.chance.randint(min(5, window.days // 3), max(5, window.days - nights - 2))
    for night in range(first, min(first + nights, window.days - 1)):
        start_s = window.start_s + night * DAY_S + 22 * HOUR_S + script.chance.uniform(-900, 900)
        script.lay("stop", start_s, start_s + 8 * HOUR_S + script.chance.uniform(-900, 900))


def _slow_death(script: Script) -> None:
    faded = script.add("fade", script.hours(10 * 24, 20 * 24), 0.15, after_days=12)
    if faded:
        script.lay("stop", faded.end_s, faded.end_s + script.hours(48, 9 * 24))


def _idling(script: Script) -> None:
    for _ in range(2):
        script.add("idle", script.hours(48, 144))


def _bypass(script: Script) -> None:
    for _ in range(2):
        script.add("bypass", script.hours(12, 140))


def _low_load(script: Script) -> None:
    script.add("low", script.hours(72, 240), script.chance.uniform(0.15, 0.25), after_days=LEARNT_DAYS)


def _under_powered(script: Script) -> None:
    script.add("weak", script.hours(72, 240), script.chance.uniform(0.15, 0.25), after_days=LEARNT_DAYS)


def _link(script: Script) -> None:
    """Silences, some of which end with everything delivered."""
    for _ in range(script.chance.randint(2, 4)):
        script.add("link", script.hours(1, 192), float(script.chance.random() < 0.5))


def _link_and_stop(script: Script) -> None:
    """A silence and a stop that overlap in every way there is."""
    for _ in range(2):
        chance, back_filled = script.chance, float(script.chance.random() < 0.5)
        silence = script.add("link", script.hours(14, 120), back_filled)
        if silence is None:
            continue
        start_s, length_s = silence.start_s, silence.end_s - silence.start_s
        for _ in range(5):
            begin, end = chance.choice(
                (
                    (chance.uniform(0.1, 0.3), chance.uniform(0.7, 0.9)),
                    (-chance.uniform(0.3, 0.8), chance.uniform(0.4, 0.9)),
                    (chance.uniform(0.2, 0.6), chance.uniform(1.2, 2.0)),
                    (-chance.uniform(0.05, 0.6), chance.uniform(1.05, 1.6)),
                )
            )
            if script.beside("stop", start_s + begin * length_s, start_s + end * length_s):
                break


def _two_outages_a_day(script: Script) -> None:
    for _ in range(3):
        first = script.add("link", script.hours(1, 5), 0.0)
        if first:
            start_s = first.end_s + script.hours(2, 6)
            script.lay("link", start_s, start_s + script.hours(1, 5), float(script.chance.random() < 0.5))


def _power_mute(script: Script) -> None:
    for _ in range(2):
        script.add("power_mute", script.hours(3, 120))


def _flow_mute(script: Script) -> None:
    for _ in range(2):
        script.add("flow_mute", script.hours(3, 120))


def _frozen(script: Script) -> None:
    for what in script.chance.sample(_FREEZING, 2):
        script.add(what, script.hours(12, 96))


def _odd(script: Script) -> None:
    for _ in range(script.chance.randint(8, 25)):
        what: What = script.chance.choice(("power_odd", "flow_odd"))
        start_s = script.chance.uniform(script.window.start_s, script.window.end_s)
        script.lay(what, start_s, start_s, script.chance.choice((0.0, 6553.5, 4e9, -1.0, 65535.0)))


def _dips(script: Script) -> None:
    for _ in range(script.chance.randint(4, 12)):
        what: What = script.chance.choice(("power_dip", "flow_dip"))
        start_s = script.chance.uniform(script.window.start_s, script.window.end_s)
        length_s = script.chance.choice((0.0, 2_700.0))
        script.lay(what, start_s, start_s + length_s, script.chance.uniform(0.5, 3.0))


def _reset(script: Script) -> None:
    for _ in range(script.chance.randint(1, 2)):
        script.add(script.chance.choice(("power_new", "flow_new")), 0.0, 0.0, after_days=1)


def _exchange(script: Script) -> None:
    what: What = script.chance.choice(("power_new", "flow_new"))
    exchanged = script.add(
        what, 0.0, round(script.chance.choice((0.0, 3.7, 812.4, 52_340.0)), 1), after_days=5
    )
    if exchanged:
        mute: What = "power_mute" if what == "power_new" else "flow_mute"
        script.lay(mute, exchanged.start_s - script.hours(0.5, 3), exchanged.start_s)


def _wrong_ct(script: Script) -> None:
    at_s: float = script.window.start_s
    if script.chance.random() < 0.5:
        at_s += script.chance.uniform(0.3, 0.8) * script.window.days * DAY_S
    script.lay("power_ct", at_s, at_s, script.chance.choice((0.05, 20.0)))


def _heater(script: Script) -> None:
    script.add("heater", script.hours(96, 400), after_days=LEARNT_DAYS)


class Kind(NamedTuple):
    """A kind of scenario.

    Attributes:
        share: of a set's stations, in parts of about 165.
        script: what befalls them.
        further_stops: how likely there is a stop besides.
        both: needs power and flow meter.
        blower: needs a blower.
        often: needs a sample every quarter of an hour.
        plant: what is special about the plant, drawn.
    """

    share: int
    script: Callable[[Script], None] = _nothing
    further_stops: float = 0.0
    both: bool = False
    blower: bool = False
    often: bool = False
    plant: Callable[[random.Random], dict[str, Any]] = lambda _: {}


KINDS = {
    "ordinary": Kind(16, _ordinary),
    "storm": Kind(5, _storm, 0.3),
    "full_festival": Kind(3, _full_festival, 0.3),
    "empty_festival": Kind(
        3, _empty_festival, blower=True, plant=lambda chance: {"runs": chance.uniform(30, 60)}
    ),
    "drift": Kind(4, further_stops=0.5, plant=lambda chance: {"drift": chance.choice((0.33, -0.5))}),
    "week_end": Kind(3, further_stops=0.5, plant=lambda chance: {"week_end": chance.choice((0.5, 1.6))}),
    "stop": Kind(26, _stops),
    "night_off": Kind(4, _night_off, blower=True, often=True),
    "slow_death": Kind(4, _slow_death, blower=True),
    "idling": Kind(5, _idling, both=True, blower=True),
    "bypass": Kind(5, _bypass, both=True, blower=True),
    "low_load": Kind(5, _low_load, blower=True, both=True),
    "under_powered": Kind(5, _under_powered, blower=True, both=True),
    "town_cut": Kind(8, further_stops=0.3),
    "link": Kind(12, _link, 0.5),
    "link_and_stop": Kind(12, _link_and_stop),
    "two_outages": Kind(3, _two_outages_a_day, 0.5),
    "power_mute": Kind(4, _power_mute, 0.6, both=True),
    "flow_mute": Kind(3, _flow_mute, 0.6, both=True),
    "frozen": Kind(5, _frozen, 0.5, both=True, often=True),
    "odd": Kind(5, _odd, 0.7),
    "dips": Kind(3, _dips, 0.7),
    "reset": Kind(3, _reset, 0.7, both=True),
    "roll_over": Kind(3, further_stops=0.7, both=True),
    "exchange": Kind(3, _exchange, 0.7, both=True, often=True),
    "wrong_ct": Kind(4, _wrong_ct, 0.5, both=True, blower=True),
    "planned": Kind(5),
    "new": Kind(4, further_stops=0.7),
    "heater": Kind(3, _heater, blower=True),
}
