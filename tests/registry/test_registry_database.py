"""The registry's database on SQLite and PostgreSQL: migrations, transactions, rules that the tables keep."""

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from registry.database import Registry, RegistryError, open_registry, upsert
from registry.services import report_health
from registry.tables import Alarm, Base, Device, DirtyQuarterHour, Presence, StatePeriod, Station

OPENER = """
import sys
from registry.database import open_registry
print("ready", flush=True)
sys.stdin.readline()
open_registry(sys.argv[1]).close()
"""


def alarm(type_="stopped", subject="a", closed_ms=None):
    return Alarm(
        type=type_, subject=subject, severity="low", start_ms=0, raised_ms=1, closed_ms=closed_ms, reason="r"
    )


def period(start_ms, end_ms=None, station="a"):
    return StatePeriod(
        station_id=station, state="running", start_ms=start_ms, end_ms=end_ms, decided_ms=1, reason="r"
    )


def add(registry, *rows):
    with registry.writing() as session:
        session.add_all(rows)


def test_the_migrations_make_exactly_the_model(registry):
    with registry._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        tables = set(inspect(connection).get_table_names())
    assert tables == {*Base.metadata.tables, "alembic_version"}


def test_migrating_again_is_harmless(registry_url):
    with closing(open_registry(registry_url)) as registry:
        add(registry, Station(id="a", name="北寨村"))
    for _ in range(2):
        with closing(open_registry(registry_url)) as registry, registry.reading() as session:
            assert session.get_one(Station, "a").name == "北寨村"


