"""The operating rate by month as a Vega-Lite specification: a column each, the target as a line. Pure."""

import json
from collections.abc import Sequence
from fractions import Fraction

from console.palette import PALETTES, Colours, Json, Theme, frame
from console.reader import Reader
from console.trend import Point

HEIGHT = 200
_WIDEST_PX = 48
_NARROW_PX = 300


def trend_chart(reader: Reader, points: Sequence[Point], target: Fraction, theme: Theme) -> Json:
    """The whole specification with its data inside; rates in per cent.

    The figures stand in a row of their own above the columns, where neither column nor line meets them.
    """
    colours = PALETTES[theme]
    months = [str(point.month) for point in points]
    across = {"field": "month", "type": "ordinal", "sort": months, "title": None, "axis": _month_axis()}
    return {
        **frame(colours, HEIGHT, {"left": 6, "right": 10, "top": 8, "bottom": 6}),
        "data": {"values": [_row(reader, point, target) for point in points]},
        "encoding": {"x": across},
        "layer": [_columns(reader, colours, target), _target_line(colours, target), _figures(colours)],
    }


def _columns(reader: Reader, colours: Colours, target: Fraction) -> Json:
    short = reader.percent(target, 0)
    said = reader.text("Target %(target)s", target=short)
    shown = f"(width < {_NARROW_PX} ? {json.dumps(short)} : {json.dumps(said)})"
    axis = {
        "values": [0, 50, float(100 * target)],
        "labelExpr": f"datum.value == {float(100 * target)} ? {shown} : datum.label",
        "format": "d",
        "grid": True,
        "domain": False,
        "ticks": False,
    }
    tooltip = {
        "name": reader.text("Month"),
        "strict": reader.text("Strict"),
        "lenient": reader.text("Lenient"),
        "verdict": said,
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
            "color": _by_outcome(colours.power, colours.tones["stopped"]),
            "opacity": {"condition": {"test": "datum.is_over", "value": 1}, "value": 0.55},
            "tooltip": [
                {"field": field, "type": "nominal", "title": title} for field, title in tooltip.items()
            ],
        },
    }


def _target_line(colours: Colours, target: Fraction) -> Json:
    return {
        "data": {"values": [{"rate": float(100 * target)}]},
        "mark": {"type": "rule", "color": colours.ink, "strokeDash": [5, 3], "strokeWidth": 1.2},
        "encoding": {"x": None, "y": {"field": "rate", "type": "quantitative"}},
    }


def _figures(colours: Colours) -> Json:
    """The rate above each column, and a mark above that of a month that missed the target."""
    size = {"expr": "min(12, bandwidth('x') * 0.45)"}
    mark = {"type": "text", "fontSize": size, "fontWeight": "bold", "baseline": "bottom"}
    colour = _by_outcome(colours.ink, colours.tones["stopped"])
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


def _row(reader: Reader, point: Point, target: Fraction) -> Json:
    is_met = point.strict >= target
    return {
        "month": str(point.month),
        "name": reader.month(point.month),
        "rate": float(100 * point.strict),
        "strict": reader.rate(point.strict),
        "lenient": reader.rate(point.lenient),
        "label": reader.rate(point.strict, 1).removesuffix(" %"),
        "sign": "" if is_met else "▼",
        "is_met": is_met,
        "is_over": point.is_over,
        "verdict": reader.text("target met") if is_met else reader.text("target missed"),
    }


def _month_axis() -> Json:
    return {"labelAngle": 0, "labelOverlap": True, "labelSeparation": 8, "ticks": False, "labelPadding": 6}
