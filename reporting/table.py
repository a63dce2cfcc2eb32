"""A table on a sheet: head, rows, total and filter, with columns and rows sized so that Chinese text fits."""

import math
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Generic, NamedTuple, TypeVar

from reporting.layout import HEAD, HEAD_ROW, SECTION, SIZE_PT, Book, Cell, Kind, Worksheet, put

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
    """

    key: str
    kind: Kind
    cell: Callable[[Row], Cell]
    least: int = 5
    most: int = 24


def put_table(
    book: Book,
    sheet: Worksheet,
    columns: Sequence[Column[Row]],
    rows: Sequence[Row],
    total: Row | None = None,
    size: int = SIZE_PT,
) -> int:
    """Write a table whose head stands in HEAD_ROW and is repeated on every page; returns the row below it."""
    heads = [book.words.text(column.key) for column in columns]
    table = [[column.cell(row) for column in columns] for row in rows]
    last = [[column.cell(total) for column in columns]] if total is not None else []
    widths = [
        _width(column, heads[n], [line[n] for line in table + last]) for n, column in enumerate(columns)
    ]
    head = book.form(
        HEAD, font_size=size, border=1, align="center", text_wrap=True, bold=True, bg_color=SECTION
    )
    free = [width - _INDENT * (column.kind == "text") for column, width in zip(columns, widths, strict=True)]
    sheet.set_row(HEAD_ROW, height(heads, widths, size))
    for n, (text, width) in enumerate(zip(heads, widths, strict=True)):
        sheet.set_column(n, n, width * size / _UNIT)
        put(sheet, HEAD_ROW, n, text, head)
    for number, line in enumerate(table + last, start=HEAD_ROW + 1):
        is_total = number > HEAD_ROW + len(table)
        looks = {"bold": True, "bg_color": "#F2F2F2"} if is_total else {}
        sheet.set_row(number, height(line, free, size))
        for n, column in enumerate(columns):
            put(sheet, number, n, line[n], book.cell_form(column.kind, font_size=size, **looks))
    sheet.repeat_rows(0, HEAD_ROW)
    sheet.autofilter(HEAD_ROW, 0, HEAD_ROW + len(table), len(columns) - 1)
    return HEAD_ROW + 1 + len(table) + len(last)


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
    needed = max((_cell_width(column.kind, cell) for cell in cells), default=0)
    word = max((len(word) for word in head.split() if word.isascii()), default=0)
    return max(column.least, min(column.most, needed), word) + 1 + _INDENT * (column.kind == "text")


def _cell_width(kind: Kind, cell: Cell) -> int:
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
