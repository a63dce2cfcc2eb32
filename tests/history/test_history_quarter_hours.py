"""What counters and samples say about spans of time."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from history.counter import BRIDGED_BEYOND_MS
from history.counter_falls import LIMITS
from history.port import QUARTER_HOUR_MS
from history.quarter_hours import consumption, floor_to_quarter, quarter_hours
from telemetry.quantities import LEVEL_BY_KIND, TOTAL_BY_KIND
from telemetry.reading import Reading

MINUTE_MS = 60_000
DAY_MS = 86_400_000
START_MS = 1_795_000_500_000
KINDS = ("power", "flow")


def reading(t, kind="power", total=None, level=None, device=None, quality="good"):
    x = {TOTAL_BY_KIND[kind]: total, LEVEL_BY_KIND[kind]: level}
    x = {name: value for name, value in x.items() if value is not None}
    if quality == "missing":
        return Reading(t=t, d=device or f"{kind}-1", k=kind, q="missing", why="no_response")
    return Reading(t=t, d=device or f"{kind}-1", k=kind, q=quality, x=x)


@st.composite
def lives(draw, kind="power", most_steps=25):
    """A meter's readings by time: any interval from a minute to a day, gaps, failures, suspicions."""
    interval = draw(st.sampled_from([1, 5, 15, 60, 360, 1440])) * MINUTE_MS
    t, total, found = START_MS + draw(st.integers(0, DAY_MS)), draw(st.floats(0, 1e6)), []
    for _ in range(draw(st.integers(0, most_steps))):
        missed = draw(st.sampled_from([0, 0, 0, 0, 1, 3, 40]))
        t += interval * (1 + missed) + draw(st.integers(-1000, 1000))
        total += draw(st.one_of(st.just(0.0), st.floats(0, 500)))
        quality = draw(st.sampled_from(["good", "good", "good", "suspect", "missing"]))
        shows = quality == "good" or draw(st.booleans())
        level = draw(st.one_of(st.none(), st.floats(-10, 500)))
        found.append(reading(t, kind, total if shows else None, level, quality=quality))
    return found


def rows_over(readings, margin=2):
    first, last = readings[0].t, readings[-1].t
    starts = range(
        floor_to_quarter(first) - margin * QUARTER_HOUR_MS, last + margin * QUARTER_HOUR_MS, QUARTER_HOUR_MS
    )
    return quarter_hours("a", readings, starts)


def amounts(rows, kind):
    known = [row.energy_kwh if kind == "power" else row.volume_m3 for row in rows]
    return [amount for amount in known if amount is not None]


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_quarter_hours_sum_up_to_the_counter_difference(kind, data):
    life = data.draw(lives(kind))
    kept = data.draw(st.lists(st.sampled_from(life), unique_by=id)) if life else []
    kept.sort(key=lambda each: each.t)
    counts = [each.x[TOTAL_BY_KIND[kind]] for each in kept if TOTAL_BY_KIND[kind] in each.x]
    if not kept:
        return
    rows = rows_over(kept)
    assert all(amount >= 0 for amount in amounts(rows, kind))
    assert sum(amounts(rows, kind)) == pytest.approx(counts[-1] - counts[0] if counts else 0, abs=1e-6)
    if len(counts) < 2:
        assert amounts(rows, kind) == []
    other = "flow" if kind == "power" else "power"
    assert amounts(rows, other) == []


@given(lives(), st.lists(st.integers(START_MS - DAY_MS, START_MS + 60 * DAY_MS), min_size=3, max_size=3))
def test_spans_add_up_and_their_coverage_is_a_share(life, instants):
    a, b, c = sorted(instants)
    if not a < b < c:
        return
    whole, first, second = (consumption(life, "power", *span) for span in ((a, c), (a, b), (b, c)))
    assert (whole.amount or 0) == pytest.approx((first.amount or 0) + (second.amount or 0), abs=1e-6)
    assert whole.good == first.good + second.good
    assert whole.missing == first.missing + second.missing
    assert whole.bridged == (first.bridged or second.bridged)
    assert whole.coverage * (c - a) == pytest.approx(first.coverage * (b - a) + second.coverage * (c - b))
    for each in (whole, first, second):
        assert 0 <= each.coverage <= 1
        assert (each.amount is None) == (each.coverage == 0)
        assert (each.mean is None) == (each.most is None)
        assert each.mean is None or each.mean <= each.most + 1e-9


