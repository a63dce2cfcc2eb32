"""The worker's rounds over real stores; its clock is moved by hand."""

import signal
import subprocess
import sys
import threading
from contextlib import closing
from zoneinfo import ZoneInfo

import msgspec
import pytest
from fresh_registry import fresh_registry
from servers import wait_until
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from alerting.freshness import recompute
from alerting.judging import Rules
from alerting.worker import LEASE_MS, Worker
from history.embedded import EmbeddedHistory
from history.port import QUARTER_HOUR_MS, HistoryError, QuarterHour, StationReading
from registry.alarm_settings import AlarmSettings
from registry.config import AlertingSettings
from registry.database import open_registry, upsert
from registry.devices import Beginning, note_devices
from registry.dirty import dirty, mark_dirty
from registry.exclusions import enter_exclusion
from registry.meter_records import enter_exchange
from registry.meter_rules import NewExchange
from registry.record_entry import By
from registry.services import health, take_lease
from registry.tables import (
    Alarm,
    AlarmEvent,
    ChangedDay,
    DayVerdict,
    Device,
    Lease,
    Notification,
    Presence,
    ServiceHealth,
    StatePeriod,
    Station,
    StationClass,
)
from service.civil import ONE_DAY, day_of, start_of
from telemetry.reading import Reading

Q = QUARTER_HOUR_MS
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
NOW_MS = 1_795_000_200_000
ZONE = ZoneInfo("Asia/Shanghai")
A, B = "410882-0001", "410882-0002"
SETTINGS = AlertingSettings(
    round_s=300, offline_after_s=1_800, stop_window_s=4 * 3_600, idle_window_s=86_400,
    small_idle_window_s=86_400, learn_s=3_600, clear_after_s=600,
)  # fmt: skip
AT_ONCE = AlarmSettings(silence_raise_after_s=0, grace_s=0)


class FlakyHistory:
    """The embedded history, which fails or lets something happen where the test wants it."""

    def __init__(self, path):
        self.real = EmbeddedHistory(path)
        self.failing = set()
        self.before_raw = None

    def __getattr__(self, name):
        def call(*arguments):
            if name in self.failing:
                raise HistoryError("history: the disk is gone")
            if name == "raw" and self.before_raw:
                then, self.before_raw = self.before_raw, None
                then()
            return getattr(self.real, name)(*arguments)

        return call


class Centre:
    def __init__(self, registry, history):
        self.registry, self.history = registry, history
        self.now_ms = NOW_MS
        self.worker = self.new_worker("one")
        self.meters = {A: [0.0, 0.0]}

    def new_worker(self, holder):
        return Worker(
            Rules(SETTINGS, ZONE, alarms=AT_ONCE), self.registry, self.history, lambda: self.now_ms, holder
        )

    def live(self, minutes, station=A, kw=3.0, m3h=1.0, every=5):
        """Time passes; the meters count and are read every five minutes, the worker ticks as often."""
        counters = self.meters.setdefault(station, [0.0, 0.0])
        for _ in range(0, minutes, every):
            self.now_ms += every * MINUTE_MS
            counters[0] += kw * every / 60
            counters[1] += m3h * every / 60
            self.read(station, self.now_ms - 1_000, counters, kw, m3h)
            self.worker.tick(self.now_ms)

    def read(self, station, t, counters, kw=1.0, m3h=1.0):
        self.write(station, power(t, counters[0], kw), flow(t + 1, counters[1], m3h))

    def write(self, station, *readings):
        self.history.real.write([StationReading(station, reading) for reading in readings])

    def state(self, station=A):
        with self.registry.reading() as session:
            found = select(StatePeriod.state).where(
                StatePeriod.station_id == station, StatePeriod.end_ms.is_(None)
            )
            return session.scalar(found)

    def rows(self, model, *columns):
        with self.registry.reading() as session:
            rows = list(session.scalars(select(model)))
        return [tuple(getattr(row, column) for column in columns) for row in rows]

    def energy(self, start_ms, end_ms, station=A):
        rows = self.history.real.quarter_hours(start_ms, end_ms, [station])
        return sum(row.energy_kwh or 0 for row in rows)


def power(t, kwh, kw=1.0):
    return Reading(t=t, d="power-1", k="power", x={"energy_kwh": kwh, "active_power_kw": kw})


def mute_power(t):
    return Reading(t=t, d="power-1", k="power", q="missing", why="no_response")


def mute_flow(t):
    return Reading(t=t, d="flow-1", k="flow", q="missing", why="no_response")


