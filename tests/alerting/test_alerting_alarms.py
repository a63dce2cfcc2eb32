"""State periods and alarms in the registry, step by step; time by hand."""

from contextlib import closing

import pytest
from fresh_registry import fresh_registry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from alerting.alarm_book import AlarmBook
from alerting.alarm_life import SEVERITIES
from alerting.alarms import Delays, follow, open_alarms
from alerting.known import Decision
from alerting.states import WITHOUT_ENERGY, last_so, open_periods, record
from registry.tables import Alarm, AlarmEvent, StatePeriod, Station

A = "410882-0001"
STATES = sorted(SEVERITIES.keys() - {"area_event"})
MINUTE_MS = 60_000


@pytest.fixture
def registry(tmp_path):
    with closing(fresh_registry(f"sqlite:///{tmp_path}/registry.db")) as opened:
        with opened.writing() as session:
            session.add(Station(id=A))
        yield opened


def step(registry, state, now_ms, start_ms=None, raise_after_s=0, clear_after_s=600, **evidence):
    """One judgement, as the worker writes it down."""
    decision = Decision(state, now_ms if start_ms is None else start_ms, f"because_{state}", evidence)
    with registry.writing() as session:
        period = record(session, A, decision, open_periods(session).get(A), now_ms)
        book = AlarmBook(session, now_ms)
        delays = Delays(raise_after_s, raise_after_s, clear_after_s)
        follow(book, period, open_alarms(session).get(A, []), delays, is_attended=False)
        book.write()


def periods(registry):
    with registry.reading() as session:
        rows = session.scalars(select(StatePeriod).order_by(StatePeriod.id))
        return [(row.state, row.start_ms, row.end_ms) for row in rows]


def alarms(registry):
    with registry.reading() as session:
        rows = session.scalars(select(Alarm).order_by(Alarm.id))
        return [(row.type, row.start_ms, row.raised_ms, row.cleared_ms) for row in rows]


def events(registry):
    with registry.reading() as session:
        rows = session.scalars(select(AlarmEvent).order_by(AlarmEvent.id))
        return [(row.alarm_id, row.event, row.at_ms) for row in rows]


def test_the_same_state_goes_on_with_fresh_figures(registry):
    for now_ms in (10, 20, 30):
        step(registry, "running", now_ms, energy_kwh=now_ms)
    assert periods(registry) == [("running", 10, None)]
    with registry.reading() as session:
        row = session.scalars(select(StatePeriod)).one()
        assert (row.evidence, row.decided_ms, row.reason) == ({"energy_kwh": 30}, 10, "because_running")


def test_another_state_closes_the_one_before_at_its_own_back_dated_start(registry):
    step(registry, "running", 1_000)
    step(registry, "stopped", 9_000, start_ms=5_000)
    assert periods(registry) == [("running", 1_000, 5_000), ("stopped", 5_000, None)]
    with registry.reading() as session:
        assert open_periods(session)[A].decided_ms == 9_000


def test_a_state_never_begins_before_the_one_it_follows(registry):
    step(registry, "running", 1_000)
    step(registry, "stopped", 2_000, start_ms=-5_000)
    step(registry, "offline", 3_000, start_ms=0)
    assert periods(registry) == [
        ("running", 1_000, 1_000),
        ("stopped", 1_000, 1_000),
        ("offline", 1_000, None),
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.lists(st.tuples(st.sampled_from([*STATES, "running", "unknown"]), st.integers(1, 3_000),
                          st.integers(0, 20_000)), max_size=8))  # fmt: skip
def test_periods_never_overlap_and_alarms_are_one_a_type(registry, steps):
    with registry.writing() as session:
        for table in (AlarmEvent, Alarm, StatePeriod):
            session.execute(delete(table))
    now_ms = 100_000
    for state, later_s, back_s in steps:
        now_ms += later_s * 1000
        step(registry, state, now_ms, start_ms=now_ms - back_s * 1000)
        kept = periods(registry)
        assert [end for _, _, end in kept[:-1]] == [start for _, start, _ in kept[1:]]
        assert kept[-1][2] is None
        assert kept[-1][0] == state
        assert all(end >= start for _, start, end in kept[:-1])
        open_types = [type_ for type_, _, _, cleared in alarms(registry) if cleared is None]
        assert len(open_types) == len(set(open_types))
        assert state not in SEVERITIES or state in open_types
    assert all(
        raised <= now_ms and (cleared or now_ms) >= raised for _, _, raised, cleared in alarms(registry)
    )
    assert len(events(registry)) == sum(1 + (cleared is not None) for *_, cleared in alarms(registry))


