"""What the charts of the operating rate have in common, on the console's pages and on paper. Pure.

What is said comes written, how it all looks is an argument, and the data stand in the specification of
Vega-Lite. Rates are in per cent.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

Json = dict[str, Any]
DASH = "–"
"""Stands where no rate is known; never a zero."""
_MISSED_SIGN = "▼"


class Look(NamedTuple):
    """Colours of a chart, and the part of the specification that sets its size and lettering.

    Attributes:
        ink: of figures and of the line of the target.
        met: of the bars that reach the target.
        missed: of those that do not.
        missed_ink: of their figures.
        figure_px: size of the figures where there is room.
        frame: width, height, padding, background and config.
    """

    ink: str
    met: str
    missed: str
    missed_ink: str
    figure_px: float
    frame: Mapping[str, Any]


def target_line(look: Look, target: Fraction, channel: str) -> Json:
    """The target across the whole chart, on the axis `x` or `y`."""
    other = "x" if channel == "y" else "y"
    return {
        "data": {"values": [{"rate": float(100 * target)}]},
        "mark": {"type": "rule", "color": look.ink, "strokeDash": [5, 3], "strokeWidth": 1.2},
        "encoding": {other: None, channel: {"field": "rate", "type": "quantitative"}},
    }


def by_outcome(met: str, missed: str) -> Json:
    """The colour of a mark by whether its rate reaches the target."""
    return {"condition": {"test": "datum.sign == ''", "value": met}, "value": missed}


def outcome(strict: Fraction | None, label: str, target: Fraction) -> Json:
    """A rate as it is drawn; a missed target also has a sign, for eyes and printers without colours."""
    is_met = None if strict is None else strict >= target
    sign = _MISSED_SIGN if is_met is False else ""
    return {
        "rate": None if strict is None else float(100 * strict),
        "label": label,
        "sign": sign,
        "figure": f"{label} {sign}".strip(),
        "is_met": is_met,
    }
