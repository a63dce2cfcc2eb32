"""What an SD card does to a file: damage is set aside, a failing disk is said, nothing is taken by halves."""

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from edge_agent.damaged import set_aside
from edge_agent.meter import Poll
from edge_agent.outbox import Outbox, OutboxDamagedError, OutboxError, open_outbox

OFFSET = 1_763_740_000_000
NOW_MS = 1_795_320_900_123
TAILS = ("", "-wal", "-shm")
ASIDE = "outbox.db.damaged-20261122-041500"


def poll(at_ms: int) -> Poll:
    return Poll("power-1", "power", at_ms, "good", None, {"energy_kwh": float(at_ms)})


def opened(folder: Path, now_ms: int = NOW_MS) -> tuple[Outbox, str | None]:
    return open_outbox(folder / "outbox.db", boot="boot", max_mb=4, now_ms=now_ms)


def filled(folder: Path, count: int = 5_000) -> str:
    """An outbox with something in it, closed; returns its id."""
    outbox, said = opened(folder)
    assert said is None
    with closing(outbox):
        outbox.accept([poll(number) for number in range(count)], OFFSET)
        return outbox.id


def overwrite(path: Path, at: int, what: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(what)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("outbox.db-"))


def foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE meta (one TEXT)")


def other_format(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 7")


def wrong_type(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute("UPDATE sqlite_master SET sql = replace(sql, ' STRICT', '') WHERE name = 'waiting'")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE waiting SET t = 'midnight' WHERE seq = 7")
        database.execute("PRAGMA writable_schema = ON")
        database.execute("UPDATE sqlite_master SET sql = sql || ' STRICT' WHERE name = 'waiting'")


def row_without_shape(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("DELETE FROM shape")


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda path: path.write_bytes(b"no database" * 500), "file is not a database"),
        (lambda path: path.write_bytes(bytes(8192)), "file is not a database"),
        (lambda path: overwrite(path, 0, bytes(100)), "file is not a database"),
        (lambda path: overwrite(path, 20 * 1024, b"\xff" * 4096), "btreeInitPage() returns error code 11"),
        (lambda path: os.truncate(path, 30 * 1024), "database disk image is malformed"),
        (foreign, "this file is no outbox"),
        (other_format, "it is of format 7, and only format 1 is known"),
        (row_without_shape, "there is no shape 1"),
        (wrong_type, "non-INTEGER value in waiting.t"),
    ],
    ids=["text", "zeros", "header", "page", "cut", "foreign", "format", "shape", "type"],
)
def test_a_damaged_file_is_set_aside_and_a_new_one_begins(tmp_path, spoil, what):
    before = filled(tmp_path)
    path = tmp_path / "outbox.db"
    spoil(path)
    content = path.read_bytes()
    with pytest.raises(OutboxDamagedError) as caught:
        Outbox(path, boot="boot", max_mb=4)
    assert str(caught.value).startswith(f"outbox {path}: ")
    assert what in str(caught.value)
    outbox, said = opened(tmp_path)
    with closing(outbox):
        assert said == (
            f"{caught.value}; set aside as {ASIDE}, a new outbox begins without what waited in the old one"
        )
        assert "\n" not in said
        assert outbox.id != before
        assert (outbox.backlog(), outbox.oldest_t()) == (0, None)
        outbox.accept([poll(1)], OFFSET)
        assert [each.seq for each in outbox.waiting(limit=9, newest_first=False)] == [1]
        assert names(tmp_path) == ["outbox.db", ASIDE]
        assert (tmp_path / ASIDE).read_bytes() == content
    again, said = opened(tmp_path)
    with closing(again):
        assert (again.backlog(), said) == (1, None)


def test_the_newest_two_damaged_files_are_kept_and_none_is_overwritten(tmp_path):
    (tmp_path / "outbox.db.damaged-by-hand").write_bytes(b"kept")
    for number, now_ms in enumerate([NOW_MS, NOW_MS, NOW_MS + 1000, 0]):  # at last the clock is not known
        for tail in TAILS:
            (tmp_path / f"outbox.db{tail}").write_bytes(b"%d" % number)
        aside = set_aside(tmp_path / "outbox.db", now_ms)
        assert [(tmp_path / f"{aside.name}{tail}").read_bytes() for tail in TAILS] == [b"%d" % number] * 3
        found = {path.name: path.read_bytes() for path in tmp_path.glob("*.damaged-[0-9]*")}
        if number == 1:
            assert found.keys() == {f"{ASIDE}{more}{tail}" for more in ("", "-2") for tail in TAILS}
    kept = {"outbox.db.damaged-20261122-041501": b"2", "outbox.db.damaged-19700101-000000": b"3"}
    assert found == {f"{name}{tail}": content for name, content in kept.items() for tail in TAILS}
    assert [path.name for path in tmp_path.glob("*hand")] == ["outbox.db.damaged-by-hand"]


def test_what_its_wal_holds_is_not_thrown_away(tmp_path):
    path, held = tmp_path / "outbox.db", tmp_path / "held"
    held.mkdir()
    outbox, _ = opened(tmp_path)
    with closing(outbox):
        outbox.accept([poll(77_777_777)], OFFSET)
        for tail in ("", "-wal"):  # as a power cut leaves them
            shutil.copy(f"{path}{tail}", held / f"outbox.db{tail}")
    assert b"77777777.0" not in (held / "outbox.db").read_bytes()
    (held / "outbox.db").write_bytes(b"no database" * 500)
    outbox, said = opened(held)
    outbox.close()
    kept = {each.name for each in held.iterdir() if b"77777777.0" in each.read_bytes()}
    assert kept & ({"outbox.db"} if said is None else {ASIDE, f"{ASIDE}-wal"})


