"""What a station's chart marks beside its measurements: states, alarms, approved stops. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from alerting.alarm_life import NOTICE
from console import words
from console.palette import Colours, Json, ink_on
from console.reader import Reader
from console.wall_clock import wall

BAND_PX = 22
_NAMED_SHARE = 0.12
"""A state that takes so much of the chart is named in the band itself."""


class Span(NamedTuple):
    """A state from one instant to another, both within the chart."""

    state: str
    start_ms: int
    end_ms: int


class AlarmMark(NamedTuple):
    """An alarm: where its evidence begins and when it was over, within the chart, and when it was raised.

    Attributes:
        type: its code.
        severity: likewise.
        start_ms, end_ms: ms since the epoch, UTC.
        raised_ms: likewise; may lie outside the chart.
        stands: it is not over yet.
    """

    type: str
    severity: str
    start_ms: int
    end_ms: int
    raised_ms: int
    stands: bool


class Stop(NamedTuple):
    """An approved stop within the chart, with its reason's code and its civil days as they are shown."""

    reason: str
    start_ms: int
    end_ms: int
    days: str


def band(reader: Reader, spans: Sequence[Span], colours: Colours, pixels: tuple[int, int]) -> Json:
    """The band of states; the long ones carry their name, all are in the legend."""
    top, bottom = pixels
    states = list(dict.fromkeys(span.state for span in spans))
    fallback = colours.tones["unknown"]
    length = sum(span.end_ms - span.start_ms for span in spans)
    rows = [
        {
            "t": wall(reader, span.start_ms),
            "end": wall(reader, span.end_ms),
            "state": reader.state(span.state),
            "from": reader.instant(span.start_ms),
        }
        for span in spans
    ]
    named = [
        {
            "t": (wall(reader, span.start_ms) + wall(reader, span.end_ms)) // 2,
            "state": reader.state(span.state),
            "ink": ink_on(colours.tones.get(span.state, fallback)),
        }
        for span in spans
        if span.end_ms - span.start_ms >= length * _NAMED_SHARE
    ]
    return {
        "name": "band",
        "layer": [
            {
                "data": {"values": rows},
                "mark": {"type": "rect"},
                "encoding": {
                    "x2": {"field": "end"},
                    "y": {"value": top},
                    "y2": {"value": bottom},
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
            },
            {
                "data": {"values": named},
                "mark": {"type": "text", "fontSize": 11, "fontWeight": 600},
                "encoding": {
                    "color": {"field": "ink", "type": "nominal", "scale": None},
                    "y": {"value": (top + bottom) // 2},
                    "text": {"field": "state", "type": "nominal"},
                },
            },
        ],
    }


def alarm_row(reader: Reader, alarms: Sequence[AlarmMark], colours: Colours, y_px: int) -> Json:
    """A triangle for each alarm (a disc for a notice) with a line for as long as it lasted."""
    rows = [
        {
            "t": wall(reader, each.start_ms),
            "end": wall(reader, each.end_ms),
            "what": reader.word(words.ALARM_TYPES, each.type),
            "kind": "notice" if each.severity == NOTICE else "alarm",
            "from": reader.instant(each.start_ms),
            "raised": reader.instant(each.raised_ms),
            "until": reader.text("stands") if each.stands else reader.instant(each.end_ms),
        }
        for each in alarms
    ]
    kinds = ["alarm", "notice"]
    colour = {
        "field": "kind",
        "type": "nominal",
        "scale": {"domain": kinds, "range": [colours.tones["stopped"], colours.faint]},
        "legend": None,
    }
    tooltip = [
        {"field": "what", "type": "nominal", "title": reader.text("Alarm")},
        {"field": "from", "type": "nominal", "title": reader.text("Since")},
        {"field": "raised", "type": "nominal", "title": reader.text("Raised")},
        {"field": "until", "type": "nominal", "title": reader.text("Until")},
    ]
    return {
        "name": "alarms",
        "data": {"values": rows},
        "encoding": {"y": {"value": y_px}, "color": colour, "tooltip": tooltip},
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.6},
                "encoding": {"x2": {"field": "end"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
                "encoding": {
                    "shape": {
                        "field": "kind",
                        "type": "nominal",
                        "scale": {"domain": kinds, "range": ["triangle-up", "circle"]},
                        "legend": None,
                    }
                },
            },
        ],
    }


def stops_behind(reader: Reader, stops: Sequence[Stop], colours: Colours, bottom_px: int) -> Json:
    """The days of approved stops, shaded behind the panels."""
    rows = [
        {
            "t": wall(reader, each.start_ms),
            "end": wall(reader, each.end_ms),
            "why": reader.word(words.APPROVED_STOPS, each.reason),
            "days": each.days,
        }
        for each in stops
    ]
    return {
        "name": "stops",
        "data": {"values": rows},
        "mark": {
            "type": "rect",
            "color": colours.tones["planned_stop"],
            "fillOpacity": 0.22,
            "stroke": colours.tones["planned_stop"],
            "strokeDash": [4, 3],
        },
        "encoding": {
            "x2": {"field": "end"},
            "y": {"value": 0},
            "y2": {"value": bottom_px},
            "tooltip": [
                {"field": "why", "type": "nominal", "title": reader.text("Approved stop")},
                {"field": "days", "type": "nominal", "title": reader.text("Days")},
            ],
        },
    }
