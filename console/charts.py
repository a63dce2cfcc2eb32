"""The chart of a station as a Vega-Lite specification, with texts in the reader's language. Pure.

Panels of power, flow, energy and effluent a day stand above a row of alarms and the band of states, all over
one axis of time; approved stops lie behind them. Times in it are the centre's wall clock, written as if it
were UTC, for a browser may stand elsewhere.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from console.chart_marks import BAND_PX, AlarmMark, Span, Stop, alarm_row, band, stops_behind
from console.palette import PALETTES, Colours, Json, Theme, frame
from console.reader import Reader
from console.series import Series
from console.wall_clock import wall
from telemetry.quantities import Kind

Quantity = Literal["energy", "volume"]
_LEVEL_PX, _BAR_PX, _ALONE_PX = 122, 84, 220
_TITLE_PX = 26
"""Above each panel."""
_ALARMS_PX = 22
_FEW_POINTS = 250
"""So few readings are shown as dots, too."""
_DAY_MS = 86_400_000
_CLOCK_BELOW_MS = 2 * _DAY_MS
_MONTHS_FROM_MS = 200 * _DAY_MS


class DayBar(NamedTuple):
    """What a civil day came to, kWh and m³; `day` is written as it is shown."""

    day: str
    start_ms: int
    end_ms: int
    energy_kwh: float | None
    volume_m3: float | None


class Drawn(NamedTuple):
    """Everything that one chart shows between two instants, ms since the epoch, UTC."""

    start_ms: int
    end_ms: int
    series: Sequence[Series] = ()
    days: Sequence[DayBar] = ()
    spans: Sequence[Span] = ()
    alarms: Sequence[AlarmMark] = ()
    stops: Sequence[Stop] = ()


class _Panel(NamedTuple):
    """Where a panel stands, px from above, and its name and colour."""

    title: str
    colour: str
    top: int
    bottom: int


def station_chart(reader: Reader, drawn: Drawn, theme: Theme) -> Json:
    """The whole specification with its data inside."""
    colours = PALETTES[theme]
    ends = [{"t": wall(reader, ms), "v": None, "d": ""} for ms in (drawn.start_ms, drawn.end_ms)]
    layers, bottom = _panels(reader, drawn, colours, ends)
    if drawn.stops:
        layers.insert(0, stops_behind(reader, drawn.stops, colours, bottom))
    if drawn.alarms:
        layers.append(alarm_row(reader, drawn.alarms, colours, bottom + _ALARMS_PX // 2))
        bottom += _ALARMS_PX
    if drawn.spans:
        layers.append(band(reader, drawn.spans, colours, (bottom + 4, bottom + 4 + BAND_PX)))
        bottom += 4 + BAND_PX
    return {
        **frame(colours, bottom, {"left": 14, "right": 18, "top": 10, "bottom": 8}),
        "encoding": {
            "x": {
                "field": "t",
                "type": "temporal",
                "title": None,
                "scale": {"type": "utc", "nice": False},
                "axis": time_axis(drawn.end_ms - drawn.start_ms),
            }
        },
        "layer": layers,
        "resolve": {"scale": {"y": "independent", "color": "independent"}},
    }


def time_axis(span_ms: int) -> Json:
    """Hours and minutes below two days, then days, then months."""
    if span_ms < _CLOCK_BELOW_MS:
        return {"format": "%H:%M", "tickCount": 8, "grid": False}
    if span_ms < _MONTHS_FROM_MS:
        step = 1 if span_ms <= 32 * _DAY_MS else 7
        return {"format": "%m-%d", "tickCount": {"interval": "day", "step": step}, "grid": False}
    return {"format": "%Y-%m", "tickCount": {"interval": "month", "step": 1}, "grid": False}


def _panels(reader: Reader, drawn: Drawn, colours: Colours, ends: Sequence[Json]) -> tuple[list[Json], int]:
    """The panels from above, and where the lowest ends, px."""
    levels: list[tuple[Kind, list[Series]]] = [
        (kind, own)
        for kind in ("power", "flow")
        if (own := [each for each in drawn.series if each.kind == kind and each.points])
    ]
    amounts: list[tuple[Quantity, list[Json]]] = [
        (name, rows) for name in ("energy", "volume") if (rows := _bars(reader, drawn.days, name))
    ]
    top = _TITLE_PX - 10
    if not levels and not amounts:
        return [_nothing(reader, colours, ends, _ALONE_PX)], _ALONE_PX + _TITLE_PX
    height = _ALONE_PX if len(levels) + len(amounts) == 1 else _LEVEL_PX
    layers: list[Json] = []
    for kind, series in levels:
        panel = _level_panel(reader, colours, kind, top, top + height)
        layers.append(_level(reader, panel, kind, series, ends))
        top += height + _TITLE_PX
    height = height if not levels else _BAR_PX
    for name, rows in amounts:
        panel = _amount_panel(reader, colours, name, top, top + height)
        layers.append(_amount(reader, panel, name, rows, ends))
        top += height + _TITLE_PX
    return layers, top - _TITLE_PX + 4


def _level_panel(reader: Reader, colours: Colours, kind: Kind, top: int, bottom: int) -> _Panel:
    if kind == "power":
        return _Panel(reader.text("Power, kW"), colours.power, top, bottom)
    return _Panel(reader.text("Flow, m³/h"), colours.flow, top, bottom)


def _amount_panel(reader: Reader, colours: Colours, name: Quantity, top: int, bottom: int) -> _Panel:
    if name == "energy":
        return _Panel(reader.text("Energy a day, kWh"), colours.power, top, bottom)
    return _Panel(reader.text("Effluent a day, m³"), colours.flow, top, bottom)


def _bars(reader: Reader, days: Sequence[DayBar], name: Quantity) -> list[Json]:
    """A row for each day with a value, a little narrower than the day."""
    rows = []
    for day in days:
        value = day.energy_kwh if name == "energy" else day.volume_m3
        if value is not None:
            margin = (day.end_ms - day.start_ms) // 12
            rows.append(
                {
                    "t": wall(reader, day.start_ms) + margin,
                    "end": wall(reader, day.end_ms) - margin,
                    "v": round(value, 3),
                    "d": day.day,
                }
            )
    return rows


def _y(panel: _Panel, field: str, highest: float) -> Json:
    """The vertical channel of a panel, which every layer of it has alike."""
    axis = {
        "orient": "left",
        "title": panel.title,
        "titleAngle": 0,
        "titleAlign": "left",
        "titleAnchor": "start",
        "titleBaseline": "bottom",
        "titleX": 4,
        "titleY": panel.top - 5,
        "grid": True,
        "tickCount": 4 if panel.bottom - panel.top > _BAR_PX else 3,
    }
    scale: Json = {"range": [panel.bottom, panel.top], "zero": True, "nice": True}
    if highest <= 0:  # an idle meter's flat line lies on the floor of its panel
        scale["domain"] = [0, 1]
    return {"field": field, "type": "quantitative", "stack": None, "scale": scale, "axis": axis}


def _level(reader: Reader, panel: _Panel, kind: Kind, own: Sequence[Series], ends: Sequence[Json]) -> Json:
    """A quantity over time; `ends` are rows without a value that stretch the axis over the whole span."""
    is_thinned = any(one.is_thinned for one in own)
    rows: list[Json] = []
    for one in own:
        for point in one.points:
            row: Json = {"t": wall(reader, point.t), "v": point.value, "d": one.device}
            if is_thinned:
                row |= {"lo": point.low, "hi": point.high}
            rows.append(row)
    highest = max(
        (p.high if p.high is not None else p.value or 0 for one in own for p in one.points), default=0
    )
    y = _y(panel, "v", highest)
    count = sum(len(one.points) for one in own)
    tooltip = [_when(reader), _figure(panel.title, "v")]
    layers: list[Json] = []
    line = {"color": panel.colour, "strokeWidth": 1.4, "strokeCap": "round"}
    if is_thinned:
        tooltip[1:] = [
            _figure(reader.text("Mean"), "v"),
            _figure(reader.text("Least"), "lo"),
            _figure(reader.text("Most"), "hi"),
        ]
        layers.append(
            {
                "mark": {"type": "area", "color": panel.colour, "fillOpacity": 0.28, "line": False},
                "encoding": {"y": {**y, "field": "hi"}, "y2": {"field": "lo"}},
            }
        )
        layers.append({"mark": {"type": "line", **line}, "encoding": {"y": y}})
    else:
        area = {"type": "area", "color": panel.colour, "fillOpacity": 0.16, "line": line}
        layers.append({"mark": area, "encoding": {"y": y}})
    dots = {"type": "point", "filled": True, "color": panel.colour}
    dots |= {"size": 10} if not is_thinned and count <= _FEW_POINTS else {"size": 60, "opacity": 0.001}
    layers.append({"mark": dots, "encoding": {"y": y, "tooltip": tooltip}})
    return {
        "name": kind,
        "data": {"values": [*rows, *ends]},
        "encoding": {"detail": {"field": "d", "type": "nominal"}},
        "layer": layers,
    }


def _amount(
    reader: Reader, panel: _Panel, name: Quantity, rows: Sequence[Json], ends: Sequence[Json]
) -> Json:
    """A bar for each day."""
    y = _y(panel, "v", max(row["v"] for row in rows))
    tooltip = [
        {"field": "d", "type": "nominal", "title": reader.text("Day")},
        _figure(panel.title, "v"),
    ]
    stretched = [{**end, "end": end["t"], "d": ""} for end in ends]
    return {
        "name": name,
        "data": {"values": [*rows, *stretched]},
        "mark": {"type": "rect", "color": panel.colour, "opacity": 0.85},
        "encoding": {"x2": {"field": "end"}, "y": y, "y2": {"datum": 0}, "tooltip": tooltip},
    }


def _nothing(reader: Reader, colours: Colours, ends: Sequence[Json], height_px: int) -> Json:
    """Say in the place of the panels that nothing was measured."""
    said = reader.text("No readings in this time.")
    middle = {"t": sum(end["t"] for end in ends) // len(ends), "said": said}
    return {
        "name": "nothing",
        "data": {"values": [*({**end, "said": ""} for end in ends), middle]},
        "mark": {"type": "text", "color": colours.faint, "fontSize": 14},
        "encoding": {
            "y": {"value": height_px // 2},
            "text": {"field": "said", "type": "nominal"},
        },
    }


def _figure(title: str, field: str) -> Json:
    return {"field": field, "type": "quantitative", "title": title, "format": ",.2f"}


def _when(reader: Reader) -> Json:
    return {
        "field": "t",
        "type": "temporal",
        "timeUnit": "utcyearmonthdatehoursminutes",
        "format": "%Y-%m-%d %H:%M",
        "title": reader.text("Time"),
    }
