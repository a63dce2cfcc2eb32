"""What rang on each day of a month, as columns beside the target of a day. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from alerting.alarm_life import NOTICE
from alerting.performance import FIGURES
from alerting.performance_past import Annunciation, Span
from console.palette import PALETTES, Json, Theme, frame
from console.reader import Reader
from service.civil import day_of, days_between

HEIGHT = 180
_PADDING_PX = {"left": 6, "right": 10, "top": 8, "bottom": 6}
_ROOM = 1.25
"""The scale shows the target once the busiest day comes near to it."""


class DayLoad(NamedTuple):
    """What rang on a civil day: alarms by how severe they were then, and notices, which are not counted."""

    day: date
    high: int
    medium: int
    notices: int

    @property
    def alarms(self) -> int:
        """What rang and asked for somebody."""
        return self.high + self.medium


def day_loads(rang: Iterable[Annunciation], span: Span) -> list[DayLoad]:
    """Each civil day of a span, by day."""
    counts = Counter(
        (day_of(each.at_ms, span.zone), each.severity)
        for each in rang
        if span.start_ms <= each.at_ms < span.end_ms
    )
    severe = Counter({key: count for key, count in counts.items() if key[1] == "high"})
    alarms: Counter[date] = Counter()
    notices: Counter[date] = Counter()
    for (day, severity), count in counts.items():
        (notices if severity == NOTICE else alarms)[day] += count
    days = days_between(day_of(span.start_ms, span.zone), day_of(span.end_ms - 1, span.zone))
    return [
        DayLoad(day, severe[day, "high"], alarms[day] - severe[day, "high"], notices[day]) for day in days
    ]


def load_chart(reader: Reader, days: Sequence[DayLoad], theme: Theme) -> Json:
    """The whole specification with its data inside."""
    colours = PALETTES[theme]
    tones = [colours.tones["stopped"], colours.tones["low_load"]]
    names = [reader.text("Severity high"), reader.text("Severity medium")]
    values = [
        {"day": each.day.isoformat()[5:], "severity": name, "order": place, "count": count,
         "date": reader.day(each.day)}
        for each in days
        for place, (name, count) in enumerate(zip(names, (each.high, each.medium), strict=True))
    ]  # fmt: skip
    target = FIGURES["per_day"][1]
    most = max((each.alarms for each in days), default=0)
    layers: list[Json] = [_columns(reader, values, names, tones)]
    if target is not None and most * _ROOM >= target.bound:
        layers.append(_target(reader, target.bound, colours.ink))
    return {**frame(colours, HEIGHT, _PADDING_PX), "layer": layers}


def _columns(reader: Reader, values: list[Json], names: list[str], tones: list[str]) -> Json:
    most = max(1, *(each["count"] for each in values)) if values else 1
    return {
        "data": {"values": values},
        "mark": {"type": "bar", "width": {"band": 0.7}},
        "encoding": {
            "x": {"field": "day", "type": "ordinal", "title": None,
                  "axis": {"labelAngle": 0, "labelOverlap": "greedy", "grid": False}},
            "y": {"field": "count", "type": "quantitative", "title": reader.text("Alarms a day"),
                  "stack": True, "scale": {"nice": True}, "axis": {"tickCount": min(4, most), "format": "d"}},
            "color": {"field": "severity", "type": "nominal",
                      "scale": {"domain": names, "range": tones},
                      "legend": {"orient": "bottom", "title": None, "symbolType": "square"}},
            "order": {"field": "order", "type": "quantitative"},
            "tooltip": [
                {"field": "date", "type": "nominal", "title": reader.text("Day")},
                {"field": "severity", "type": "nominal", "title": reader.text("Severity")},
                {"field": "count", "type": "quantitative", "title": reader.text("Alarms")},
            ],
        },
    }  # fmt: skip


def _target(reader: Reader, bound: float, colour: str) -> Json:
    said = reader.text("Target %(target)s", target=f"≤ {reader.number(bound, 0)}")
    return {
        "data": {"values": [{"y": bound, "said": said}]},
        "encoding": {"y": {"field": "y", "type": "quantitative"}},
        "layer": [
            {"mark": {"type": "rule", "color": colour, "strokeDash": [4, 3]}},
            {"mark": {"type": "text", "align": "left", "dy": -6, "x": 4, "color": colour},
             "encoding": {"text": {"field": "said", "type": "nominal"}}},
        ],
    }  # fmt: skip