def flow(t, m3, m3h=1.0):
    return Reading(t=t, d="flow-1", k="flow", x={"volume_m3": m3, "flow_m3h": m3h})


@pytest.fixture
def centre(tmp_path):
    with (
        closing(fresh_registry(f"sqlite:///{tmp_path}/registry.db")) as registry,
        closing(FlakyHistory(tmp_path / "history.db")) as history,
    ):
        history.real._file._db.execute("PRAGMA synchronous = OFF")
        with registry.writing() as session:
            for station in (A, B):
                session.add(Station(id=station, design_m3_per_day=24.0))
            session.flush()
            first = {"station_id": A, "first_seen_ms": NOW_MS}
            devices = [{"device": "power-1", "kind": "power"}, {"device": "flow-1", "kind": "flow"}]
            upsert(session, Device, [first | each for each in devices])
        yield Centre(registry, history)


def test_a_stop_appears_rings_once_and_clears(centre):
    centre.live(30)
    assert (centre.state(), centre.state(B)) == ("unknown", "unknown")
    centre.live(5 * 60)
    assert centre.state() == "running"
    stopped_ms = centre.now_ms
    centre.live(4 * 60 - 15, kw=0.0, m3h=0.0)
    assert centre.state() == "running"
    centre.live(30, kw=0.0, m3h=0.0)
    assert centre.state() == "stopped"
    ((type_, start_ms, raised_ms, cleared_ms),) = centre.rows(
        Alarm, "type", "start_ms", "raised_ms", "cleared_ms"
    )
    assert (type_, cleared_ms) == ("stopped", None)
    assert abs(start_ms - stopped_ms) <= 15 * MINUTE_MS
    assert raised_ms > start_ms + 3 * HOUR_MS
    centre.live(60, kw=0.0, m3h=0.0)
    assert len(centre.rows(AlarmEvent, "event")) == 1
    centre.live(5)
    assert centre.state() == "running"
    assert centre.rows(Alarm, "cleared_ms") == [(None,)]
    centre.live(15)
    assert centre.rows(AlarmEvent, "event") == [("raised",), ("returned_to_normal",)]
    assert [state for (state,) in centre.rows(StatePeriod, "state")][-3:] == ["running", "stopped", "running"]
    assert centre.state(B) == "unknown"


def test_a_restart_repeats_nothing(centre):
    centre.live(5 * 60)
    centre.live(4 * 60 + 15, kw=0.0, m3h=0.0)
    before = [centre.rows(table, "id") for table in (Alarm, AlarmEvent, StatePeriod)]
    rows = centre.history.real.quarter_hours(0, 2**60)
    centre.worker = centre.new_worker("one")
    centre.worker.tick(centre.now_ms)
    centre.worker.tick(centre.now_ms + 5_000)
    assert [centre.rows(table, "id") for table in (Alarm, AlarmEvent, StatePeriod)] == before
    assert centre.history.real.quarter_hours(0, 2**60) == rows


def test_a_silent_station_is_offline_in_the_next_round_and_not_stopped(centre):
    centre.live(4 * 60)
    centre.now_ms += 40 * MINUTE_MS
    centre.worker.tick(centre.now_ms)
    assert centre.state() == "offline"
    assert centre.rows(Alarm, "type", "severity") == [("offline", "low")]
    centre.live(20)
    assert centre.state() == "running"
    assert centre.rows(Alarm, "cleared_ms") == [(centre.now_ms - 5 * MINUTE_MS,)]


def test_a_box_that_is_heard_without_readings_is_not_offline(centre):
    centre.live(4 * 60)
    centre.now_ms += 40 * MINUTE_MS
    with centre.registry.writing() as session:
        upsert(session, Presence, [{"station_id": A, "online": True, "last_seen_ms": centre.now_ms}])
    centre.worker.tick(centre.now_ms)
    assert centre.state() == "running"


def test_while_another_holds_the_lease_nothing_is_done(centre):
    with centre.registry.writing() as session:
        take_lease(session, "alerting", "two", NOW_MS, LEASE_MS)
    centre.read(A, NOW_MS, [1.0, 1.0])
    centre.worker.tick(NOW_MS + 1)
    assert centre.rows(StatePeriod, "id") == centre.rows(ServiceHealth, "name") == []
    assert centre.history.real.quarter_hours(0, 2**60) == []
    centre.worker.tick(NOW_MS + LEASE_MS)
    assert centre.rows(Lease, "holder") == [("one",)]
    assert centre.state() == "unknown"


