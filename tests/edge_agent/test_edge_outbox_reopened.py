"""An outbox that is opened again: its readings are whole, and a file that is too large opens all the same."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from edge_agent.meter import Poll
from edge_agent.outbox import Outbox
from edge_agent.outbox_file import OutboxFile

VALUES = {"active_power_kw": 1.5, "energy_kwh": 7.25, "voltage_l1_v": 231.0}


def opened(path: Path, max_mb: float) -> Outbox:
    return Outbox(path, boot="boot", max_mb=max_mb)


def filled(path: Path, count: int) -> None:
    with closing(opened(path, 4)) as outbox:
        outbox.accept([Poll("power-1", "power", at_ms, "good", None, VALUES) for at_ms in range(count)], 0)


def test_a_reading_of_several_quantities_comes_back_whole(tmp_path):
    path = tmp_path / "outbox.db"
    filled(path, 1)
    with closing(opened(path, 4)) as again:
        [reading] = again.waiting(limit=9, newest_first=False)
        assert json.loads(bytes(reading.json)) == {
            "seq": 1, "t": 0, "d": "power-1", "k": "power", "x": VALUES,
        }  # fmt: skip


class _NoRoomToRewrite:
    """A connection whose disk has no room for a second copy of the file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.failed = 0

    def execute(self, statement: str, *values: object) -> sqlite3.Cursor:
        if statement == "VACUUM":
            self.failed += 1
            raise sqlite3.OperationalError("database or disk is full")
        return self._connection.execute(statement, *values)

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)


def test_a_file_too_large_for_its_bound_opens_though_it_cannot_be_rewritten(tmp_path, monkeypatch):
    path = tmp_path / "outbox.db"
    filled(path, 5_000)
    with closing(opened(path, 4)) as outbox:
        outbox.drop([(1, 4_990)])
    large = path.stat().st_size
    real, disks = OutboxFile._check, []

    def check(file: OutboxFile) -> None:
        real(file)
        file._db = _NoRoomToRewrite(file._db)  # type: ignore[assignment]
        disks.append(file._db)

    with monkeypatch.context() as patch:
        patch.setattr(OutboxFile, "_check", check)
        with closing(opened(path, 0.1)) as outbox:
            assert [disk.failed for disk in disks] == [1]
            assert (outbox.backlog(), path.stat().st_size) == (10, large)
            outbox.accept([Poll("power-1", "power", 9_000, "good", None, VALUES)], 0)
            assert outbox.backlog() == 11
    with closing(opened(path, 0.1)) as outbox:
        assert outbox.backlog() == 11
    assert path.stat().st_size < 100_000
