"""State periods that lasted no time, in whatever order their rows stand; what a silence leaves behind."""

from contextlib import closing

import pytest
from fresh_registry import fresh_registry
from synthetic_station import A, Rows

from alerting.known import Decision, Memory
from alerting.states import last_said, open_periods, periods_between, record, remembered
from registry.tables import StatePeriod, Station

B = "410882-0002"


def period(state, start_ms, end_ms=None, station=A):
    return StatePeriod(
        station_id=station, state=state, start_ms=start_ms, end_ms=end_ms, decided_ms=start_ms,
        reason="because", evidence={},
    )  # fmt: skip


@pytest.fixture
def ask(tmp_path):
    """A registry whose rows do not stand by time, and a question to it."""
    with closing(fresh_registry(f"sqlite:///{tmp_path}/registry.db")) as opened:
        with opened.writing() as session:
            session.add_all([Station(id=A), Station(id=B)])
            session.flush()
            for row in (
                period("offline", 300),
                period("idling", 200, 300),
                period("stopped", 200, 200),
                period("running", 300, 300),
                period("low_load", 50, 200),
                period("flow_without_power", 200, station=B),
                period("running", 50, 200, station=B),
            ):
                session.add(row)
                session.flush()

        def asked(question, *details):
            with opened.reading() as session:
                return question(session, *details)

        yield asked


def test_a_state_that_lasted_no_time_said_nothing(ask):
    assert ask(last_said) == {A: ("idling", 200), B: ("flow_without_power", 200)}
    assert ask(last_said, [A]) == {A: ("idling", 200)}


def test_the_present_state_of_each(ask):
    found = ask(open_periods)
    assert {station: (row.state, row.start_ms) for station, row in found.items()} == {
        A: ("offline", 300), B: ("flow_without_power", 200)}  # fmt: skip


def test_periods_stand_by_time_and_then_by_their_numbers(ask):
    found = [(row.state, row.start_ms) for row in ask(periods_between, A, 0, 900)]
    assert found == [
        ("running", 300), ("offline", 300), ("stopped", 200), ("idling", 200), ("low_load", 50)]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "heard_ms"),
    [("offline", 200), ("running", 7), ("stopped", 7), ("power_cut", 7), ("unknown", 7), ("meter_fault", 7)],
)
def test_only_the_end_of_a_silence_is_when_it_was_heard_again(state, heard_ms):
    memory = Memory("stopped", 3, 4, 5, heard_since_ms=7)
    assert remembered(memory, period(state, 100), 200).heard_since_ms == heard_ms


# what is written down


def written(decision, present=None, now_ms=900):
    rows = Rows()
    return record(rows, A, decision, present, now_ms), rows.states


def fields(row):
    return row.station_id, row.state, row.start_ms, row.end_ms, row.decided_ms, row.reason, row.evidence


def test_the_first_state_of_a_station():
    found, rows = written(Decision("stopped", 100, "no_energy", {"window_s": 4}))
    assert rows == [found]
    assert fields(found) == (A, "stopped", 100, None, 900, "no_energy", {"window_s": 4})


def test_a_state_that_goes_on_tells_its_reason_and_figures_of_now():
    present = period("stopped", 100)
    found, rows = written(Decision("stopped", 300, "no_energy_no_effluent", {"window_s": 4}), present)
    assert (found, rows) == (present, [])
    assert fields(found) == (A, "stopped", 100, None, 100, "no_energy_no_effluent", {"window_s": 4})


@pytest.mark.parametrize(
    ("state", "start_ms", "begins_ms"),
    [
        ("running", 500, 500),
        ("running", 100, 100),
        ("running", 50, 100),  # not before what went before began
        ("offline", 500, 500),
        ("planned_stop", 500, 900),  # its days are its days,
        ("power_cut", 500, 900),  # and what follows a power cut never began in it
    ],
)
def test_another_state_begins_where_its_evidence_does(state, start_ms, begins_ms):
    present = period(state, 100)
    found, rows = written(Decision("stopped", start_ms, "no_energy", {}), present)
    assert rows == [found]
    assert fields(found) == (A, "stopped", begins_ms, None, 900, "no_energy", {})
    assert (present.end_ms, present.reason) == (begins_ms, "because")
