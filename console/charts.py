"""The station chart as one Vega-Lite specification: power above, flow below, states as a band. Pure.

Both panels and the band are layers of a single view, each with its own stretch of the height, because only
a single view can take the width of its container. Vega would draw in the browser's time zone; instants are
therefore moved to the centre's wall clock and drawn as if that were UTC.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from console.formats import local
from console.reader import Reader
from console.series import Series
from telemetry.quantities import Kind

Theme = Literal["light", "dark"]
Json = dict[str, Any]

HEIGHT = 320
_ALONE_PX = (282, 10)
_PANELS_PX: dict[Kind, tuple[int, int]] = {"power": (170, 10), "flow": (282, 206)}
"""Bottom and top of each panel, and of one that stands alone."""
_BAND_PX = (300, HEIGHT)
_CLOCK_BELOW_MS = 2 * 86_400_000
_FONT = '"Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", system-ui, sans-serif'


class Span(NamedTuple):
    """A state from one instant to another."""

    state: str
    start_ms: int
    end_ms: int


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
_COLOURS: dict[Theme, Colours] = {
    "light": Colours("#1d2730", "#5b6770", "#e3e7ea", "#1d5f8a", "#2a8c82", _LIGHT),
    "dark": Colours("#e4e8eb", "#9aa5ad", "#2c353c", "#6db3e0", "#5cc2b6", _DARK),
}


def station_chart(
    reader: Reader, series: Iterable[Series], spans: Sequence[Span], start_ms: int, end_ms: int, theme: Theme
) -> Json:
    """The whole specification with its data inside."""
    colours = _COLOURS[theme]
    ends = [{"t": _wall(reader, ms), "v": None, "d": ""} for ms in (start_ms, end_ms)]
    layers = [_band(reader, spans, colours, start_ms, end_ms)] if spans else []
    panels: dict[Kind, list[Series]] = {"power": [], "flow": []}
    for one in series:
        panels[one.kind].append(one)
    shown = [kind for kind, own in panels.items() if own]
    for kind in shown:
        pixels = _PANELS_PX[kind] if len(shown) > 1 else _ALONE_PX
        layers.append(_panel(reader, panels[kind], colours, ends, pixels))
    if not shown:
        layers.append(_nothing(reader, colours, ends))
    return {
        "width": "container",
        "height": HEIGHT,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": {"left": 14, "right": 18, "top": 10, "bottom": 8},
        "background": "transparent",
        "encoding": {
            "x": {
                "field": "t",
                "type": "temporal",
                "title": None,
                "scale": {"type": "utc", "nice": False},
                "axis": _time_axis(end_ms - start_ms),
            }
        },
        "layer": layers,
        "resolve": {"scale": {"y": "independent"}},
        "config": _config(colours),
    }


def _time_axis(span_ms: int) -> Json:
    """Days as the ticks of a week, hours and minutes as those of less than two days."""
    if span_ms < _CLOCK_BELOW_MS:
        return {"format": "%H:%M", "tickCount": 8, "grid": False}
    return {"format": "%m-%d", "tickCount": {"interval": "day", "step": 1}, "grid": False}


def _panel(
    reader: Reader, own: Sequence[Series], colours: Colours, ends: Sequence[Json], pixels: tuple[int, int]
) -> Json:
    """One quantity over time; `ends` are rows without a value that stretch the axis over the whole span."""
    is_power = own[0].kind == "power"
    title = reader.text("Power, kW") if is_power else reader.text("Flow, m³/h")
    colour = colours.power if is_power else colours.flow
    bottom, top = pixels
    values = [{"t": _wall(reader, t), "v": v, "d": one.device} for one in own for t, v in one.points]
    axis = {
        "orient": "left",
        "title": title,
        "titleAngle": 0,
        "titleAlign": "left",
        "titleAnchor": "start",
        "titleBaseline": "bottom",
        "titleX": 4,
        "titleY": top - 6,
        "grid": True,
        "tickCount": 4 if is_power else 3,
    }
    highest = max((v for one in own for _, v in one.points if v is not None), default=0.0)
    scale: Json = {"range": [bottom, top], "zero": True, "nice": True}
    if highest <= 0:  # an idle meter's flat line lies on the floor of its panel
        scale["domain"] = [0, 1]
    tooltip = [_when(reader), {"field": "v", "type": "quantitative", "title": title, "format": ",.2f"}]
    return {
        "data": {"values": [*values, *ends]},
        "encoding": {
            "y": {"field": "v", "type": "quantitative", "stack": None, "scale": scale, "axis": axis},
            "detail": {"field": "d", "type": "nominal"},
        },
        "layer": [
            {
                "mark": {
                    "type": "area",
                    "color": colour,
                    "fillOpacity": 0.16,
                    "line": {"color": colour, "strokeWidth": 1.4, "strokeCap": "round"},
                }
            },
            {
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 0.001},
                "encoding": {"tooltip": tooltip},
            },
        ],
    }


def _nothing(reader: Reader, colours: Colours, ends: Sequence[Json]) -> Json:
    """Say in the place of the panels that nothing was measured."""
    said = reader.text("No readings in this time.")
    middle = {"t": sum(end["t"] for end in ends) // len(ends), "said": said}
    return {
        "data": {"values": [*({**end, "said": ""} for end in ends), middle]},
        "mark": {"type": "text", "color": colours.faint, "fontSize": 14},
        "encoding": {
            "y": {"value": sum(_ALONE_PX) // 2},
            "text": {"field": "said", "type": "nominal"},
        },
    }


def _band(reader: Reader, spans: Sequence[Span], colours: Colours, start_ms: int, end_ms: int) -> Json:
    states = list(dict.fromkeys(span.state for span in spans))
    values = [
        {
            "t": _wall(reader, max(span.start_ms, start_ms)),
            "end": _wall(reader, min(span.end_ms, end_ms)),
            "state": reader.state(span.state),
            "from": reader.instant(span.start_ms),
        }
        for span in spans
    ]
    fallback = colours.tones["unknown"]
    return {
        "data": {"values": values},
        "mark": {"type": "rect"},
        "encoding": {
            "x2": {"field": "end"},
            "y": {"value": _BAND_PX[0]},
            "y2": {"value": _BAND_PX[1]},
            "color": {
                "field": "state",
                "type": "nominal",
                "scale": {
                    "domain": [reader.state(state) for state in states],
                    "range": [colours.tones.get(state, fallback) for state in states],
                },
                "legend": {"orient": "bottom", "title": None, "symbolType": "square", "columns": 5},
            },
            "tooltip": [
                {"field": "state", "type": "nominal", "title": reader.text("State")},
                {"field": "from", "type": "nominal", "title": reader.text("Since")},
            ],
        },
    }


def _when(reader: Reader) -> Json:
    return {
        "field": "t",
        "type": "temporal",
        "timeUnit": "utcyearmonthdatehoursminutes",
        "format": "%Y-%m-%d %H:%M",
        "title": reader.text("Time"),
    }


def _wall(reader: Reader, ms: int) -> int:
    offset = local(ms, reader.zone).utcoffset()
    return ms + (int(offset.total_seconds() * 1000) if offset else 0)


def _config(colours: Colours) -> Json:
    return {
        "font": _FONT,
        "aria": False,  # the page describes the chart; a label on each of a thousand marks helps nobody
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
