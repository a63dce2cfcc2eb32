"""A table on a sheet: head, rows, total and filter, with columns and rows sized so that Chinese text fits."""

import math
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Generic, NamedTuple, TypeVar

from xlsxwriter.utility import xl_rowcol_to_cell

from reporting.layout import HEAD, HEAD_ROW, SECTION, SIZE_PT, Book, Cell, Formula, Kind, Worksheet, put

Row = TypeVar("Row")

_LINE = 1.45
"""Height of a line of text by its size."""
_INDENT = 2
"""Letters that the indent of a text takes."""
_UNIT = 10.5
"""Of this size is a letter half the width of a Chinese one as wide as the unit of a column's width."""
_NUMBER_WIDTHS = {"percent": 8, "points": 7, "date": 10, "ratio": 6}


class Column(NamedTuple, Generic[Row]):
    """A column: key of its head, kind of its cells, how a row's cell is got, and bounds of its width.

    The bounds are in letters of half the width of a Chinese one. What is longer is broken into lines.
    The kind may differ from row to row.
    """

    key: str
    kind: Kind | Callable[[Row], Kind]
    cell: Callable[[Row], Cell]
    least: int = 5
    most: int = 24

    def kind_of(self, row: Row) -> Kind:
        """The kind of a row's cell."""
        return self.kind(row) if callable(self.kind) else self.kind


class Place(NamedTuple):
    """Where a table stands: row of its head, first column, and how wide the columns are."""

    top: int
    left: int
    widths: Sequence[int]


def put_table(
    book: Book,
    sheet: Worksheet,
    columns: Sequence[Column[Row]],
    rows: Sequence[Row],
    total: Row | None = None,
    size: int = SIZE_PT,
) -> int:
    """Write a table whose head stands in HEAD_ROW and is repeated on every page; returns the row below it."""
    shown = [*rows, *(() if total is None else (total,))]
    widths = [
        _width(column, book.words.text(column.key), [column.cell(row) for row in shown]) for column in columns
    ]
    for n, width in enumerate(widths):
        sheet.set_column(n, n, width * size / _UNIT)
    below = put_rows(book, sheet, columns, rows, total, size, Place(HEAD_ROW, 0, widths))
    sheet.repeat_rows(0, HEAD_ROW)
    sheet.autofilter(HEAD_ROW, 0, HEAD_ROW + len(rows), len(columns) - 1)
    return below


def put_rows(
    book: Book,
    sheet: Worksheet,
    columns: Sequence[Column[Row]],
    rows: Sequence[Row],
    total: Row | None,
    size: int,
    place: Place,
) -> int:
    """Write head, rows and total of a table where it belongs; returns the row below it."""
    top, left, widths = place
    heads = [book.words.text(column.key) for column in columns]
    head = book.form(
        HEAD, font_size=size, border=1, align="center", text_wrap=True, bold=True, bg_color=SECTION
    )
    sheet.set_row(top, height(heads, widths, size))
    for n, text in enumerate(heads, start=left):
        put(sheet, top, n, text, head)
    for number, row in enumerate([*rows, *(() if total is None else (total,))], start=top + 1):
        looks = {"bold": True, "bg_color": "#F2F2F2"} if number > top + len(rows) else {}
        cells = [column.cell(row) for column in columns]
        kinds = [column.kind_of(row) for column in columns]
        free = [width - _INDENT * (kind == "text") for kind, width in zip(kinds, widths, strict=True)]
        sheet.set_row(number, height(cells, free, size))
        places = {column.key: xl_rowcol_to_cell(number, n) for n, column in enumerate(columns, start=left)}
        for n, (cell, kind) in enumerate(zip(cells, kinds, strict=True), start=left):
            filled = cell._replace(text=cell.text.format_map(places)) if isinstance(cell, Formula) else cell
            put(sheet, number, n, filled, book.cell_form(kind, font_size=size, **looks))
    return top + 1 + len(rows) + (total is not None)


def height(cells: Sequence[Cell], widths: Sequence[int], size: int) -> float:
    """The height in points of a row with texts of a size in columns of such widths."""
    lines = max(
        (_lines(cell, width) for cell, width in zip(cells, widths, strict=True) if isinstance(cell, str)),
        default=1,
    )
    return size * _LINE * lines + 3


def display_width(text: str) -> int:
    """How wide a text is, in letters of half the width of a Chinese one."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WFA" else 1 for letter in text)


def _width(column: Column[Any], head: str, cells: Sequence[Cell]) -> int:
    """As wide as the longest cell, within the column's bounds, and as a word of the head that is whole."""
    kind: Kind = "text" if callable(column.kind) else column.kind
    needed = max((_cell_width(kind, cell) for cell in cells), default=0)
    word = max((len(word) for word in head.split() if word.isascii()), default=0)
    return max(column.least, min(column.most, needed), word) + 1 + _INDENT * (kind == "text")


def _cell_width(kind: Kind, cell: Cell) -> int:
    if isinstance(cell, Formula):
        cell = cell.value
    if cell is None:
        return 0
    if isinstance(cell, str):
        return display_width(cell)
    if isinstance(cell, date) or kind in _NUMBER_WIDTHS:
        return _NUMBER_WIDTHS.get(kind, 10)
    return len(f"{float(cell):,.1f}" if kind == "amount" else f"{float(cell):,.10g}")


def _lines(text: str, width: int) -> int:
    """Lines that a text takes; each may end one letter early, where a Chinese one does not fit any more."""
    return sum(max(1, math.ceil(display_width(part) / (width - 1))) for part in text.split("\n"))
