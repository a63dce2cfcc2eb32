"""Three sheets of the report: each facility, each stop, and the definitions."""

from reporting.definition import Definition
from reporting.figures import MonthFigures
from reporting.layout import BAD, DOUBTFUL, HEAD, HEAD_ROW, SIZE_PT, Book, Cell, Worksheet, put, put_title
from reporting.rate import RULES
from reporting.station_lines import StationLine, StopLine
from reporting.table import Column, height, put_table
from reporting.words import Words

Numbered = tuple[int, StationLine]
NumberedStop = tuple[int, StopLine]

_DEFINITION_WIDTHS = (18, 120)
_SMALL_PT = 9


def put_facilities(book: Book, sheet: Worksheet, figures: MonthFigures, subtitle: str) -> None:
    """One line a facility, those that do not count too."""
    put_title(book, sheet, "title_facilities", subtitle)
    columns = _facility_columns(book.words, figures)
    below = put_table(book, sheet, columns, list(enumerate(figures.stations, start=1)), size=_SMALL_PT)
    place = {column.key: number for number, column in enumerate(columns)}
    for key, condition, colours in (
        ("judgement", f'="{book.words.code("judgement", "not_normal")}"', BAD),
        ("judgement", f'="{book.words.code("judgement", "not_assessable")}"', DOUBTFUL),
        ("running_share", f"<{float(RULES.running_share)}", BAD),
        ("longest_stop", f">={RULES.stop_days}", BAD),
    ):
        book.mark(
            sheet, (HEAD_ROW + 1, place[key], max(HEAD_ROW + 1, below - 1), place[key]), condition, colours
        )
    sheet.freeze_panes(HEAD_ROW + 1, 3)


def put_stops(book: Book, sheet: Worksheet, figures: MonthFigures, subtitle: str) -> None:
    """One line a stop, with room to write what was done."""
    put_title(book, sheet, "title_stops", subtitle)
    below = put_table(book, sheet, _stop_columns(book.words), list(enumerate(figures.stops, start=1)))
    if not figures.stops:
        put(sheet, below, 0, book.words.text("no_stops"), book.form())
    sheet.freeze_panes(HEAD_ROW + 1, 3)


def put_definitions(book: Book, sheet: Worksheet, definition: Definition, subtitle: str) -> None:
    """The definition whole, a heading and a paragraph a row."""
    put_title(book, sheet, "title_definitions", subtitle)
    for column, width in enumerate(_DEFINITION_WIDTHS):
        sheet.set_column(column, column, width)
    for row, (heading, paragraph) in enumerate(definition.in_full, start=HEAD_ROW):
        sheet.set_row(row, height([heading, paragraph], _DEFINITION_WIDTHS, SIZE_PT) + 6)
        put(sheet, row, 0, heading, book.form(HEAD, border=1, align="center", text_wrap=True))
        put(sheet, row, 1, paragraph, book.form(border=1, text_wrap=True))


def _facility_columns(words: Words, figures: MonthFigures) -> list[Column[Numbered]]:
    column = Column[Numbered]

    def connected_from(row: Numbered) -> Cell:
        day = row[1].month.facility.connected_from
        return words.text("not_connected") if day is None or day > figures.until else day

    def remark(row: Numbered) -> Cell:
        return words.text("found_abnormal") if row[1].month.marked_abnormal else None

    return [
        column("number", "code", lambda row: row[0], 4),
        column("id", "code", lambda row: row[1].id, 8, 14),
        column("name", "text", lambda row: row[1].address.name, 10, 16),
        column("county", "text", lambda row: row[1].address.county, 6, 8),
        column("town", "text", lambda row: row[1].address.town, 6, 8),
        column("village", "text", lambda row: row[1].address.village, 6, 10),
        column("design", "number", lambda row: row[1].month.facility.design_m3_per_day, 8),
        column("process", "code", lambda row: words.code("process", row[1].address.process), 6, 8),
        column("class", "code", lambda row: words.code("class", row[1].class_), 4, 6),
        column("company", "text", lambda row: row[1].month.facility.company, 8, 16),
        column("connected_from", "date", connected_from, 10, 10),
        column("countable", "whole", lambda row: row[1].month.countable_days, 6),
        column("excluded", "whole", lambda row: row[1].month.excluded_days, 4),
        column(
            "exclusion_reasons", "text", lambda row: words.codes("exclusion", row[1].exclusion_reasons), 8, 8
        ),
        column("running", "whole", lambda row: row[1].month.running, 4),
        column("stopped_days", "whole", lambda row: row[1].month.stopped, 4),
        column("unknown", "whole", lambda row: row[1].month.unknown, 6),
        column("running_share", "percent", lambda row: row[1].month.running_share, 7),
        column("stops", "whole", lambda row: row[1].stops, 4),
        column("longest_stop", "whole", lambda row: row[1].month.longest_stop_days, 8),
        column("stop_reasons", "text", lambda row: words.codes("reason", row[1].stop_reasons), 8, 10),
        column("volume", "amount", lambda row: row[1].amounts.volume_m3, 8),
        column("load", "percent", lambda row: row[1].amounts.load, 7),
        column("energy", "amount", lambda row: row[1].amounts.energy_kwh, 8),
        column("kwh_per_m3", "ratio", lambda row: row[1].amounts.kwh_per_m3, 9),
        column("judgement", "code", lambda row: words.code("judgement", row[1].month.judgement), 8, 10),
        column("remark", "text", remark, 8, 8),
    ]


def _stop_columns(words: Words) -> list[Column[NumberedStop]]:
    column = Column[NumberedStop]
    return [
        column("number", "code", lambda row: row[0], 4),
        column("id", "code", lambda row: row[1].station.id, 8, 16),
        column("name", "text", lambda row: row[1].station.address.name, 12, 26),
        column("county", "text", lambda row: row[1].station.address.county, 8, 12),
        column("town", "text", lambda row: row[1].station.address.town, 8, 12),
        column("village", "text", lambda row: row[1].station.address.village, 6, 12),
        column("company", "text", lambda row: row[1].station.month.facility.company, 8, 24),
        column("first_day", "date", lambda row: row[1].first, 11),
        column("last_day", "date", lambda row: row[1].last, 11),
        column("days", "whole", lambda row: row[1].days, 6),
        column("ongoing", "code", lambda row: words.text("yes") if row[1].is_ongoing else None, 6),
        column("stop_reasons", "text", lambda row: words.codes("reason", row[1].reasons), 10, 24),
        column("energy_meanwhile", "amount", lambda row: row[1].energy_kwh, 10),
        column("volume_meanwhile", "amount", lambda row: row[1].volume_m3, 10),
        column("handling", "text", lambda _: None, 20),
    ]
