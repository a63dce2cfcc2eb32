"""The monthly report as a workbook, made to be printed and signed; equal figures make equal bytes. Pure."""

from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reporting.change_sheet import put_changes
from reporting.definition import definition
from reporting.definition_sheet import put_definitions
from reporting.doubt_sheets import put_findings, put_quality
from reporting.figures import MonthFigures
from reporting.group_sheets import put_companies, put_counties
from reporting.layout import Book
from reporting.rate import RULE_VERSION
from reporting.station_sheet import names_of, put_stations
from reporting.stop_sheet import put_stops
from reporting.summary_sheet import put_summary
from reporting.words import Words
from service.civil import clock_of


class Cover(NamedTuple):
    """What the title says beside the figures.

    Attributes:
        centre: who reports.
        revision: of the month's report; None for a preview that is not registered.
        zone: of the centre's civil days and clock.
        language: `zh-CN` or `en`.
        status: `preview`, `draft` or `frozen`; empty where nobody says it.
        author: who made it, as far as known.
        frozen_by: who froze it, as far as known.
        frozen_ms: when, ms since the epoch, UTC.
    """

    centre: str
    revision: int | None
    zone: ZoneInfo
    language: str = "zh-CN"
    status: str = ""
    author: str = ""
    frozen_by: str = ""
    frozen_ms: int | None = None


def monthly_workbook(figures: MonthFigures, cover: Cover) -> bytes:
    """Render a month's figures as the bytes of an xlsx file."""
    words = Words(cover.language)
    month = words.text("month", year=figures.month.year, number=figures.month.number)
    report, edition = words.text("report"), _edition(words, cover)
    cutoff = clock_of(figures.cutoff_ms, cover.zone)
    as_of = words.text("cutoff", cutoff=f"{cutoff:%Y-%m-%d %H:%M}")
    counted = words.text("counted_until", day=_day(words, figures.until))
    subtitle = "　".join(part for part in (figures.place, month, edition, counted, as_of) if part)
    about = " ".join(part for part in (figures.place, month) if part)
    properties = {
        "title": f"{report} {about} {edition}",
        "author": cover.centre,
        "comments": f"rule version {RULE_VERSION}",
    }
    book = Book(words, figures.cutoff_ms, properties)
    footer, side = f"{cover.centre} {about}", f"{edition} {as_of}"
    defined, names = definition(words, cover.zone), names_of(figures, words)
    sheet = book.sheet("summary", footer, side, pages_tall=1)
    put_summary(book, sheet, figures, [cover.centre, report, subtitle], defined)
    put_counties(book, book.sheet("counties", footer, side), figures, subtitle, names)
    put_stations(book, book.sheet("stations", footer, side), figures, subtitle, names)
    put_stops(book, book.sheet("stops", footer, side), figures, subtitle, names)
    put_companies(book, book.sheet("companies", footer, side), figures, subtitle, names)
    put_quality(book, book.sheet("quality", footer, side), figures, subtitle, names)
    put_findings(book, book.sheet("findings", footer, side), figures, subtitle, names, cover.zone)
    put_definitions(book, book.sheet("definitions", footer, side, pages_tall=1), defined, subtitle)
    if figures.changes:
        put_changes(book, book.sheet("changes", footer, side), figures, subtitle)
    return book.finish()


def _edition(words: Words, cover: Cover) -> str:
    if cover.revision is None:
        return words.text("preview")
    said = words.text("revision", revision=cover.revision)
    return f"{said}{words.choose('，', ', ')}{words.text(cover.status)}" if cover.status else said


def _day(words: Words, day: date) -> str:
    return words.text("day", year=day.year, number=day.month, day=day.day)
