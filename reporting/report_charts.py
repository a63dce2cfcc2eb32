"""The report's charts as Vega-Lite specifications: the trend, which the console draws too, and the counties.

Pure: the data stand in the specification, texts come written, and how it all looks is an argument.
"""

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

Json = dict[str, Any]

_WIDEST_PX = 48
_NARROW_PX = 300
_ROW_PX = 22
_MOST_ROWS_PX = 640
_LEAST_FONT_PX = 6


class Look(NamedTuple):
    """Colours of a chart, and the part of the specification that sets its size and lettering.

    Attributes:
        ink: of figures and of the line of the target.
        met: of the bars that reach the target.
        missed: of those that do not, and of their figures.
        frame: width, height, padding, background and config.
    """

    ink: str
    met: str
    missed: str
    frame: Mapping[str, Any]


class TrendMonth(NamedTuple):
    """A month of the trend: a key that sorts by time, and everything that is said of it.

    Attributes:
        key: such as 2026-10.
        name: for people.
        strict: the rate.
        strict_said: as it is written.
        lenient_said: likewise.
        label: the rate above its column.
        is_over: False while the month's days still come in.
    """

    key: str
    name: str
    strict: Fraction
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


class CountyBar(NamedTuple):
    """A county: its name, its rate, and the rate as it is written."""

    name: str
    strict: Fraction
    label: str


def trend_chart(months: Sequence[TrendMonth], words: TrendWords, target: Fraction, look: Look) -> Json:
    """The rate by month, a column each, with the target as a line; rates in per cent.

    The figures stand in a row of their own above the columns, where neither column nor line meets them.
    """
    keys = [month.key for month in months]
    across = {"field": "month", "type": "ordinal", "sort": keys, "title": None, "axis": _month_axis()}
    return {
        **look.frame,
        "data": {"values": [_month_row(month, words, target) for month in months]},
        "encoding": {"x": across},
        "layer": [_columns(words, target, look), _target_line(look, target, "y"), _figures(look)],
    }


def county_chart(bars: Sequence[CountyBar], target: Fraction, target_said: str, look: Look) -> Json:
    """The rate by county, a bar each in the order given, with the target as a line; rates in per cent.

    Bars and lettering get lower where there are many, so that a page holds them all.
    """
    step = min(_ROW_PX, _MOST_ROWS_PX / max(1, len(bars)))
    size = max(_LEAST_FONT_PX, min(11, step - 4))
    rows = [
        {"row": n, "county": bar.name, "rate": float(100 * bar.strict), "label": bar.label,
         "is_met": bar.strict >= target}
        for n, bar in enumerate(bars)
    ]  # fmt: skip
    names = json.dumps([bar.name for bar in bars], ensure_ascii=False)
    down = {
        "field": "row",
        "type": "ordinal",
        "title": None,
        "axis": {"labelExpr": f"{names}[datum.value]", "labelFontSize": size, "labelLimit": 180,
                 "ticks": False, "domain": False, "labelPadding": 6},
    }  # fmt: skip
    at = float(100 * target)
    axis = {
        "values": [0, 50, at, 100],
        "labelExpr": f"datum.value == {at} ? {json.dumps(target_said)} : datum.label",
        "format": "d",
        "domain": False,
        "ticks": False,
    }
    along = {
        "field": "rate",
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [0, 112]},
        "axis": axis,
    }
    figure = {"type": "text", "align": "left", "dx": 4, "fontSize": size, "fontWeight": "bold"}
    return {
        **look.frame,
        "height": step * max(1, len(bars)),
        "data": {"values": rows},
        "encoding": {"y": down},
        "layer": [
            {
                "mark": {"type": "bar", "height": step * 0.68},
                "encoding": {"x": along, "color": _by_outcome(look.met, look.missed)},
            },
            _target_line(look, target, "x"),
            {
                "mark": figure,
                "encoding": {
                    "x": {"field": "rate", "type": "quantitative"},
                    "text": {"field": "label", "type": "nominal"},
                    "color": _by_outcome(look.ink, look.missed),
                },
            },
        ],
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
    tooltip = {
        "name": words.month,
        "strict": words.strict,
        "lenient": words.lenient,
        "verdict": words.target,
    }
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
            "color": _by_outcome(look.met, look.missed),
            "opacity": {"condition": {"test": "datum.is_over", "value": 1}, "value": 0.55},
            "tooltip": [
                {"field": field, "type": "nominal", "title": title} for field, title in tooltip.items()
            ],
        },
    }


def _target_line(look: Look, target: Fraction, channel: str) -> Json:
    across = "x" if channel == "y" else "y"
    return {
        "data": {"values": [{"rate": float(100 * target)}]},
        "mark": {"type": "rule", "color": look.ink, "strokeDash": [5, 3], "strokeWidth": 1.2},
        "encoding": {across: None, channel: {"field": "rate", "type": "quantitative"}},
    }


def _figures(look: Look) -> Json:
    """The rate above each column, and a mark above that of a month that missed the target."""
    size = {"expr": "min(12, bandwidth('x') * 0.45)"}
    mark = {"type": "text", "fontSize": size, "fontWeight": "bold", "baseline": "bottom"}
    colour = _by_outcome(look.ink, look.missed)
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


def _by_outcome(met: str, missed: str) -> Json:
    return {"condition": {"test": "datum.is_met", "value": met}, "value": missed}


def _month_row(month: TrendMonth, words: TrendWords, target: Fraction) -> Json:
    is_met = month.strict >= target
    return {
        "month": month.key,
        "name": month.name,
        "rate": float(100 * month.strict),
        "strict": month.strict_said,
        "lenient": month.lenient_said,
        "label": month.label,
        "sign": "" if is_met else "▼",
        "is_met": is_met,
        "is_over": month.is_over,
        "verdict": words.met if is_met else words.missed,
    }


def _month_axis() -> Json:
    return {"labelAngle": 0, "labelOverlap": True, "labelSeparation": 8, "ticks": False, "labelPadding": 6}
