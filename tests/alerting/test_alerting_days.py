"""Days judged from quarter hours and written down; and a whole past judged once more."""

from contextlib import closing
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from fresh_registry import fresh_registry
from sqlalchemy import select

from alerting.days import day_runs, days_due, judge_days, usual_days
from alerting.files import station_files
from alerting.judging import Rules
from alerting.replay import Span, replay
from history.embedded import EmbeddedHistory
from history.port import QUARTER_HOUR_MS, QuarterHour
from registry.config import AlertingSettings
from registry.exclusions import enter_exclusion
from registry.tables import Alarm, DayVerdict, Device, StatePeriod, Station
from service.civil import start_of

ZONE = ZoneInfo("Asia/Shanghai")
A = "410882-0001"
FIRST = date(2026, 9, 1)
START = start_of(FIRST, ZONE)
HOUR, DAY = 4 * QUARTER_HOUR_MS, 96 * QUARTER_HOUR_MS
RULES = Rules(AlertingSettings(), ZONE)
USUAL = (0.1, 0.2)
"""kWh and m³ a quarter hour: 9.6 and 19.2 a day."""


def days_of(*days):
    """Quarter hours of whole days; a day is a pair of amounts or None for silence."""
    return [
        QuarterHour(A, START + n * DAY + q * QUARTER_HOUR_MS, *pair, power_good=1, flow_good=1)
        for n, pair in enumerate(days)
        if pair is not None
        for q in range(96)
    ]


class Stores:
    def __init__(self, registry, history):
        self.registry, self.history = registry, history

    def judge(self, first, last):
        with self.registry.writing() as session:
            (file,) = station_files(session, START, [A])
            judge_days(session, self.history, file, (first, last), RULES, START)

    def replay(self, rows, start_ms, end_ms, silences=()):
        with self.registry.writing() as session:
            (file,) = station_files(session, START, [A])
            replay(session, file, rows, silences, Span(start_ms, end_ms), RULES)

    def verdicts(self):
        with self.registry.reading() as session:
            return {row.day: (row.verdict, row.reason) for row in session.scalars(select(DayVerdict))}

    def periods(self):
        with self.registry.reading() as session:
            rows = session.scalars(select(StatePeriod).order_by(StatePeriod.start_ms, StatePeriod.id))
            return [
                (row.state, (row.start_ms - START) / HOUR, row.end_ms and (row.end_ms - START) / HOUR)
                for row in rows
                if row.end_ms != row.start_ms
            ]

    def usual(self, day):
        with self.registry.reading() as session:
            files = station_files(session, START, [A])
            return usual_days(session, files, day)[A].before(day)

    def alarms(self):
        with self.registry.reading() as session:
            rows = session.scalars(select(Alarm).order_by(Alarm.raised_ms))
            return [
                (row.type, (row.raised_ms - START) / HOUR, row.cleared_ms and (row.cleared_ms - START) / HOUR)
                for row in rows
            ]


@pytest.fixture
def stores(tmp_path):
    with (
        closing(fresh_registry(f"sqlite:///{tmp_path / 'registry.db'}")) as registry,
        closing(EmbeddedHistory(tmp_path / "history.db")) as history,
    ):
        with registry.writing() as session:
            session.add(Station(id=A, process="A2O", design_m3_per_day=20.0))
            session.flush()
            for device, kind in (("power-1", "power"), ("flow-1", "flow")):
                session.add(Device(station_id=A, device=device, kind=kind, first_seen_ms=START))
        yield Stores(registry, history)


RUNNING, STOPPED = ("running", "energy_as_expected"), ("stopped", "no_energy_no_effluent")
LOW, UNKNOWN = ("running", "low_load"), ("unknown", "no_data")
PAST = [USUAL] * 20 + [(0.0, 0.0)] * 2 + [None] + [(0.02, 0.05)] + [USUAL]
JUDGED = [RUNNING] * 20 + [STOPPED] * 2 + [UNKNOWN] + [LOW] + [RUNNING]