def test_a_file_that_cannot_be_set_aside(tmp_path, monkeypatch):
    (tmp_path / "outbox.db").write_bytes(b"no database" * 500)

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OutboxError) as caught:
        opened(tmp_path)
    assert (
        str(caught.value)
        == f"outbox {tmp_path}/outbox.db: file is not a database; it cannot be set aside: Permission denied"
    )
    assert not isinstance(caught.value, OutboxDamagedError)


@pytest.mark.parametrize("size", [0, None])
def test_an_empty_file_and_none_are_no_damage(tmp_path, size):
    if size is not None:
        (tmp_path / "outbox.db").touch()
    outbox, said = opened(tmp_path)
    with closing(outbox):
        assert said is None
        outbox.accept([poll(1)], OFFSET)


def test_damage_that_is_met_while_running_is_told_apart(tmp_path):
    filled(tmp_path)
    outbox, _ = opened(tmp_path)
    with closing(outbox):
        outbox._file._db.execute("PRAGMA cache_size = 0")
        outbox._file._db.execute("PRAGMA shrink_memory")
        overwrite(tmp_path / "outbox.db", 10 * 1024, b"\xff" * 200 * 1024)
        with pytest.raises(OutboxDamagedError, match=r"outbox\.db: database disk image is malformed$"):
            outbox.waiting(limit=10_000, newest_first=False)
        with pytest.raises(OutboxDamagedError):
            outbox.drop([(1, 10_000)])
        assert outbox.backlog() == 5_000
    outbox, said = opened(tmp_path)
    with closing(outbox):
        assert ASIDE in said


def test_a_row_that_cannot_be_understood_is_damage(tmp_path):
    filled(tmp_path, 3)
    with closing(sqlite3.connect(tmp_path / "outbox.db", isolation_level=None)) as database:
        database.execute("UPDATE waiting SET body = CAST('1.0,2.0' AS BLOB) WHERE seq = 2")
    outbox, _ = opened(tmp_path)
    with closing(outbox), pytest.raises(OutboxDamagedError, match=r"reading 2 does not go with its shape 1$"):
        outbox.waiting(limit=10, newest_first=False)


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """The system lets no file grow beyond so many bytes: to SQLite a disk that fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_takes_no_more_is_said_and_work_goes_on_when_it_does(tmp_path):
    outbox, _ = opened(tmp_path)
    with closing(outbox):
        outbox.accept([poll(number) for number in range(100)], OFFSET)
        wal = tmp_path / "outbox.db-wal"
        with no_file_beyond(wal.stat().st_size + 2000):
            for _ in range(3):
                with pytest.raises(OutboxError) as caught:
                    outbox.accept([poll(1000 + number) for number in range(500)], OFFSET)
                assert not isinstance(caught.value, OutboxDamagedError)
                assert str(caught.value) == (
                    f"outbox {tmp_path}/outbox.db: the disk fails (disk I/O error, SQLITE_IOERR_WRITE)"
                )
            assert outbox.backlog() == 100
            assert len(outbox.waiting(limit=1000, newest_first=False)) == 100
        outbox.accept([poll(1000)], OFFSET)
        assert [(each.seq, each.t) for each in outbox.waiting(limit=1, newest_first=True)] == [
            (101, OFFSET + 1000)
        ]
    with closing(Outbox(tmp_path / "outbox.db", boot="boot", max_mb=4)) as again:
        assert again.backlog() == 101


def test_a_full_disk_is_called_so(tmp_path, monkeypatch):
    outbox, _ = opened(tmp_path)
    with closing(outbox):
        outbox._file._db.execute(f"PRAGMA max_page_count = {outbox._file.used_pages()}")
        monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 4096}))
        with pytest.raises(OutboxError, match=r"outbox\.db: the disk is full$"):
            outbox.accept([poll(number) for number in range(500)], OFFSET)
        monkeypatch.undo()
        outbox._file._db.execute("PRAGMA max_page_count = 1000")
        outbox.accept([poll(1)], OFFSET)
        assert outbox.backlog() == 1


WRITER = """
import sys
from pathlib import Path
from edge_agent.damaged import set_aside
from edge_agent.meter import Poll
from edge_agent.outbox import Outbox

outbox = Outbox(Path(sys.argv[1]), boot="boot", max_mb=0.1)
for number in range(10**6):
    at_ms = 60_000 * number
    outbox.accept([Poll(f"m-{each}", "flow", at_ms, "good", None, {"flow_m3h": 1.5}) for each in range(9)], 0)
    if number % 50 == 49:
        last = 9 * (number + 1)
        outbox.drop([(last - 8, last)])
    print(number + 1, outbox.thinned_count(), flush=True)
"""


@pytest.mark.parametrize("after", [120, 333])
def test_kill_9_in_the_middle_of_thinning_and_dropping_keeps_the_counts_true(tmp_path, after):
    path = tmp_path / "outbox.db"
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        lines = [writer.stdout.readline() for _ in range(after)]
        writer.send_signal(signal.SIGKILL)
        lines += writer.stdout.readlines()
    rounds, thinned = map(int, lines[-1].split())
    with closing(Outbox(path, boot="boot", max_mb=0.1)) as outbox:
        accepted = outbox._stock.last_seq
        assert 9 * rounds <= accepted <= 9 * (rounds + 1)
        assert thinned <= outbox.thinned_count()
        left = [each.seq for each in outbox.waiting(limit=10**6, newest_first=False)]
        assert outbox.backlog() == len(left)
        dropped = accepted - outbox.thinned_count() - outbox.backlog()
        assert dropped in (9 * (rounds // 50), 9 * ((rounds + 1) // 50))
        outbox.accept([poll(10**12)], 0)
        assert outbox.waiting(limit=1, newest_first=True)[0].seq == accepted + 1
