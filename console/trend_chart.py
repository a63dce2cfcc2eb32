"""The operating rate by month as the console shows it: the report's own chart in the reader's words. Pure."""

from collections.abc import Sequence
from fractions import Fraction

from console.palette import PALETTES, Json, Theme, frame
from console.reader import Reader
from console.trend import Point
from reporting.chart_look import Look
from reporting.month_columns import TrendMonth, TrendWords, month_columns

HEIGHT = 200
_FIGURE_PX = 12
_PADDING_PX = {"left": 6, "right": 10, "top": 8, "bottom": 6}


def trend_chart(reader: Reader, points: Sequence[Point], target: Fraction, theme: Theme) -> Json:
    """The whole specification with its data inside; rates in per cent."""
    colours = PALETTES[theme]
    stopped = colours.tones["stopped"]
    look = Look(colours.ink, colours.power, stopped, stopped, _FIGURE_PX, frame(colours, HEIGHT, _PADDING_PX))
    months = [_month(reader, point) for point in points]
    return month_columns(months, _words(reader, target), target, look)


def _month(reader: Reader, point: Point) -> TrendMonth:
    return TrendMonth(
        key=str(point.month),
        name=reader.month(point.month),
        strict=point.strict,
        strict_said=reader.rate(point.strict),
        lenient_said=reader.rate(point.lenient),
        label=reader.rate(point.strict, 1).removesuffix(" %"),
        is_over=point.is_over,
    )


def _words(reader: Reader, target: Fraction) -> TrendWords:
    short = reader.percent(target, 0)
    return TrendWords(
        target=reader.text("Target %(target)s", target=short),
        target_short=short,
        month=reader.text("Month"),
        strict=reader.text("Strict"),
        lenient=reader.text("Lenient"),
        met=reader.text("target met"),
        missed=reader.text("target missed"),
    )