wild = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(wild, wild), min_size=2, max_size=8))
def test_no_finite_value_makes_a_figure_that_is_not_finite(values):
    life = [reading(n * MINUTE_MS, total=total, level=level) for n, (total, level) in enumerate(values)]
    for row in rows_over(life):
        figures = (row.energy_kwh, row.power_mean_kw, row.power_max_kw)
        assert all(figure is None or math.isfinite(figure) for figure in figures)
        assert row.energy_kwh is None or row.energy_kwh >= 0


def test_a_leap_that_no_meter_can_make_tells_nothing():
    life = [reading(0, total=1.0), reading(MINUTE_MS, total=1e300), reading(2 * MINUTE_MS, total=1e300)]
    used = consumption(life, "power", 0, 2 * MINUTE_MS)
    assert (used.amount, used.coverage) == (None, 0)
    life = [reading(n * MINUTE_MS, total=total) for n, total in enumerate([1.0, 1e6, 1e6 + 1])]
    assert consumption(life, "power", 0, 2 * MINUTE_MS)[:2] == (1.0, 0.5)
    life = [reading(0, level=1.0), reading(1, level=-1e300), reading(2, level=3.0), reading(3, level=1e300)]
    assert consumption(life, "power", 0, 9)[3:] == (2.0, 3.0, 4, 0)


def test_a_frozen_counter_used_nothing_which_is_not_unknown():
    life = [reading(n * MINUTE_MS, total=7.0) for n in range(31)]
    assert [row.energy_kwh for row in rows_over(life, 1)] == [None, 0.0, 0.0, None]
    assert consumption(life, "power", 0, 30 * MINUTE_MS).coverage == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_counter_that_falls_and_stays_tells_nothing_of_the_time_between(kind):
    life = [reading(n * QUARTER_HOUR_MS, kind, total) for n, total in enumerate([100, 101, 90, 92])]
    rows = quarter_hours("a", life, range(0, 3 * QUARTER_HOUR_MS, QUARTER_HOUR_MS))
    assert [row.energy_kwh if kind == "power" else row.volume_m3 for row in rows] == [1, None, 2]
    assert consumption(life, kind, 0, 3 * QUARTER_HOUR_MS).coverage == pytest.approx(2 / 3)


@given(st.lists(st.floats(-1e5, 1e5), min_size=2, max_size=20), st.sampled_from([1, 15, 1440]))
def test_whatever_a_counter_does_consumption_is_neither_negative_nor_more_than_it_rose(totals, minutes):
    life = [reading(n * minutes * MINUTE_MS, total=total) for n, total in enumerate(totals)]
    rises = sum(max(0, after - before) for before, after in pairwise(totals))
    fallen = sum(most_after_a_fall(before, after) for before, after in pairwise(totals) if after < before)
    assert all(amount >= 0 for amount in amounts(rows_over(life), "power"))
    assert sum(amounts(rows_over(life), "power")) <= rises + fallen + 1e-6


def most_after_a_fall(before, after):
    """What passed at most: it began anew from 0, or it went through a limit that was near."""
    near = [limit for limit in LIMITS if 0.8 * limit <= before < limit]
    return max(0, after, *(limit - before + after for limit in near))


def test_a_daily_count_through_its_limit_counts_what_passed():
    life = [reading(n * 1440 * MINUTE_MS, total=total) for n, total in enumerate([1.0, 80_000.0, 0.0])]
    assert sum(amounts(rows_over(life), "power")) == pytest.approx(99_999)


