"""Whatever happens in whatever order: one open alarm a type, no step without event, nothing told twice."""

from collections import Counter
from contextlib import closing, suppress

import pytest
from alarm_stage import Stage
from fresh_registry import fresh_registry
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete

from alerting.alarm_life import SEVERITIES, SHELVED, quiet_of
from alerting.desk import DeskError
from registry.alarm_settings import AlarmSettings
from registry.tables import Base

STATES = [*(SEVERITIES.keys() - {"area_event"}), "running", "unknown", "planned_stop"]
SETTINGS = AlarmSettings(grace_s=0, county_least=2, county_share=0.5, town_least=2, town_share=1.0)
QUIETENS = {"shelved": SHELVED, "suppressed": "suppressed", "out_of_service": "out_of_service"}
OVER = ("returned_to_normal", "superseded")
ENDS = {"unshelved": SHELVED, "unsuppressed": "suppressed", "returned_to_service": "out_of_service"}


def retold(rows):
    """What an alarm's events say of it: how it is quiet, whether it is acknowledged, whether it is over."""
    assert [row.event for row in rows].index("raised") == 0
    assert [row.event for row in rows].count("raised") == 1
    quiet = {SHELVED: False, "suppressed": False, "out_of_service": False}
    is_acknowledged = False
    for row in rows:
        if row.event in QUIETENS:
            quiet[QUIETENS[row.event]] = True
        elif row.event in ENDS:
            assert quiet[ENDS[row.event]] or "quiet" in rows[0].details
            quiet[ENDS[row.event]] = False
        elif row.event in ("acknowledged", "rang_again"):
            is_acknowledged = row.event == "acknowledged"
    return quiet, is_acknowledged, any(row.event in OVER for row in rows)


class Lives(RuleBasedStateMachine):
    """Four stations, their states, people and time."""

    registry = None
    """Opened by the fixture, and emptied before each life: to make the tables takes longest."""

    @initialize()
    def begin(self):
        with self.registry.writing() as session:
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(delete(table))
        self.stage = Stage(self.registry, stations=4, alarms=SETTINGS)
        self.seen = []

    @rule(stations=st.sets(st.integers(0, 3), min_size=1), state=st.sampled_from(STATES))
    def change(self, stations, state):
        self.stage.be(state, [self.stage.stations[each] for each in sorted(stations)])
        self.stage.tick()

    @rule(minutes=st.sampled_from([1, 14, 16, 130, 1_500, 5_000]))
    def wait(self, minutes):
        self.stage.tick(minutes)

    @rule(hears=st.booleans())
    def hear(self, hears):
        self.stage.hears = hears
        self.stage.tick(0.1)

    @precondition(lambda self: self.stage.alarms(closed_ms=None))
    @rule(
        act=st.sampled_from(["acknowledge", "shelve", "unshelve", "assign", "note"]),
        which=st.integers(0, 7),
        minutes=st.sampled_from([1, 60, 10_080]),
    )
    def handle(self, act, which, minutes):
        opened = self.stage.alarms(closed_ms=None)
        alarm = opened[which % len(opened)].id
        until_ms = self.stage.now_ms + minutes * 60_000
        given = {"shelve": ("testing", until_ms), "note": ("看过",)}.get(act, ())
        with suppress(DeskError):
            self.stage.desk(act, alarm, *given, **({"cause": "pump"} if act == "assign" else {}))

    @rule(station=st.integers(0, 3), type_=st.sampled_from(["", "stopped"]), ends=st.booleans())
    def serve(self, station, type_, ends):
        station = self.stage.stations[station]
        with suppress(DeskError):
            if ends:
                self.stage.desk("return_to_service", station, type_)
            else:
                self.stage.desk("take_out_of_service", station, type_, "testing")

    @invariant()
    def one_open_alarm_a_type(self):
        if hasattr(self, "stage"):
            opened = Counter((each.subject, each.type) for each in self.stage.alarms(closed_ms=None))
            assert max(opened.values(), default=1) == 1

    @invariant()
    def events_are_only_added_and_tell_the_whole_life(self):
        if not hasattr(self, "stage"):
            return
        rows = self.stage.event_rows()
        ids = [row.id for row in rows]
        assert ids[: len(self.seen)] == self.seen
        self.seen = ids
        for alarm in self.stage.alarms():
            own = [row for row in rows if row.alarm_id == alarm.id]
            quiet, is_acknowledged, is_over = retold(own)
            assert is_acknowledged == (alarm.acknowledged_ms is not None)
            assert is_over == (alarm.cleared_ms is not None)
            now = quiet_of(alarm)
            if "quiet" not in own[0].details:
                assert quiet == {
                    SHELVED: now.shelved_until_ms is not None,
                    "suppressed": now.suppressed_by is not None,
                    "out_of_service": now.out_of_service,
                }
            if alarm.closed_ms is None and alarm.cleared_ms is not None:
                assert now.why is None
                assert alarm.acknowledged_ms is None
                assert SEVERITIES[alarm.type] != "low"

    @invariant()
    def nothing_is_told_twice_and_nothing_of_what_is_quiet(self):
        if not hasattr(self, "stage"):
            return
        rows = {row.id: row for row in self.stage.event_rows()}
        told = [rows[each.alarm_event_id] for each in self.stage.notifications()]
        assert len(told) == len({row.id for row in told})
        once = Counter(
            (row.alarm_id, row.event, row.details.get("step")) for row in told if row.event != "rang_again"
        )
        again = Counter(row.alarm_id for row in told if row.event == "rang_again")
        for (alarm, _, step), times in once.items():
            assert times <= 1 + (again[alarm] if step == "unacknowledged" else 0)
        loud = {row.id for row in rows.values() if row.event == "raised" and "quiet" not in row.details}
        loud |= {row.id for row in rows.values() if row.event == "rang_again"}
        assert loud <= {row.id for row in told}
        assert {row.event for row in told} <= {"raised", "rang_again", "returned_to_normal", "escalated"}


@pytest.fixture
def lives(tmp_path):
    with closing(fresh_registry(f"sqlite:///{tmp_path}/registry.db")) as Lives.registry:
        yield Lives
    Lives.registry = None


def test_whatever_happens_in_whatever_order(lives):
    run_state_machine_as_test(
        lives, settings=settings(max_examples=50, stateful_step_count=25, deadline=None)
    )


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_whatever_happens_in_many_more_orders(lives):
    run_state_machine_as_test(
        lives, settings=settings(max_examples=2_000, stateful_step_count=50, deadline=None)
    )