def test_readings_that_are_stored_before_their_meters_are_known_make_no_day_unheard(centre):
    late_ms = NOW_MS - 2 * DAY_MS
    for at_ms, kwh in ((late_ms, 0.0), (late_ms + HOUR_MS, 3.0), (NOW_MS, 10.0)):
        centre.read(B, at_ms, [kwh, kwh])
    with centre.registry.writing() as session:
        mark_dirty(session, [(B, late_ms - late_ms % Q)])
    centre.worker.tick(NOW_MS)
    assert centre.rows(DayVerdict, "station_id") == []
    with centre.registry.writing() as session:
        session.add(Device(station_id=B, device="power-1", kind="power", first_seen_ms=late_ms))
    centre.now_ms += MINUTE_MS
    centre.read(B, centre.now_ms, [10.1, 10.1])
    centre.worker.tick(centre.now_ms)
    late = day_of(late_ms, ZONE)
    assert centre.rows(DayVerdict, "station_id", "day") == [(B, late), (B, late + ONE_DAY)]


def test_days_before_a_box_was_first_heard_are_judged_when_their_readings_come(centre):
    """A box that was dark at first delivers its newest readings first."""
    first_ms = NOW_MS - 3 * DAY_MS
    for at_ms, kwh in ((NOW_MS - DAY_MS, 20.0), (NOW_MS, 30.0)):
        centre.read(B, at_ms, [kwh, kwh])
    with centre.registry.writing() as session:
        note_devices(session, {(B, "power-1"): Beginning("power", NOW_MS - DAY_MS)})
        mark_dirty(session, [(B, NOW_MS - DAY_MS - (NOW_MS - DAY_MS) % Q)])
    centre.worker.tick(NOW_MS)
    yesterday = day_of(NOW_MS, ZONE) - ONE_DAY
    assert centre.rows(DayVerdict, "day") == [(yesterday,)]
    centre.read(B, first_ms, [0.0, 0.0])
    with centre.registry.writing() as session:
        note_devices(session, {(B, "power-1"): Beginning("power", first_ms)})
        mark_dirty(session, [(B, first_ms - first_ms % Q)])
    centre.now_ms += MINUTE_MS
    centre.worker.tick(centre.now_ms)
    assert sorted(centre.rows(DayVerdict, "day")) == [(yesterday - n * ONE_DAY,) for n in (2, 1, 0)]


def test_dirty_quarter_hours_of_a_week_ago_are_recomputed_and_their_marks_cleared(centre):
    centre.live(60)
    week_ms = centre.now_ms - 7 * DAY_MS
    week_ms -= week_ms % Q
    centre.write(A, *(power(week_ms + n * 5 * MINUTE_MS, -90.0 + n) for n in range(10)))
    with centre.registry.writing() as session:
        mark_dirty(session, [(A, week_ms), (A, week_ms + Q), (A, week_ms + 2 * Q)])
    assert centre.energy(week_ms, week_ms + 3 * Q) == 0
    centre.worker.tick(centre.now_ms)
    assert [row.energy_kwh for row in centre.history.real.quarter_hours(week_ms, week_ms + 3 * Q)] == [
        3,
        3,
        3,
    ]
    with centre.registry.reading() as session:
        assert dirty(session) == []
    bridged = centre.history.real.quarter_hours(week_ms + 3 * Q, centre.now_ms - 2 * HOUR_MS, [A])
    assert len(bridged) > 600
    assert all(row.power_bridged for row in bridged)
    counters = centre.meters[A]
    assert centre.energy(0, 2**60) == pytest.approx(counters[0] + 90.0)


def test_a_worker_killed_before_it_judged_leaves_the_changed_days_to_the_next(centre, monkeypatch):
    """The marks are cleared by then, so that nothing else would tell that the day has to be judged again."""
    first_ms = start_of(day_of(centre.now_ms, ZONE) - 3 * ONE_DAY, ZONE)
    silent_ms = first_ms + DAY_MS
    counts = {first_ms + hour * HOUR_MS: 0.5 * hour for hour in range(72)}
    with centre.registry.writing() as session:
        note_devices(session, {(A, "power-1"): Beginning("power", first_ms)})
    centre.write(A, *(power(at, kwh) for at, kwh in counts.items() if not 0 <= at - silent_ms < DAY_MS))
    centre.worker.tick(centre.now_ms)
    silent = day_of(silent_ms, ZONE)
    hours = dict(centre.rows(DayVerdict, "day", "valid_hours"))
    assert hours[silent] == 0
    late = [at for at in counts if 0 <= at - silent_ms < DAY_MS]
    centre.write(A, *(power(at, counts[at]) for at in late))
    with centre.registry.writing() as session:
        mark_dirty(session, [(A, at) for at in late])

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("alerting.worker.judge_days", killed)
        with pytest.raises(KeyboardInterrupt):
            centre.worker.tick(centre.now_ms + 1)
    with centre.registry.reading() as session:
        assert dirty(session) == []
    assert (A, silent) in centre.rows(ChangedDay, "station_id", "day")
    assert dict(centre.rows(DayVerdict, "day", "valid_hours")) == hours
    next_one = Worker(Rules(SETTINGS, ZONE), centre.registry, centre.history, lambda: centre.now_ms, "next")
    centre.now_ms += LEASE_MS + 2
    next_one.tick(centre.now_ms)
    assert centre.rows(ChangedDay, "day") == []
    assert dict(centre.rows(DayVerdict, "day", "valid_hours"))[silent] == 24


