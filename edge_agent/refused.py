"""The refused table of an outbox: readings that will never be stored, the newest of them."""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

CAP = 1_000
"""So many rows are kept, in a small outbox fewer."""
LONGEST_TEXT = 200
"""So much of a refusal's code and text is kept."""
ROW_BYTES = 64


class Refused(NamedTuple):
    """A reading that will never be stored; `t` in ms since the epoch, None if it could not be dated."""

    seq: int
    t: int | None
    device: str
    code: str
    text: str


class Refusal(NamedTuple):
    """Why readings are refused: a code and one line of text."""

    code: str
    text: str

    def bounded(self) -> "Refusal":
        """With no more text than is kept."""
        return Refusal(self.code[:LONGEST_TEXT], self.text[:LONGEST_TEXT])

    def row_bytes(self) -> int:
        """What a row of this table takes, roughly, beside its values."""
        return ROW_BYTES + len(self.code.encode()) + len(self.text.encode())


def put_refused(
    db: sqlite3.Connection,
    rows: Sequence[tuple[int, int | None, str, bytes]],
    refusal: Refusal,
    *,
    most: int,
) -> None:
    """Add readings as seq, t, device, packed values; so many with the highest numbers stay."""
    db.executemany(
        "INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?, ?, ?)",
        [(seq, t, device, *refusal, body) for seq, t, device, body in rows],
    )
    db.execute(
        "DELETE FROM refused WHERE seq <= (SELECT seq FROM refused ORDER BY seq DESC LIMIT 1 OFFSET ?)",
        (most,),
    )
