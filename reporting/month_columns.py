"""The operating rate by month as Vega-Lite: a column each, the target as a line. Pure."""

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from reporting.chart_look import DASH, Json, Look, by_outcome, outcome, target_line

_WIDEST_PX = 48
_NARROW_PX = 300
_FIGURES_IN_HEIGHT = 1.8
"""A figure is hardly more than half as wide as it is high."""


class TrendMonth(NamedTuple):
    """A month of the trend.

    Attributes:
        key: sorts by time, such as 2026-10.
        name: for people.
        strict: the rate; None where it is not known.
        strict_said: as it is written.
        lenient_said: likewise.
        label: the rate above its column.
        is_over: False while the month's days still come in.
    """

    key: str
    name: str
    strict: Fraction | None
    strict_said: str
    lenient_said: str
    label: str
    is_over: bool = True


class TrendWords(NamedTuple):
    """The texts of the trend: the target long and short, the names of the figures, and the two outcomes."""

    target: str
    target_short: str
    month: str
    strict: str
    lenient: str
    met: str
    missed: str


def month_columns(
    months: Sequence[TrendMonth],
    words: TrendWords,
    target: Fraction,
    look: Look,
    axis: Mapping[str, Any] | None = None,
) -> Json:
    """A column a month, in the order given.

    The figures stand in a row of their own above the columns, where neither column nor line meets them.

    Args:
        months: each with a key of its own.
        words: what is said beside the figures.
        target: the rate that is asked for.
        look: colours and frame.
        axis: of the months, beside what is usual.
    """
    keys = [month.key for month in months]
    usual = {"labelAngle": 0, "labelOverlap": True, "labelSeparation": 8, "ticks": False, "labelPadding": 6}
    across = {
        "field": "month",
        "type": "ordinal",
        "sort": keys,
        "title": None,
        "axis": {**usual, **(axis or {})},
    }
    return {
        **look.frame,
        "data": {"values": [_month_row(month, words, target) for month in months]},
        "encoding": {"x": across},
        "layer": [_columns(words, target, look), target_line(look, target, "y"), _figures(months, look)],
    }


def _columns(words: TrendWords, target: Fraction, look: Look) -> Json:
    shown = f"(width < {_NARROW_PX} ? {json.dumps(words.target_short)} : {json.dumps(words.target)})"
    axis = {
        "values": [0, 50, float(100 * target)],
        "labelExpr": f"datum.value == {float(100 * target)} ? {shown} : datum.label",
        "format": "d",
        "grid": True,
        "domain": False,
        "ticks": False,
    }
    tooltip = {"name": words.month, "strict": words.strict, "lenient": words.lenient, "verdict": words.target}
    return {
        "mark": {
            "type": "bar",
            "size": {"expr": f"min({_WIDEST_PX}, bandwidth('x') * 0.72)"},
            "cornerRadiusTopLeft": 2,
            "cornerRadiusTopRight": 2,
        },
        "encoding": {
            "y": {
                "field": "rate",
                "type": "quantitative",
                "title": None,
                "scale": {"domain": [0, 100]},
                "axis": axis,
            },
            "color": by_outcome(look.met, look.missed),
            "opacity": {"condition": {"test": "datum.is_over", "value": 1}, "value": 0.55},
            "tooltip": [
                {"field": field, "type": "nominal", "title": title} for field, title in tooltip.items()
            ],
        },
    }


def _figures(months: Sequence[TrendMonth], look: Look) -> Json:
    """The rate above each column, and a mark above that of a month that missed the target."""
    longest = max((len(month.label) for month in months), default=1)
    size = {"expr": f"min({look.figure_px}, bandwidth('x') * {min(0.45, _FIGURES_IN_HEIGHT / longest):.3f})"}
    mark = {"type": "text", "fontSize": size, "fontWeight": "bold", "baseline": "bottom"}
    colour = by_outcome(look.ink, look.missed_ink)
    rows = (("label", -5), ("sign", -19))
    return {
        "layer": [
            {
                "mark": mark,
                "encoding": {"y": {"value": y}, "text": {"field": field, "type": "nominal"}, "color": colour},
            }
            for field, y in rows
        ]
    }


def _month_row(month: TrendMonth, words: TrendWords, target: Fraction) -> Json:
    known = outcome(month.strict, month.label, target)
    verdict = {True: words.met, False: words.missed, None: DASH}[known["is_met"]]
    return {
        "month": month.key,
        "name": month.name,
        "strict": month.strict_said,
        "lenient": month.lenient_said,
        "is_over": month.is_over,
        "verdict": verdict,
        **known,
    }
