"""A growing past holds the rows that all readings at once would give, however they came."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.freshness import recompute
from history.counter import BELIEVABLE
from history.growing import GrowingPast, Span
from history.port import QUARTER_HOUR_MS, QuarterHour
from history.quarter_hours import floor_to_quarter, quarter_hours
from telemetry.quantities import LEVEL_BY_KIND, TOTAL_BY_KIND
from telemetry.reading import Reading

MINUTE_MS = 60_000
DAY_MS = 86_400_000
START_MS = 1_795_000_500_000
INTERVALS = (1, 5, 15, 20, 31, 45, 60, 60, 180, 360, 1440)
STATIONS = (
    ("power-1",),
    ("flow-1",),
    ("power-1", "flow-1"),
    ("power-1", "power-2"),
    ("power-1", "power-2", "flow-1", "flow-2"),
)
FLAGS = {"power_bridged", "flow_bridged"}


def reading(t, device="power-1", total=None, level=None, quality="good"):
    kind = device.partition("-")[0]
    x = {TOTAL_BY_KIND[kind]: total, LEVEL_BY_KIND[kind]: level}
    x = {name: value for name, value in x.items() if value is not None and quality != "missing"}
    return Reading(t=t, d=device, k=kind, q=quality, x=x)


def life(chance, device):
    """A meter's readings: gaps, falls, roll-overs, nonsense, failed polls, another interval."""
    interval = chance.choice(INTERVALS) * MINUTE_MS
    t = START_MS + chance.choice((0, 0, 5 * DAY_MS)) + chance.randrange(DAY_MS)
    total = chance.choice((0.0, 9_990.0, 99_995.0, chance.uniform(0, 1e5)))
    length = chance.randrange(chance.choice((5, 30, 80)))
    how = chance.random()
    counts_from = length if how < 0.1 else chance.randrange(length + 1) if how < 0.25 else 0
    jitter = chance.choice((0, 1_000))
    found = []
    for number in range(length):
        if chance.random() < 0.02:
            interval = chance.choice(INTERVALS) * MINUTE_MS
        t += interval * (1 + chance.choice((*[0] * 12, 1, 3, 40))) + chance.randint(-jitter, jitter)
        total += chance.choice((0.0, chance.uniform(0, 5), chance.uniform(0, 50)))
        event = chance.random()
        if event < 0.02:
            total = chance.uniform(0, 3)
        elif event < 0.03:
            total += chance.uniform(500, 1e6)
        elif event < 0.035:
            total -= 10
        elif 10_000 <= total < 10_100:
            total -= 10_000
        shown = chance.choice((0.0, 1e13, total + 1e5, -1.0)) if chance.random() < 0.02 else total
        quality = chance.choice((*["good"] * 8, "suspect", "missing"))
        has_count = number >= counts_from and chance.random() < (0.97 if quality == "good" else 0.5)
        level = 1e13 if chance.random() < 0.01 else chance.uniform(-1, 20)
        found.append(
            reading(
                t, device, shown if has_count else None, level if chance.random() < 0.9 else None, quality
            )
        )
    return found


def come(chance, readings):
    """Readings as they arrive: in order, late, again, again with other values, or in any order at all."""
    readings = sorted(readings, key=lambda each: each.t)
    how = chance.random()
    if how < 0.3:
        return readings
    placed = []
    for number, each in enumerate(readings):
        place = number + (chance.choice((1, 2, 5, 30, 100)) if chance.random() < 0.05 else 0)
        placed.append((place, each))
        event = chance.random()
        again = place + chance.choice((0, 1, 20))
        if event < 0.05:
            placed.append((again, each))
        elif event < 0.06:
            other = {name: value + 1 for name, value in each.x.items()}
            placed.append((again, Reading(t=each.t, d=each.d, k=each.k, q=each.q, x=other)))
        elif event < 0.07:
            placed.append((again, reading(each.t, each.d, quality="missing")))
    placed.sort(key=lambda pair: pair[0])
    found = [each for _, each in placed]
    if how > 0.95:
        chance.shuffle(found)
    return found


