"""The charts of the printed report as pictures in SVG."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from reporting.chart_drawing import as_svgs
from reporting.document_cells import Json
from reporting.document_words import DocumentWords
from reporting.figures import MonthFigures
from reporting.report_charts import county_chart, trend_chart
from service.civil import Month


def charts(
    figures: MonthFigures,
    words: DocumentWords,
    names: Mapping[str, str],
    trend: Sequence[tuple[Month, Fraction | None]],
    font: str,
) -> list[Json]:
    """The counties and the trend, each with what it shows; one without a figure is left out.

    Args:
        figures: of the month.
        words: of the report.
        names: of the counties, by code.
        trend: strict rates of the months up to this one.
        font: that has the letters.

    Raises:
        DrawingError: they cannot be drawn.
    """
    specs = {}
    if not figures.place and any(group.rate.by_number_strict is not None for group in figures.counties):
        specs["chart_counties"] = county_chart(figures.counties, words.language, names)
    if any(share is not None for _, share in trend):
        specs["chart_trend"] = trend_chart(trend, words.language)
    drawn = as_svgs(list(specs.values()), font) if specs else []
    return [{"svg": svg, "caption": words.said(key)} for key, svg in zip(specs, drawn, strict=True)]
