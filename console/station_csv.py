"""The list of stations as CSV for a spreadsheet, in the reader's language. Pure.

A cell that a spreadsheet would take for a formula gets an apostrophe before it.
"""

import csv
import io
from collections.abc import Iterable, Sequence

from console import words
from console.reader import Reader
from console.station_list import StationRow
from registry.cells import harmless

BYTE_ORDER_MARK = "\ufeff"
"""By it spreadsheets know UTF-8."""


def station_csv(reader: Reader, rows: Iterable[StationRow]) -> str:
    """A head and a line for each station."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(_head(reader))
    for row in rows:
        writer.writerow([harmless(cell) for cell in _cells(reader, row)])
    return BYTE_ORDER_MARK + written.getvalue()


def _head(reader: Reader) -> Sequence[str]:
    return (
        reader.text("Station"),
        reader.text("Name"),
        reader.text("County"),
        reader.text("Town"),
        reader.text("O&M company"),
        reader.text("Process"),
        reader.text("Class"),
        reader.text("Design, m³/d"),
        reader.text("State"),
        reader.text("Since"),
        reader.text("Last reading"),
        reader.text("Connected from"),
    )


def _cells(reader: Reader, row: StationRow) -> Sequence[str]:
    state = reader.text("No box connected yet") if row.awaits_box else reader.state(row.state)
    return (
        row.id,
        row.name,
        row.county or "",
        row.town or "",
        row.company or "",
        reader.word(words.PROCESSES, row.process),
        reader.word(words.CLASSES, row.class_),
        f"{row.design_m3_per_day:.10g}" if row.design_m3_per_day is not None else "",
        state,
        _instant(reader, row.since_ms),
        _instant(reader, row.last_reading_ms),
        row.connected_from.isoformat() if row.connected_from else "",
    )


def _instant(reader: Reader, ms: int | None) -> str:
    return reader.instant(ms) if ms is not None else ""
