"""The outbox: readings wait here, durably, until the centre says that they are stored or refused.

One commit per poll of a line. `seq` rises by one per reading and is never used again within one outbox. A
reading is dated for good before it is first sent; what was read while the clock was not trusted keeps
monotonic time and boot until then. When the file is full, old readings are thinned out, and counted.
"""

import secrets
import shutil
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from edge_agent.damaged import set_aside
from edge_agent.instants import Instants
from edge_agent.making_room import make_room
from edge_agent.meter import Poll
from edge_agent.outbox_file import OutboxDamagedError, OutboxError, OutboxFile
from edge_agent.packed import UNDATED_MS, Shapes, pack, shape_of
from edge_agent.refused import CAP, Refusal, Refused, put_refused
from edge_agent.stock import SCHEMA, Stock, read_meta, take_stock, write_meta
from telemetry.batch import ranges as joined

__all__ = ["Outbox", "OutboxDamagedError", "OutboxError", "Refused", "Waiting", "open_outbox"]

DATED_AT_ONCE = 2_000
"""Dating goes on in commits of so many readings."""
MOMENT_S = 0.002
"""So long it lets others at the file in between: a lock in Python is not fair."""
_ROW_BYTES = 24
UNDATED = Refusal("undated", "read before a reboot without a clock")


class Waiting(NamedTuple):
    """A reading on its way: its number, its time, and its JSON as it goes into a batch."""

    seq: int
    t: int
    json: msgspec.Raw


def open_outbox(path: Path, *, boot: str, max_mb: float, now_ms: int) -> tuple["Outbox", str | None]:
    """Open or make an outbox; a damaged file is set aside, and a new outbox begins.

    Args:
        path: of its file.
        boot: the name of this boot of the box.
        max_mb: the most that it takes on the disk, megabytes.
        now_ms: ms since the epoch, for the name of a damaged file.

    Returns:
        The outbox, and one line for the log if a file was set aside.

    Raises:
        OutboxError: it cannot be opened.
    """
    try:
        return Outbox(path, boot=boot, max_mb=max_mb), None
    except OutboxDamagedError as error:
        try:
            aside = set_aside(path, now_ms)
        except OSError as failure:
            raise OutboxError(f"{error}; it cannot be set aside: {failure.strerror}") from failure
        text = f"{error}; set aside as {aside.name}, a new outbox begins without what waited in the old one"
        return Outbox(path, boot=boot, max_mb=max_mb), text


