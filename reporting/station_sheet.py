"""The sheet of the facilities: the days and amounts of each, and by formula what it counts as.

All totals of the workbook are formulas over this sheet. Columns that only they need stand to the right of
what is printed.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from reporting.figures import MonthFigures
from reporting.layout import BAD, DOUBTFUL, HEAD_ROW, Book, Cell, Formula, Plain, Worksheet, put_title
from reporting.rate import RULES
from reporting.station_formulas import SheetColumns, labels, quotient
from reporting.station_lines import StationLine
from reporting.table import Column, put_table
from reporting.words import Words

_SMALL_PT = 9
UNPRINTED = ("registered_days", "known", "treated", "designed", "paired_kwh", "paired_m3")


class Names(NamedTuple):
    """How the counties are called on all sheets, by code, and the operators, by name."""

    counties: Mapping[str, str]
    companies: Mapping[str, str]


class _Row(NamedTuple):
    number: int
    line: StationLine


def names_of(figures: MonthFigures, words: Words) -> Names:
    """The names of all groups that a facility of the month belongs to."""
    facilities = [(line.month.facility, line.address.county) for line in figures.stations]
    counties = {facility.county: county for facility, county in facilities}
    companies = {facility.company: facility.company for facility, _ in facilities}
    return Names(
        labels(counties, words.text("without_county")), labels(companies, words.text("without_company"))
    )


def station_columns(figures: MonthFigures, words: Words) -> SheetColumns:
    """Where the columns of the sheet are, for formulas on others."""
    keys = [column.key for column in _columns(words, figures, Names({}, {}))]
    return SheetColumns(words.text("sheet_stations"), keys, len(figures.stations))


def put_stations(book: Book, sheet: Worksheet, figures: MonthFigures, subtitle: str, names: Names) -> None:
    """One line a facility, those that do not count too."""
    put_title(book, sheet, "title_stations", subtitle)
    columns = _columns(book.words, figures, names)
    rows = [_Row(number, line) for number, line in enumerate(figures.stations, start=1)]
    below = put_table(book, sheet, columns, rows, size=_SMALL_PT)
    last = max(HEAD_ROW + 1, below - 1)
    place = {column.key: number for number, column in enumerate(columns)}
    for key, condition, colours in (
        ("judgement", f'="{book.words.code("judgement", "not_normal")}"', BAD),
        ("judgement", f'="{book.words.code("judgement", "not_assessable")}"', DOUBTFUL),
        ("running_share", f"<{float(RULES.running_share)}", BAD),
        ("longest_stop", f">={RULES.stop_days}", BAD),
    ):
        book.mark(sheet, (HEAD_ROW + 1, place[key], last, place[key]), condition, colours)
    sheet.print_area(0, 0, last, len(columns) - len(UNPRINTED) - 1)
    sheet.freeze_panes(HEAD_ROW + 1, 3)


def _judged(words: Words) -> str:
    """What a facility counts as, by the thresholds as whole numbers, so that none is lost in rounding."""

    def said(judgement: str) -> str:
        return f'"{words.code("judgement", judgement)}"'

    unknown, runs = RULES.unknown_share, RULES.running_share
    return (
        f"IF({{countable}}=0,{said('not_counted')},"
        f"IF({{unknown}}*{unknown.denominator}>{{countable}}*{unknown.numerator},{said('not_assessable')},"
        f"IF(AND({{running}}*{runs.denominator}>={{known}}*{runs.numerator},"
        f'{{longest_stop}}<{RULES.stop_days},{{inspected}}=""),{said("normal")},{said("not_normal")})))'
    )


def _columns(words: Words, figures: MonthFigures, names: Names) -> list[Column[_Row]]:
    column = Column[_Row]
    judged = _judged(words)

    def by(text: str, value: Callable[[StationLine], Plain]) -> Callable[[_Row], Cell]:
        def cell(row: _Row) -> Cell:
            return Formula(text, value(row.line))

        return cell

    def connected_from(row: _Row) -> Cell:
        day = row.line.month.facility.connected_from
        return words.text("not_connected") if day is None or day > figures.until else day

    def inspected(row: _Row) -> Cell:
        return words.text("found_abnormal") if row.line.month.marked_abnormal else None

    def known_days(line: StationLine) -> int:
        return line.month.countable_days - line.month.unknown

    return [
        column("number", "code", lambda row: row.number, 4),
        column("id", "code", lambda row: row.line.id, 8, 14),
        column("name", "text", lambda row: row.line.address.name, 10, 16),
        column("county", "text", lambda row: names.counties.get(row.line.month.facility.county), 8, 8),
        column("town", "text", lambda row: row.line.address.town, 6, 8),
        column("village", "text", lambda row: row.line.address.village, 6, 10),
        column("design", "number", lambda row: row.line.month.facility.design_m3_per_day, 8),
        column("process", "code", lambda row: words.code("process", row.line.address.process), 6, 8),
        column("class", "code", lambda row: words.code("class", row.line.class_), 4, 6),
        column("company", "text", lambda row: names.companies.get(row.line.month.facility.company), 8, 16),
        column("connected_from", "date", connected_from, 10, 10),
        column("countable", "whole", lambda row: row.line.month.countable_days, 6),
        column("excluded", "whole", lambda row: row.line.month.excluded_days, 4),
        column(
            "exclusion_reasons",
            "text",
            lambda row: words.codes("exclusion", row.line.exclusion_reasons),
            8,
            8,
        ),
        column("running", "whole", lambda row: row.line.month.running, 4),
        column("stopped_days", "whole", lambda row: row.line.month.stopped, 4),
        column("unknown", "whole", lambda row: row.line.month.unknown, 6),
        column(
            "running_share",
            "percent",
            by(quotient("{running}", "{known}"), lambda line: line.month.running_share),
            7,
        ),
        column("stops", "whole", lambda row: row.line.stops, 4),
        column("longest_stop", "whole", lambda row: row.line.month.longest_stop_days, 8),
        column("stop_reasons", "text", lambda row: words.codes("reason", row.line.stop_reasons), 8, 10),
        column("volume", "amount", lambda row: row.line.amounts.volume_m3, 8),
        column("load", "percent", by(quotient("{treated}", "{designed}"), lambda line: line.amounts.load), 7),
        column("energy", "amount", lambda row: row.line.amounts.energy_kwh, 8),
        column(
            "kwh_per_m3",
            "ratio",
            by(quotient("{paired_kwh}", "{paired_m3}"), lambda line: line.amounts.kwh_per_m3),
            9,
        ),
        column("inspected", "text", inspected, 6, 8),
        column(
            "judgement", "code", by(judged, lambda line: words.code("judgement", line.month.judgement)), 8
        ),
        column(
            "registered_days", "whole", by("{countable}+{excluded}", lambda line: line.month.calendar_days)
        ),
        column("known", "whole", by("{countable}-{unknown}", known_days), 6),
        column("treated", "amount", lambda row: row.line.amounts.treated_m3, 8),
        column("designed", "amount", lambda row: row.line.amounts.designed_m3, 8),
        column("paired_kwh", "amount", lambda row: row.line.amounts.paired_kwh, 8),
        column("paired_m3", "amount", lambda row: row.line.amounts.paired_m3, 8),
    ]