def is_told_by_samples_beside_others(readings):
    """A kind without any count at a station with other meters; see the tests marked as failing below."""
    for kind in {each.k for each in readings}:
        own = [each for each in readings if each.k == kind]
        totals = [each.x.get(TOTAL_BY_KIND[kind], math.inf) for each in own]
        if not any(abs(total) <= BELIEVABLE for total in totals) and len({each.d for each in readings}) > 1:
            return True
    return False


def feed(readings, sizes):
    past, place = GrowingPast("a"), 0
    while place < len(readings):
        size = next(sizes)
        anew = past.add(readings[place : place + size])
        if anew is not None:
            recompute(past, "a", anew.start_ms, anew.end_ms)
        place += size
    return past


def differences(past, readings):
    """Where the rows differ from those of all readings at once, the last one of an instant."""
    stands = list({(each.d, each.t): each for each in readings}.values())
    first, last = min(each.t for each in readings), max(each.t for each in readings)
    starts = range(floor_to_quarter(first) - 2 * QUARTER_HOUR_MS, last + 2 * QUARTER_HOUR_MS, QUARTER_HOUR_MS)
    found = set()
    for wanted in quarter_hours("a", stands, sorted({*starts, *past.rows})):
        row = past.rows.get(wanted.start_ms, QuarterHour("a", wanted.start_ms))
        for name, is_, should in zip(wanted._fields, row, wanted, strict=True):
            if is_ != should and not (
                isinstance(is_, float)
                and isinstance(should, float)
                and math.isclose(is_, should, rel_tol=1e-9, abs_tol=1e-7)
            ):
                found.add((wanted.start_ms, name, is_, should))
    return found


@settings(max_examples=150)
@given(chance=st.randoms(use_true_random=False), devices=st.sampled_from(STATIONS))
def test_rows_are_those_of_all_readings_at_once(chance, devices):
    readings = come(chance, [each for device in devices for each in life(chance, device)])
    if not readings or is_told_by_samples_beside_others(readings):
        return
    past = feed(readings, iter(lambda: chance.choice((1, 1, 2, 3, 10, 50)), None))
    assert differences(past, readings) == set()


def counting(device="power-1", number=400, step_ms=5 * MINUTE_MS, start_ms=START_MS):
    return [reading(start_ms + n * step_ms, device, total=100 + n, level=1.0) for n in range(number)]


def grown(readings):
    """A past in which all that is to be computed anew has been."""
    past = feed(readings, iter(lambda: 3, None))
    past.changed.clear()
    return past


@pytest.mark.parametrize("minutes", [1, 5, 15, 60, 360])
def test_what_comes_in_order_is_computed_anew_only_at_first(minutes):
    past, spans = GrowingPast("a"), []
    for each in counting(number=100, step_ms=minutes * MINUTE_MS):
        anew = past.add([each])
        if anew is not None:
            recompute(past, "a", anew.start_ms, anew.end_ms)
            spans.append(anew)
    assert len(spans) <= 12
    assert spans[-1].end_ms <= START_MS + 12 * minutes * MINUTE_MS


def test_a_late_reading_is_computed_anew_once():
    readings = counting()
    late = readings.pop(200)
    past = grown(readings)
    assert past.add([late]) == Span(late.t, late.t + 1)
    recompute(past, "a", late.t, late.t + 1)
    newest = START_MS + 400 * 5 * MINUTE_MS
    assert past.add([reading(newest, total=500.0)]) is None
    assert differences(past, [*readings, late, reading(newest, total=500.0)]) == set()


def test_a_reading_that_came_again_changes_nothing():
    readings = counting()
    past = grown(readings)
    assert past.add(readings[100:300]) is None
    assert past.changed == set()


def test_only_rows_that_changed_are_told():
    readings = counting()
    past = grown(readings)
    t = readings[-1].t + 5 * MINUTE_MS
    assert past.add([reading(t, total=501.0)]) is None
    assert past.changed == {floor_to_quarter(readings[-1].t), floor_to_quarter(t)}


def test_a_fall_is_looked_at_until_nothing_can_follow_from_it():
    past = grown(counting())
    first = START_MS + 400 * 5 * MINUTE_MS
    spans = [past.add([reading(first + n * 5 * MINUTE_MS, total=float(n))]) for n in range(40)]
    assert [anew is not None for anew in spans] == [True] * 25 + [False] * 15


