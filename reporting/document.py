"""A month's report as a PDF to be printed, signed and kept; equal figures make equal bytes.

Names and figures go to the template as data, never as its language, so that a name may hold any character.
"""

import json
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from importlib.resources import files

from reporting import document_cells as cell
from reporting.definition import definition
from reporting.document_cells import Json
from reporting.document_charts import charts
from reporting.document_groups import companies_table, counties_table, plan_table
from reporting.document_lists import changes_table, findings_table, quality_table, stops_table
from reporting.document_stations import stations_table
from reporting.document_summary import figures_table, headline, sentences
from reporting.document_words import DocumentWords
from reporting.figures import MonthFigures
from reporting.fonts import FontError, Lettering, lettering
from reporting.rate import RULE_VERSION
from reporting.report_rows import DRAFT, FROZEN, SERVICE
from reporting.station_sheet import names_of
from reporting.typesetting import as_pdf
from reporting.workbook import Cover
from service.civil import Month, clock_of

__all__ = ["FontError", "monthly_document"]

_TEMPLATE = "document.typ"
_LONG_FROM = 40
"""Rows from which a table is set as a list with pages of its own."""


def monthly_document(
    figures: MonthFigures, cover: Cover, trend: Sequence[tuple[Month, Fraction | None]]
) -> bytes:
    """Set a month's figures as the bytes of a PDF file.

    Args:
        figures: what it says.
        cover: what its title says beside them.
        trend: strict rates of the months up to this one, in order.

    Raises:
        FontError: no font with Chinese letters is installed.
        TypesettingError: typst is missing or fails.
    """
    data = document_data(figures, cover, trend)
    template = files("reporting").joinpath(_TEMPLATE).read_text("utf-8")
    return as_pdf(template, json.dumps(data, ensure_ascii=False), figures.cutoff_ms // 1000)


@cache
def installed_letters() -> Lettering:
    """The fonts of this system, looked up once.

    Raises:
        FontError: no font with Chinese letters is installed.
    """
    from typst import Fonts  # noqa: PLC0415 - the library is loaded on use

    return lettering(Fonts(include_embedded_fonts=False).families())


def document_data(
    figures: MonthFigures, cover: Cover, trend: Sequence[tuple[Month, Fraction | None]]
) -> Json:
    """All that the template sets, as texts.

    Raises:
        FontError: no font with Chinese letters is installed.
    """
    words, letters = DocumentWords(cover.language), installed_letters()
    names = names_of(figures, words)
    counties = dict(names.counties)
    defined = definition(words, cover.zone)
    month = words.text("month", year=figures.month.year, number=figures.month.number)
    status = _status(cover)
    report = words.text("report")
    place = cell.clean(figures.place)
    tables = [
        counties_table(figures, words, counties),
        *([plan_table(figures, words, counties)] if figures.plan else []),
        companies_table(figures, words, names.companies),
        *([changes_table(figures, words)] if figures.changes else []),
        stops_table(figures, words, names.companies),
        findings_table(figures, words, names.companies, cover.zone),
        quality_table(figures, words, names.companies),
    ]
    return {
        "language": words.language,
        "faces": letters._asdict(),
        "title": report,
        "centre": cell.clean(cover.centre),
        "month": " ".join(part for part in (place, month) if part),
        "mark": words.said(status) if status in {"preview", DRAFT} else "",
        "mark_long": words.said(f"{status}_long") if status in {"preview", DRAFT} else "",
        "cover": _cover(figures, cover, words, month, place),
        "sign": [words.text(key) for key in ("prepared", "reviewed", "issued", "dated")],
        "seal": words.text("seal"),
        "page": words.said("page", page="{page}", pages="{pages}"),
        "definition": {"title": words.text("definition"), "text": defined.in_short},
        "summary": {
            "title": words.said("title_summary"),
            "headline": headline(figures, words),
            "sentences": sentences(figures, words, counties),
            "figures_title": words.said("title_figures"),
            "figures": figures_table(figures, words),
        },
        "charts": {
            "title": words.said("title_charts"),
            "list": charts(figures, words, counties, trend, letters.heading),
        },
        "tables": tables,
        "long_from": _LONG_FROM,
        "stations": stations_table(figures, words, names),
        "definitions": {
            "title": words.text("title_definitions"),
            "list": [
                {"head": head, "text": text}
                for head, text in defined.in_full
                if head != words.choose("公式", "Formulas")  # which only the workbook has
            ],
        },
    }


def _status(cover: Cover) -> str:
    if cover.revision is None:
        return "preview"
    return cover.status


def _cover(
    figures: MonthFigures, cover: Cover, words: DocumentWords, month: str, place: str
) -> list[list[str]]:
    """The lines of the first page, each with its label."""
    edition = "" if cover.revision is None else words.text("revision", revision=cover.revision)
    status = _status(cover)
    said = words.said("frozen") if status == FROZEN else words.said(f"{status}_long") if status else ""
    lines = {
        "reported_month": month,
        "place": place or words.said("everywhere"),
        "centre": cover.centre,
        "edition": words.choose("　", ", ").join(part for part in (edition, said) if part),
        "counted": cell.day(figures.until),
        "cutoff": f"{clock_of(figures.cutoff_ms, cover.zone):%Y-%m-%d %H:%M}",
        "rule": RULE_VERSION,
        "author": _person(words, cover.author),
        "frozen_by": _person(words, cover.frozen_by),
        "frozen_at": ""
        if cover.frozen_ms is None
        else f"{clock_of(cover.frozen_ms, cover.zone):%Y-%m-%d %H:%M}",
    }
    return [[words.said(key), cell.clean(text)] for key, text in lines.items() if text]


def _person(words: DocumentWords, name: str) -> str:
    """Who did it; the service that makes reports is nobody's name."""
    return words.said("itself") if name == SERVICE else name
