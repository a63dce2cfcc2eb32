"""Room in a full outbox: readings are thinned out, step by step, until what comes next fits."""

import sqlite3

from edge_agent.outbox_file import PAGE_BYTES, OutboxFile
from edge_agent.packed import Shapes
from edge_agent.stock import Stock

THINNING_STEPS = 4
"""As long as there is room for what comes next, no more steps are taken at once."""
_SPARE_PAGES = 6


def make_room(
    file: OutboxFile, db: sqlite3.Connection, stock: Stock, shapes: Shapes, more_bytes: int
) -> None:
    """Thin until so much can be added, or nothing is left to thin.

    Args:
        file: the outbox's.
        db: its transaction.
        stock: kept in step.
        shapes: of the readings.
        more_bytes: what the rows to come take, roughly.

    Raises:
        UnpackError: a row has no shape.
    """
    more_pages = 2 * more_bytes // PAGE_BYTES + _SPARE_PAGES
    steps = 0
    while file.used_pages() + more_pages > file.most_pages:
        if steps >= THINNING_STEPS and file.spare_pages() >= more_pages:
            return
        if not stock.thin(db, shapes):
            return
        steps += 1
