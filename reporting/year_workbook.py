"""The year's summary as a workbook in the monthly report's looks; equal figures make equal bytes. Pure."""

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reporting.layout import BAD, HEAD_ROW, SIZE_PT, Book, Worksheet, put_merged, put_title
from reporting.month_lines import PlanLine
from reporting.rate import RULE_VERSION, RULES
from reporting.table import Column, height, put_table
from reporting.words import Words, percent
from reporting.year import YearFigures, YearGroup
from reporting.year_words import YearWords
from service.civil import clock_of

_NOTE_WIDTH = 150
_YEAR = 12


class YearCover(NamedTuple):
    """What the title says beside the figures: who reports, the zone of its clock, `zh-CN` or `en`."""

    centre: str
    zone: ZoneInfo
    language: str = "zh-CN"


class _Planned(NamedTuple):
    line: PlanLine
    name: str
    group: YearGroup | None


def yearly_workbook(figures: YearFigures, cover: YearCover) -> bytes:
    """Render a year's figures as the bytes of an xlsx file."""
    words = YearWords(cover.language)
    year, report = words.text("year", year=figures.year), words.text("year_report")
    until = figures.until
    cutoff = clock_of(figures.cutoff_ms, cover.zone)
    day = words.text("day", year=until.year, number=until.month, day=until.day)
    as_of = words.text("cutoff", cutoff=f"{cutoff:%Y-%m-%d %H:%M}")
    subtitle = "　".join((cover.centre, year, words.text("counted_until", day=day), as_of))
    properties = {
        "title": f"{report} {year}",
        "author": cover.centre,
        "comments": f"rule version {RULE_VERSION}",
    }
    book = Book(words, figures.cutoff_ms, properties)
    footer = f"{cover.centre} {year}"
    _put_year(book, book.sheet("year", footer, as_of), figures, subtitle)
    if figures.plan:
        _put_plan(book, book.sheet("year_plan", footer, as_of), figures, subtitle)
    return book.finish()


def _put_year(book: Book, sheet: Worksheet, figures: YearFigures, subtitle: str) -> None:
    put_title(book, sheet, "title_year", subtitle)
    column = Column[YearGroup]
    unnamed = book.words.text("without_county")
    places = {month.number: place for place, month in enumerate(figures.months)}
    columns: list[Column[YearGroup]] = [
        column("county", "text", lambda group: group.name or unnamed, 10, 22),
        *(column(f"month_{n}", "percent", _strict_of(places.get(n)), 8) for n in range(1, _YEAR + 1)),
        column("year_due", "whole", lambda group: group.rate.due, 7),
        column("year_normal", "whole", lambda group: group.rate.normal, 7),
        column("year_mean", "percent", lambda group: group.rate.by_number_strict, 10),
        column("year_met", "whole", lambda group: group.months_met, 6),
        column("year_months", "whole", lambda group: group.months_due, 6),
        column("year_by_days", "percent", lambda group: group.rate.by_days),
        column("year_stopped", "whole", lambda group: group.stopped_days, 6),
        column("volume", "amount", lambda group: group.volume_m3, 10),
        column("energy", "amount", lambda group: group.energy_kwh, 10),
    ]
    total = figures.whole._replace(name=book.words.text("all"))
    below = put_table(book, sheet, columns, figures.counties, total)
    target = f"<{float(RULES.target)}"
    book.mark(sheet, (HEAD_ROW + 1, 1, below - 1, _YEAR), target, BAD)
    mean = [each.key for each in columns].index("year_mean")
    book.mark(sheet, (HEAD_ROW + 1, mean, below - 1, mean), target, BAD)
    sheet.freeze_panes(HEAD_ROW + 1, 1)
    note = book.words.text("year_definition", target=percent(RULES.target))
    sheet.set_row(below + 1, height([note], [_NOTE_WIDTH], SIZE_PT) + 6)
    put_merged(sheet, (below + 1, 0, below + 1, len(columns) - 1), note, book.form(text_wrap=True))


def _strict_of(place: int | None) -> Callable[[YearGroup], Fraction | None]:
    return lambda group: None if place is None else group.strict[place]


def _put_plan(book: Book, sheet: Worksheet, figures: YearFigures, subtitle: str) -> None:
    put_title(book, sheet, "title_year_plan", subtitle)
    words = book.words
    counties = {group.code: group for group in figures.counties}
    column = Column[_Planned]
    columns: list[Column[_Planned]] = [
        column("county", "text", lambda row: row.name, 10, 22),
        column("year_villages", "whole", lambda row: row.line.villages, 8),
        column("year_treated", "whole", lambda row: row.line.treated, 8),
        column("year_share", "percent", lambda row: row.line.share, 8),
        column("year_target", "percent", lambda row: row.line.target, 8),
        column("year_reached", "text", lambda row: reached(row.line, words), 8),
        column("year_mean", "percent", lambda row: row.group and row.group.rate.by_number_strict, 10),
    ]
    rows = []
    for line in figures.plan:
        group = counties.get(line.county)
        rows.append(_Planned(line, line.name or (group.name if group else line.county), group))
    put_table(book, sheet, columns, rows)
    sheet.freeze_panes(HEAD_ROW + 1, 1)


def reached(line: PlanLine, words: Words) -> str:
    """Whether a county's share reaches its target, by the exact fraction; empty where either is missing."""
    if line.share is None or line.target is None:
        return ""
    return words.text("reached" if line.share >= line.target else "not_reached")
