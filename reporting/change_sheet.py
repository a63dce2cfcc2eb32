"""The sheet of what a revision says otherwise than the one before it."""

from fractions import Fraction
from typing import NamedTuple

from reporting.figures import MonthFigures
from reporting.layout import HEAD_ROW, Book, Cell, Kind, Worksheet, put_title
from reporting.month_lines import Change
from reporting.table import Column, put_table
from reporting.words import Words

_CITY = "city"
_DAYS = ("running", "stopped", "unknown", "excluded", "countable")


class _Row(NamedTuple):
    number: int
    change: Change


def put_changes(book: Book, sheet: Worksheet, figures: MonthFigures, subtitle: str) -> None:
    """One line a change, in the order given."""
    put_title(book, sheet, "title_changes", subtitle)
    rows = [_Row(number, change) for number, change in enumerate(figures.changes, start=1)]
    put_table(book, sheet, _columns(book.words), rows)
    sheet.freeze_panes(HEAD_ROW + 1, 3)


def _columns(words: Words) -> list[Column[_Row]]:
    column = Column[_Row]

    def subject(row: _Row) -> Cell:
        return words.text("all") if row.change.subject == _CITY else row.change.subject

    return [
        column("number", "code", lambda row: row.number, 6),
        column("subject", "code", subject, 14, 20),
        column("called", "text", lambda row: row.change.name, 24, 44),
        column("what", "text", lambda row: words.code("change", row.change.what), 20, 30),
        column("before", _kind, lambda row: _shown(words, row.change.what, row.change.before), 16, 24),
        column("after", _kind, lambda row: _shown(words, row.change.what, row.change.after), 16, 24),
    ]


def _kind(row: _Row) -> Kind:
    if row.change.what in _DAYS:
        return "whole"
    return "percent" if row.change.what.startswith("rate_") else "text"


def _shown(words: Words, what: str, written: str) -> Cell:
    """A value as a cell: a number as a number, a code in words, what cannot be read as it is written."""
    if not written:
        return None
    try:
        if what in _DAYS:
            return int(written)
        if what.startswith("rate_"):
            return Fraction(written)
    except (ValueError, ZeroDivisionError):
        return written
    return words.code("judgement", written) if what == "verdict" else written