def test_a_mark_that_comes_while_its_quarter_hour_is_computed_stays(centre):
    """Else the reading it stands for would never be counted."""
    hour_ms = centre.now_ms - 10 * HOUR_MS
    hour_ms -= hour_ms % Q
    centre.write(A, power(hour_ms, 0.0), power(hour_ms + Q - 1, 1.0))

    def mark():
        with centre.registry.writing() as session:
            mark_dirty(session, [(A, hour_ms)])

    mark()
    collector = threading.Thread(target=mark)

    def another_reading_comes():
        collector.start()
        collector.join(0.3)

    centre.history.before_raw = another_reading_comes
    centre.worker._clean([(A, hour_ms)])
    collector.join()
    with centre.registry.reading() as session:
        assert dirty(session) == [(A, hour_ms)]


def test_a_slightly_late_reading_counts_by_the_next_round(centre):
    """It is too young to be marked, and the newest of its station came before it."""
    centre.live(60)
    late_ms = centre.now_ms - 20 * MINUTE_MS
    rows = centre.history.real.quarter_hours(late_ms - late_ms % Q, late_ms + 1)
    centre.write(A, power(late_ms + 500, 2.25))  # what it showed five minutes later too
    centre.now_ms += 300_000
    centre.worker.tick(centre.now_ms)
    (again,) = centre.history.real.quarter_hours(late_ms - late_ms % Q, late_ms + 1)
    assert again.power_good == rows[0].power_good + 1
    assert again.energy_kwh == pytest.approx(rows[0].energy_kwh, abs=0.3)


def test_the_second_meter_of_a_station_counts_at_once(centre):
    """Its readings may come a moment behind, with an earlier time than the newest of the first."""
    centre.live(60)
    centre.now_ms += 10_000
    centre.write(A, power(centre.now_ms, centre.meters[A][0]))
    centre.worker.tick(centre.now_ms)
    before = sum(row.volume_m3 or 0 for row in centre.history.real.quarter_hours(0, 2**60))
    centre.write(A, flow(centre.now_ms - 1, centre.meters[A][1] + 0.01))
    centre.now_ms += 5_000
    centre.worker.tick(centre.now_ms)
    rows = centre.history.real.quarter_hours(0, 2**60)
    assert sum(row.volume_m3 or 0 for row in rows) == pytest.approx(before + 0.01)


@pytest.mark.parametrize("call", ["latest", "raw", "edges", "write_quarter_hours"])
def test_what_a_failing_history_prevented_the_next_tick_does(centre, call):
    centre.live(4 * 60)
    centre.now_ms += 10_000
    old_ms = centre.now_ms - 5 * HOUR_MS
    old_ms -= old_ms % Q
    centre.write(A, power(old_ms, -5.0), power(centre.now_ms, 7.0))  # 0.25 to 12 so far
    with centre.registry.writing() as session:
        mark_dirty(session, [(A, old_ms)])
    centre.history.failing = {call}
    for _ in range(2):
        with pytest.raises(HistoryError):
            centre.worker.tick(centre.now_ms)
    centre.history.failing = set()
    centre.worker.tick(centre.now_ms)
    with centre.registry.reading() as session:
        assert dirty(session) == []
    assert centre.energy(0, 2**60) == pytest.approx(5.25 + 11.75)
    assert centre.state() == "running"


def test_a_clock_that_was_set_back_goes_on(centre):
    centre.live(4 * 60)
    centre.worker.tick(centre.now_ms - 5 * HOUR_MS)
    centre.worker.tick(centre.now_ms - 5 * HOUR_MS + 1)
    centre.live(10)
    assert centre.state() == "running"