def test_days_are_judged_and_written(stores):
    stores.history.write_quarter_hours(days_of(*PAST))
    stores.judge(FIRST, FIRST + timedelta(days=24))
    assert stores.verdicts() == {FIRST + timedelta(days=n): verdict for n, verdict in enumerate(JUDGED)}
    with stores.registry.reading() as session:
        row = session.get_one(DayVerdict, (A, FIRST))
        assert (round(row.energy_kwh, 6), round(row.volume_m3, 6), row.valid_hours) == (9.6, 19.2, 24)
        learnt = session.get_one(DayVerdict, (A, FIRST + timedelta(days=20))).evidence
        assert (learnt["expected_kwh"], learnt["expected_m3"]) == (pytest.approx(9.6), pytest.approx(19.2))


def test_a_day_judged_again_replaces_its_verdict(stores):
    stores.history.write_quarter_hours(days_of((0.0, 0.0)))
    stores.judge(FIRST, FIRST)
    assert stores.verdicts() == {FIRST: STOPPED}
    stores.history.write_quarter_hours(days_of(USUAL))
    stores.judge(FIRST, FIRST)
    assert stores.verdicts() == {FIRST: RUNNING}


def test_what_was_learnt_is_read_back(stores):
    stores.history.write_quarter_hours(days_of(*PAST))
    stood = StatePeriod(station_id=A, state="stopped", start_ms=START + 20 * DAY, end_ms=START + 22 * DAY,
                        decided_ms=START, reason="no_energy", evidence={})  # fmt: skip
    with stores.registry.writing() as session:
        session.add(stood)
    stores.judge(FIRST, FIRST + timedelta(days=24))
    assert stores.usual(FIRST).days == 14  # the first days are held against the first baseline
    before, after = stores.usual(FIRST + timedelta(days=20)), stores.usual(FIRST + timedelta(days=25))
    assert (before.days, before.standby_kwh) == (20, None)
    assert (after.days, after.standby_kwh) == (21, 0.0)
    assert (after.energy_kwh, after.volume_m3) == (pytest.approx(9.6), pytest.approx(19.2))
    assert after.stop_window_h(after.floor_kwh(0.5)) == 4
    assert stores.usual(FIRST + timedelta(days=200)).days == 0


def test_the_first_days_are_judged_anew_once_there_is_a_baseline(stores):
    """By process and scale 9.6 kWh are next to nothing."""
    with stores.registry.writing() as session:
        session.get_one(Station, A).design_m3_per_day = 500.0
    stores.history.write_quarter_hours(days_of(*[USUAL] * 15))
    for number in range(13):
        stores.judge(FIRST + timedelta(days=number), FIRST + timedelta(days=number))
    words = list(stores.verdicts().values())
    assert words[:5] == [LOW] * 5
    assert words[5:] == [RUNNING] * 8
    stores.judge(FIRST + timedelta(days=13), FIRST + timedelta(days=13))
    assert list(stores.verdicts().values()) == [RUNNING] * 14


def test_days_judged_one_by_one_or_together_teach_the_same(stores):
    stores.history.write_quarter_hours(days_of(*PAST))
    last = FIRST + timedelta(days=25)
    for number in range(25):
        stores.judge(FIRST + timedelta(days=number), FIRST + timedelta(days=number))
    verdicts, usual = stores.verdicts(), stores.usual(last)
    stores.judge(FIRST, last - timedelta(days=1))
    again = stores.usual(last)
    assert stores.verdicts() == verdicts
    assert again[:4] == pytest.approx(usual[:4])
    assert again.least_kwh == pytest.approx(usual.least_kwh)
    assert again.least_m3 == pytest.approx(usual.least_m3)


def test_nothing_is_learnt_from_a_festival(stores):
    rows = days_of(*[USUAL] * 20, *[(0.2, 0.4)] * 12)
    stores.history.write_quarter_hours(rows)
    festival = frozenset(FIRST + timedelta(days=number) for number in range(20, 32))
    with stores.registry.writing() as session:
        (file,) = station_files(session, START, [A])
        span = FIRST, FIRST + timedelta(days=31)
        judge_days(session, stores.history, file, span, RULES._replace(holidays=festival), START)
    assert stores.usual(FIRST + timedelta(days=32)).energy_kwh == pytest.approx(9.6)
    assert stores.usual(FIRST + timedelta(days=32)).days == 20


