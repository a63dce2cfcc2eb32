"""The operating rate by county as Vega-Lite: a bar each, the target as a line. Pure."""

import json
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from reporting.chart_look import Json, Look, by_outcome, outcome, target_line

_ROW_PX, _ALL_ROWS_PX = 22, 620
_SMALLEST_PX = 5
_FIGURES_AT, _ENDS_AT = 102, 118
"""Per cent: figures stand in a column of their own, where no line meets them."""
_LONGEST_NAME_PX = 150


class CountyBar(NamedTuple):
    """A county: its name, its rate if there is one, and the rate as it is written."""

    name: str
    strict: Fraction | None
    label: str


def county_bars(bars: Sequence[CountyBar], target: Fraction, target_said: str, look: Look) -> Json:
    """A bar a county, in the order given, with a column of figures beside them.

    Bars and lettering get smaller where there are many, so that a page holds them all.
    """
    step = min(_ROW_PX, _ALL_ROWS_PX / max(1, len(bars)))
    size = max(_SMALLEST_PX, min(look.figure_px, step - 4))
    rows = [{"row": row, "county": bar.name, **outcome(bar.strict, bar.label, target)}
            for row, bar in enumerate(bars)]  # fmt: skip
    names = json.dumps([bar.name for bar in bars])
    down = {
        "field": "row",
        "type": "ordinal",
        "title": None,
        "axis": {"labelExpr": f"{names}[datum.value]", "labelFontSize": size, "labelLimit": _LONGEST_NAME_PX,
                 "ticks": False, "domain": False, "labelPadding": 6},
    }  # fmt: skip
    at, said = float(100 * target), json.dumps(target_said)
    axis = {
        "values": [0, 50, at, 100],
        "labelExpr": f"datum.value == {at} ? {said} : datum.value < {at} ? datum.label : ''",
        "format": "d",
        "grid": True,
        "domain": False,
        "ticks": False,
    }
    along = {"field": "rate", "type": "quantitative", "title": None, "axis": axis,
             "scale": {"domain": [0, _ENDS_AT], "nice": False}}  # fmt: skip
    mark = {"type": "text", "align": "left", "baseline": "middle", "fontSize": size, "fontWeight": "bold"}
    figures = {
        "x": {"datum": _FIGURES_AT, "type": "quantitative"},
        "text": {"field": "figure", "type": "nominal"},
        "color": by_outcome(look.ink, look.missed_ink),
    }
    bar = {"mark": {"type": "bar", "size": step * 0.68},
           "encoding": {"x": along, "color": by_outcome(look.met, look.missed)}}  # fmt: skip
    return {
        **look.frame,
        "height": step * max(1, len(bars)),
        "data": {"values": rows},
        "encoding": {"y": down},
        "layer": [bar, target_line(look, target, "x"), {"mark": mark, "encoding": figures}],
    }