def test_thresholds_of_a_station_go_before_the_centre_s(centre):
    with centre.registry.writing() as session:
        session.get_one(Station, A).overrides = {"stop_floor_kwh_per_day": 100.0, "colour": "red"}
    centre.live(6 * 60)
    assert centre.state() == "flow_without_power"


def test_health_is_reported(centre):
    centre.live(5)
    with centre.registry.reading() as session:
        (row,) = health(session)
    assert (row.name, row.seen_ms, row.conditions) == ("alerting", centre.now_ms, {})
    assert row.figures == {"touched": 1, "dirty": 0}


def test_a_hostile_meter_stops_nobody_else_s_judgement(centre):
    centre.live(60)
    t = centre.now_ms
    wild = [(-1.7e308, "power"), (1.7e308, "flow"), (1.7e308, "power")]
    for n, (value, kind) in enumerate(wild):
        x = {"energy_kwh" if kind == "power" else "volume_m3": value}
        centre.write(B, Reading(t=t - 100 + 10 * n, d="x", k=kind, x=x))
    centre.live(3 * 60)
    assert centre.state() == "running"


def test_the_loop_waits_for_stores_and_gives_its_lease_back(centre):
    centre.history.failing = {"latest"}
    stop = threading.Event()
    thread = threading.Thread(target=centre.worker.run, args=(stop,))
    thread.start()
    try:
        current = centre.worker._conditions.current
        wait_until(lambda: current() == {"stores": "history: the disk is gone"}, "the trouble is noticed")
        assert centre.rows(Lease, "holder") == [("one",)]
    finally:
        stop.set()
        thread.join()
    assert centre.rows(Lease, "holder") == []


def test_trouble_with_the_history_is_reported_while_it_lasts(centre):
    centre.history.failing = {"latest"}
    stop = threading.Event()
    thread = threading.Thread(target=centre.worker.run, args=(stop,))
    thread.start()
    try:
        told = {"stores": "history: the disk is gone"}
        wait_until(
            lambda: centre.rows(ServiceHealth, "conditions") == [(told,)], "the trouble is reported", 5
        )
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_the_process_ends_with_0_when_asked(tmp_path, ending):
    config = tmp_path / "centre.toml"
    config.write_text(
        f'[mqtt]\nhost = "127.0.0.1"\ntls = false\n[registry]\nurl = "sqlite:///{tmp_path}/registry.db"\n'
        f'[history]\npath = "{tmp_path}/history.db"\n'
    )
    command = [sys.executable, "-m", "qingliu", "alerting", "run", "--config", str(config)]
    with closing(open_registry(f"sqlite:///{tmp_path}/registry.db")) as registry:

        def reports():
            with registry.reading() as session:
                return health(session)

        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            try:
                wait_until(reports, "it works")
                process.send_signal(ending)
                _, errors = process.communicate(timeout=15)
            finally:
                process.kill()
        assert process.returncode == 0
        assert "Traceback" not in errors
        with registry.reading() as session:
            assert list(session.scalars(select(Lease))) == []


def test_a_station_that_starts_again_is_not_idling_before_it_could_let_water_out(centre):
    centre.live(26 * 60, every=15)
    assert centre.state() == "running"
    centre.live(30 * 60, kw=0.0, m3h=0.0, every=15)
    assert centre.state() == "stopped"
    centre.live(6 * 60, m3h=0.0, every=15)
    assert centre.state() == "running"
    centre.live(26 * 60, m3h=0.0, every=15)
    assert centre.state() == "idling"


def verdicts(centre, station=A):
    with centre.registry.reading() as session:
        rows = session.scalars(
            select(DayVerdict).where(DayVerdict.station_id == station).order_by(DayVerdict.day)
        )
        return [(row.verdict, row.reason) for row in rows]


def test_finished_days_get_their_verdicts_and_late_readings_change_them(centre):
    until_midnight = (start_of(day_of(NOW_MS, ZONE) + ONE_DAY, ZONE) - NOW_MS) // MINUTE_MS
    centre.live(until_midnight - 10, every=10)
    counters = list(centre.meters[A])
    centre.now_ms += DAY_MS  # the station is silent for the whole next day
    centre.worker.tick(centre.now_ms)
    assert verdicts(centre) == [("unknown", "too_little_data")]
    centre.now_ms += 30 * MINUTE_MS
    centre.worker.tick(centre.now_ms)
    assert verdicts(centre) == [("unknown", "too_little_data"), ("unknown", "no_data")]
    late_ms = centre.now_ms - 40 * MINUTE_MS
    late = [power(late_ms, counters[0] + 60.0), flow(late_ms + 1, counters[1] + 20.0)]
    centre.write(A, *late)
    with centre.registry.writing() as session:
        mark_dirty(session, [(A, late_ms - late_ms % Q)])
    centre.worker.tick(centre.now_ms)
    assert verdicts(centre)[1] == ("running", "energy_as_expected")


