"""The demo's past, prepared whole: what the program says of it is held against the city's own truth."""

import json
import re
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from multiprocessing import resource_tracker
from threading import Event
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from alerting.alarm_book import AlarmBook
from alerting.alarms import Delays, follow
from alerting.detect import Decision
from alerting.states import open_periods, record
from console.app import create_app
from history.embedded import EmbeddedHistory
from qingliu.demo_files import DemoCity, DemoError, Paths, keep_city, known_city, write_settings
from qingliu.demo_meters import count_on
from qingliu.demo_past import prepare
from qingliu.demo_registry import register_city
from registry.config import load_centre
from registry.database import open_registry
from registry.services import report_health
from registry.tables import Alarm, DayVerdict, Quarantine, StatePeriod
from reporting.life import due_steps, take_step
from reporting.verify import verify
from service.civil import Month, day_of
from simulator.city_truth import day_truth
from simulator.course import Course, counters_at, readings

ZONE = ZoneInfo("Asia/Shanghai")
BEGUN_MS = int(datetime(2026, 11, 22, 3, 10, tzinfo=UTC).timestamp() * 1000)
COUNT = 40
PLAIN_OR_TWICE = {4, 7, 13, 14, 22, 23, 24, 25, 32, 33, 35, 36, 37, 38, 39}
"""Stations of the cast that add time to these tests and nothing else."""
MONTHS = [Month(2026, 9), Month(2026, 10), Month(2026, 11)]
IN_USE = {"in_use", "rebuilding"}
STATE_OF = {
    "stop": "stopped",
    "idle": "idling",
    "low_load": "low_load",
    "bypass": "flow_without_power",
    "box_dead": "offline",
    "power_meter_mute": "meter_fault",
}


class MostOfIt(DemoCity):
    """The city without its plain stations."""

    def stations(self):
        return [each for place, each in enumerate(super().stations()) if place not in PLAIN_OR_TWICE]


class Prepared:
    """A folder with its city brought up."""

    def __init__(self, folder):
        self.paths = Paths(folder)
        self.city = MostOfIt(BEGUN_MS, COUNT)
        self.stations = self.city.stations()
        live = [station for station in self.stations if station.is_live]
        write_settings(self.paths, live, broker_port=1, console_port=8080)
        register_city(self.paths, self.stations)
        self.done = 0
        self.bring_up(BEGUN_MS)

    def bring_up(self, now_ms):
        prepare(self.paths, self.city, now_ms, None, Event(), self._count)

    def _count(self):
        self.done += 1

    def settings(self):
        return load_centre(self.paths.centre)

    def rows(self, table):
        with closing(open_registry(self.paths.registry_url)) as registry, registry.reading() as session:
            return list(session.scalars(select(table)))


@pytest.fixture(scope="module", autouse=True)
def _resource_tracker():
    """Python's own companion of spawned processes lives as long as this one; no test leaves it behind."""
    resource_tracker.ensure_running()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    return Prepared(tmp_path_factory.mktemp("past"))


def counted_days(station, month):
    """The days a station is due to run, until yesterday."""
    last = min(month.last, day_of(BEGUN_MS, ZONE) - timedelta(days=1))
    since, class_ = station.class_change or (date.max, "in_use")
    days = [month.first + timedelta(days=n) for n in range((last - month.first).days + 1)]
    return [day for day in days if day >= station.commissioned and (day < since or class_ in IN_USE)]


def is_excluded(station, day):
    closes = Month.of(day).after(1).first.replace(day=10)
    return any(stop.start <= day <= stop.end and stop.entered <= closes for stop in station.planned_stops)


def true_verdict(course, day):
    return "excluded" if is_excluded(course.station, day) else day_truth(course, day).verdict


def judged_by_truth(station, month):
    """normal, not_normal, not_assessable or None for a station that does not count; from the truth alone."""
    course = Course(station)
    countable = [day for day in counted_days(station, month) if not is_excluded(station, day)]
    if not countable:
        return None
    truth = {day: day_truth(course, day).verdict for day in countable}
    unknown = sum(verdict == "unknown" for verdict in truth.values())
    running = sum(verdict == "running" for verdict in truth.values())
    if 4 * unknown > len(countable):
        return "not_assessable"
    around = [month.first + timedelta(days=n) for n in range(-3, len(month.days()) + 3)]
    longest = run = 0
    for day in around:
        inside = day in set(counted_days(station, Month.of(day))) and day >= day_of(
            int(station.past_start_s * 1000), ZONE
        )
        stopped = inside and not is_excluded(station, day) and day_truth(course, day).verdict == "stopped"
        run = run + 1 if stopped else 0
        longest = max(longest, run)
    is_normal = 10 * running >= 9 * (len(countable) - unknown) and longest < 4
    return "normal" if is_normal else "not_normal"