def test_nothing_is_learnt_from_an_approved_stop(stores):
    with stores.registry.writing() as session:
        enter_exclusion(session, A, FIRST, FIRST + timedelta(days=13), reason="rebuilding", applicant="a",
                        approver="b", entered_ms=START)  # fmt: skip
    stores.history.write_quarter_hours(days_of(*[(1.0, 1.0)] * 14, USUAL))
    stores.judge(FIRST, FIRST + timedelta(days=13))
    stores.judge(FIRST + timedelta(days=14), FIRST + timedelta(days=14))
    with stores.registry.reading() as session:
        usual = session.get_one(DayVerdict, (A, FIRST + timedelta(days=14))).evidence
    assert usual["expected_kwh"] == pytest.approx(5.0)  # still the guess by process and scale


@pytest.mark.parametrize(("design", "second"), [(20.0, ("stopped", "idling")), (19.0, RUNNING)])
def test_a_day_idle_from_end_to_end_is_stopped_once_the_limit_has_passed(stores, design, second):
    with stores.registry.writing() as session:
        session.get_one(Station, A).design_m3_per_day = design
    stores.history.write_quarter_hours(days_of(USUAL, (0.1, 0.0), (0.1, 0.0)))
    stores.judge(FIRST, FIRST + timedelta(days=2))
    assert list(stores.verdicts().values()) == [RUNNING, second, ("stopped", "idling")]


def test_finished_days_are_due_from_the_first_heard_on(stores):
    with stores.registry.reading() as session:
        files = station_files(session, START)
        half_past = START + 3 * DAY + HOUR // 2
        assert days_due(session, files, ZONE, half_past) == {A: [FIRST + timedelta(days=n) for n in range(3)]}
    stores.judge(FIRST, FIRST + timedelta(days=1))
    with stores.registry.reading() as session:
        assert days_due(session, files, ZONE, half_past) == {A: [FIRST + timedelta(days=2)]}
        assert days_due(session, files, ZONE, START + 2 * DAY) == {}


def test_days_are_joined_to_spans():
    days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 3)]
    assert day_runs(reversed(days)) == [(days[0], days[1]), (days[2], days[2])]
    assert day_runs([]) == []


def test_a_replayed_past_has_the_same_verdicts(stores):
    rows = days_of(*PAST)
    stores.replay(rows, START, START + 25 * DAY, [Span(START + 22 * DAY, START + 23 * DAY)])
    assert stores.verdicts() == {FIRST + timedelta(days=n): verdict for n, verdict in enumerate(JUDGED)}


def test_a_replayed_stop_before_a_silence_ends_with_it(stores):
    rows = days_of(*[USUAL] * 20, *[(0.0, 0.0)] * 2, None, *[USUAL] * 2)
    stores.replay(rows, START, START + 25 * DAY, [Span(START + 22 * DAY, START + 23 * DAY)])
    assert (
        stores.periods()
        == [
            ("unknown", 0, 24),  # the first day of a new station
            ("running", 24, 480),
            ("stopped", 480, 528),
            ("offline", 528, 553),
            *stores.periods()[4:-1],
            ("running", stores.periods()[-1][1], None),
        ]
    )
    assert stores.periods()[-1][1] <= 555
    assert stores.alarms() == [("stopped", 484, 556), ("offline", 530, 554)]


def test_a_replay_goes_on_where_the_last_one_ended(stores, tmp_path):
    rows = days_of(*PAST)
    stores.replay(rows, START, START + 21 * DAY + 5 * HOUR)
    stores.replay(rows, START + 21 * DAY + 5 * HOUR, START + 25 * DAY)
    broken = stores.verdicts(), stores.periods(), stores.alarms()
    with (
        closing(fresh_registry(f"sqlite:///{tmp_path / 'other.db'}")) as registry,
    ):
        with registry.writing() as session:
            session.add(Station(id=A, process="A2O", design_m3_per_day=20.0))
            session.flush()
            for device, kind in (("power-1", "power"), ("flow-1", "flow")):
                session.add(Device(station_id=A, device=device, kind=kind, first_seen_ms=START))
        whole = Stores(registry, stores.history)
        whole.replay(rows, START, START + 25 * DAY)
        assert (whole.verdicts(), whole.periods(), whole.alarms()) == broken
