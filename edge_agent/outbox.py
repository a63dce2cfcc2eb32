"""The outbox: readings wait here, durably, until the centre says that they are stored or refused.

One commit per poll of a line. `seq` rises by one per reading and is never used again within one outbox. A
reading is dated for good before it is first sent; what was read while the clock was not trusted keeps
monotonic time and boot id until then.
"""

import secrets
import shutil
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from edge_agent.meter import Poll
from service.process import UnavailableError
from service.sqlite_file import SqliteFile

PAGE_BYTES = 4096
HEADROOM = 1.5
"""The file may outgrow its bound so far while a full outbox is dated or refused, never by readings."""
REFUSED_CAP = 1_000
"""The refused table keeps so many newest rows."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reading (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, t INTEGER, boot TEXT, monotonic_ms INTEGER,
    body BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS reading_t ON reading (device, t) WHERE t IS NOT NULL;
CREATE INDEX IF NOT EXISTS reading_undated ON reading (boot) WHERE t IS NULL;
CREATE TABLE IF NOT EXISTS refused (
    seq INTEGER PRIMARY KEY, t INTEGER, device TEXT, code TEXT, text TEXT, body BLOB)
"""


class OutboxError(UnavailableError):
    """The outbox cannot take or give readings just now; the text says why in one line."""


class Waiting(NamedTuple):
    """A reading on its way: its number, its time, and its JSON as it goes into a batch."""

    seq: int
    t: int
    json: msgspec.Raw


