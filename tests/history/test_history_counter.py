"""What a counter that misbehaves tells: odd samples, roll-overs, resets, storms, leaps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from history.counter import Counter, steps_between
from history.counter_falls import LIMITS
from history.odd_samples import odd_samples
from history.quarter_hours import consumption
from telemetry.reading import Reading

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000


def life(values, apart_ms=MINUTE_MS):
    return [
        Reading(t=n * apart_ms, d="power-1", k="power", x={"energy_kwh": float(value)})
        for n, value in enumerate(values)
        if value is not None
    ]


def used(values, apart_ms=MINUTE_MS):
    """Amount and known ms over the whole life."""
    end_ms = (len(values) - 1) * apart_ms
    found = consumption(life(values, apart_ms), "power", 0, end_ms)
    return found.amount, round(found.coverage * end_ms)


@pytest.mark.parametrize(
    ("values", "odd"),
    [
        ([1, 2, 3], set()),
        ([5, 6, 1e6, 7, 8], {2}),
        ([5, 6, 1e6, 2e6, 7, 8], {2, 3}),
        ([5, 6, 0, 7, 8], {2}),
        ([5, 6, 0, 0, 7, 8], {2, 3}),
        ([5, 6, 0, 1e6, 7, 8], {2, 3}),
        ([5, 6, 0, 0, 0, 7, 8], set()),
        ([5, 6, 0, 7, 0, 8], {2, 4}),
        ([6, 0, 1, 2], set()),
        ([0, 6, 1, 7], {2}),
        ([], set()),
    ],
)
def test_odd_samples_are_told_by_neighbours_that_agree(values, odd):
    assert odd_samples(values) == odd


@given(st.lists(st.integers(0, 6), max_size=30), st.integers(0, 30))
def test_whether_a_sample_is_odd_depends_on_its_near_neighbours_only(values, place):
    whole = odd_samples(values)
    near = values[max(place - 7, 0) : place + 8]
    if place < len(values):
        assert (place in whole) == (min(place, 7) in odd_samples(near))


@given(st.lists(st.floats(0, 1e6)))
def test_no_sample_of_a_rising_counter_is_odd(values):
    assert odd_samples(sorted(values)) == set()


@pytest.mark.parametrize("odd", [[0], [0, 0], [1e6], [9e9, 1e6], [0, 1e6], [-5], [21, 0]])
@pytest.mark.parametrize("apart_ms", [MINUTE_MS, 15 * MINUTE_MS, DAY_MS])
def test_an_odd_sample_or_two_change_nothing(odd, apart_ms):
    values = [10, 11, 12, *odd, 13, 14, 15]
    assert used(values, apart_ms) == (5, (len(values) - 1) * apart_ms)


@pytest.mark.parametrize("odd", [[1e6] * 3, [1e6] * 9, [1e6, 2e6, 1e6, 3e6]])
def test_more_odd_samples_in_a_row_leave_holes_but_no_leap(odd):
    amount, known_ms = used([10, 11, 12, *odd, 13, 14, 15])
    assert 4 <= amount <= 5 or odd[-1] == 3e6
    assert amount < 100
    assert known_ms < 8 * MINUTE_MS + len(odd) * MINUTE_MS


def test_a_leap_that_no_village_station_makes_is_not_counted():
    assert used([10, 11, 1e6, 1e6 + 1, 1e6 + 2]) == (3, 3 * MINUTE_MS)
    assert used([10, 11, 1e6, 1e6 + 1, 1e6 + 2], DAY_MS) == (3, 3 * DAY_MS)


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("apart_ms", [MINUTE_MS, 15 * MINUTE_MS, DAY_MS])
@pytest.mark.parametrize("gap", [1, 3, 40])
def test_a_counter_that_passes_its_limit_goes_on(limit, apart_ms, gap):
    step = 0.02 * apart_ms / MINUTE_MS
    gap = min(gap, int(limit / step / 2))  # in more it could have passed twice
    counts = [limit - (6.5 - n) * step for n in range(14)]
    shown = [count % limit for count in counts]
    values = [*shown[:7], *[None] * (gap - 1), *[(count + (gap - 1) * step) % limit for count in counts[7:]]]
    amount, known_ms = used(values, apart_ms)
    assert amount == pytest.approx((12 + gap) * step, abs=limit * 1e-12)
    assert known_ms == (len(values) - 1) * apart_ms


def test_a_limit_far_above_was_not_passed():
    amount, _ = used([5000, 5001, 5002, 1, 2, 3, 4])
    assert amount < 10
    assert used([9000, 9001, 9002, 500, 501]) == (3, 3 * MINUTE_MS)


def test_a_counter_that_begins_anew_is_believed_from_the_pace_around_it():
    """It shows 2 at the end of a day at 4 a day: it began half a day ago, and nothing is known before."""
    values = [500, 504, 508, 512, 2, 6, 10]
    assert used(values, DAY_MS) == (12 + 2 + 8, 5.5 * DAY_MS)
    at_ms = 3 * DAY_MS
    before = consumption(life(values, DAY_MS), "power", at_ms, at_ms + 12 * HOUR_MS)
    after = consumption(life(values, DAY_MS), "power", at_ms + 12 * HOUR_MS, at_ms + DAY_MS)
    assert (before.amount, before.coverage) == (None, 0)
    assert (after.amount, after.coverage, after.bridged) == (2, 1, True)


@pytest.mark.parametrize("shown", [0, -3, 20, 1e6 * 0.9])
def test_a_new_beginning_that_cannot_be_tells_nothing(shown):
    values = [1e6, 1e6 + 4, 1e6 + 8, 1e6 + 12, shown, shown + 4, shown + 8]
    assert used(values, DAY_MS) == (12 + 8, 5 * DAY_MS)


def test_a_new_beginning_without_any_pace_tells_nothing():
    assert used([500, 1]) == (None, 0)
    assert used([500, 500, 500, 1, 1]) == (0, 3 * MINUTE_MS)


@pytest.mark.parametrize("storm", [[9, 3, 8, 2, 9, 1], [5, 4, 3, 2, 1], [9, 0, 8, 0, 7, 0]])
def test_a_storm_of_resets_is_not_summed(storm):
    amount, known_ms = used([100, 101, 102, *storm, 103.5 - 100, 104.5 - 100, 105.5 - 100])
    assert 4 <= amount <= 2 + 2 + 3.5
    assert known_ms <= 9 * MINUTE_MS


@pytest.mark.parametrize(
    ("minutes", "gap", "bridged"),
    [
        (1, 30, False),
        (1, 31, True),
        (15, 45, False),
        (15, 46, True),
        (60, 180, False),
        (60, 181, True),
        (1440, 2880, False),
        (1440, 5760, True),
    ],
)
def test_a_gap_is_more_than_half_an_hour_and_three_usual_intervals(minutes, gap, bridged):
    times = [n * minutes * MINUTE_MS for n in range(6)]
    times += [times[-1] + (gap + n * minutes) * MINUTE_MS for n in range(6)]
    counter = Counter(steps_between(times, [float(n) for n in range(12)]))
    assert counter.passed(times[5], times[6]) == (1, gap * MINUTE_MS, bridged)
    assert not counter.passed(times[0], times[5])[2]
    assert not counter.passed(times[6], times[-1])[2]


def test_two_or_three_readings_tell_no_usual_interval():
    for count in (2, 3, 4):
        counter = Counter(steps_between([n * DAY_MS for n in range(count)], [0.0] * count))
        assert counter.passed(0, DAY_MS)[2] is True
    assert not Counter(steps_between([n * DAY_MS for n in range(5)], [0.0] * 5)).passed(0, DAY_MS)[2]


def test_readings_more_than_400_days_apart_are_not_connected():
    for days, known in ((400, True), (401, False)):
        counter = Counter(steps_between([0, days * DAY_MS], [0.0, 400.0]))
        assert (counter.passed(0, DAY_MS)[1] > 0) is known


@given(
    st.lists(st.tuples(st.integers(1, 10**7), st.floats(-100, 1000)), min_size=1, max_size=40),
    st.integers(0, 10**8),
    st.integers(1, 10**7),
)
def test_known_time_lies_within_the_span_and_amounts_are_not_negative(steps, start_ms, ms):
    times, values = [0], [500.0]
    for apart_ms, rise in steps:
        times.append(times[-1] + apart_ms)
        values.append(values[-1] + rise)
    amount, known_ms, _ = Counter(steps_between(times, values)).passed(start_ms, start_ms + ms)
    assert amount >= 0
    assert 0 <= known_ms <= ms
