"""What the main meters of a kind measured, one after another, corrected. Pure."""

import math
from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from operator import lt
from typing import NamedTuple

from history.counter import BELIEVABLE, Counter, Steps, Stretch
from history.device_counts import Count, Tenure, counts_of, steps_of
from history.meter_events import NO_EVENTS, ManualReading, MeterEvents
from history.sampled import steps_of_samples
from history.succession import succession
from telemetry.quantities import LEVEL_BY_KIND, TOTAL_BY_KIND, Kind
from telemetry.reading import Reading


class MainMeter(NamedTuple):
    """The main meters of a kind as if they were one.

    Attributes:
        counter: what they counted.
        times: of their polls, rising, ms since the epoch, UTC.
        levels: at each of them, kW or m³/h; None where not measured.
        missing: whether each of them failed.
        contradicting: counts by eye that were ignored.
    """

    counter: Counter
    times: list[int]
    levels: list[float | None]
    missing: list[bool]
    contradicting: list[ManualReading]


def main_meter(
    readings: Iterable[Reading],
    kind: Kind,
    events: MeterEvents = NO_EVENTS,
    known_from_ms: float = -math.inf,
) -> MainMeter:
    """Join the main meters of a kind.

    Args:
        readings: of the station, in any order.
        kind: of meter.
        events: of the station.
        known_from_ms: since when a device counts is not known if that was earlier.
    """
    polls = _polls(readings, kind)
    counts = {device: counts_of(own) for device, own in polls.items()}
    tenures = succession(with_eyes(counts, kind, events), events, known_from_ms)
    tenures = tenures or [Tenure(device) for device in sorted(polls)[:1]]
    steps = Steps([], [])
    meter = MainMeter(Counter(steps), [], [], [], [])
    factors_of = {tenure.device: _factors(tenure.device, kind, events) for tenure in tenures}
    for tenure in tenures:
        own, ignored = steps_of(tenure, counts.get(tenure.device, []), events)
        factors = factors_of[tenure.device]
        steps.stretches.extend(_corrected(own.stretches, factors) if factors else own.stretches)
        steps.bridged.extend(own.bridged)
        meter.contradicting.extend(ignored)
    for poll in _in_charge(tenures, polls, counts):
        meter.times.append(poll.t)
        meter.levels.append(_level(poll, LEVEL_BY_KIND[kind], factors_of[poll.d]))
        meter.missing.append(poll.q == "missing")
    if not any(counts.values()) and not events.manual:
        steps = steps_of_samples(meter.times, meter.levels)
    return meter._replace(counter=Counter(steps))


def _in_charge(
    tenures: Sequence[Tenure], polls: Mapping[str, list[Reading]], counts: Mapping[str, list[Count]]
) -> list[Reading]:
    """The polls that count: a successor's from its beginning to its last count, else the first one's."""
    found = polls.get(tenures[0].device, []) if tenures else []
    for tenure in tenures[1:]:
        own = counts.get(tenure.device, [])
        since_ms, until_ms = _begins(tenure, own), own[-1].t if own else -math.inf
        found = [poll for poll in found if not since_ms <= poll.t <= until_ms]
        found += [poll for poll in polls.get(tenure.device, []) if since_ms <= poll.t <= until_ms]
    return sorted(found, key=lambda poll: poll.t) if len(tenures) > 1 else found


def _polls(readings: Iterable[Reading], kind: Kind) -> dict[str, list[Reading]]:
    """The readings of a kind by device and time, each instant once."""
    found: dict[str, list[Reading]] = {}
    for reading in readings:
        if reading.k == kind:
            found.setdefault(reading.d, []).append(reading)
    total = TOTAL_BY_KIND[kind]
    for device, own in found.items():
        times = [reading.t for reading in own]
        if not all(map(lt, times, times[1:])):
            own.sort(key=lambda reading: (reading.t, reading.x.get(total, -math.inf)))
            found[device] = list({reading.t: reading for reading in own}.values())
    return found


def with_eyes(
    counts: Mapping[str, Sequence[Count]], kind: Kind, events: MeterEvents
) -> dict[str, list[Count]]:
    """The counts of a kind's devices by time, those by eye among them.

    A device without a box is of the kind that its id begins with.
    """
    found = {device: list(counted) for device, counted in counts.items()}
    for manual in events.manual:
        if manual.device in counts or manual.device.startswith(kind):
            own = found.setdefault(manual.device, [])
            insort(own, Count(manual.at_ms, manual.value))
    return found


def _begins(tenure: Tenure, counts: Sequence[Count]) -> float:
    """When a successor takes over."""
    if tenure.opening:
        return tenure.opening.t
    return counts[0].t if counts else math.inf


def _factors(device: str, kind: Kind, events: MeterEvents) -> list[tuple[int, float]]:
    """A device's factors and since when they hold, by time."""
    if kind != "power":
        return []
    return sorted((each.since_ms, each.factor) for each in events.corrections if each.device == device)


def _corrected(stretches: Sequence[Stretch], factors: Sequence[tuple[int, float]]) -> list[Stretch]:
    found: list[Stretch] = []
    for stretch in stretches:
        pieces = [stretch]
        for since_ms, factor in factors:
            pieces[-1:] = pieces[-1].cut(since_ms, factor)
        found.extend(pieces)
    return found


def _level(poll: Reading, name: str, factors: Sequence[tuple[int, float]]) -> float | None:
    level = poll.x.get(name)
    if level is None or not -BELIEVABLE <= level <= BELIEVABLE:
        return None
    if factors:
        place = bisect_right(factors, poll.t, key=lambda each: each[0])
        return level * factors[place - 1][1] if place else level
    return level