def test_processes_that_start_together_migrate_a_fresh_database_once(registry_url):
    words = [sys.executable, "-c", OPENER, registry_url]
    openers = [
        subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for opener in openers:
        assert opener.stdout.readline() == "ready\n"
    for opener in openers:
        opener.stdin.write("go\n")
        opener.stdin.flush()
    for opener in openers:
        _, errors = opener.communicate(timeout=60)
        assert (opener.returncode, errors) == (0, "")


def test_one_open_alarm_of_a_type_and_any_number_of_closed_ones(registry):
    add(registry, alarm(closed_ms=5), alarm(closed_ms=5), alarm())
    add(registry, alarm("idling"), alarm(subject="b"), alarm(closed_ms=9))
    with pytest.raises(IntegrityError):
        add(registry, alarm())
    with registry.writing() as session:
        session.scalars(select(Alarm).where(Alarm.subject == "a", Alarm.type == "stopped",
                                            Alarm.closed_ms.is_(None))).one().closed_ms = 7  # fmt: skip
    add(registry, alarm())


def test_one_open_state_period_a_station(registry):
    add(registry, Station(id="a"), Station(id="b"))
    add(registry, period(0, 10), period(10, 10), period(10), period(0, station="b"))
    with pytest.raises(IntegrityError):
        add(registry, period(20))
    with registry.reading() as session:
        assert len(list(session.scalars(select(StatePeriod)))) == 4


def test_a_row_needs_the_station_it_speaks_of(registry):
    with pytest.raises(IntegrityError):
        add(registry, Device(station_id="nobody", device="power-1", kind="power"))


def test_a_word_outside_the_closed_list_is_refused(registry):
    add(registry, Station(id="a"))
    with pytest.raises(IntegrityError):
        add(registry, Device(station_id="a", device="x", kind="gas"))
    with pytest.raises(IntegrityError):
        add(registry, Station(id="b", review="perhaps"))


def test_upsert_adds_changes_and_leaves_what_it_does_not_name(registry):
    add(registry, Station(id="a"))
    with registry.writing() as session:
        upsert(session, Device, [{"station_id": "a", "device": "p", "kind": "power", "make": "正泰"}])
        upsert(session, Device, [{"station_id": "a", "device": d, "kind": "flow"} for d in ("p", "q")])
        upsert(session, Device, [])
    with registry.reading() as session:
        found = {row.device: (row.kind, row.make) for row in session.scalars(select(Device))}
    assert found == {"p": ("flow", "正泰"), "q": ("flow", "")}


def test_upsert_of_keys_alone_changes_nothing(registry):
    add(registry, Station(id="a"))
    for _ in range(2):
        with registry.writing() as session:
            upsert(session, DirtyQuarterHour, [{"station_id": "a", "start_ms": n} for n in (0, 900_000)])
    with registry.reading() as session:
        assert len(list(session.scalars(select(DirtyQuarterHour)))) == 2


def test_large_instants_and_any_json_survive(registry):
    figures = {"清": [1, 2.5, None, True], "big": 2**53, "nul": "\x00", "smile": "😀"}
    with registry.writing() as session:
        report_health(session, "collector", 2**53, {"store": "磁盘满"}, figures)
    add(registry, Station(id="a"))
    add(registry, Presence(station_id="a", last_seen_ms=-(2**53), devices=figures))
    with registry.reading() as session:
        presence = session.get_one(Presence, "a")
        assert presence.last_seen_ms == -(2**53)
        assert presence.devices["清"] == [1, 2.5, None, True]


def test_an_exception_rolls_everything_back(registry):
    def fail():
        with registry.writing() as session:
            session.add(Station(id="a"))
            session.flush()
            raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"):
        fail()
    with registry.reading() as session:
        assert list(session.scalars(select(Station))) == []


def test_a_reader_cannot_leave_anything_behind(registry):
    with registry.reading() as session:
        session.add(Station(id="a"))
        session.flush()
    with registry.reading() as session:
        assert list(session.scalars(select(Station))) == []


def test_sqlite_is_prepared_for_every_connection(tmp_path):
    with (
        closing(open_registry(f"sqlite:///{tmp_path}/registry.db")) as registry,
        registry.reading() as one,
        registry.reading() as two,
    ):
        for session in (one, two):
            told = [session.execute(text(f"PRAGMA {name}")).scalar() for name in
                    ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")]  # fmt: skip
            assert told == ["wal", 2, 1, 10_000]


def test_a_writer_takes_the_lock_before_it_reads(sqlite_registry, tmp_path):
    """Else it would fail at once with SQLITE_BUSY when it writes after another has written."""
    with closing(sqlite3.connect(tmp_path / "registry.db", timeout=0)) as other:
        with sqlite_registry.writing() as session:
            session.execute(select(Station))
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        with sqlite_registry.reading() as session:
            session.execute(select(Station))
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")


def test_writers_that_read_first_wait_for_each_other(registry_url):
    with closing(open_registry(registry_url)) as setup:
        add(setup, Station(id="a", rated_kw=0.0))
    failures = []

    def work():
        try:
            with closing(Registry(registry_url)) as registry:
                for _ in range(20):
                    with registry.writing() as session:
                        station = session.get_one(Station, "a", with_for_update=True)
                        station.rated_kw = (station.rated_kw or 0) + 1
        except Exception as error:  # noqa: BLE001 - told below
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with closing(Registry(registry_url)) as registry, registry.reading() as session:
        assert session.get_one(Station, "a").rated_kw == 60


def refusal(url):
    with pytest.raises(RegistryError) as caught:
        open_registry(url)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_file_that_is_no_database_is_refused_in_one_line(tmp_path):
    path = tmp_path / "registry.db"
    path.write_text("the bureau's accounts\n" * 100)
    url = f"sqlite:///{path}"
    assert refusal(url) == f"registry {url}: (sqlite3.DatabaseError) file is not a database"
    assert path.read_text().startswith("the bureau's accounts")


def test_a_place_where_no_file_can_be_is_refused_in_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    path = f"{tmp_path}/file/deep/registry.db"
    assert refusal(f"sqlite:///{path}") == f"registry {path}: Not a directory"
    assert "unable to open database file" in refusal(f"sqlite:///{tmp_path}")


def test_a_server_that_is_not_there_is_refused_in_one_line_without_its_password():
    said = refusal("postgresql+psycopg://user:secret@127.0.0.1:1/none")
    assert said.startswith(
        "registry postgresql+psycopg://user:***@127.0.0.1:1/none: (psycopg.OperationalError)"
    )


def test_a_database_of_a_newer_version_is_refused_in_one_line(registry_url):
    with closing(open_registry(registry_url)) as registry, registry.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert "Can't locate revision identified by '9999'" in refusal(registry_url)


def test_a_locked_registry_fails_after_its_timeout_and_works_again(sqlite_registry, tmp_path):
    with closing(sqlite3.connect(tmp_path / "registry.db")) as other:
        with sqlite_registry._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 50")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"):
            add(sqlite_registry, Station(id="a"))
        other.execute("ROLLBACK")
        add(sqlite_registry, Station(id="a"))


def test_a_reading_sees_one_state_however_often_it_looks(registry):
    with registry.reading() as session:
        assert session.scalars(select(Station.id)).all() == []
        add(registry, Station(id="a"))
        assert session.scalars(select(Station.id)).all() == []
    with registry.reading() as session:
        assert session.scalars(select(Station.id)).all() == ["a"]
