"""The judge: compares what stations made and were told with what the store holds."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from outside_station import OutsideStation
from readings_made import QUARTER_MS
from stores_seen import Key, Point, SeenStore

MOST_SAID = 20


def verdict(stations: Sequence[OutsideStation], store: SeenStore) -> list[str]:
    """What breaks the promise after the last answer came; nothing if all is well."""
    return [*faults_of_answers(stations), *islice(_faults_of_store(stations, store.points()), MOST_SAID)]


def faults_of_answers(stations: Sequence[OutsideStation]) -> list[str]:
    """What was not answered, or not as it should have been."""
    found = (fault for station in stations for fault in _faults_of_answers(station))
    return [*islice(found, MOST_SAID)]


def acknowledged_but_absent(
    acknowledged: Iterable[tuple[OutsideStation, list[int]]], keys: set[Key]
) -> list[str]:
    """Readings that were said to be stored, and are not there."""
    absent = [
        f"{station.name}: {station.made[seq].text} was acknowledged and is not there"
        for station, numbers in acknowledged
        for seq in numbers
        if seq in station.made and _key(station, seq) not in keys
    ]
    return absent[:MOST_SAID]


def late_but_unmarked(
    stations: Sequence[OutsideStation], marked: set[tuple[str, int]], before_ms: int
) -> list[str]:
    """Stored readings of before an instant whose quarter hour nobody would compute again."""
    return [
        f"{station.name}: {made.text} came late, and its quarter hour is not marked"
        for station in stations
        for made in station.made.values()
        if made.refusal is None
        and made.t < before_ms
        and (station.name, made.t - made.t % QUARTER_MS) not in marked
    ][:MOST_SAID]


def _faults_of_answers(station: OutsideStation) -> Iterator[str]:
    yield from station.wrong
    for seq, made in station.made.items():
        if made.refusal is None and seq not in station.stored:
            yield f"{station.name}: {made.text} was never acknowledged"
        if made.refusal is not None and seq not in station.refused:
            yield f"{station.name}: {made.text} was never refused"
    for code, times in station.poisoned.items():
        if not 1 <= station.errors[code] <= times:
            yield f"{station.name}: poison {code}, sent {times} times, answered {station.errors[code]} times"


def _faults_of_store(
    stations: Sequence[OutsideStation], points: Sequence[tuple[Key, Point]]
) -> Iterator[str]:
    made = {
        _key(station, seq): Point(each.quality, each.why, each.values)
        for station in stations
        for seq, each in station.made.items()
        if each.refusal is None
    }
    stored = dict(points)
    for key, times in Counter(key for key, _ in points).items():
        if times > 1:
            yield f"{key} is there {times} times"
    for key in stored.keys() - made.keys():
        yield f"{key} was never made: {stored[key]}"
    for key in made.keys() - stored.keys():
        yield f"{key} is lost: {made[key]}"
    for key in made.keys() & stored.keys():
        if made[key] != stored[key]:
            yield f"{key} was {made[key]} and is {stored[key]}"


def _key(station: OutsideStation, seq: int) -> Key:
    made = station.made[seq]
    return made.kind, station.name, made.device, made.t
