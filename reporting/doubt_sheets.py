"""Two sheets about the data: how good those of each facility were, and which facilities are worth a visit."""

from collections.abc import Callable
from typing import NamedTuple
from zoneinfo import ZoneInfo

from registry.finding_words import hint
from reporting.figures import MonthFigures
from reporting.layout import DOUBTFUL, HEAD_ROW, Book, Cell, Formula, Worksheet, put, put_title
from reporting.month_lines import FindingLine, QualityLine
from reporting.quality_lines import HOURS_A_DAY
from reporting.rate import RULES
from reporting.station_formulas import quotient
from reporting.station_lines import StationLine
from reporting.station_sheet import Names
from reporting.table import Column, put_table
from reporting.words import Words


class _Quality(NamedTuple):
    number: int
    line: QualityLine


class _Finding(NamedTuple):
    number: int
    line: FindingLine


def put_quality(book: Book, sheet: Worksheet, figures: MonthFigures, subtitle: str, names: Names) -> None:
    """One line a facility with a countable day; those that cannot be assessed are coloured."""
    put_title(book, sheet, "title_quality", subtitle)
    columns = _quality_columns(figures, book.words, names)
    rows = [_Quality(number, line) for number, line in enumerate(figures.quality, start=1)]
    below = put_table(book, sheet, columns, rows)
    share = next(number for number, column in enumerate(columns) if column.key == "unknown_share")
    box = (HEAD_ROW + 1, share, max(HEAD_ROW + 1, below - 1), share)
    book.mark(sheet, box, f">{float(RULES.unknown_share)}", DOUBTFUL)
    if not rows:
        put(sheet, below, 0, book.words.text("no_quality"), book.form())
    sheet.freeze_panes(HEAD_ROW + 1, 3)


def put_findings(
    book: Book, sheet: Worksheet, figures: MonthFigures, subtitle: str, names: Names, zone: ZoneInfo
) -> None:
    """One line a finding, with room to write what a visit found."""
    put_title(book, sheet, "title_findings", subtitle)
    rows = [_Finding(number, line) for number, line in enumerate(figures.findings, start=1)]
    below = put_table(book, sheet, _finding_columns(book.words, names, zone), rows)
    if not rows:
        put(sheet, below, 0, book.words.text("no_findings"), book.form())
    sheet.freeze_panes(HEAD_ROW + 1, 3)


def _quality_columns(figures: MonthFigures, words: Words, names: Names) -> list[Column[_Quality]]:
    column = Column[_Quality]

    def valid_share(row: _Quality) -> Cell:
        hours, due = row.line.valid_hours, row.line.due_hours
        value = None if hours is None or not due else hours / due
        return Formula('IF(OR({valid_hours}="",{due_hours}=0),"",{valid_hours}/{due_hours})', value)

    def unknown_share(row: _Quality) -> Cell:
        return Formula(
            quotient("{unknown}", "{countable}"),
            row.line.unknown_days / row.line.station.month.countable_days,
        )

    def connected_from(row: _Quality) -> Cell:
        day = row.line.station.month.facility.connected_from
        return words.text("not_connected") if day is None or day > figures.until else day

    def of(value: Callable[[StationLine], Cell]) -> Callable[[_Quality], Cell]:
        return lambda row: value(row.line.station)

    return [
        column("number", "code", lambda row: row.number, 4),
        column("id", "code", of(lambda line: line.id), 8, 16),
        column("name", "text", of(lambda line: line.address.name), 12, 32),
        column("county", "text", of(lambda line: line.address.county), 8, 12),
        column("town", "text", of(lambda line: line.address.town), 8, 12),
        column("company", "text", of(lambda line: names.companies.get(line.month.facility.company)), 8, 24),
        column("connected_from", "date", connected_from, 11),
        column("countable", "whole", of(lambda line: line.month.countable_days), 7),
        column(
            "due_hours", "whole", lambda row: Formula(f"{{countable}}*{HOURS_A_DAY}", row.line.due_hours), 8
        ),
        column("valid_hours", "number", lambda row: row.line.valid_hours, 8),
        column("valid_share", "percent", valid_share, 8),
        column("unknown", "whole", lambda row: row.line.unknown_days, 8),
        column("unknown_share", "percent", unknown_share, 8),
        column("longest_unknown", "whole", lambda row: row.line.longest_unknown_days, 10),
        column("corrected", "whole", lambda row: row.line.corrected_days, 8),
    ]


def _finding_columns(words: Words, names: Names, zone: ZoneInfo) -> list[Column[_Finding]]:
    column = Column[_Finding]

    def of(value: Callable[[StationLine], Cell]) -> Callable[[_Finding], Cell]:
        return lambda row: value(row.line.station)

    def told(row: _Finding) -> Cell:
        return hint(row.line.code, row.line.evidence, words.language, zone)

    return [
        column("number", "code", lambda row: row.number, 4),
        column("id", "code", of(lambda line: line.id), 8, 16),
        column("name", "text", of(lambda line: line.address.name), 12, 26),
        column("county", "text", of(lambda line: line.address.county), 8, 12),
        column("town", "text", of(lambda line: line.address.town), 8, 12),
        column("village", "text", of(lambda line: line.address.village), 6, 12),
        column("company", "text", of(lambda line: names.companies.get(line.month.facility.company)), 8, 20),
        column("first_seen", "date", lambda row: row.line.first, 11),
        column("last_seen", "date", lambda row: row.line.last, 11),
        column("hint", "text", told, 30, 62),
        column("visited", "text", lambda _: None, 20),
    ]