def test_a_first_count_takes_the_samples_back():
    samples = [reading(START_MS + n * MINUTE_MS, level=2.0) for n in range(60)]
    past = grown(samples)
    assert sum(row.energy_kwh or 0 for row in past.rows.values()) == pytest.approx(2.0 * 59 / 60)
    count = reading(START_MS + 60 * MINUTE_MS, level=2.0, total=7.0)
    anew = past.add([count])
    assert anew == Span(START_MS, count.t + 1)
    recompute(past, "a", anew.start_ms, anew.end_ms)
    assert {row.energy_kwh for row in past.rows.values()} == {None}


def test_a_sub_meter_changes_nothing():
    past = grown(sorted([*counting(), *counting("power-2")], key=lambda each: each.t))
    t = START_MS + 400 * 5 * MINUTE_MS
    assert past.add([reading(t, "power-2", total=500.0)]) is None
    assert past.changed == set()
    assert past.add([reading(t, "power-1", total=500.0)]) is None
    assert past.changed


def test_a_successor_soon_grows_plainly():
    old, new = counting(), counting("power-2", start_ms=START_MS + 400 * 5 * MINUTE_MS)
    past = grown([*old, *new[:-1]])
    assert past.add(new[-1:]) is None
    assert differences(past, [*old, *new]) == set()


def test_the_believable_counts_stand_next_to_a_span():
    readings = [reading(START_MS + n * MINUTE_MS, total=1e13 if n in {4, 8} else float(n)) for n in range(12)]
    past = grown(readings)
    found = past.edges("a", START_MS + 5 * MINUTE_MS, START_MS + 8 * MINUTE_MS)
    assert [(each.t - START_MS) // MINUTE_MS for each in found] == [3, 9]


def test_a_count_that_is_taken_back_takes_its_rows_with_it():
    readings = [reading(START_MS + n * 60 * MINUTE_MS, total=100.0 + n) for n in range(40)]
    again = reading(readings[-1].t, quality="missing")
    assert differences(grown([*readings, again]), [*readings, again]) == set()


def test_a_fall_that_is_taken_back_is_forgotten_as_far_as_it_reached():
    readings = [reading(START_MS + n * 60 * MINUTE_MS, total=100.0 + n) for n in range(80)]
    falls = [reading(readings[place].t, total=float(place)) for place in (38, 41)]
    come = [*readings[:38], falls[0], *readings[39:41], falls[1], *readings[42:], readings[38], readings[41]]
    assert differences(grown(come), come) == set()


def test_samples_stand_again_once_the_only_count_is_taken_back():
    samples = [reading(START_MS + n * MINUTE_MS, level=2.0) for n in range(60)]
    count = reading(START_MS + 60 * MINUTE_MS, total=7.0, level=2.0)
    others = [reading(START_MS + DAY_MS, "power-2", total=3.0), reading(START_MS + DAY_MS, "power-2")]
    later = [reading(START_MS + n * MINUTE_MS, level=2.0) for n in range(61, 90)]
    for come in (
        [*samples, count, reading(count.t, level=2.0), *later],
        [*samples, others[0], *later[:9], others[1], *later[9:]],
    ):
        assert differences(grown(come), come) == set()


@pytest.mark.parametrize("minutes", [20, 50])
def test_a_late_poll_between_samples_leaves_them_joined(minutes):
    """Samples an hour apart: the nearest ones lie further off than a recomputation asks for at once."""
    samples = [reading(START_MS + n * 60 * MINUTE_MS, level=2.0) for n in range(0, 20, 2)]
    come = [*samples, reading(START_MS + (6 * 60 + 30 + minutes) * MINUTE_MS)]
    assert differences(grown(come), come) == set()


def test_samples_beside_a_counter_that_falls():
    """`alerting.freshness.recompute` widens its span for the counter after it asked for the samples."""
    counts = [reading(START_MS + n * 15 * MINUTE_MS, total=100.0 + n) for n in range(60)]
    samples = [reading(START_MS + 60_000 + n * 60 * MINUTE_MS, "flow-1", level=1.0) for n in range(16)]
    fall = reading(START_MS + 60 * 15 * MINUTE_MS, total=3.0)
    readings = [*sorted([*counts, *samples], key=lambda each: each.t), fall]
    assert differences(grown(readings), readings) == set()