class Outbox:
    """An open outbox; safe to use from several threads.

    Attributes:
        id: 8 hex digits, made with the file; the scope of every `seq`.
    """

    _shapes: Shapes
    _stock: Stock
    _instants: Instants
    _oldest_from: int
    _seen_of_others: int

    def __init__(self, path: Path, *, boot: str, max_mb: float) -> None:
        """Open or make the file; arguments as for `open_outbox`.

        Raises:
            OutboxDamagedError: it is damaged, or no outbox of this format.
            OutboxError: it cannot be opened.
        """
        self._path = path
        self._file = OutboxFile(path, max_mb=max_mb, schema=SCHEMA)
        try:
            with self._file.writing() as db:
                self._look_through()
                meta = read_meta(self._file.rows)
                if meta.get("boot") != boot:
                    name = meta.get("id") or secrets.token_hex(4)
                    meta = {"id": name, "boot": boot, "boot_seq": self._stock.last_seq + 1}
                    write_meta(db, meta)
                self.id = str(meta["id"])
                self._boot_seq = int(meta["boot_seq"])
        except BaseException:
            self._file.close()
            raise

    def accept(self, polls: Sequence[Poll], offset_ms: int | None) -> None:
        """Take the polls of one round in one commit; from then on they are accepted.

        Args:
            polls: in the order of their answers.
            offset_ms: wall time minus monotonic time if it is known, else None.

        Raises:
            OutboxError: none of them is accepted.
        """
        packed = [(poll, shape_of(poll), pack(poll)) for poll in polls]
        with self._changing() as (db, stock):
            more_bytes = sum(len(body) + _ROW_BYTES for _, _, body in packed)
            make_room(self._file, db, stock, self._shapes, more_bytes)
            for poll, shape, body in packed:
                if offset_ms is None:
                    t = poll.at_ms - UNDATED_MS
                else:
                    t = self._instants.free(poll.device, poll.at_ms + offset_ms)
                row = (stock.took(undated=offset_ms is None), t, self._shapes.number(db, shape), body)
                db.execute("INSERT INTO waiting VALUES (?, ?, ?, ?)", row)

    def date(self, offset_ms: int) -> int:
        """Date what waits undated: this boot's by the offset, the rest is refused as `undated`.

        Returns:
            How many were refused.

        Raises:
            OutboxError: the rest is dated another time.
        """
        lost = 0
        while self._stock.undated_from is not None:
            with self._changing() as (db, stock):
                lost += self._date_some(db, stock, offset_ms)
            time.sleep(MOMENT_S)
        return lost

    def waiting(self, *, limit: int, newest_first: bool, without: Collection[int] = ()) -> list[Waiting]:
        """Some dated readings that wait, in the order to be sent.

        Raises:
            OutboxError: they cannot be read.
        """
        order = "DESC" if newest_first else "ASC"
        query = f"SELECT seq, t, shape, body FROM waiting WHERE t >= 0 ORDER BY seq {order} LIMIT ?"  # noqa: S608 - one of two words
        left_out = frozenset(without)
        with self._file.lock, self._file.translated():
            self._look_again()
            rows = [row for row in self._file.rows(query, limit + len(left_out)) if row[0] not in left_out]
            unpack = self._shapes.unpack
            return [Waiting(row[0], row[1], msgspec.Raw(unpack(*row))) for row in rows[:limit]]

    def drop(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Let go of readings that are safe in the history; ranges include both ends.

        Raises:
            OutboxError: none of them has left.
        """
        with self._changing() as (db, stock):
            stock.remove(db, ranges)

    def refuse(self, ranges: Iterable[tuple[int, int]], code: str, text: str) -> None:
        """Move readings that will never be stored to the refused table, which keeps the newest.

        Raises:
            OutboxError: none of them has moved.
        """
        with self._changing() as (db, stock):
            self._set_aside(db, stock, list(ranges), Refusal(code, text).bounded())

    def refused(self, limit: int) -> list[Refused]:
        """The refused readings with the highest numbers, those first.

        Raises:
            OutboxError: they cannot be read.
        """
        query = "SELECT seq, t, device, code, text FROM refused ORDER BY seq DESC LIMIT ?"
        return [Refused(*row) for row in self._file.rows(query, limit)]

    def backlog(self) -> int:
        """How many readings wait."""
        return self._stock.tiers.total

    def oldest_t(self) -> int | None:
        """The time of the oldest dated reading that waits, ms since the epoch.

        Raises:
            OutboxError: it cannot be read.
        """
        query = "SELECT seq, t FROM waiting WHERE seq >= ? AND t >= 0 ORDER BY seq LIMIT 1"
        with self._file.lock:
            rows = self._file.rows(query, self._oldest_from)
            self._oldest_from = rows[0][0] if rows else self._stock.last_seq + 1
        return int(rows[0][1]) if rows else None

    def refused_count(self) -> int:
        """How many readings were ever refused or could not be dated."""
        return self._stock.refused

    def thinned_count(self) -> int:
        """How many readings were ever thinned out because the outbox was full."""
        return self._stock.thinned

    def size_mb(self) -> float:
        """What the outbox takes on the disk, megabytes."""
        return self._file.size_mb()

    def disk_free_mb(self) -> int:
        """Free space where the outbox lies, megabytes."""
        return shutil.disk_usage(self._path.parent).free // 1_000_000

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @contextmanager
    def _changing(self) -> Iterator[tuple[sqlite3.Connection, Stock]]:
        """A transaction, with a stock to keep in step; if it fails, neither file nor memory has changed."""
        with self._file.lock:
            before: tuple[int, dict[str, int]] | None = None
            try:
                with self._file.writing() as db:
                    self._look_again()
                    before = (len(self._shapes), self._instants.mark())
                    stock = self._stock.copy()
                    yield db, stock
                    stock.save(db, self._stock)
            except BaseException:
                if before is not None:
                    self._shapes.forget_beyond(before[0])
                    self._instants.back_to(before[1])
                raise
            self._stock = stock

    def _look_through(self) -> None:
        """Fill the memory from the tables."""
        seen = self._file.others_wrote()
        self._shapes = Shapes(self._file.rows("SELECT * FROM shape"))
        self._stock, newest = take_stock(self._file.rows, self._shapes)
        self._instants = Instants(newest, self._taken)
        self._oldest_from = 0
        self._seen_of_others = seen

    def _look_again(self) -> None:
        """Do so if somebody else has written to the file."""
        if self._file.others_wrote() != self._seen_of_others:
            self._look_through()

    def _taken(self, device: str, t: int) -> Iterator[int]:
        numbers = ", ".join(map(str, self._shapes.of_device(device)))
        query = f"SELECT t FROM waiting WHERE t >= ? AND shape IN ({numbers}) ORDER BY t"  # noqa: S608 - integers
        return (found for (found,) in self._file.each(query, t))

    def _date_some(self, db: sqlite3.Connection, stock: Stock, offset_ms: int) -> int:
        """Date one part of what is undated; returns how many were refused instead."""
        query = "SELECT seq, t, shape FROM waiting WHERE seq >= ? AND t < 0 ORDER BY seq LIMIT ?"
        rows = db.execute(query, (stock.undated_from, DATED_AT_ONCE)).fetchall()
        for seq, monotonic, shape in rows:
            if seq >= self._boot_seq:
                t = self._instants.free(self._shapes.device(shape), monotonic + UNDATED_MS + offset_ms)
                db.execute("UPDATE waiting SET t = ? WHERE seq = ?", (t, seq))
        lost = [seq for seq, _, _ in rows if seq < self._boot_seq]
        self._set_aside(db, stock, joined(lost), UNDATED)
        stock.undated_from = rows[-1][0] + 1 if len(rows) == DATED_AT_ONCE else None
        self._oldest_from = 0
        return len(lost)

    def _set_aside(
        self, db: sqlite3.Connection, stock: Stock, ranges: Sequence[tuple[int, int]], refusal: Refusal
    ) -> None:
        most = min(CAP, self._file.most_pages // 2)
        query = "SELECT seq, t, shape, body FROM waiting WHERE seq BETWEEN ? AND ? ORDER BY seq DESC LIMIT ?"
        found = {row[0]: row for each in ranges for row in db.execute(query, (*each, most))}
        newest = [
            (seq, t if t >= 0 else None, self._shapes.device(shape), body)
            for seq, t, shape, body in sorted(found.values())[-most:]
        ]
        removed = stock.remove(db, ranges)
        if removed:
            stock.refused += removed
            more_bytes = sum(len(body) + refusal.row_bytes() for *_, body in newest)
            make_room(self._file, db, stock, self._shapes, more_bytes)
            put_refused(db, newest, refusal, most=most)
