"""Edges of what a falling, leaping or pausing counter is believed; every one from both sides."""

import pytest

from history.counter import JUMP, LONGEST_BRIDGE_MS, PACE_PER_HOUR, Counter, Steps, Stretch, steps_between
from history.counter_falls import LONG_MS, began_anew, pace, rolled_over
from history.meter_events import ManualReading, MeterEvents
from history.quarter_hours import contradictions, quarter_hours
from telemetry.reading import Reading

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
SLOW = 2.0**-12
"""A pace that floats hold exactly, units per ms."""


def by_minute(values, by_eye=()):
    return steps_between([n * MINUTE_MS for n in range(len(values))], values, by_eye)


def counted(values):
    """What passed in all, and how many minutes of it are known."""
    amount, known_ms, _ = Counter(by_minute(values)).passed(0, (len(values) - 1) * MINUTE_MS)
    return amount, known_ms / MINUTE_MS


# a roll-over


@pytest.mark.parametrize(
    ("before", "after", "ms", "usual", "passed"),
    [
        (998.0, 1.0, 4_096, SLOW, 3.0),  # three times the pace around it
        (998.0, 1.25, 4_096, SLOW, None),
        (999.5, 0.5, MINUTE_MS, 0.0, 1.0),  # a thousandth of the limit, whatever its pace was
        (999.5, 0.75, MINUTE_MS, 0.0, None),
        (999_950.0, 50.0, MINUTE_MS, 0.0, 100.0),  # but no more than 100
        (999_950.0, 51.0, MINUTE_MS, 0.0, None),
        (980.0, 30.0, DAY_MS, 0.0, 50.0),  # in a long gap a twentieth of the limit
        (980.0, 31.0, DAY_MS, 0.0, None),
        (996_000.0, 800.0, DAY_MS, 0.0, 4_800.0),  # but no more than 200 an hour
        (996_000.0, 801.0, DAY_MS, 0.0, None),
        (980.0, 30.0, LONG_MS + 1, 0.0, 50.0),
        (980.0, 30.0, LONG_MS, 0.0, None),  # six hours are no long gap
        (900.0, 900.0, DAY_MS, 1.0, None),  # a counter that rests did not roll over
    ],
)
def test_how_much_may_have_passed_through_a_limit(before, after, ms, usual, passed):
    assert rolled_over(before, after, ms, usual) == passed


def test_a_pace_is_what_passed_by_time():
    assert (pace([(2, 4.0)]), pace([(1, 1.0), (3, 5.0)]), pace([])) == (2.0, 1.5, 0.0)


# a new beginning


@pytest.mark.parametrize(
    ("after", "usual", "since_ms"),
    [
        (1.0, SLOW, 8_192 - 4_096),
        (0.5, SLOW, 8_192 - 2_048),
        (2.0, SLOW, 0),
        (6.0, SLOW, 0),  # three times the pace, and no earlier than the last reading
        (6.25, SLOW, None),
        (0.0, SLOW, None),
        (1.0, 0.0, None),
        (0.001, 1.0, 8_191),  # at least a millisecond
    ],
)
def test_since_when_a_counter_that_began_anew_counts(after, usual, since_ms):
    assert began_anew(after, 0, 8_192, usual) == since_ms


def test_only_the_pace_near_a_fall_explains_it():
    """It ran fast long ago; at 1 a minute 5 in a minute are not believed, 3 are."""
    fast, slow = [100.0 * n for n in range(11)], [1_000.0 + n for n in range(1, 8)]
    assert counted([*fast, *slow, 5.0, 6.0]) == (1_007 + 1, 18)
    assert counted([*fast, *slow, 3.0, 4.0]) == (1_007 + 3 + 1, 19)


# leaps and gaps


@pytest.mark.parametrize(("rise", "known"), [(0.0, 1), (0.25, 0)])
def test_a_leap_and_the_pace_of_a_minute_are_still_believed(rise, known):
    most = JUMP + PACE_PER_HOUR / 60
    assert counted([7.0, 7.0 + most + rise])[1] == known


@pytest.mark.parametrize(("later_ms", "known"), [(0, True), (1, False)])
def test_a_roll_over_within_400_days_is_believed(later_ms, known):
    times = [0, DAY_MS, 2 * DAY_MS, 2 * DAY_MS + LONGEST_BRIDGE_MS + later_ms]
    found = Counter(steps_between(times, [99_970.0, 99_980.0, 99_990.0, 10.0]))
    amount, known_ms, bridged = found.passed(2 * DAY_MS, times[-1])
    assert (amount, known_ms, bridged) == ((20.0, LONGEST_BRIDGE_MS, True) if known else (0.0, 0, False))


