"""The embedded back end and its file."""

import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from history_stores import EmbeddedStore

from history.embedded import EmbeddedHistory
from history.port import HistoryError, QuarterHour, StationReading
from telemetry.reading import Reading

A = "410882-0001"
WRITER = """
import pathlib, sys
from history.embedded import EmbeddedHistory
from history.port import StationReading
from telemetry.reading import Reading
print("ready", flush=True)
sys.stdin.readline()
history = EmbeddedHistory(pathlib.Path(sys.argv[1]))
for t in range(40):
    history.write([StationReading("a", Reading(t=t, d=sys.argv[2], k="power", x={"energy_kwh": t}))])
history.close()
"""


def some(count, device="power-1"):
    x = {"energy_kwh": 1.0, "active_power_kw": 1.0}
    return [StationReading(A, Reading(t=t, d=device, k="power", x=x)) for t in range(count)]


def one_line(caught, path):
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(f"history {path}: ")
    assert text.count("history ") == 1, text
    return text.removeprefix(f"history {path}: ")


@pytest.fixture
def folder():
    """A folder that everybody may enter, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="qingliu-"))
    path.chmod(0o755)
    yield path
    path.chmod(0o755)
    shutil.rmtree(path)


def test_processes_open_a_fresh_file_and_write_it_together(tmp_path):
    path = tmp_path / "history.db"
    words = [sys.executable, "-c", WRITER, str(path)]
    writers = [
        subprocess.Popen(
            [*words, f"power-{n}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(4)
    ]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        _, errors = writer.communicate(timeout=60)
        assert (writer.returncode, errors) == (0, "")
    with closing(EmbeddedHistory(path)) as history:
        assert len(history.raw("a", None, 0, 100)) == 160
        assert [reading.t for reading in history.latest()["a"]] == [39] * 4


def test_the_file_is_durable_by_its_settings(tmp_path):
    with closing(EmbeddedHistory(tmp_path / "history.db")) as history:
        assert history._file._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert history._file._db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_a_writer_waits_for_another_instead_of_failing(tmp_path):
    path = tmp_path / "history.db"
    with closing(EmbeddedHistory(path)) as history, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        writer = threading.Thread(target=history.write, args=(some(1),))
        writer.start()
        writer.join(0.2)
        assert writer.is_alive()
        other.execute("COMMIT")
        writer.join()
        assert len(history.raw(A, None, 0, 10)) == 1


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "history.db"
    path.write_bytes(b"the bureau's accounts\n" * 100)
    with pytest.raises(HistoryError) as caught:
        EmbeddedHistory(path)
    assert one_line(caught, path) == "file is not a database"
    assert path.read_bytes() == b"the bureau's accounts\n" * 100


def test_places_where_no_file_can_be_are_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for path, reason in {
        tmp_path: "unable to open database file",
        tmp_path / "file" / "history.db": "File exists",
        tmp_path / "file" / "deep" / "history.db": "Not a directory",
        Path("/proc/nothing/history.db"): "No such file or directory",
    }.items():
        with pytest.raises(HistoryError) as caught:
            EmbeddedHistory(path)
        assert one_line(caught, path) == reason


def test_a_folder_that_may_not_be_written_is_refused(folder, as_nobody):
    folder.chmod(0o555)
    path = folder / "history.db"
    with as_nobody(), pytest.raises(HistoryError) as caught:
        EmbeddedHistory(path)
    assert one_line(caught, path) == "unable to open database file"


def test_a_file_that_may_only_be_read_says_so_when_it_is_written(folder, as_nobody):
    path = folder / "history.db"
    with closing(EmbeddedHistory(path)) as history:
        history.write(some(1))
    path.chmod(0o444)
    folder.chmod(0o777)
    with as_nobody(), closing(EmbeddedHistory(path)) as history:
        with pytest.raises(HistoryError) as caught:
            history.write(some(2))
        assert one_line(caught, path) == "attempt to write a readonly database"
        assert len(history.raw(A, None, 0, 10)) == 1
    path.chmod(0o644)
    with closing(EmbeddedHistory(path)) as history:
        history.write(some(2))


@contextmanager
def files_at_most(size):
    """The system refuses to let any file grow beyond a size."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_takes_no_more_loses_nothing_of_before(tmp_path):
    path = tmp_path / "history.db"
    with closing(EmbeddedHistory(path)) as history:
        history.write(some(1))
        size = max(each.stat().st_size for each in tmp_path.iterdir())
        with files_at_most(size + 100_000):
            with pytest.raises(HistoryError) as caught:
                history.write(some(20_000, "power-2"))
            assert one_line(caught, path)
            assert len(history.raw(A, None, 0, 100_000)) == 1
        history.write(some(20_000, "power-2"))
        assert len(history.raw(A, None, 0, 100_000)) == 20_001


def test_a_disk_that_takes_nothing_at_all_is_refused_in_one_line(tmp_path):
    path = tmp_path / "history.db"
    with files_at_most(6_000), pytest.raises(HistoryError) as caught:
        EmbeddedHistory(path)
    assert one_line(caught, path)
    with closing(EmbeddedHistory(path)) as history:
        history.write(some(1))


def test_a_full_store_stores_nothing_by_half_and_goes_on_when_there_is_room(tmp_path):
    store = EmbeddedStore(tmp_path)
    with closing(store.open()) as history:
        history.write(some(1))
        with store.failing(history):
            with pytest.raises(HistoryError) as caught:
                history.write(some(20_000, "power-2"))
            assert one_line(caught, store.path) == "database or disk is full"
            assert [each.d for each in history.raw(A, None, 0, 100_000)] == ["power-1"]
            assert [each.d for each in history.latest()[A]] == ["power-1"]
            with pytest.raises(HistoryError):
                history.write_quarter_hours(QuarterHour(A, n, 1.0) for n in range(20_000))
            assert history.quarter_hours(0, 20_000) == []
        history.write(some(20_000, "power-2"))
        assert len(history.raw(A, None, 0, 100_000)) == 20_001


def test_an_exception_in_the_midst_of_a_write_leaves_nothing(tmp_path):
    def rows():
        yield ("a", 1, *[None] * 12)
        raise RuntimeError("broken source")

    with closing(EmbeddedHistory(tmp_path / "history.db")) as history:
        with pytest.raises(RuntimeError, match="broken source"):
            history.write_quarter_hours(rows())
        assert history.quarter_hours(0, 10) == []
        history.write(some(1))