def test_a_stop_rings_now_with_a_start_in_the_past_and_only_once(registry):
    step(registry, "running", 0)
    for now_ms in (9_000, 10_000, 11_000):
        step(registry, "stopped", now_ms, start_ms=5_000, energy_kwh=now_ms)
    assert alarms(registry) == [("stopped", 5_000, 9_000, None)]
    assert events(registry) == [(1, "raised", 9_000)]
    with registry.reading() as session:
        alarm = session.scalars(select(Alarm)).one()
        assert (alarm.severity, alarm.subject, alarm.station_id) == ("medium", A, A)
        assert (alarm.reason, alarm.evidence) == ("because_stopped", {"energy_kwh": 11_000})


@pytest.mark.parametrize("state", ["running", "unknown", "planned_stop"])
def test_other_states_do_not_ring(registry, state):
    step(registry, state, 0)
    assert alarms(registry) == []


def test_a_state_must_stand_before_it_rings(registry):
    for now_ms in (0, 299_999):
        step(registry, "stopped", now_ms, raise_after_s=300)
    assert alarms(registry) == []
    step(registry, "stopped", 300_000, raise_after_s=300)
    assert alarms(registry) == [("stopped", 0, 300_000, None)]


def test_a_state_that_does_not_stand_never_rings(registry):
    for number in range(4):
        step(registry, "stopped", number * 400_000, raise_after_s=300)
        step(registry, "running", number * 400_000 + 299_000, raise_after_s=300)
    assert alarms(registry) == []


def test_an_alarm_clears_when_the_state_has_been_gone_long_enough(registry):
    step(registry, "stopped", 0)
    for now_ms in (MINUTE_MS, 11 * MINUTE_MS - 1):
        step(registry, "running", now_ms)
        assert alarms(registry) == [("stopped", 0, 0, None)]
    step(registry, "running", 11 * MINUTE_MS)
    assert alarms(registry) == [("stopped", 0, 0, 11 * MINUTE_MS)]
    assert events(registry) == [(1, "raised", 0), (1, "returned_to_normal", 11 * MINUTE_MS)]
    step(registry, "running", 12 * MINUTE_MS)
    assert len(events(registry)) == 2


def test_a_flutter_within_the_clear_delay_is_one_alarm(registry):
    for number in range(5):
        step(registry, "stopped", number * 10 * MINUTE_MS)
        step(registry, "running", (number * 10 + 5) * MINUTE_MS)
    assert len(alarms(registry)) == len(events(registry)) == 1


def test_after_it_cleared_the_next_stop_is_another_alarm(registry):
    step(registry, "stopped", 0, clear_after_s=0)
    step(registry, "running", 10, clear_after_s=0)
    step(registry, "stopped", 20, clear_after_s=0)
    assert alarms(registry) == [("stopped", 0, 0, 10), ("stopped", 20, 20, None)]
    assert [event for _, event, _ in events(registry)] == ["raised", "returned_to_normal", "raised"]


def test_one_state_after_another_rings_each_and_clears_the_first(registry):
    step(registry, "stopped", 0)
    step(registry, "flow_without_power", 1_000)
    assert [(type_, cleared) for type_, _, _, cleared in alarms(registry)] == [
        ("stopped", None), ("flow_without_power", None)]  # fmt: skip
    step(registry, "flow_without_power", 11 * MINUTE_MS)
    assert [(type_, cleared) for type_, _, _, cleared in alarms(registry)] == [
        ("stopped", 11 * MINUTE_MS), ("flow_without_power", None)]  # fmt: skip


@pytest.mark.parametrize("nothing", ["offline", "unknown", "power_cut", "meter_fault"])
def test_a_stopped_station_of_which_nothing_is_heard_has_not_returned_to_normal(registry, nothing):
    step(registry, "stopped", 0)
    step(registry, nothing, MINUTE_MS)
    step(registry, nothing, 60 * MINUTE_MS)
    assert ("stopped", 0, 0, None) in alarms(registry)
    step(registry, "running", 61 * MINUTE_MS)
    step(registry, "running", 80 * MINUTE_MS)
    assert ("stopped", 0, 0, 80 * MINUTE_MS) in alarms(registry)
    assert [each for each in alarms(registry) if each[3] is None] == []


def test_a_station_heard_again_is_no_longer_offline_even_if_it_cannot_be_judged(registry):
    step(registry, "offline", 0)
    step(registry, "unknown", MINUTE_MS)
    step(registry, "unknown", 20 * MINUTE_MS)
    assert alarms(registry) == [("offline", 0, 0, 20 * MINUTE_MS)]


def test_when_a_station_last_was_without_energy(registry):
    assert read_until(registry, 5) == {}
    step(registry, "running", 0)
    step(registry, "stopped", 10)
    assert read_until(registry, 50) == {A: 50}
    step(registry, "running", 60)
    step(registry, "idling", 90)
    assert read_until(registry, 100) == {A: 60}


def read_until(registry, now_ms):
    with registry.reading() as session:
        return last_so(session, WITHOUT_ENERGY, now_ms)
