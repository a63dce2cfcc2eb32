"""The charts of the printed report as Vega-Lite; `as_svgs` draws them."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from fractions import Fraction

from reporting.chart_drawing import FONT
from reporting.chart_look import DASH, Json, Look
from reporting.county_bars import CountyBar, county_bars
from reporting.group_figures import GroupFigures
from reporting.month_columns import TrendMonth, TrendWords, month_columns
from reporting.rate import RULES
from reporting.shares import per_cent
from reporting.words import Words, percent
from service.civil import Month

WIDTH_PX = 482
"""A line of upright A4 with margins of 20 mm, in points: set that wide, a pixel is a point."""

_TREND_HEIGHT_PX = 130
_SIZE_PX, _FIGURE_PX = 9, 10
_LONGEST_NAME = 28
"""Halves of a Chinese letter's width; a longer name loses its middle, as its end may tell it from others."""
_INK, _FAINT, _LINE = "#1a1a1a", "#404040", "#d9d9d9"
_MET, _MISSED, _MISSED_INK = "#1d5f8a", "#e8a33d", "#9c0006"
"""Dark blue and light orange: two greys on a printer without colours, and apart for all kinds of eyes."""
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def trend_chart(
    months: Sequence[tuple[Month, Fraction | None]], language: str = "zh-CN", width_px: float = WIDTH_PX
) -> Json:
    """The strict rate by month as Vega-Lite, in the colours of the printed report.

    Args:
        months: in any order, each once; those that lack between the first and the last are gaps.
        language: `zh-CN` or `en`.
        width_px: of the whole chart.
    """
    words, known = Words(language), dict(months)
    shown = _without_holes(known)
    named = {str(month): _month_name(words, month, is_first=n == 0) for n, month in enumerate(shown)}
    points = [
        TrendMonth(str(month), words.text("month", year=month.year, number=month.number), known.get(month),
                   printed_rate(known.get(month)), "", printed_rate(known.get(month)))
        for month in shown
    ]  # fmt: skip
    target = _target_said(words)
    said = TrendWords(
        target, percent(RULES.target), "", words.label("strict"), words.label("lenient"),
        words.text("is_met"), words.text("is_missed"),
    )  # fmt: skip
    axis = {"labelExpr": f"{json.dumps(named)}[datum.value]", "labelOverlap": False, "labelLineHeight": 11}
    return month_columns(points, said, RULES.target, _look(width_px, _TREND_HEIGHT_PX), axis)


def county_chart(
    counties: Sequence[GroupFigures],
    language: str = "zh-CN",
    names: Mapping[str, str] | None = None,
    width_px: float = WIDTH_PX,
) -> Json:
    """The strict rate by county as Vega-Lite, in the colours of the printed report and in the order given.

    Args:
        counties: one without a station due has a dash.
        language: `zh-CN` or `en`.
        names: how they are called, by code; as they call themselves where that says nothing.
        width_px: of the whole chart.
    """
    words, called = Words(language), names or {}
    bars = [
        CountyBar(
            _short(called.get(county.code) or county.name or words.text("without_county")),
            county.rate.by_number_strict,
            printed_rate(county.rate.by_number_strict),
        )
        for county in counties
    ]
    return county_bars(bars, RULES.target, _target_said(words), _look(width_px, 0))


def printed_rate(share: Fraction | None) -> str:
    """A rate in per cent without the sign; a dash where it is not known."""
    return DASH if share is None else per_cent(share)


def _without_holes(known: Mapping[Month, object]) -> list[Month]:
    if not known:
        return []
    first, last = min(known), max(known)
    return [first.after(n) for n in range(12 * (last.year - first.year) + last.number - first.number + 1)]


def _month_name(words: Words, month: Month, *, is_first: bool) -> list[str]:
    """Below its column, with the year where one begins."""
    name = words.choose(f"{month.number}月", _ENGLISH[month.number - 1])
    return (
        [name, words.choose(f"{month.year}年", str(month.year))] if is_first or month.number == 1 else [name]
    )


def _target_said(words: Words) -> str:
    return f"{words.text('target')} {percent(RULES.target)}"


def _short(name: str) -> str:
    """A name of foreign hand in one short line, without letters that no drawing may hold."""
    seen = "".join(" " if unicodedata.category(each) in _UNPRINTABLE else each for each in name)
    whole = " ".join(seen.split())
    if _width(whole) <= _LONGEST_NAME:
        return whole
    head, tail = _LONGEST_NAME * 5 // 9, _LONGEST_NAME * 3 // 9
    return f"{_beginning(whole, head)}…{_beginning(whole[::-1], tail)[::-1]}"


def _beginning(text: str, width: int) -> str:
    return next(text[:n] for n in range(min(len(text), width), -1, -1) if _width(text[:n]) <= width)


def _width(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(each) in "WF") for each in text)


def _look(width_px: float, height_px: float) -> Look:
    lettering = {"labelColor": _FAINT, "labelFontSize": _SIZE_PX, "gridColor": _LINE, "domainColor": _FAINT}
    frame = {
        "width": width_px,
        "height": height_px,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": {"left": 2, "right": 2, "top": 2, "bottom": 2},
        "background": "transparent",
        "config": {"font": FONT, "aria": False, "view": {"stroke": None}, "axis": lettering},
    }
    return Look(_INK, _MET, _MISSED, _MISSED_INK, _FIGURE_PX, frame)
