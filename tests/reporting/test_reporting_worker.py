"""The worker over a real registry; its clock is moved by hand."""

import shutil
import threading

import pytest
from report_life import small_contents
from reporting_centre import OCTOBER, at
from servers import wait_until
from sqlalchemy import select, text, update

import reporting.monthly
import reporting.worker
from registry.services import health, take_lease
from registry.tables import DayVerdict, Lease, Report
from reporting.worker import LEASE_MS, LOOK_EVERY_MS, Worker

SECOND_MS = 1_000
WELL = {"due": 0, "waiting": []}


class Clock:
    def __init__(self):
        self.now_ms = at(2026, 11, 1, 1, 59)

    def __call__(self):
        return self.now_ms


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def worker(centre, clock, monkeypatch):
    monkeypatch.setattr(reporting.monthly, "contents", small_contents)
    centre.station("410882-0001", "R" * 31)
    return Worker(centre.settings, centre.registry, clock, "one")


def reports(centre):
    with centre.registry.reading() as session:
        return [(each.month, each.revision) for each in session.scalars(select(Report).order_by(Report.id))]


def said(centre):
    with centre.registry.reading() as session:
        return {each.name: (each.seen_ms, each.conditions, each.figures) for each in health(session)}


def pass_time(worker, clock, seconds, every=5):
    for _ in range(0, seconds, every):
        clock.now_ms += every * SECOND_MS
        worker.tick(clock.now_ms)


def test_a_report_is_made_when_it_is_due_and_once(centre, clock, worker):
    worker.tick(clock.now_ms)
    assert reports(centre) == []
    pass_time(worker, clock, 80)
    assert reports(centre) == [("2026-10", 1)]
    pass_time(worker, clock, 120)
    again = Worker(centre.settings, centre.registry, clock, "one")
    pass_time(again, clock, 60)
    assert reports(centre) == [("2026-10", 1)]


def test_health_is_reported_often_enough(centre, clock, worker):
    worker.tick(clock.now_ms)
    for _ in range(20):
        pass_time(worker, clock, 5)
        seen_ms, conditions, figures = said(centre)["reporting"]
        assert clock.now_ms - seen_ms <= 15 * SECOND_MS
        assert (conditions, figures) == ({}, {"due": 0, "waiting": []})


def test_a_worker_that_was_off_for_months_catches_up(centre, clock, worker):
    clock.now_ms = at(2027, 2, 14, 12)
    worker.tick(clock.now_ms)
    assert reports(centre) == [("2026-10", 1), ("2026-11", 1), ("2026-12", 1), ("2027-01", 1)]