def test_every_day_verdict_is_the_truth(prepared):
    courses = {station.id: Course(station) for station in prepared.stations}
    verdicts = prepared.rows(DayVerdict)
    wrong = [
        (row.station_id, row.day, row.verdict, row.reason)
        for row in verdicts
        if row.verdict != true_verdict(courses[row.station_id], row.day)
    ]
    assert wrong == []
    assert {row.verdict for row in verdicts} == {"running", "stopped", "unknown", "excluded"}
    assert prepared.done == len(prepared.stations)
    connected = [station for station in prepared.stations if station.connected_from is not None]
    for month in MONTHS[:2]:
        judged = {row.station_id for row in verdicts if Month.of(row.day) == month}
        assert judged >= {station.id for station in connected if station.connected_from <= month.first}


def test_energy_and_effluent_of_each_known_day_are_the_truth(prepared):
    courses = {station.id: Course(station) for station in prepared.stations}
    for row in prepared.rows(DayVerdict):
        if row.verdict == "unknown" or row.valid_hours < 24:
            continue
        truth = day_truth(courses[row.station_id], row.day)
        if row.energy_kwh is not None:
            assert row.energy_kwh == pytest.approx(truth.energy_kwh, rel=0.01, abs=0.3), row.station_id
        if row.volume_m3 is not None:
            assert row.volume_m3 == pytest.approx(truth.volume_m3, rel=0.01, abs=0.3), row.station_id


def test_the_rate_on_the_page_is_that_of_the_truth(prepared):
    settings = prepared.settings()
    with (
        closing(open_registry(prepared.paths.registry_url)) as registry,
        closing(EmbeddedHistory(prepared.paths.history)) as history,
    ):
        app = create_app(
            settings,
            registry,
            history,
            lambda: BEGUN_MS,
            prepared.paths.data / "vega-none.js",
            open_demo=True,
        )
        with TestClient(app, base_url="http://127.0.0.1") as client:
            page = client.get("/?lang=en").text
    shown = [(text, float(text)) for text in re.findall(r'class="headline"><b>([0-9.]+) ?%', page)]
    for (text, value), month in zip(shown, reversed(MONTHS[1:]), strict=True):
        judged = [judged_by_truth(station, month) for station in prepared.stations]
        due = [each for each in judged if each is not None]
        rate = Fraction(due.count("normal"), len(due))
        assert value == pytest.approx(float(100 * rate), abs=0.005), (month, text)
        assert f"{due.count('normal')} / {len(due)}" in page


def test_both_finished_months_come_out_as_frozen_reports_with_a_rate_between_0_and_1(prepared):
    settings = prepared.settings()
    with closing(open_registry(prepared.paths.registry_url)) as registry:
        with registry.reading() as session:
            steps = due_steps(session, settings, BEGUN_MS)
        assert [(step.month, step.need) for step in steps] == [(month, "freeze") for month in MONTHS[:2]]
        reports = {
            step.month: take_step(registry, settings, step, BEGUN_MS, "reporting").report for step in steps
        }
        with registry.reading() as session:
            assert verify(session, settings).faults == []
    for month, report in reports.items():
        assert (report.status, sorted(report.files)) == ("frozen", ["data", "pdf", "xlsx"])
        rate = float(report.summary["by_number_strict"])
        judged = [judged_by_truth(station, month) for station in prepared.stations]
        due = [each for each in judged if each is not None]
        assert rate == pytest.approx(due.count("normal") / len(due), abs=1e-6)
        assert 0 < rate < 1


def test_what_befalls_the_stations_now_is_their_state(prepared):
    now = {row.station_id: row.state for row in prepared.rows(StatePeriod) if row.end_ms is None}
    seen = set()
    for station in prepared.stations:
        current = [each for each in station.events if each.start_s * 1000 < BEGUN_MS < each.end_s * 1000]
        if station.connected_from is None or station.class_change is not None:
            assert now.get(station.id, "unknown") == "unknown"
        elif current:
            assert now[station.id] == STATE_OF[current[-1].kind], station.id
            seen.add(now[station.id])
        else:
            assert now[station.id] == "running", station.id
    assert seen == set(STATE_OF.values())
    open_alarms = {(row.station_id, row.type) for row in prepared.rows(Alarm) if row.closed_ms is None}
    assert open_alarms == {
        (station, state) for station, state in now.items() if state not in ("running", "unknown")
    }


def test_nothing_was_refused_and_a_later_start_adds_only_what_came_since(prepared):
    assert prepared.rows(Quarantine) == []
    later_ms = BEGUN_MS + 2 * 3_600_000
    prepared.bring_up(later_ms)
    end_ms = later_ms - later_ms % 900_000
    with closing(EmbeddedHistory(prepared.paths.history)) as history:
        for station in prepared.stations:
            if station.is_live:
                continue
            start_ms = int(station.past_start_s * 1000)
            told = list(readings(Course(station), start_ms, end_ms))
            assert history.raw(station.id, None, start_ms, end_ms + 900_000) == told
    assert known_city(prepared.paths, None, 0).prepared_ms == prepared.city.prepared_ms


