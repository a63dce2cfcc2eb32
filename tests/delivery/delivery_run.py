"""One run: stations send through a centre that many a misfortune befalls; then the judge speaks."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from delivery_centre import DeliveryCentre
from judge import faults_of_answers, late_but_unmarked, verdict
from misfortunes import Misfortunes
from outside_fleet import OutsideFleet
from outside_station import OutsideStation
from poison import HEAVY, Poison, poisons
from readings_made import bad_ones, good_ones
from servers import wait_until

MOST_MB = 200
LATE_AFTER_MS = 45 * 60_000
"""Older readings than these no worker computes again by itself."""
PATIENCE_S = 90


@dataclass(frozen=True)
class Load:
    """What the stations have to say.

    Attributes:
        readings: valid ones, of all stations together.
        stations: how many share them.
        batch_size: readings in a batch, about.
        late_share: how many readings lie days back.
        with_poison: whether bad readings and unreadable payloads are mixed in.
        heavy: how many of the stations send 10 MB of nonsense among their first batches.
        strikes_at_once: whether the first misfortune comes before the first answer.
    """

    readings: int
    stations: int = 40
    batch_size: int = 10
    late_share: float = 0.01
    with_poison: bool = True
    heavy: int = 0
    strikes_at_once: bool = False


def made_stations(load: Load, chance: Random, now_ms: int) -> list[OutsideStation]:
    """Stations with full outboxes."""
    count = load.readings // load.stations
    stations = []
    for number in range(load.stations):
        station = OutsideStation(
            f"410882-{number:04}", f"{chance.getrandbits(32):08x}", chance, load.batch_size
        )
        first_seq = chance.choice((0, 1, 1_000_000, 2**53 - 100_000))
        items = [*good_ones(chance, count, now_ms, first_seq, load.late_share)]
        if load.with_poison:
            for bad in bad_ones(now_ms, first_seq + count):
                items.insert(chance.randrange(len(items)), bad)
        station.take(items)
        stations.append(station)
    if load.with_poison:
        poison_some(stations, chance)
    for station in stations[: load.heavy]:
        station.poison(Poison("too_large", HEAVY), at=1)
    return stations


def poison_some(stations: Sequence[OutsideStation], chance: Random) -> None:
    """Each poison to a station that has none of the same code, so that its answer is told from others."""
    for poison in poisons():
        free = [station for station in stations if not station.expects(poison.code)]
        chance.choice(free).poison(poison)


def endure(
    centre: DeliveryCentre,
    load: Load,
    plan: Sequence[str],
    seed: int,
    at_end: Callable[[OutsideFleet], None] | None = None,
) -> None:
    """Let a plan of misfortunes happen, evenly over the load, and judge.

    Args:
        centre: still to be started.
        load: what the stations say.
        plan: names of misfortunes.
        seed: of everything that is left to chance.
        at_end: is called when everything is answered, and everybody still lives.

    Raises:
        AssertionError: with the seed, what happened and what was broken.
    """
    chance = Random(seed)
    now_ms = time.time_ns() // 1_000_000
    stations = made_stations(load, chance, now_ms)
    centre.register(stations)
    total = sum(len(station.made) for station in stations)
    centre.start_all()
    with OutsideFleet(centre.mosquitto.port, stations) as fleet:
        misfortunes = Misfortunes(centre, fleet, chance)
        early = int(load.strikes_at_once)
        goals = [
            (total * place // (len(plan) + 1 - early), name)
            for place, name in enumerate(plan, start=1 - early)
        ]
        try:
            for goal, name in goals:
                await_answers(centre, fleet, goal)
                misfortunes.strike(name)
            await_answers(centre, fleet, total)
            if at_end is not None:
                at_end(fleet)
        except AssertionError as error:
            error.add_note(f"seed {seed}, misfortunes {misfortunes.befallen}")
            error.add_note("\n".join(faults_of_answers(stations)))
            error.add_note(centre.log()[-2000:])
            raise
        told = f"seed {seed}, misfortunes {misfortunes.befallen}"
    centre.stop()
    found = misfortunes.absent + verdict(stations, centre.store)
    marks = set(centre.rows("SELECT station_id, start_ms FROM dirty_quarter_hours"))
    found += late_but_unmarked(stations, marks, now_ms - LATE_AFTER_MS)
    if centre.peak_mb > MOST_MB:
        found.append(f"a collector had {centre.peak_mb:.0f} MB, more than {MOST_MB}")
    if "Traceback" in centre.log():
        found.append(centre.log())
    assert not found, "\n".join([told, *found])


def await_answers(centre: DeliveryCentre, fleet: OutsideFleet, goal: int) -> None:
    """Wait until so many readings are answered; all of them means the poison too."""
    total = sum(len(station.made) for station in fleet.stations)

    def is_reached() -> bool:
        centre.measure()
        return fleet.is_done() if goal == total else fleet.answered() >= goal or fleet.is_done()

    wait_until(is_reached, f"{goal} readings are answered", PATIENCE_S)
