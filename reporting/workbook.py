"""The monthly report as a workbook, made to be printed and signed; equal figures make equal bytes. Pure."""

from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reporting.definition import definition
from reporting.facility_sheets import put_definitions, put_facilities, put_stops
from reporting.figures import MonthFigures
from reporting.group_sheets import put_companies, put_counties
from reporting.layout import Book
from reporting.rate import RULE_VERSION
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
    """

    centre: str
    revision: int | None
    zone: ZoneInfo
    language: str = "zh-CN"


def monthly_workbook(figures: MonthFigures, cover: Cover) -> bytes:
    """Render a month's figures as the bytes of an xlsx file."""
    words = Words(cover.language)
    month = words.text("month", year=figures.month.year, number=figures.month.number)
    report, edition = words.text("report"), _edition(words, cover)
    cutoff = clock_of(figures.cutoff_ms, cover.zone)
    as_of = words.text("cutoff", cutoff=f"{cutoff:%Y-%m-%d %H:%M}")
    subtitle = "　".join((month, edition, words.text("counted_until", day=_day(words, figures.until)), as_of))
    properties = {
        "title": f"{report} {month} {edition}",
        "author": cover.centre,
        "comments": f"rule version {RULE_VERSION}",
    }
    book = Book(words, figures.cutoff_ms, properties)
    footer, side = f"{cover.centre} {month}", f"{edition} {as_of}"
    defined = definition(words, cover.zone)
    sheet = book.sheet("summary", footer, side, pages_tall=1)
    put_summary(book, sheet, figures, [cover.centre, report, subtitle], defined)
    put_counties(book, book.sheet("counties", footer, side), figures, subtitle)
    put_facilities(book, book.sheet("facilities", footer, side), figures, subtitle)
    put_stops(book, book.sheet("stops", footer, side), figures, subtitle)
    put_companies(book, book.sheet("companies", footer, side), figures, subtitle)
    put_definitions(book, book.sheet("definitions", footer, side), defined, subtitle)
    return book.finish()


def _edition(words: Words, cover: Cover) -> str:
    if cover.revision is None:
        return words.text("preview")
    return words.text("revision", revision=cover.revision)


def _day(words: Words, day: date) -> str:
    return words.text("day", year=day.year, number=day.month, day=day.day)