def test_the_live_meters_count_on_while_nobody_looks(prepared):
    live = [station for station in prepared.stations if station.is_live]
    end_ms = BEGUN_MS - BEGUN_MS % 900_000
    for now_ms in (BEGUN_MS, BEGUN_MS + 3 * 86_400_000):
        count_on(prepared.paths, live, now_ms)
        for station in live:
            counted = json.loads(prepared.paths.counters(station.id).read_text())
            energy_kwh, volume_m3 = counters_at(Course(station), now_ms / 1000)
            assert counted["energy_kwh"] == pytest.approx(energy_kwh)
            assert counted["volume_m3"] == pytest.approx(volume_m3)
            assert energy_kwh > counters_at(Course(station), end_ms / 1000)[0]


def test_another_number_of_stations_is_refused(prepared):
    with pytest.raises(DemoError, match=rf"holds a city of {COUNT} stations \(got --stations 7\)"):
        known_city(prepared.paths, 7, BEGUN_MS)


def test_a_damaged_city_file_is_said(tmp_path):
    paths = Paths(tmp_path)
    keep_city(paths, DemoCity(1, 3))
    paths.city.write_text("{")
    with pytest.raises(DemoError, match=r"city\.json: .*Remove the folder"):
        known_city(paths, None, 1)


def small_city(folder, count=6):
    paths = Paths(folder)
    known = known_city(paths, count, BEGUN_MS)
    live = [each for each in known.stations() if each.is_live]
    write_settings(paths, live, broker_port=1, console_port=8080)
    register_city(paths, known.stations())
    return paths, known


def judged(paths):
    with closing(open_registry(paths.registry_url)) as registry, registry.reading() as session:
        periods = session.scalars(select(StatePeriod))
        return sorted((row.station_id, row.start_ms, row.decided_ms, row.state) for row in periods)


def test_what_alerting_said_while_the_demo_ran_stands_at_the_next_start(tmp_path):
    paths, known = small_city(tmp_path)
    prepare(paths, known, BEGUN_MS, 2, Event(), lambda: None)
    minute_ms = 60_000
    runs = known.stations()[4].id
    with closing(open_registry(paths.registry_url)) as registry, registry.writing() as session:
        present = open_periods(session)[runs]
        assert present.state == "running"
        decision = Decision("stopped", BEGUN_MS + 30 * minute_ms, "no_energy", {})
        present = record(session, runs, decision, present, BEGUN_MS + 95 * minute_ms)
        raised_ms = BEGUN_MS + 95 * minute_ms
        book = AlarmBook(session, raised_ms)
        follow(book, present, [], Delays(0, 0, 0), is_attended=True)
        book.write()
        report_health(session, "alerting", BEGUN_MS + 120 * minute_ms, {})
    prepare(paths, known, BEGUN_MS + 6 * 60 * minute_ms, 2, Event(), lambda: None)
    with closing(open_registry(paths.registry_url)) as registry, registry.reading() as session:
        (alarm,) = session.scalars(select(Alarm).where(Alarm.station_id == runs)).all()
        assert alarm.raised_ms == raised_ms
        assert alarm.closed_ms > BEGUN_MS + 120 * minute_ms
        rows = session.scalars(select(StatePeriod).where(StatePeriod.station_id == runs))
        last = sorted(rows, key=lambda row: (row.start_ms, row.id))[-2:]
    assert [row.state for row in last] == ["stopped", "running"]
    assert last[0].start_ms == BEGUN_MS + 30 * minute_ms
    assert last[0].end_ms > last[0].start_ms  # ended where the counters show that it went on


def test_a_stop_while_preparing_ends_soon_and_the_next_start_goes_on(tmp_path):
    count = 16  # more than the two processes take up before they can be told to stop
    (tmp_path / "whole").mkdir()
    (tmp_path / "broken").mkdir()
    whole, known = small_city(tmp_path / "whole", count)
    prepare(whole, known, BEGUN_MS, 2, Event(), lambda: None)
    broken, known = small_city(tmp_path / "broken", count)
    stop = Event()
    prepare(broken, known, BEGUN_MS, 2, stop, stop.set)
    first = known_city(broken, None, 0)
    assert 1 <= len(first.prepared_ms) < count
    prepare(broken, first, BEGUN_MS, 2, Event(), lambda: None)
    assert set(first.prepared_ms) == {station.id for station in known.stations()}
    assert judged(broken) == judged(whole)