class Outbox:
    """An open outbox; safe to use from several threads."""

    def __init__(self, path: Path, *, boot: str, max_mb: int) -> None:
        """Open or make the file.

        Raises:
            OutboxError: it cannot be opened, or is no outbox.
        """
        self._path = path
        self._boot = boot
        self._most_pages = max_mb * 1_000_000 // PAGE_BYTES
        self._file = SqliteFile(path, "outbox", OutboxError)
        try:
            self._one(f"PRAGMA max_page_count = {round(self._most_pages * HEADROOM)}")
            with self._file.writing() as db:
                for statement in _SCHEMA.split(";"):
                    db.execute(statement)
                db.execute("INSERT OR IGNORE INTO meta VALUES ('id', ?)", (secrets.token_hex(4),))
            self.id: str = self._one("SELECT value FROM meta WHERE key = 'id'")
        except OutboxError:
            self._file.close()
            raise
        self._last_t: dict[str, int] = {}

    def accept(self, polls: Sequence[Poll], offset_ms: int | None) -> None:
        """Take the polls of one round in one commit; from then on they are accepted.

        Args:
            polls: in the order of their answers.
            offset_ms: wall time minus monotonic time if it is known, else None.

        Raises:
            OutboxError: none of them is accepted.
        """
        with self._file.writing() as db:
            for poll in polls:
                body: dict[str, object] = {"k": poll.kind}
                if poll.quality != "good":
                    body["q"] = poll.quality
                if poll.why is not None:
                    body["why"] = poll.why
                if poll.quality != "missing":
                    body["x"] = poll.values
                t = None if offset_ms is None else self._free_t(poll.device, poll.at_ms + offset_ms)
                until_dated = (self._boot, poll.at_ms) if t is None else (None, None)
                db.execute(
                    "INSERT INTO reading (device, t, boot, monotonic_ms, body) VALUES (?, ?, ?, ?, ?)",
                    (poll.device, t, *until_dated, msgspec.json.encode(body)),
                )
            if self._is_full():
                raise OutboxError(f"outbox {self._path}: full, max_mb allows no more")

    def date(self, offset_ms: int) -> int:
        """Date what waits undated: this boot's by the offset, the rest is refused as `undated`.

        Returns:
            How many were refused.
        """
        with self._file.writing() as db:
            rows = db.execute(
                "SELECT seq, device, monotonic_ms FROM reading WHERE t IS NULL AND boot = ? ORDER BY seq",
                (self._boot,),
            ).fetchall()
            for seq, device, monotonic_ms in rows:
                t = self._free_t(device, monotonic_ms + offset_ms)
                db.execute(
                    "UPDATE reading SET t = ?, boot = NULL, monotonic_ms = NULL WHERE seq = ?", (t, seq)
                )
            lost = [seq for (seq,) in db.execute("SELECT seq FROM reading WHERE t IS NULL")]
            self._set_aside(
                db, [(seq, seq) for seq in lost], "undated", "read before a reboot without a clock"
            )
        return len(lost)

    def waiting(self, *, limit: int, newest_first: bool, without: Collection[int] = ()) -> list[Waiting]:
        """Some dated readings that wait, in the order to be sent."""
        order = "DESC" if newest_first else "ASC"
        query = f"SELECT seq, t, device, body FROM reading WHERE t IS NOT NULL ORDER BY seq {order} LIMIT ?"  # noqa: S608 - one of two words
        rows = self._file.rows(query, limit + len(without))
        found = [
            Waiting(
                seq, t, msgspec.Raw(b'{"seq":%d,"t":%d,"d":"%s",%s' % (seq, t, device.encode(), body[1:]))
            )
            for seq, t, device, body in rows
            if seq not in without
        ]
        return found[:limit]

    def drop(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Let go of readings that are safe in the history; ranges include both ends."""
        with self._file.writing() as db:
            db.executemany("DELETE FROM reading WHERE seq BETWEEN ? AND ?", list(ranges))

    def refuse(self, ranges: Iterable[tuple[int, int]], code: str, text: str) -> None:
        """Move readings that will never be stored to the refused table, which keeps the newest."""
        with self._file.writing() as db:
            self._set_aside(db, ranges, code, text)

    def backlog(self) -> int:
        """How many readings wait."""
        return int(self._one("SELECT count(*) FROM reading"))

    def oldest_t(self) -> int | None:
        """The time of the oldest dated reading that waits, ms since the epoch."""
        t = self._one("SELECT t FROM reading WHERE t IS NOT NULL ORDER BY seq LIMIT 1")
        return None if t is None else int(t)

    def refused_count(self) -> int:
        """How many readings were ever refused or could not be dated."""
        return int(self._one("SELECT value FROM meta WHERE key = 'refused'") or 0)

    def disk_free_mb(self) -> int:
        """Free space where the outbox lies, megabytes."""
        return shutil.disk_usage(self._path.parent).free // 1_000_000

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _is_full(self) -> bool:
        used = self._one("PRAGMA page_count") - self._one("PRAGMA freelist_count")
        return bool(used > self._most_pages)

    def _free_t(self, device: str, t: int) -> int:
        """The instant, or the first free millisecond behind it: instants are unique per device."""
        while t == self._last_t.get(device) or self._taken(device, t):
            t += 1
        self._last_t[device] = t
        return t

    def _taken(self, device: str, t: int) -> bool:
        return bool(self._file.rows("SELECT 1 FROM reading WHERE device = ? AND t = ?", device, t))

    def _set_aside(
        self, db: sqlite3.Connection, ranges: Iterable[tuple[int, int]], code: str, text: str
    ) -> None:
        moved = 0
        for first, last in ranges:
            db.execute(
                "INSERT OR REPLACE INTO refused SELECT seq, t, device, ?, ?, body FROM reading"
                " WHERE seq BETWEEN ? AND ? ORDER BY seq DESC LIMIT ?",
                (code, text, first, last, REFUSED_CAP),
            )
            moved += db.execute("DELETE FROM reading WHERE seq BETWEEN ? AND ?", (first, last)).rowcount
        if moved:
            db.execute(
                "INSERT INTO meta VALUES ('refused', ?)"
                " ON CONFLICT DO UPDATE SET value = value + excluded.value",
                (moved,),
            )
            db.execute(
                "DELETE FROM refused WHERE seq <="
                " (SELECT seq FROM refused ORDER BY seq DESC LIMIT 1 OFFSET ?)",
                (REFUSED_CAP,),
            )

    def _one(self, query: str) -> Any:  # noqa: ANN401 - a column's value
        rows = self._file.rows(query)
        return rows[0][0] if rows else None
