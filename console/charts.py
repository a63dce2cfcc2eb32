"""The station chart as one Vega-Lite specification: power above, flow below, states as a band. Pure.

Both panels and the band are layers of a single view, each with its own stretch of the height, because only
a single view can take the width of its container. Vega would draw in the browser's time zone; instants are
therefore moved to the centre's wall clock and drawn as if that were UTC.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from console.palette import PALETTES, Colours, Json, Theme, frame
from console.reader import Reader
from console.series import Series
from service.civil import clock_of
from telemetry.quantities import Kind

HEIGHT = 320
_ALONE_PX = (282, 10)
_PANELS_PX: dict[Kind, tuple[int, int]] = {"power": (170, 10), "flow": (282, 206)}
"""Bottom and top of each panel, and of one that stands alone."""
_BAND_PX = (300, HEIGHT)
_CLOCK_BELOW_MS = 2 * 86_400_000


class Span(NamedTuple):
    """A state from one instant to another."""

    state: str
    start_ms: int
    end_ms: int


def station_chart(
    reader: Reader, series: Iterable[Series], spans: Sequence[Span], start_ms: int, end_ms: int, theme: Theme
) -> Json:
    """The whole specification with its data inside."""
    colours = PALETTES[theme]
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
        **frame(colours, HEIGHT, {"left": 14, "right": 18, "top": 10, "bottom": 8}),
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
    offset = clock_of(ms, reader.zone).utcoffset()
    return ms + (int(offset.total_seconds() * 1000) if offset else 0)
