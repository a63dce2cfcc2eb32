"""The outbox's file: SQLite in WAL, synced at every commit, checked at opening, bounded in size."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from edge_agent.damaged import parts
from edge_agent.packed import UnpackError
from service.process import UnavailableError
from service.sqlite_file import SqliteFile

PAGE_BYTES = 1024
"""A commit writes whole pages: small ones spare the SD card."""
MOST_WAL_BYTES = 1_000_000
WAL_SHARE = 8
"""The WAL may take one part in so many of the bound, and never more than the above."""
WAL_INDEX_BYTES = 32_768
"""What SQLite keeps beside a WAL of that size."""
RESERVE_SHARE, LEAST_RESERVE_PAGES = 20, 8
"""Thinning begins one part in so many before the file reaches its bound."""
APPLICATION_ID = 0x514C4F42
FORMAT = 1
"""In `PRAGMA application_id` and `user_version`; a file of another format is set aside."""
_DISK_IS_FULL_BYTES = 1_000_000
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BAD_SECTOR = sqlite3.SQLITE_IOERR_CORRUPTFS


class OutboxError(UnavailableError):
    """The outbox cannot take or give readings just now; the text says why in one line."""


class OutboxDamagedError(OutboxError):
    """The file is damaged or no outbox of this format: it is of no use until opened anew by `open_outbox`."""


class OutboxFile(SqliteFile):
    """An open file; every failure is an OutboxError, and what a failed transaction did is undone.

    Its `writing` and `rows` raise as `translated` does.

    Attributes:
        most_pages: beyond so many used pages the outbox is full.
    """

    def __init__(self, path: Path, *, max_mb: float, schema: str) -> None:
        """Open the file, or make it with the statements of `schema`.

        Raises:
            OutboxDamagedError: it is damaged, or no outbox of this format.
            OutboxError: it cannot be opened, read or written.
        """
        self._path = path
        self._schema = schema
        most_bytes = int(max_mb * 1_000_000)
        self._wal_bytes = min(MOST_WAL_BYTES, most_bytes // WAL_SHARE)
        self._cap_pages = (most_bytes - self._wal_bytes - WAL_INDEX_BYTES) // PAGE_BYTES
        self.most_pages = self._cap_pages - max(self._cap_pages // RESERVE_SHARE, LEAST_RESERVE_PAGES)
        super().__init__(path, "outbox", OutboxError)

    def each(self, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """The rows of a query one by one, all of which must be taken; raises as `translated` does."""
        with self.lock, self.translated():
            yield from self._db.execute(query, values)

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Say in plain words what SQLite says.

        Raises:
            OutboxDamagedError: the file turned out to be damaged.
            OutboxError: anything else that SQLite complains of.
        """
        try:
            yield
        except UnpackError as failure:
            raise self._damaged(str(failure)) from failure
        except sqlite3.Error as failure:
            code = getattr(failure, "sqlite_errorcode", 0)
            if code & 0xFF in _DAMAGE or code == _BAD_SECTOR:
                raise self._damaged(str(failure)) from failure
            raise OutboxError(f"outbox {self._path}: {self._plain(code & 0xFF, failure)}") from failure

    def used_pages(self) -> int:
        """How many pages hold something."""
        return int(self._one("PRAGMA page_count") - self._one("PRAGMA freelist_count"))

    def spare_pages(self) -> int:
        """How many more pages could hold something."""
        unmade = max(self._cap_pages - self._one("PRAGMA page_count"), 0)
        return int(unmade + self._one("PRAGMA freelist_count"))

    def others_wrote(self) -> int:
        """A number that changes when another connection has written to the file."""
        return int(self._one("PRAGMA data_version"))

    def size_mb(self) -> float:
        """What the file and its WAL take on the disk, megabytes."""
        sizes = 0
        for part in parts(self._path):
            with suppress(FileNotFoundError):  # a WAL comes and goes
                sizes += part.stat().st_size
        return round(sizes / 1_000_000, 2)

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self._db.close()

    def _is_new(self) -> bool:
        """Whether nothing was ever written.

        Raises:
            OutboxDamagedError: it is somebody else's file, or of another format.
        """
        if not self._one("SELECT count(*) FROM sqlite_master") and self._one("PRAGMA page_count") <= 1:
            return True
        if self._one("PRAGMA application_id") != APPLICATION_ID:
            raise self._damaged("this file is no outbox")
        if (found := self._one("PRAGMA user_version")) != FORMAT:
            raise self._damaged(f"it is of format {found}, and only format {FORMAT} is known")
        return False

    def _set_up(self) -> None:
        """Look whose file it is before anything is changed; then make it, or check it."""
        is_new = self._is_new()
        self._db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        super()._set_up()
        for pragma in (
            "secure_delete = OFF",  # Debian's default wipes what is deleted: writes for nothing here
            f"wal_autocheckpoint = {self._wal_bytes * 4 // 5 // PAGE_BYTES}",
            f"journal_size_limit = {self._wal_bytes}",  # seldom cut: to write over is cheaper than to grow
            f"max_page_count = {self._cap_pages}",
        ):
            self._db.execute(f"PRAGMA {pragma}")
        if is_new:
            self._make()
        else:
            self._check()
            self._shrink()

    def _make(self) -> None:
        with self.writing() as db:
            for statement in self._schema.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {FORMAT}")

    def _check(self) -> None:
        found = str(self._one("PRAGMA quick_check(1)"))
        if found != "ok":
            raise self._damaged(" ".join(found.split()))

    def _shrink(self) -> None:
        """Give pages back if the file is larger than its bound allows, which has become smaller."""
        if self._one("PRAGMA page_count") > self._cap_pages >= self.used_pages():
            with suppress(sqlite3.Error):  # if there is no room for that, it may remain larger
                self._db.execute("VACUUM")
                self._db.execute(f"PRAGMA max_page_count = {self._cap_pages}")

    def _one(self, query: str) -> Any:  # noqa: ANN401 - a column's value
        return self.rows(query)[0][0]

    def _damaged(self, why: str) -> OutboxDamagedError:
        return OutboxDamagedError(f"outbox {self._path}: {why}")

    def _plain(self, code: int, failure: sqlite3.Error) -> str:
        if code not in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            return str(failure)
        if shutil.disk_usage(self._path.parent).free < _DISK_IS_FULL_BYTES:
            return "the disk is full"
        if code == sqlite3.SQLITE_FULL:
            return "full, max_mb allows no more"
        return f"the disk fails ({failure}, {failure.sqlite_errorname})"
