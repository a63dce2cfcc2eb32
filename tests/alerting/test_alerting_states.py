"""State periods: what a day held, what is remembered, and what silences turn out to have hidden."""

from contextlib import closing
from itertools import pairwise

import pytest
from fresh_registry import fresh_registry
from hypothesis import given
from hypothesis import strategies as st
from synthetic_station import A, Rows

from alerting.known import DayStates, Decision, Memory
from alerting.silence import Standstill
from alerting.states import (
    TELLING,
    WITHOUT_MAINS,
    last_said,
    last_so,
    periods_between,
    record,
    remembered,
    revise,
    states_on,
)
from registry.tables import StatePeriod, Station

B = "410882-0002"


def period(state, start_ms, end_ms=None, station=A):
    return StatePeriod(
        station_id=station, state=state, start_ms=start_ms, end_ms=end_ms, decided_ms=start_ms + 5,
        reason="because", evidence={"figure": 1.0},
    )  # fmt: skip


def shape(rows):
    return [(row.state, row.start_ms, row.end_ms) for row in rows]


def still(start_ms, end_ms, state="stopped"):
    return Standstill(state, start_ms, end_ms, "stood_while_silent", {"energy_kwh": 0.0})


# what a silence hid


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ([], [("offline", 100, 200)]),
        ([still(120, 150)], [("offline", 100, 120), ("stopped", 120, 150), ("offline", 150, 200)]),
        ([still(120, 200)], [("offline", 100, 120), ("stopped", 120, 200)]),
        ([still(100, 150)], [("offline", 100, 100), ("stopped", 100, 150), ("offline", 150, 200)]),
        (
            [still(110, 120), still(130, 200, "power_cut")],
            [("offline", 100, 110), ("stopped", 110, 120), ("offline", 120, 130), ("power_cut", 130, 200)],
        ),
    ],
)
def test_a_silence_that_hid_standstills(found, wanted):
    rows = Rows()
    silence = period("offline", 100, 200)
    pieces = revise(rows, silence, found, None, 900)
    assert shape(pieces) == wanted
    assert pieces[0] is silence
    assert rows.states == pieces[1:]
    for piece in pieces[1:]:
        is_silent = piece.state == "offline"
        assert piece.decided_ms == (105 if is_silent else 900)
        assert (piece.reason, piece.station_id) == ("because" if is_silent else "stood_while_silent", A)
        assert piece.evidence == ({"figure": 1.0} if is_silent else {"energy_kwh": 0.0})


def test_a_silence_that_goes_on_hides_nothing_yet():
    silence = period("offline", 100)
    assert shape(revise(Rows(), silence, [still(120, 150)], None, 900)) == [("offline", 100, None)]


BEFORE_IT = [("offline", 100, 120), ("power_cut", 120, 130), ("offline", 130, 150)]


@pytest.mark.parametrize(
    ("after", "begins_ms", "wanted"),
    [
        (("stopped", 200), 150, BEFORE_IT),
        (("running", 200), 200, None),
        (("stopped", 210), 210, None),
        (None, None, None),
    ],
)
def test_a_standstill_that_goes_on_moves_the_beginning_of_what_follows(after, begins_ms, wanted):
    rows, following = Rows(), after and period(*after)
    found = [still(120, 130, "power_cut"), still(150, 200)]
    pieces = revise(rows, period("offline", 100, 200), found, following, 900)
    assert shape(pieces) == (wanted or [*BEFORE_IT, ("stopped", 150, 200)])
    assert (following and following.start_ms) == begins_ms


@given(st.lists(st.integers(0, 1_000), min_size=2, max_size=12, unique=True).map(sorted), st.booleans())
def test_the_pieces_cover_the_silence_without_overlap_or_hole(cuts, touches):
    """Standstills between every second pair of instants; the last may touch the end."""
    start_ms, end_ms = (cuts[0], cuts[-1]) if touches else (-5, 1_005)
    found = [still(low, high) for low, high in zip(cuts[::2], cuts[1::2], strict=False)]
    pieces = revise(Rows(), period("offline", start_ms, end_ms), found, None, 2_000)
    assert (pieces[0].start_ms, pieces[-1].end_ms) == (start_ms, end_ms)
    assert [each.end_ms for each in pieces[:-1]] == [each.start_ms for each in pieces[1:]]
    assert all(each.end_ms >= each.start_ms for each in pieces)
    assert [(each.start_ms, each.end_ms) for each in pieces if each.state == "stopped"] == [
        (each.start_ms, each.end_ms) for each in found
    ]


