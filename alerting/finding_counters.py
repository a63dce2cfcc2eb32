"""How fine the counters of a station count, and where one fell or leapt and nobody told why. Pure."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from history.counter import NEIGHBOURS
from history.counter_falls import pace, rolled_over
from history.device_counts import Count, counts_of
from history.meter_events import MeterEvents
from history.odd_samples import LONGEST_RUN, odd_samples
from telemetry.reading import Reading

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
CONFIRMED_BY = LONGEST_RUN
"""A fall or leap is believed when so many more readings before and after it agree."""
RESTORED_DAYS = 2
LEAST_FALL = 1.0
"""A counter that lost no more than two days or one unit came back with its last saved count."""
LEAP = 100.0
LEAP_PER_HOUR = 100.0
LEAP_PACE = 20.0
LEAP_DAYS = 3.0
"""A rise beyond all of 100 units, 100 an hour, 20 times its pace and three days was not counted."""
SMALL_LIMIT = 1_000.0
SMALL_LIMIT_SHARE = 0.02
"""Small water meters go on from 999.999; told by counts within 2 % of it on both sides."""
TOLD_WITHIN_MS = DAY_MS
"""People tell the time of an exchange or correction to the day."""
MOST_NAMED = 3
_FINEST = 1_000
"""Counters are looked at to a thousandth of a unit."""


class CounterFall(NamedTuple):
    """A counter that went on from elsewhere.

    Attributes:
        device: device id within the station.
        at_ms: of the first reading after it, ms since the epoch, UTC.
        before, after: what it showed, kWh or m³.
    """

    device: str
    at_ms: int
    before: float
    after: float


def counts_by_device(readings: Sequence[Reading]) -> dict[str, list[Count]]:
    """The counts of each device by time, odd samples left out."""
    polls: defaultdict[str, dict[int, Reading]] = defaultdict(dict)
    for reading in sorted(readings, key=lambda each: each.t):
        polls[reading.d][reading.t] = reading
    found = {}
    for device, own in polls.items():
        counts = [count for count in counts_of(own.values()) if count.value >= 0]
        odd = odd_samples([count.value for count in counts])
        found[device] = [count for place, count in enumerate(counts) if place not in odd]
    return found


def step_of(counts: Sequence[Count]) -> float | None:
    """The finest step that a counter was seen to take, kWh or m³; None if it did not move."""
    values = [round(count.value * _FINEST) for count in counts]
    step = math.gcd(*(after - before for before, after in pairwise(values)))
    return step / _FINEST if step else None


def falls_of(
    counts: dict[str, list[Count]], told: MeterEvents, start_ms: int, end_ms: int
) -> tuple[CounterFall, ...]:
    """Where counters fell or leapt and nobody told why, the largest three.

    A change belongs to the span in which the second reading after it confirms it, so that neither an odd
    sample at the end of a day nor a change at midnight is misjudged.

    Args:
        counts: by device, by time, with some before the span where there are any.
        told: of the station's meters.
        start_ms: of the span, ms since the epoch, UTC.
        end_ms: likewise; not included.
    """
    found = [
        CounterFall(device, after.t, before.value, after.value)
        for device, own in counts.items()
        for place, before, after in _breaks(own)
        if start_ms <= own[place + CONFIRMED_BY].t < end_ms and not _is_told(told, device, before, after)
    ]
    found.sort(key=lambda each: abs(each.after - each.before), reverse=True)
    return tuple(found[:MOST_NAMED])


def _breaks(counts: Sequence[Count]) -> Iterator[tuple[int, Count, Count]]:
    """The confirmed falls and leaps of one counter, with the place of the reading after each."""
    steps = list(pairwise(counts))
    falls = {place for place, (before, after) in enumerate(steps) if after.value < before.value}
    usual = pace(
        (after.t - before.t, after.value - before.value)
        for before, after in steps
        if _is_plain(before, after)
    )
    leaps = {place for place, step in enumerate(steps) if _is_leap(*step, usual)}
    waiting = sorted(leaps | {place for place in falls if _is_fall(*steps[place], usual)})
    while waiting:
        place = waiting.pop(0)
        before, after = steps[place]
        if waiting and _goes_on(before, steps[waiting[0]][1], usual):  # misread for a while, and back again
            waiting.pop(0)
        elif (
            CONFIRMED_BY <= place < len(steps) - CONFIRMED_BY
            and _is_alone(place, leaps | falls, CONFIRMED_BY)
            and _is_alone(place, falls, NEIGHBOURS)
        ):
            yield place + 1, before, after


def _is_alone(place: int, others: Collection[int], reach: int) -> bool:
    """Whether none of the others lies so near before or after."""
    return not any(each in others for each in range(place - reach, place + reach + 1) if each != place)


def _is_plain(before: Count, after: Count) -> bool:
    hours = (after.t - before.t) / HOUR_MS
    return 0 <= after.value - before.value <= LEAP + LEAP_PER_HOUR * hours


def _is_fall(before: Count, after: Count, usual: float) -> bool:
    lost = before.value - after.value
    if lost <= max(LEAST_FALL, RESTORED_DAYS * DAY_MS * usual):
        return False
    if rolled_over(before.value, after.value, after.t - before.t, usual) is not None:
        return False
    small = SMALL_LIMIT_SHARE * SMALL_LIMIT
    return not (SMALL_LIMIT - small <= before.value <= SMALL_LIMIT and 0 <= after.value <= small)


def _is_leap(before: Count, after: Count, usual: float) -> bool:
    ms = after.t - before.t
    return after.value - before.value > max(
        LEAP + LEAP_PER_HOUR * ms / HOUR_MS, LEAP_PACE * usual * ms, LEAP_DAYS * DAY_MS * usual
    )


def _goes_on(before: Count, after: Count, usual: float) -> bool:
    """Whether a later reading is where the counter would be, had nothing happened between."""
    return after.value >= before.value and not _is_leap(before, after, usual)


def _is_told(told: MeterEvents, device: str, before: Count, after: Count) -> bool:
    instants = [each.at_ms for each in told.exchanges if each.device == device]
    instants += [each.since_ms for each in told.corrections if each.device == device]
    return any(before.t - TOLD_WITHIN_MS <= at_ms <= after.t + TOLD_WITHIN_MS for at_ms in instants)
