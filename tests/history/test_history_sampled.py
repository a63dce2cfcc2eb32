"""What passed, from momentary values alone."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.freshness import recompute
from history.counter import Counter
from history.growing import GrowingPast
from history.port import QUARTER_HOUR_MS
from history.quarter_hours import floor_to_quarter, quarter_hours
from history.sampled import LONGEST_STEP_MS, steps_of_samples
from telemetry.quantities import LEVEL_BY_KIND
from telemetry.reading import Reading

HOUR_MS = 3_600_000
START_MS = 1_795_000_500_000
samples = st.lists(
    st.tuples(st.integers(1, 3 * HOUR_MS), st.one_of(st.none(), st.floats(-2, 20))), max_size=40
).map(lambda pairs: [(sum(ms for ms, _ in pairs[: n + 1]), level) for n, (_, level) in enumerate(pairs)])


def steps(found):
    return steps_of_samples([t for t, _ in found], [level for _, level in found])


@given(found=samples)
def test_the_sum_is_that_of_the_trapezia(found):
    known = [(t, level) for t, level in found if level is not None]
    wanted = sum(
        max(0.0, (before + after) / 2 * (until - since) / HOUR_MS)
        for (since, before), (until, after) in pairwise(known)
        if until - since <= LONGEST_STEP_MS
    )
    end_ms = found[-1][0] + 1 if found else 1
    amount, known_ms, bridged = Counter(steps(found)).passed(0, end_ms)
    assert math.isclose(amount, wanted, rel_tol=1e-9, abs_tol=1e-9)
    spans = [until - since for (since, _), (until, _) in pairwise(known)]
    assert known_ms == sum(ms for ms in spans if ms <= LONGEST_STEP_MS)
    assert not bridged


@given(found=samples)
def test_it_never_falls(found):
    for stretch in steps(found).stretches:
        assert all(before <= after for before, after in pairwise(stretch.values))
        assert all(before < after for before, after in pairwise(stretch.times))


@pytest.mark.parametrize(("apart_ms", "stretches"), [(LONGEST_STEP_MS, 1), (LONGEST_STEP_MS + 1, 0)])
def test_samples_too_far_apart_tell_nothing(apart_ms, stretches):
    assert len(steps([(0, 1.0), (apart_ms, 1.0)]).stretches) == stretches


@given(found=samples, sizes=st.lists(st.integers(1, 9), min_size=1), chance=st.randoms(use_true_random=False))
def test_late_samples_end_at_the_same_rows(found, sizes, chance):
    """A meter that never counts, whose readings come in any order."""
    level_name = LEVEL_BY_KIND["flow"]
    readings = [
        Reading(t=START_MS + t, d="flow-1", k="flow", x={} if level is None else {level_name: level})
        for t, level in found
    ]
    come = readings if chance.random() < 0.3 else chance.sample(readings, len(readings))
    past, place, number = GrowingPast("a"), 0, 0
    while place < len(come):
        size = sizes[number % len(sizes)]
        anew = past.add(come[place : place + size])
        if anew is not None:
            recompute(past, "a", anew.start_ms, anew.end_ms)
        place, number = place + size, number + 1
    end_ms = START_MS + (found[-1][0] if found else 0)
    starts = range(floor_to_quarter(START_MS), end_ms + QUARTER_HOUR_MS, QUARTER_HOUR_MS)
    for wanted in quarter_hours("a", readings, starts):
        row = past.rows.get(wanted.start_ms)
        volume_m3 = row.volume_m3 if row else None
        if wanted.volume_m3 is None:
            assert volume_m3 is None
        else:
            assert volume_m3 == pytest.approx(wanted.volume_m3, rel=1e-9, abs=1e-7)
        assert (row.flow_good if row else 0) == wanted.flow_good