def test_the_days_of_a_gap_are_judged_as_soon_as_counters_bridge_it(centre):
    until_midnight = (start_of(day_of(NOW_MS, ZONE) + ONE_DAY, ZONE) - NOW_MS) // MINUTE_MS
    centre.live(until_midnight - 10, every=10)
    centre.now_ms += 2 * DAY_MS
    centre.worker.tick(centre.now_ms)
    assert [verdict for verdict, _ in verdicts(centre)[1:]] == ["unknown"]
    centre.now_ms += MINUTE_MS  # long before the next round of all stations
    counters = [each + 60.0 for each in centre.meters[A]]
    centre.read(A, centre.now_ms - 1_000, counters)
    centre.worker.tick(centre.now_ms)
    assert verdicts(centre)[1] == ("running", "energy_as_expected")


def test_another_station_s_late_readings_do_not_make_a_changed_day_forgotten(centre):
    until_midnight = (start_of(day_of(NOW_MS, ZONE) + ONE_DAY, ZONE) - NOW_MS) // MINUTE_MS
    centre.live(until_midnight - 10, every=10)
    centre.now_ms += 2 * DAY_MS
    centre.worker.tick(centre.now_ms)
    centre.worker._note_changed(A, (centre.now_ms - DAY_MS, centre.now_ms - DAY_MS + Q))
    with centre.registry.writing() as session:
        mark_dirty(session, [(B, centre.now_ms - DAY_MS - centre.now_ms % Q)])
    centre.write(A, power(centre.now_ms - 1, centre.meters[A][0] + 60.0))
    recompute(centre.history, A, centre.now_ms - Q, centre.now_ms)
    centre.worker._newest[A]["power-1"] = centre.now_ms - 1  # as if this had been seen before
    centre.now_ms += MINUTE_MS
    centre.worker.tick(centre.now_ms)
    assert verdicts(centre)[1] == ("running", "energy_as_expected")


def test_a_store_that_fails_for_one_station_makes_no_changed_day_of_another_forgotten(centre):
    until_midnight = (start_of(day_of(NOW_MS, ZONE) + ONE_DAY, ZONE) - NOW_MS) // MINUTE_MS
    centre.live(until_midnight - 10, every=10)
    counters = list(centre.meters[A])
    centre.now_ms += 2 * DAY_MS
    centre.worker.tick(centre.now_ms)
    late_ms = centre.now_ms - 30 * HOUR_MS
    later = [(late_ms + n * HOUR_MS, counters[0] + 3.0 * n, counters[1] + n) for n in range(20)]
    centre.write(A, *(power(t, kwh) for t, kwh, _ in later), *(flow(t + 1, m3) for t, _, m3 in later))
    with centre.registry.writing() as session:
        mark_dirty(session, [(A, t - t % Q) for t, _, _ in later] + [(B, late_ms - late_ms % Q)])
    raw = centre.history.real.raw

    def fails_for_b(station, *span):
        if station == B:
            raise HistoryError("history: the disk is gone")
        return raw(station, *span)

    centre.history.real.raw = fails_for_b
    with pytest.raises(HistoryError):
        centre.worker.tick(centre.now_ms)
    with centre.registry.reading() as session:
        assert [station for station, _ in dirty(session)] == [B]
    centre.history.real.raw = raw
    centre.worker.tick(centre.now_ms)
    assert verdicts(centre)[1][0] == "running"


def test_a_round_that_was_not_written_looks_at_silences_again(centre):
    """What late readings tell of them is kept until the registry has taken it."""
    centre.live(12 * 60)
    began_ms = centre.now_ms
    centre.now_ms += 8 * HOUR_MS
    centre.worker.tick(centre.now_ms)
    assert centre.state() == "offline"
    for n in range(1, 12 * 8):  # it stood for five hours, and runs again
        t, ran_h = began_ms + n * 5 * MINUTE_MS, max(0, n - 60) / 12
        counters = [centre.meters[A][0] + 3.0 * ran_h, centre.meters[A][1] + ran_h]
        centre.read(A, t, counters)
        with centre.registry.writing() as session:
            mark_dirty(session, [(A, t - t % Q)])
    follow = centre.worker._alarms.follow

    def fail(*_, **__):
        raise OperationalError("COMMIT", {}, Exception("the registry is gone"))

    centre.worker._alarms.follow = fail
    centre.now_ms += MINUTE_MS
    centre.read(A, centre.now_ms - 1_000, counters)
    with pytest.raises(OperationalError):
        centre.worker.tick(centre.now_ms)
    centre.worker._alarms.follow = follow
    centre.worker.tick(centre.now_ms)
    assert ("stopped", "stood_while_silent") in centre.rows(StatePeriod, "state", "reason")


