"""The sheet of the stops: when each began and ended, why, and room to write what was done."""

from typing import NamedTuple

from reporting.figures import MonthFigures
from reporting.layout import HEAD_ROW, Book, Cell, Worksheet, put, put_title
from reporting.station_formulas import SheetColumns
from reporting.station_lines import StopLine
from reporting.station_sheet import Names
from reporting.table import Column, put_table
from reporting.words import Words


class _Row(NamedTuple):
    number: int
    stop: StopLine


def stop_columns(figures: MonthFigures, words: Words) -> SheetColumns:
    """Where the columns of the sheet are, for formulas on others."""
    keys = [column.key for column in _columns(words, Names({}, {}))]
    return SheetColumns(words.text("sheet_stops"), keys, len(figures.stops))


def put_stops(book: Book, sheet: Worksheet, figures: MonthFigures, subtitle: str, names: Names) -> None:
    """One line a stop."""
    put_title(book, sheet, "title_stops", subtitle)
    rows = [_Row(number, stop) for number, stop in enumerate(figures.stops, start=1)]
    below = put_table(book, sheet, _columns(book.words, names), rows)
    if not rows:
        put(sheet, below, 0, book.words.text("no_stops"), book.form())
    sheet.freeze_panes(HEAD_ROW + 1, 3)


def _columns(words: Words, names: Names) -> list[Column[_Row]]:
    column = Column[_Row]

    def ongoing(row: _Row) -> Cell:
        return words.text("yes") if row.stop.is_ongoing else None

    def company(row: _Row) -> Cell:
        return names.companies.get(row.stop.station.month.facility.company)

    return [
        column("number", "code", lambda row: row.number, 4),
        column("id", "code", lambda row: row.stop.station.id, 8, 16),
        column("name", "text", lambda row: row.stop.station.address.name, 12, 26),
        column("county", "text", lambda row: row.stop.station.address.county, 8, 12),
        column("town", "text", lambda row: row.stop.station.address.town, 8, 12),
        column("village", "text", lambda row: row.stop.station.address.village, 6, 12),
        column("company", "text", company, 8, 24),
        column("first_day", "date", lambda row: row.stop.first, 11),
        column("last_day", "date", lambda row: row.stop.last, 11),
        column("days", "whole", lambda row: row.stop.days, 6),
        column("ongoing", "code", ongoing, 6),
        column("main_reason", "text", lambda row: words.code("reason", row.stop.main_reason), 10, 18),
        column("stop_reasons", "text", lambda row: words.codes("reason", row.stop.reasons), 10, 24),
        column("energy_meanwhile", "amount", lambda row: row.stop.energy_kwh, 10),
        column("volume_meanwhile", "amount", lambda row: row.stop.volume_m3, 10),
        column("handling", "text", lambda _: None, 20),
    ]
