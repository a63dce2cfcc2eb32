"""One durable SQLite file: WAL, synced at every commit, safe to use from several threads and processes."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from service.process import UnavailableError

BUSY_TIMEOUT_S = 10.0
_AGAIN_AFTER_S = 0.01


class SqliteFile:
    """An open file whose every failure is an error of the room that owns it.

    Attributes:
        lock: held during every transaction; hold it to keep one's own memory in step with the file.
    """

    def __init__(self, path: Path, what: str, error: type[UnavailableError]) -> None:
        """Open or make the file.

        Args:
            path: where it is; its folder is made if need be.
            what: how messages call it.
            error: the room's own error, raised with one line.
        """
        self._place = f"{what} {path}"
        self._error = error
        self.lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as failure:
            raise error(f"{self._place}: {failure.strerror}") from failure
        with self.translated():
            self._db = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
        try:
            with self.translated():
                self._set_up()
        except BaseException:
            self._db.close()
            raise

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is durable when the block ends, and undone on any exception."""
        with self.lock, self.translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self.lock, self.translated():
            return self._db.execute(query, values).fetchall()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _set_up(self) -> None:
        """Make the connection durable; a room that needs more does it here."""
        enter_wal(self._db)
        self._db.execute("PRAGMA synchronous = FULL")

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Say in the room's own error what SQLite says."""
        try:
            yield
        except sqlite3.Error as failure:
            raise self._error(f"{self._place}: {failure}") from failure


def enter_wal(database: sqlite3.Connection, within_s: float = BUSY_TIMEOUT_S) -> None:
    """Switch a file to WAL; while another process does so, SQLite fails at once whatever the busy timeout.

    Raises:
        sqlite3.Error: it cannot be switched, or is still locked when the time is over.
    """
    deadline = time.monotonic() + within_s
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_AGAIN_AFTER_S)
        else:
            return