def test_a_gap_is_bridged_evenly_and_marked_and_its_neighbours_are_not():
    quarter = QUARTER_HOUR_MS
    at = [0, quarter, 5 * quarter, 6 * quarter]
    life = [reading(t, total=total) for t, total in zip(at, [0, 1, 9, 10], strict=True)]
    rows = quarter_hours("a", life, range(0, 6 * quarter, quarter))
    assert [row.energy_kwh for row in rows] == [1, 2, 2, 2, 2, 1]
    assert [row.power_bridged for row in rows] == [False, True, True, True, True, False]
    assert not any(row.flow_bridged for row in rows)


@pytest.mark.parametrize(("apart_ms", "bridged"), [(BRIDGED_BEYOND_MS, False), (BRIDGED_BEYOND_MS + 1, True)])
def test_a_gap_begins_beyond_half_an_hour(apart_ms, bridged):
    life = [reading(0, total=0.0), reading(apart_ms, total=1.0)]
    assert quarter_hours("a", life, [0])[0].power_bridged is bridged


@pytest.mark.parametrize("minutes", [1, 2, 10, 15, 60, 240, 1440])
def test_every_sampling_interval_gives_the_same_energy(minutes):
    life = [reading(m * MINUTE_MS, total=m * 0.05) for m in range(0, 2 * 1440 + 1, minutes)]
    rows = rows_over(life, 0)
    assert len(rows) == 2 * 96
    assert [row.energy_kwh for row in rows] == pytest.approx([0.75] * len(rows))
    assert all(row.power_bridged == (minutes == 1440) for row in rows)  # too few to know the usual interval


def test_samples_are_counted_as_they_came():
    quarter = QUARTER_HOUR_MS
    life = [
        reading(0, total=1.0, level=2.0),
        reading(MINUTE_MS, quality="suspect"),
        reading(2 * MINUTE_MS, quality="suspect", level=4.0),
        reading(3 * MINUTE_MS, quality="missing"),
        reading(quarter - 1, quality="missing"),
        reading(quarter, level=50.0),
    ]
    row, after = quarter_hours("a", life, [0, quarter])
    assert (row.power_good, row.power_missing, row.flow_good, row.flow_missing) == (3, 2, 0, 0)
    assert (row.power_mean_kw, row.power_max_kw) == (3.0, 4.0)
    assert (row.energy_kwh, row.volume_m3, row.flow_mean_m3h) == (None, None, None)
    assert (after.power_good, after.power_mean_kw) == (1, 50.0)


def test_the_first_device_of_a_kind_is_the_main_meter():
    life = [
        reading(m * MINUTE_MS, total=m * 1.0, device=d) for m in range(16) for d in ("power-1", "power-2")
    ]
    assert quarter_hours("a", life, [0])[0][2:] == (
        15.0,
        None,
        None,
        None,
        None,
        None,
        False,
        False,
        15,
        0,
        0,
        0,
    )


def test_nothing_is_known_of_nothing():
    assert quarter_hours("a", [], []) == []
    assert quarter_hours("a", [], [0])[0][2:] == (None,) * 6 + (False, False, 0, 0, 0, 0)
    assert consumption([], "flow", 0, 1) == (None, 0, False, None, None, 0, 0)


def test_a_month_of_minutes_is_summed_in_seconds():
    """A box that was off the net for a month brings so much at once; it once took minutes."""
    life = []
    for minute in range(28 * 1440):
        life.append(reading(minute * MINUTE_MS, "power", minute * 0.01, 1.0))
        life.append(reading(minute * MINUTE_MS + 1, "flow", minute * 0.02, 1.0))
    rows = quarter_hours("a", life, range(0, 28 * DAY_MS, QUARTER_HOUR_MS))
    assert sum(amounts(rows, "power")) == pytest.approx((28 * 1440 - 1) * 0.01)
    assert sum(amounts(rows, "flow")) == pytest.approx((28 * 1440 - 1) * 0.02)


@given(st.integers(-(2**50), 2**50))
def test_an_instant_lies_in_its_quarter_hour(t):
    start = floor_to_quarter(t)
    assert start % QUARTER_HOUR_MS == 0
    assert start <= t < start + QUARTER_HOUR_MS
