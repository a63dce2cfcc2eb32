"""What an outbox holds, kept in memory in step with its tables, so that no question scans them."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from edge_agent.packed import Shapes
from edge_agent.thinning import FINEST, SLOTS_MS, Row, Tiers, next_step, superfluous

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE shape (
    id INTEGER PRIMARY KEY, device TEXT NOT NULL, kind TEXT NOT NULL, quality TEXT NOT NULL, why TEXT,
    names TEXT) STRICT;
CREATE TABLE waiting (
    seq INTEGER PRIMARY KEY, t INTEGER NOT NULL, shape INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
CREATE TABLE refused (seq INTEGER PRIMARY KEY, t INTEGER, device TEXT, code TEXT, text TEXT, body BLOB);
CREATE VIEW reading AS
    SELECT seq, CASE WHEN t >= 0 THEN t END AS t, device, kind, quality, why, names,
        CAST(body AS TEXT) AS body
    FROM waiting JOIN shape ON shape.id = waiting.shape;
CREATE VIEW accepted AS
    SELECT max(coalesce((SELECT max(seq) FROM waiting), 0),
        coalesce((SELECT value FROM meta WHERE key = 'last_seq'), 0)) AS seq
"""
"""Every table of an outbox. The views are for people and tests that look into the file."""

LOOK_BACK_ROWS = 64
"""So many rows before a step tell in which slot each device was last kept."""
Query = Callable[..., list[tuple[Any, ...]]]
"""All rows of a query with its values."""
LOOKED_AT_ONCE = 50_000
"""Numbers whose readings are summed up in one query at opening: so many are sorted in little memory."""
_LOOK = """
SELECT shape, count(*), max(t), min(CASE WHEN t < 0 THEN seq END), sum(seq < ?), sum(seq < ?), sum(seq < ?)
FROM waiting WHERE seq >= ? AND seq < ? GROUP BY shape"""
_ENDS = ("days_end", "hours_end", "quarters_end")


@dataclass
class Stock:
    """The counts of one outbox; a transaction works on a copy, which takes its place after the commit.

    Attributes:
        last_seq: the highest number ever given.
        saved_seq: what the file itself says of that when the reading with that number has left.
        thinned: how many readings were ever thinned out.
        refused: how many were ever refused.
        tiers: the readings that wait.
        undated_from: no reading before this number is undated; None if none is at all.
    """

    last_seq: int
    saved_seq: int
    thinned: int
    refused: int
    tiers: Tiers
    undated_from: int | None

    def copy(self) -> "Stock":
        """A copy to work on."""
        return replace(self)

    def took(self, *, undated: bool) -> int:
        """Note one more reading; returns its number, which is the highest."""
        self.last_seq += 1
        if undated and self.undated_from is None:
            self.undated_from = self.last_seq
        self.tiers = self.tiers.added(FINEST, 1)
        return self.last_seq

    def remove(self, db: sqlite3.Connection, ranges: Iterable[tuple[int, int]]) -> int:
        """Delete what waits within ranges that include both ends; returns how much it was."""
        removed = 0
        for first, last in ranges:
            for tier, low, high in self.tiers.parts(first, last):
                query = "DELETE FROM waiting WHERE seq BETWEEN ? AND ?"
                count = db.execute(query, (low, high)).rowcount
                self.tiers = self.tiers.added(tier, -count)
                removed += count
        return removed

    def thin(self, db: sqlite3.Connection, shapes: Shapes) -> bool:
        """Gain some room by one step; False if there is nothing left to thin.

        Raises:
            UnpackError: a row has no shape.
        """
        step = next_step(self.tiers)
        if step is None:
            return False
        begin = self.tiers.begin(step.tier)
        query = "SELECT seq, t, shape FROM waiting WHERE seq >= ? ORDER BY seq LIMIT ?"
        rows = [Row(seq, t, shapes.device(shape)) for seq, t, shape in db.execute(query, (begin, step.rows))]
        if not rows:
            return False
        if step.tier == 0:
            gone = [row.seq for row in rows]
        else:
            query = "SELECT seq, t, shape FROM waiting WHERE seq < ? ORDER BY seq DESC LIMIT ?"
            found = db.execute(query, (begin, LOOK_BACK_ROWS)).fetchall()
            before = [Row(seq, t, shapes.device(shape)) for seq, t, shape in reversed(found)]
            gone = superfluous(rows, SLOTS_MS[step.tier - 1], before)
        db.executemany("DELETE FROM waiting WHERE seq = ?", [(seq,) for seq in gone])
        self.tiers = self.tiers.moved(step.tier, seen=len(rows), gone=len(gone), end=rows[-1].seq + 1)
        self.thinned += len(gone)
        return True

    def save(self, db: sqlite3.Connection, before: "Stock") -> None:
        """Write down what the readings themselves do not tell, as far as it has changed."""
        highest = db.execute("SELECT max(seq) FROM waiting").fetchone()[0] or 0
        if max(highest, self.saved_seq) < self.last_seq:
            self.saved_seq = self.last_seq
        now, then = self._written(), before._written()  # noqa: SLF001 - of the same class
        write_meta(db, {key: value for key, value in now.items() if value != then[key]})

    def _written(self) -> dict[str, int]:
        ends = dict(zip(_ENDS, self.tiers.ends, strict=True))
        return {"last_seq": self.saved_seq, "thinned": self.thinned, "refused": self.refused, **ends}


def read_meta(rows: Query) -> dict[str, str | int]:
    """What the outbox has written down of itself."""
    return dict(rows("SELECT key, value FROM meta"))


def write_meta(db: sqlite3.Connection, changed: Mapping[str, str | int]) -> None:
    """Write it down."""
    db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(changed.items()))


def take_stock(rows: Query, shapes: Shapes) -> tuple[Stock, dict[str, int]]:
    """Look through the readings once.

    Returns:
        The stock, and the newest time of each device's dated readings, ms since the epoch.

    Raises:
        UnpackError: a row has no shape.
    """
    meta = {key: int(value) for key, value in read_meta(rows).items() if key not in ("id", "boot")}
    ends = tuple(meta.get(key, 0) for key in _ENDS)
    first, last = rows("SELECT (SELECT min(seq) FROM waiting), (SELECT max(seq) FROM waiting)")[0]
    newest: dict[str, int] = {}
    below, total, undated = [0] * FINEST, 0, list[int]()
    for begin in range(first or 0, (last or -1) + 1, LOOKED_AT_ONCE):
        for shape, count, t, undated_from, *parts in rows(_LOOK, *ends, begin, begin + LOOKED_AT_ONCE):
            device = shapes.device(shape)
            if t >= 0:
                newest[device] = max(t, newest.get(device, t))
            if undated_from is not None:
                undated.append(undated_from)
            below = [sum(pair) for pair in zip(below, parts, strict=True)]
            total += count
    counts = (below[0], below[1] - below[0], below[2] - below[1], total - below[2])
    stock = Stock(
        last_seq=max(meta.get("last_seq", 0), last or 0),
        saved_seq=meta.get("last_seq", 0),
        thinned=meta.get("thinned", 0),
        refused=meta.get("refused", 0),
        tiers=Tiers(ends, counts),
        undated_from=min(undated, default=None),
    )
    return stock, newest