def test_a_folder_in_the_way_is_a_condition_until_it_is_mended(centre, clock, worker):
    centre.folder.write_text("in the way")
    clock.now_ms = at(2026, 12, 2)
    worker.tick(clock.now_ms)
    file = centre.folder / "operating-rate-2026-10-r1.xlsx"
    assert said(centre)["reporting"][1:] == (
        {"files": f"report {file}: File exists"},
        {"due": 2, "waiting": []},
    )
    pass_time(worker, clock, 60)
    assert reports(centre) == []
    centre.folder.unlink()
    pass_time(worker, clock, LOOK_EVERY_MS // SECOND_MS)
    assert reports(centre) == [("2026-10", 1), ("2026-11", 1)]
    assert said(centre)["reporting"][1:] == ({}, WELL)
    shutil.rmtree(centre.folder)


def test_a_month_that_fails_oddly_holds_up_no_other(centre, clock, worker, monkeypatch, caplog):
    take = reporting.worker.take_step

    def odd(registry, settings, step, *others):
        if str(step.month) == "2026-10":
            raise ZeroDivisionError("odd")
        return take(registry, settings, step, *others)

    monkeypatch.setattr(reporting.worker, "take_step", odd)
    clock.now_ms = at(2026, 12, 2)
    worker.tick(clock.now_ms)
    pass_time(worker, clock, 60)
    assert reports(centre) == [("2026-11", 1)]
    told = "report of 2026-10: unexpected failure: ZeroDivisionError('odd')"
    assert said(centre)["reporting"][1:] == ({"months": told}, {"due": 1, "waiting": []})
    assert sum(record.exc_info is not None for record in caplog.records) == 1
    monkeypatch.setattr(reporting.worker, "take_step", take)
    pass_time(worker, clock, 20)
    assert said(centre)["reporting"][1:] == ({}, WELL)


def test_while_another_holds_the_lease_nothing_is_done(centre, clock, worker):
    clock.now_ms = at(2026, 11, 2)
    with centre.registry.writing() as session:
        take_lease(session, "reporting", "two", clock.now_ms, LEASE_MS)
    pass_time(worker, clock, 60)
    assert (reports(centre), said(centre)) == ([], {})
    pass_time(worker, clock, 65)
    assert reports(centre) == [("2026-10", 1)]


def test_a_lease_lost_between_two_months_stops_the_work(centre, clock, worker, monkeypatch):
    take = reporting.worker.take_step

    def slow(*arguments):
        done = take(*arguments)
        clock.now_ms += LEASE_MS
        with centre.registry.writing() as session:
            take_lease(session, "reporting", "two", clock.now_ms, LEASE_MS)
        return done

    monkeypatch.setattr(reporting.worker, "take_step", slow)
    clock.now_ms = at(2027, 2, 14)
    worker.tick(clock.now_ms)
    assert reports(centre) == [("2026-10", 1)]


def test_a_report_is_frozen_and_a_revision_waits_with_a_word_in_the_log(centre, clock, worker, caplog):
    clock.now_ms = at(2026, 11, 12, 2)
    worker.tick(clock.now_ms)
    with centre.registry.writing() as session:
        session.execute(
            update(DayVerdict)
            .where(DayVerdict.day == OCTOBER.last)
            .values(verdict="stopped", computed_ms=clock.now_ms)
        )
    clock.now_ms = at(2026, 11, 13, 2)
    worker.tick(clock.now_ms)
    assert reports(centre) == [("2026-10", 1), ("2026-10", 2)]
    assert said(centre)["reporting"][1:] == ({}, {"due": 0, "waiting": ["2026-10 r2"]})
    (warning,) = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert warning == (
        "report of 2026-10: the figures are no longer those of revision 1; revision 2 waits for "
        "`qingliu report freeze 2026-10 --by NAME`"
    )


def test_a_frozen_file_that_is_gone_holds_up_no_other_month(centre, clock, worker):
    clock.now_ms = at(2026, 11, 12, 2)
    worker.tick(clock.now_ms)
    (centre.folder / "operating-rate-2026-10-r1.json").unlink()
    with centre.registry.writing() as session:
        session.execute(update(DayVerdict).values(verdict="stopped", computed_ms=clock.now_ms))
    clock.now_ms = at(2026, 12, 1, 2)
    worker.tick(clock.now_ms)
    assert reports(centre) == [("2026-10", 1), ("2026-11", 1)]
    conditions = said(centre)["reporting"][1]
    assert conditions["files"].endswith("operating-rate-2026-10-r1.json: the file is not there")


def test_a_clock_that_was_set_back_goes_on(centre, clock, worker):
    clock.now_ms = at(2026, 12, 5)
    worker.tick(clock.now_ms)
    clock.now_ms = at(2026, 11, 2)
    pass_time(worker, clock, 5)
    assert said(centre)["reporting"][0] == clock.now_ms


def test_the_loop_waits_for_the_registry_and_gives_its_lease_back(centre, clock, worker, monkeypatch):
    monkeypatch.setattr(reporting.worker, "TICK_S", 0.05)
    with centre.registry.writing() as session:
        session.execute(text("ALTER TABLE reports RENAME TO elsewhere"))
    clock.now_ms = at(2026, 11, 2)
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        told = {"stores": "(sqlite3.OperationalError) no such table: reports"}
        wait_until(lambda: said(centre).get("reporting", (0, {}))[1] == told, "the trouble is reported")
        with centre.registry.writing() as session:
            session.execute(text("ALTER TABLE elsewhere RENAME TO reports"))
        clock.now_ms += LOOK_EVERY_MS
        wait_until(lambda: reports(centre) == [("2026-10", 1)], "the report is made")
        clock.now_ms += LOOK_EVERY_MS
        wait_until(lambda: said(centre)["reporting"][1] == {}, "all is well")
    finally:
        stop.set()
        thread.join()
    with centre.registry.reading() as session:
        assert list(session.scalars(select(Lease))) == []


def test_an_unforeseen_failure_is_a_condition_and_ends_nothing(centre, clock, worker, monkeypatch):
    monkeypatch.setattr(reporting.worker, "TICK_S", 0.05)
    monkeypatch.setattr(reporting.worker, "due_steps", lambda *_: 1 / 0)
    clock.now_ms = at(2026, 11, 2)
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        told = {"worker": "unexpected failure: ZeroDivisionError('division by zero')"}
        wait_until(lambda: said(centre).get("reporting", (0, {}))[1] == told, "the trouble is reported")
    finally:
        stop.set()
        thread.join()