def test_a_meter_that_another_replaced_is_no_fault_and_hides_no_power_cut(centre):
    """The box now names its power meter power-2; of power-1 nothing comes any more."""
    centre.live(6 * 60)
    for minute in range(5, 4 * 60, 5):
        centre.now_ms += 5 * MINUTE_MS
        centre.meters[A][1] += 5 / 60
        new = power(centre.now_ms - 1_000, minute * 0.05, 3.0)
        centre.write(A, msgspec.structs.replace(new, d="power-2"))
        centre.write(A, flow(centre.now_ms - 999, centre.meters[A][1]))
        if minute == 5:
            with centre.registry.writing() as session:
                note_devices(session, {(A, "power-2"): Beginning("power", centre.now_ms - 1_000)})
        centre.worker.tick(centre.now_ms)
    assert centre.state() == "running"
    for _ in range(3):
        centre.now_ms += 5 * MINUTE_MS
        mute = mute_power(centre.now_ms - 1_000)
        centre.write(A, msgspec.structs.replace(mute, d="power-2"), mute_flow(centre.now_ms - 999))
        centre.worker.tick(centre.now_ms)
    assert centre.state() == "power_cut"


def test_a_meter_that_stays_mute_is_a_fault_and_both_are_a_power_cut(centre):
    centre.live(6 * 60)
    assert centre.state() == "running"
    for _ in range(8):
        centre.now_ms += 5 * MINUTE_MS
        centre.write(A, mute_power(centre.now_ms - 1_000), flow(centre.now_ms - 999, centre.meters[A][1]))
        centre.worker.tick(centre.now_ms)
    assert centre.state() == "meter_fault"
    for _ in range(2):
        centre.now_ms += 5 * MINUTE_MS
        centre.write(A, mute_power(centre.now_ms - 1_000), mute_flow(centre.now_ms - 999))
        centre.worker.tick(centre.now_ms)
    assert centre.state() == "power_cut"


def test_a_long_power_cut_is_no_stop_before_or_after_the_mains_are_back(centre):
    centre.live(6 * 60)
    for minute in range(0, 6 * 60, 10):
        centre.now_ms += 10 * MINUTE_MS
        if minute % 60 == 0:  # a mute meter says so by the hour
            t = centre.now_ms - 1_000
            centre.write(A, mute_power(t), mute_flow(t + 1))
        with centre.registry.writing() as session:
            session.merge(Presence(station_id=A, online=True, last_seen_ms=centre.now_ms))
        centre.worker.tick(centre.now_ms)
    assert centre.state() == "power_cut"
    centre.live(6 * 60, kw=0.3, m3h=0.1)
    assert centre.state() == "running"
    assert {type_ for (type_,) in centre.rows(Alarm, "type")} == {"power_cut"}


def test_a_station_that_went_to_the_sewer_rings_no_more(centre):
    centre.live(6 * 60)
    centre.live(6 * 60, kw=0.0, m3h=0.0)
    assert centre.rows(Alarm, "type", "cleared_ms") == [("stopped", None)]
    today = day_of(centre.now_ms, ZONE)
    with centre.registry.writing() as session:
        session.add(StationClass(station_id=A, class_="to_sewer", since=today, entered_ms=centre.now_ms))
    centre.live(30, kw=0.0, m3h=0.0)
    assert centre.state() == "unknown"
    assert [cleared is None for (cleared,) in centre.rows(Alarm, "cleared_ms")] == [False]
    centre.now_ms += DAY_MS
    centre.worker.tick(centre.now_ms)
    assert centre.rows(Alarm, "type") == [("stopped",)]


def test_an_approved_stop_is_planned(centre):
    centre.live(6 * 60)
    today = day_of(centre.now_ms, ZONE)
    with centre.registry.writing() as session:
        enter_exclusion(session, A, today, today, reason="maintenance", applicant="a", approver="b",
                        entered_ms=centre.now_ms)  # fmt: skip
    centre.live(6 * 60, kw=0.0, m3h=0.0)
    assert centre.state() == "planned_stop"
    assert centre.rows(Alarm, "type") == []


