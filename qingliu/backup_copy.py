"""Consistent copies of SQLite files that others go on writing, and whether a copy is whole."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from qingliu.backup_error import BackupError

BUSY_TIMEOUT_S = 30.0
_PAGES_AT_ONCE = 2_048
_MOST_FAULTS = 3


class Snapshots(NamedTuple):
    """Both stores as they were at one instant; `history` is None where it is not a SQLite file."""

    registry: sqlite3.Connection | None
    history: sqlite3.Connection | None


@contextmanager
def snapshots(registry: Path | None, history: Path | None) -> Iterator[Snapshots]:
    """Hold the stores still for us, while everybody else goes on.

    The registry's writers wait for the moment in which both are taken. So no quarter hour is recomputed, and
    its mark cleared, between the two.

    Raises:
        BackupError: a file cannot be read as a SQLite database.
    """
    with (
        closing(_opened(registry)) if registry else _none() as lock,
        closing(_opened(history)) if history else _none() as of_history,
        closing(_opened(registry)) if registry else _none() as of_registry,
    ):
        if lock is not None:
            _begin(lock, registry, "BEGIN IMMEDIATE")
        if of_history is not None:
            _begin(of_history, history)
        if of_registry is not None:
            _begin(of_registry, registry)
        if lock is not None:
            lock.rollback()
        yield Snapshots(of_registry, of_history)


def copy(source: sqlite3.Connection, target: Path, tick: Callable[[float], None]) -> None:
    """Write a snapshot as one file, without any beside it; `tick` is told the share done.

    Raises:
        BackupError: it cannot be read or written.
    """

    def progress(_status: int, remaining: int, total: int) -> None:
        tick(1 - remaining / total if total else 1.0)

    try:
        with closing(sqlite3.connect(target, isolation_level=None)) as made:
            source.backup(made, pages=_PAGES_AT_ONCE, progress=progress)
    except sqlite3.Error as error:
        raise BackupError(f"backup {target.name}: cannot be copied: {error}. See docs/backup.md.") from error
    leave_wal(target)


def leave_wal(path: Path) -> None:
    """Make one file of a database that nobody else uses: WAL keeps two beside it.

    Raises:
        BackupError: it cannot be written.
    """
    try:
        with closing(_opened(path)) as database:
            database.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise BackupError(f"backup {path.name}: cannot be written: {error}. See docs/backup.md.") from error


def faults(path: Path, *, thorough: bool) -> list[str]:
    """What SQLite finds wrong with a file; nothing if it is whole.

    Args:
        path: of a file that nobody writes.
        thorough: also hold indexes against their tables, and rows against those that they name.
    """
    try:
        with closing(_opened(path)) as database:
            check = "integrity_check" if thorough else "quick_check"
            said = [str(row[0]) for row in database.execute(f"PRAGMA {check}({_MOST_FAULTS})")]
            found = [] if said == ["ok"] else said
            if thorough:
                rows = database.execute("PRAGMA foreign_key_check").fetchmany(_MOST_FAULTS)
                found += [f"a row of {row[0]} names one of {row[2]} that is not there" for row in rows]
    except (sqlite3.Error, BackupError) as error:
        return [str(error)]
    return found


def row_counts(path: Path) -> dict[str, int]:
    """How many rows each table of a file has, by name.

    Raises:
        BackupError: it cannot be read.
    """
    try:
        with closing(_opened(path)) as database:
            listed = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            names = sorted(name for (name,) in database.execute(listed))
            counted = (database.execute(f'SELECT count(*) FROM "{name}"') for name in names)  # noqa: S608 - its own names
            return {name: rows.fetchone()[0] for name, rows in zip(names, counted, strict=True)}
    except sqlite3.Error as error:
        raise BackupError(f"{path}: cannot be read: {error}.") from error


def is_held_open(path: Path) -> bool:
    """Whether another connection has the file open; of what is no database SQLite knows nothing.

    A file in WAL mode can be locked as a whole only when nobody else has it open.
    """
    try:
        with closing(_opened(path)) as database:
            database.execute("PRAGMA busy_timeout = 0")
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    except BackupError:
        return False
    return False


def _opened(path: Path | None) -> sqlite3.Connection:
    """A connection that never makes a file."""
    if path is None or not path.is_file():
        raise BackupError(
            f"{path}: there is no such file. Name another with --config, or start the centre once."
        )
    address = f"file:{quote(str(path))}?mode=rw"
    try:
        return sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    except sqlite3.Error as error:
        raise BackupError(f"{path}: {error}. Run this as the user of the services.") from error


def _begin(connection: sqlite3.Connection, path: Path | None, how: str = "BEGIN") -> None:
    try:
        connection.execute(how)
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        remedy = "Run this as the user of the services; if the file is damaged, restore an earlier backup."
        raise BackupError(f"{path}: cannot be read: {error}. {remedy}") from error


@contextmanager
def _none() -> Iterator[None]:
    yield None
