"""Colours and lettering of every chart, light and dark; those of the states match the style sheet."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Theme = Literal["light", "dark"]
Json = dict[str, Any]

_FONT = '"Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", system-ui, sans-serif'


class Colours(NamedTuple):
    """A theme's colours; those of the states match the style sheet."""

    ink: str
    faint: str
    line: str
    power: str
    flow: str
    tones: dict[str, str]


_LIGHT = {
    "running": "#2f7d4f", "low_load": "#d9a400", "idling": "#e2c46a", "stopped": "#b3261e",
    "flow_without_power": "#d4572a", "power_cut": "#7a4fa3", "meter_fault": "#9a7b1f",
    "offline": "#8a939b", "planned_stop": "#6b8fb3", "unknown": "#c9ced3",
}  # fmt: skip
_DARK = {
    "running": "#5fb384", "low_load": "#e3b93f", "idling": "#b89a45", "stopped": "#f2726a",
    "flow_without_power": "#f0905f", "power_cut": "#b08ad6", "meter_fault": "#c9a74a",
    "offline": "#79838c", "planned_stop": "#7fa6cc", "unknown": "#4a5259",
}  # fmt: skip
PALETTES: dict[Theme, Colours] = {
    "light": Colours("#1d2730", "#5b6770", "#e3e7ea", "#1d5f8a", "#2a8c82", _LIGHT),
    "dark": Colours("#e4e8eb", "#9aa5ad", "#2c353c", "#6db3e0", "#5cc2b6", _DARK),
}


_BRIGHT = 128


def theme_named(name: str | None) -> Theme:
    """The theme a browser asks for; light for any other name."""
    return "dark" if name == "dark" else "light"


def ink_on(tone: str) -> str:
    """The lettering that is read best on a colour such as `#2f7d4f`."""
    red, green, blue = (int(tone[place : place + 2], 16) for place in (1, 3, 5))
    return "#12171b" if red * 0.3 + green * 0.59 + blue * 0.11 > _BRIGHT else "#ffffff"


def frame(colours: Colours, height_px: int, padding_px: Mapping[str, int]) -> Json:
    """The part of a specification that every chart has: as wide as its container, in the page's lettering."""
    return {
        "width": "container",
        "height": height_px,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": dict(padding_px),
        "background": "transparent",
        "config": _config(colours),
    }


def _config(colours: Colours) -> Json:
    return {
        "font": _FONT,
        "aria": False,  # the page describes the chart; a label on each of a thousand marks helps nobody
        "mark": {"aria": False},
        "view": {"stroke": None},
        "axis": {
            "labelColor": colours.faint,
            "titleColor": colours.ink,
            "titleFontWeight": "normal",
            "titleFontSize": 12,
            "labelFontSize": 11,
            "gridColor": colours.line,
            "domainColor": colours.faint,
            "tickColor": colours.line,
        },
        "legend": {"labelColor": colours.ink, "labelFontSize": 12},
    }