# what a day held


DAY = [period("running", 300), period("stopped", 100, 300), period("running", 0, 100)]


@pytest.mark.parametrize(
    ("span", "words", "stood"),
    [
        ((100, 300), {"stopped"}, True),
        ((100, 301), {"stopped", "running"}, False),
        ((99, 300), {"stopped", "running"}, False),
        ((150, 200), {"stopped"}, True),
        ((0, 100), {"running"}, False),
        ((300, 900), {"running"}, False),
        ((-50, 0), set(), False),
        ((0, 400), {"stopped", "running"}, False),
    ],
)
def test_what_a_station_was_in(span, words, stood):
    assert states_on(DAY, *span) == DayStates(words, stood)


def test_a_stop_that_goes_on_stood_all_day():
    assert states_on([period("stopped", 100)], 100, 200) == DayStates({"stopped"}, stood=True)
    assert states_on([period("idling", 100)], 100, 200) == DayStates({"idling"}, stood=False)


# what is remembered


@pytest.mark.parametrize("state", ["running", "low_load", "idling", "stopped", "flow_without_power"])
def test_the_last_state_that_tells_of_the_treatment_is_remembered(state):
    memory = remembered(Memory("idling", 3, 4, 5), period(state, 100), 200)
    assert (memory.state, memory.start_ms, memory.mains_since_ms) == (state, 100, 5)
    assert memory.treats_since_ms == (200 if state in {"stopped", "flow_without_power"} else 4)


@pytest.mark.parametrize("state", ["offline", "unknown", "meter_fault", "planned_stop", "power_cut"])
def test_the_others_say_nothing_of_it(state):
    memory = remembered(Memory("stopped", 3, 4, 5), period(state, 100), 200)
    assert (memory.state, memory.start_ms) == ("stopped", 3)
    assert memory.treats_since_ms == (200 if state in {"planned_stop", "power_cut"} else 4)
    assert memory.mains_since_ms == (200 if state == "power_cut" else 5)


steps = st.lists(
    st.tuples(
        st.sampled_from([*TELLING, "offline", "unknown", "power_cut", "meter_fault", "planned_stop"]),
        st.integers(0, 400),
        st.integers(1, 300),
    ),
    max_size=12,
)


@given(steps)
def test_periods_follow_each_other_without_hole(taken):
    rows, present, now_ms = Rows(), None, 0
    for state, back_ms, later_ms in taken:
        now_ms += later_ms
        decision = Decision(state, now_ms - back_ms, "because", {"n": now_ms})
        present = record(rows, A, decision, present, now_ms)
        assert (present.state, present.end_ms, present.evidence) == (state, None, {"n": now_ms})
    kept = rows.states
    assert [row.end_ms for row in kept[:-1]] == [row.start_ms for row in kept[1:]]
    assert all(row.end_ms >= row.start_ms for row in kept[:-1])
    assert all(one.state != other.state for one, other in pairwise(kept))


# the registry


@pytest.fixture
def registry(tmp_path):
    with closing(fresh_registry(f"sqlite:///{tmp_path}/registry.db")) as opened:
        with opened.writing() as session:
            session.add_all([Station(id=A), Station(id=B)])
            session.flush()
            session.add_all(
                [
                    period("running", 0, 100),
                    period("stopped", 100, 100),
                    period("power_cut", 100, 200),
                    period("idling", 200, 300),
                    period("offline", 300),
                    period("stopped", 50, station=B),
                ]
            )
        yield opened


def test_the_last_state_that_said_something(registry):
    with registry.reading() as session:
        assert last_said(session) == {A: ("idling", 200), B: ("stopped", 50)}
        assert last_said(session, [B]) == {B: ("stopped", 50)}


def test_when_each_was_last_so(registry):
    with registry.reading() as session:
        assert last_so(session, WITHOUT_MAINS, 999) == {A: 200}
        assert last_so(session, ("stopped",), 999) == {A: 100, B: 999}
        assert last_so(session, ("stopped",), 999, [A]) == {A: 100}


def test_the_periods_that_touch_a_span(registry):
    with registry.reading() as session:
        found = periods_between(session, A, 100, 300)
        assert shape(found) == [("idling", 200, 300), ("power_cut", 100, 200)]
        assert shape(periods_between(session, A, 300, 301)) == [("offline", 300, None)]
        assert shape(periods_between(session, A, 0, 1)) == [("running", 0, 100)]