def test_a_leap_leaves_a_hole_and_nothing_else():
    found = by_minute([5.0, 6.0, 1e6, 1e6 + 1, 1e6 + 3])
    assert found == Steps(
        [Stretch([0, MINUTE_MS], [5.0, 6.0]),
         Stretch([2 * MINUTE_MS, 3 * MINUTE_MS, 4 * MINUTE_MS], [1e6, 1e6 + 1, 1e6 + 3])],
        [],
    )  # fmt: skip


def test_steps_from_and_to_a_count_by_eye_are_bridged_and_no_others():
    eye_ms = 3 * MINUTE_MS
    found = by_minute([float(n) for n in range(7)], [eye_ms])
    assert found.bridged == [(eye_ms - MINUTE_MS, eye_ms), (eye_ms, eye_ms + MINUTE_MS)]


def test_half_an_hour_is_no_gap_beside_a_count_by_eye_either():
    times = [0, 30 * MINUTE_MS, 31 * MINUTE_MS, 32 * MINUTE_MS]
    assert steps_between(times, [0.0, 1.0, 2.0, 3.0], [times[-1]]).bridged == [(times[2], times[3])]


# a storm


def falls_at(*places, length=24):
    """Counts that rise by 1 a minute and begin anew with 2 at some steps."""
    found, value = [500.0], 500.0
    for place in range(length):
        value = 2.0 if place in places else value + 1
        found.append(value)
    return found


@pytest.mark.parametrize(
    ("places", "unknown"),
    [
        ((8,), 0),
        ((8, 13), 0),  # five steps apart: two lonely falls
        ((8, 12), 5),  # four: all that lies from one to the other
        ((8, 10), 3),
        ((3, 5, 15), 3),  # one that is lonely after a storm,
        ((3, 12, 14), 3),  # and one before it
        ((3, 7, 11), 9),
    ],
)
def test_falls_within_four_steps_are_a_storm(places, unknown):
    """A lonely one shows 2 after a minute at a pace of 1: it is believed, and all of that minute is known."""
    lonely = sum(all(abs(place - other) > 4 for other in places if other != place) for place in places)
    assert counted(falls_at(*places)) == (24 - unknown + lonely, 24 - unknown)


# what is cut by a correction


@pytest.mark.parametrize(
    ("since_ms", "pieces"),
    [
        (0, [Stretch([0, 10, 20], [0.0, 1.0, 2.0], 5.0)]),
        (-3, [Stretch([0, 10, 20], [0.0, 1.0, 2.0], 5.0)]),
        (20, [Stretch([0, 10, 20], [0.0, 1.0, 2.0])]),
        (10, [Stretch([0, 10], [0.0, 1.0]), Stretch([10, 20], [1.0, 2.0], 5.0)]),
        (15, [Stretch([0, 10, 15], [0.0, 1.0, 1.5]), Stretch([15, 20], [1.5, 2.0], 5.0)]),
    ],
)
def test_a_factor_holds_from_its_instant_on(since_ms, pieces):
    assert Stretch([0, 10, 20], [0.0, 1.0, 2.0]).cut(since_ms, 5.0) == pieces


# counts by eye that the box contradicts


@pytest.mark.parametrize("flow_first", [True, False])
def test_contradicting_counts_by_eye_stand_by_time(flow_first):
    life = [
        Reading(t=n * HOUR_MS, d=device, k=kind, x={name: 100.0 + n})
        for n in range(6)
        for device, kind, name in (("power-1", "power", "energy_kwh"), ("flow-1", "flow", "volume_m3"))
    ]
    first, second = ("flow-1", "power-1") if flow_first else ("power-1", "flow-1")
    wrong = (
        ManualReading(second, 3 * HOUR_MS + MINUTE_MS, 7.0),
        ManualReading(first, 2 * HOUR_MS + MINUTE_MS, 9.0),
    )
    assert contradictions(life, MeterEvents(manual=wrong)) == [wrong[1], wrong[0]]


def test_a_row_tells_whose_it_is_and_what_the_flow_meter_measured():
    life = [
        Reading(t=n * MINUTE_MS, d="flow-1", k="flow", x={"volume_m3": float(n), "flow_m3h": 50.0 + n})
        for n in (0, 4, 8)
    ]
    life.append(Reading(t=9 * MINUTE_MS, d="flow-1", k="flow", q="missing", why="no_response"))
    (row,) = quarter_hours("410882-0001", life, [0])
    assert (row.station, row.start_ms, row.volume_m3) == ("410882-0001", 0, 8.0)
    assert (row.flow_mean_m3h, row.flow_max_m3h, row.flow_good, row.flow_missing) == (54.0, 58.0, 3, 1)