def test_nonsense_among_a_station_s_overrides_stops_nobody(centre):
    with centre.registry.writing() as session:
        session.get_one(Station, A).overrides = {"stop_window_s": "four hours", "learn_s": 60, "colour": 3}
    centre.live(30)
    assert centre.state() is not None


def test_an_unforeseen_failure_is_a_condition_and_not_a_stream_of_tracebacks(centre, caplog):
    stop = threading.Event()

    def fail(_now_ms):
        if centre.now_ms > NOW_MS + 3_000:
            stop.set()
        centre.now_ms += 1_000
        raise RuntimeError("odd")

    centre.worker.tick = fail
    settings = AlertingSettings(round_s=1)
    centre.worker._settings = settings
    thread = threading.Thread(target=centre.worker.run, args=(stop,))
    thread.start()
    thread.join(20)
    with centre.registry.reading() as session:
        (row,) = health(session)
    assert row.conditions == {"worker": "unexpected failure: RuntimeError('odd')"}
    assert sum(record.exc_info is not None for record in caplog.records) == 1


def test_old_readings_go_at_night_and_what_was_made_of_them_stays(centre):
    centre.worker = Worker(
        Rules(SETTINGS, ZONE, alarms=AT_ONCE),
        centre.registry,
        centre.history,
        lambda: centre.now_ms,
        "one",
        raw_days=31,
    )
    centre.live(60)
    old_ms = centre.now_ms - 32 * DAY_MS
    centre.write(A, power(old_ms, 0.0), power(old_ms + Q, 0.0))
    row = QuarterHour(A, old_ms - old_ms % Q, 7.0)
    centre.history.real.write_quarter_hours([row])
    long_ago_ms = centre.now_ms - 401 * DAY_MS
    with centre.registry.writing() as session:
        mark_dirty(session, [(A, row.start_ms)])
        old = {"created_ms": long_ago_ms, "due_ms": long_ago_ms, "sent_ms": long_ago_ms}
        session.add(Notification(channel="desk", content={}, **old))
    centre.now_ms = start_of(day_of(centre.now_ms, ZONE) + ONE_DAY, ZONE) + 90 * MINUTE_MS
    centre.worker.tick(centre.now_ms)
    assert len(centre.history.real.raw(A, "power-1", 0, centre.now_ms - 31 * DAY_MS)) == 2  # half past one
    centre.now_ms += HOUR_MS
    centre.worker.tick(centre.now_ms)
    assert centre.history.real.raw(A, None, 0, centre.now_ms - 31 * DAY_MS) == []
    assert len(centre.history.real.raw(A, "power-1", 0, centre.now_ms)) == 12
    assert centre.history.real.quarter_hours(row.start_ms, row.start_ms + 1, [A]) == [row]
    with centre.registry.reading() as session:
        assert dirty(session) == []
        assert session.scalars(select(Notification)).all() == []


def test_a_store_that_cannot_delete_is_a_condition(centre):
    centre.history.failing = {"drop"}
    centre.now_ms = start_of(day_of(centre.now_ms, ZONE), ZONE) + 3 * HOUR_MS
    centre.worker.tick(centre.now_ms)
    with centre.registry.reading() as session:
        centre.worker._report(centre.now_ms, {})
        (row,) = [row for row in health(session) if row.name == "alerting"]
    assert "old readings stay" in row.conditions["retention"]


def test_an_exchange_of_a_meter_counts_from_the_next_tick_on(centre):
    """Entered a day late: the counter fell from 36 to 2 in between, and 1 kWh was used on the new meter."""
    centre.live(12 * 60)
    at_ms = centre.now_ms
    for minute in range(5, 125, 5):
        centre.now_ms = at_ms + minute * MINUTE_MS
        centre.read(A, centre.now_ms - 1_000, [2.0 + minute * 0.05, centre.meters[A][1]])
        centre.worker.tick(centre.now_ms)
    with centre.registry.writing() as session:
        by = By("王", centre.now_ms, ZONE)
        new = NewExchange(A, "power-1", at_ms, old_final=36.0, new_initial=2.0, note="")
        enter_exchange(session, new, by)
    centre.now_ms += 5_000
    centre.worker.tick(centre.now_ms)
    assert centre.energy(0, 2**60) == pytest.approx(centre.meters[A][0] - 0.25 + 120 * 0.05, abs=0.3)
