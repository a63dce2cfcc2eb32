"""SQLite's write-ahead log, entered safely by processes that start together."""

import sqlite3
import time

_AGAIN_AFTER_S = 0.01


def enter_wal(database: sqlite3.Connection, within_s: float) -> None:
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
