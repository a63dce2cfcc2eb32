"""A month's figures set as files: the workbook, the document to be signed, and the data for machines."""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy.orm import Session

from registry.config import CentreSettings
from registry.tables import Report
from reporting.data_file import data_file
from reporting.figures import MonthFigures
from reporting.rate import RULE_VERSION
from reporting.report_rows import DRAFT, FROZEN, revisions
from reporting.workbook import Cover, monthly_workbook
from service.civil import Month

TREND_MONTHS = 12
Trend = Sequence[tuple[Month, Fraction | None]]
"""Months in order, each with its strict rate; None where nothing is known."""


class Edition(NamedTuple):
    """What the files say beside the figures.

    Attributes:
        revision: of the month's report; None for a preview that is not registered.
        status: draft or frozen.
        made_ms: when, ms since the epoch, UTC.
        author: who made it.
        frozen_by: who froze it; empty for a draft.
        note: the freezer's.
    """

    revision: int | None
    status: str = DRAFT
    made_ms: int = 0
    author: str = ""
    frozen_by: str = ""
    note: str = ""


def cover_of(settings: CentreSettings, edition: Edition, language: str | None = None) -> Cover:
    """The title of an edition, in the centre's language unless another is asked for."""
    return Cover(
        centre=settings.centre.name,
        revision=edition.revision,
        zone=settings.zone,
        language=language or settings.centre.language,
        status=edition.status,
        author=edition.author,
        frozen_by=edition.frozen_by,
        frozen_ms=edition.made_ms if edition.status == FROZEN else None,
    )


def workbook_of(figures: MonthFigures, cover: Cover) -> bytes:
    """The workbook."""
    return monthly_workbook(figures, cover)


def document_of(figures: MonthFigures, cover: Cover, trend: Trend) -> bytes:
    """The document as PDF.

    Raises:
        UnavailableError: a font that it needs is not installed.
    """
    from reporting.document import monthly_document  # noqa: PLC0415 - typst is loaded on use

    return monthly_document(figures, cover, trend)


def data_of(figures: MonthFigures, settings: CentreSettings, edition: Edition) -> bytes:
    """The data."""
    about = {
        "centre": settings.centre.name,
        "month": str(figures.month),
        "rule_version": RULE_VERSION,
        "data_cutoff_ms": figures.cutoff_ms,
        **edition._asdict(),
    }
    return data_file(figures, about)


def contents(
    figures: MonthFigures, settings: CentreSettings, edition: Edition, trend: Trend
) -> dict[str, bytes]:
    """All files of a registered edition, by kind."""
    cover = cover_of(settings, edition)
    return {
        "xlsx": workbook_of(figures, cover),
        "pdf": document_of(figures, cover, trend),
        "data": data_of(figures, settings, edition),
    }


def trend_until(session: Session, figures: MonthFigures, county: str | None = None) -> Trend:
    """Strict rates of up to a year: as the newest reports of the months before say, then the month's own.

    Args:
        session: on the registry.
        figures: of the month, and of the county if one is given.
        county: its code; None for all stations.
    """
    points: dict[Month, Fraction | None] = {}
    for report in revisions(session):
        month = Month.parse(report.month)
        if figures.month.after(-TREND_MONTHS) < month < figures.month:
            points[month] = _strict(report, county)
    points[figures.month] = figures.city.by_number_strict
    return sorted(points.items())


def _strict(report: Report, county: str | None) -> Fraction | None:
    if county is None:
        written = report.summary.get("by_number_strict")
    else:
        written = report.summary.get("counties", {}).get(county)
    return Fraction(written) if isinstance(written, str) else None
