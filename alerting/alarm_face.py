"""An alarm as people and machines see it in a list: its state in words, its cells, its object. Pure."""

from datetime import timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import inspect

from alerting.alarm_life import AREA_EVENT, OUT_OF_SERVICE, SHELVED, is_active, is_open, quiet_of
from alerting.alarm_list import CLOSED, Listed
from alerting.alarm_words import QUIETNESS, REASONS, SEVERITIES, SHELVE_REASONS, TYPES, word
from registry.tables import Alarm, Base
from service.civil import clock_of

HEADS = (
    ("编号", "级别", "类型", "区县", "乡镇", "站点", "起始", "报警", "状态", "原因"),
    ("id", "severity", "type", "county", "town", "station", "since", "raised", "state", "reason"),
)
CLOSED_HEADS = (
    ("编号", "级别", "类型", "区县", "乡镇", "站点", "起始", "恢复", "历时", "确认人", "原因"),
    ("id", "severity", "type", "county", "town", "station", "since", "until", "stood", "acknowledged by",
     "reason"),
)  # fmt: skip
_CLOSED = ("已关闭", "closed")
_UNACKNOWLEDGED = ("未确认", "unacknowledged")
_RETURNED = ("已恢复，未确认", "returned, unacknowledged")
_ACKNOWLEDGED = ("{by} 已确认", "acknowledged by {by}")
_SHELVED = ("搁置至 {until}（{reason}）", "shelved until {until} ({reason})")
_UNDER = ("区域事件 {id} 下", "under area event {id}")
_DUE = ("限 {due} 前", "due {due}")
_OVERDUE = ("{due} 已逾期", "due {due}, overdue")
_FOLLOWED_UP = ("整改中", "followed up")
_STATIONS = ("{stations}/{of} 座站点", "{stations} of {of} stations")
_LASTED = (("{} 天 {} 小时", "{} 小时 {} 分"), ("{} d {} h", "{} h {} min"))
_MINUTE_MS = 60_000


class Reader(NamedTuple):
    """Who reads: in which language, by which clock, and when.

    Attributes:
        now_ms: the present, ms since the epoch, UTC.
    """

    language: str
    zone: ZoneInfo
    now_ms: int

    def say(self, words: tuple[str, str], **named: object) -> str:
        """The one of two texts that the reader understands, filled in."""
        return words[self.place].format_map(named)

    @property
    def place(self) -> int:
        """Of the reader's language among the pairs of words: 0 Chinese, 1 English."""
        return 1 if self.language == "en" else 0

    def clock(self, at_ms: int, *, is_end: bool = False) -> str:
        """The wall clock at an instant, with a year if it is another one; an end at midnight is 24:00."""
        at, now = (clock_of(ms, self.zone) for ms in (at_ms, self.now_ms))
        hour = f"{at:%H:%M}"
        if is_end and hour == "00:00":
            at, hour = at - timedelta(minutes=1), "24:00"
        return f"{at:%m-%d} {hour}" if at.year == now.year else f"{at:%Y-%m-%d} {hour}"

    def lasted(self, span_ms: int) -> str:
        """A span in its two greatest units."""
        minutes = max(span_ms, 0) // _MINUTE_MS
        days, hours, long = minutes // 1440, minutes // 60, _LASTED[self.place]
        return long[0].format(days, hours % 24) if days else long[1].format(hours, minutes % 60)


def state_of(alarm: Alarm, now_ms: int) -> str:
    """What an alarm's state is called by machines, what is said first of it."""
    if not is_open(alarm):
        return CLOSED
    why = quiet_of(alarm).why
    if why is not None:
        return why if why in (OUT_OF_SERVICE, SHELVED) else "suppressed"
    if not is_active(alarm) and alarm.acknowledged_ms is None:
        return "returned_unacknowledged"
    if alarm.follow_up_ms is not None:
        return "overdue" if _is_overdue(alarm, now_ms) else "follow_up"
    return "unacknowledged" if alarm.acknowledged_ms is None else "acknowledged"


def state_words(alarm: Alarm, reader: Reader) -> str:
    """All that holds for an alarm, in words: what keeps it quiet, who has seen it, until when it is due."""
    if not is_open(alarm):
        return reader.say(_CLOSED)
    parts = [*_quiet_words(alarm, reader)]
    if alarm.acknowledged_ms is not None:
        parts.append(reader.say(_ACKNOWLEDGED, by=alarm.acknowledged_by))
    elif not parts:
        parts.append(reader.say(_UNACKNOWLEDGED if is_active(alarm) else _RETURNED))
    if alarm.follow_up_ms is not None:
        if alarm.due_ms is None:
            parts.append(reader.say(_FOLLOWED_UP))
        else:
            words = _OVERDUE if _is_overdue(alarm, reader.now_ms) else _DUE
            parts.append(reader.say(words, due=reader.clock(alarm.due_ms, is_end=True)))
    return ("，", ", ")[reader.place].join(parts)


def cells(row: Listed, reader: Reader, *, is_beneath: bool = False) -> tuple[str, ...]:
    """The cells of a line of a list of open alarms, under `HEADS`."""
    alarm = row.alarm
    first = _first_cells(row, reader, "└ " if is_beneath else "")
    times = (reader.clock(alarm.start_ms), reader.clock(alarm.raised_ms))
    return (*first, *times, state_words(alarm, reader), word(REASONS, alarm.reason, reader.language))


def closed_cells(row: Listed, reader: Reader) -> tuple[str, ...]:
    """The cells of a line of the list of closed alarms, under `CLOSED_HEADS`."""
    alarm = row.alarm
    until_ms = ended_ms(alarm)
    times = (
        reader.clock(alarm.start_ms),
        "-" if until_ms is None else reader.clock(until_ms),
        "-" if until_ms is None else reader.lasted(until_ms - alarm.start_ms),
    )
    reason = word(REASONS, alarm.reason, reader.language)
    return (*_first_cells(row, reader), *times, alarm.acknowledged_by or "-", reason)


def ended_ms(alarm: Alarm) -> int | None:
    """When its condition was over, ms since the epoch, UTC; None while it stands."""
    return alarm.closed_ms if alarm.cleared_ms is None else alarm.cleared_ms


def object_of(row: Listed, reader: Reader) -> dict[str, Any]:
    """An alarm for machines: all columns, the names around it, and its state as a code."""
    return {
        **fields(row.alarm, reader.zone),
        "state": state_of(row.alarm, reader.now_ms),
        "station_name": row.name or None,
        "county_code": row.county_code or None,
        "county": row.county or None,
        "town": row.town or None,
        "company": row.company or None,
    }


def fields(row: Base, zone: ZoneInfo) -> dict[str, Any]:
    """The columns of a row for machines; an instant `…_ms` is written out, under the name without `_ms`."""
    values = {each.columns[0].name: getattr(row, each.key) for each in inspect(type(row)).column_attrs}
    return {
        name.removesuffix("_ms"): iso(value, zone) if name.endswith("_ms") and value is not None else value
        for name, value in values.items()
    }


def iso(at_ms: int, zone: ZoneInfo) -> str:
    """An instant as ISO 8601 with the zone's offset."""
    return clock_of(at_ms, zone).isoformat(timespec="milliseconds")


def where(row: Listed, reader: Reader) -> str:
    """The station's id and name; of an area event how many stations."""
    alarm = row.alarm
    if alarm.station_id is not None:
        return f"{alarm.station_id} {row.name}".rstrip()
    return _STATIONS[reader.place].format_map({"stations": "?", "of": "?", **alarm.evidence})


def _first_cells(row: Listed, reader: Reader, mark: str = "") -> tuple[str, ...]:
    alarm = row.alarm
    return (
        str(alarm.id),
        word(SEVERITIES, alarm.severity, reader.language),
        f"{mark}{word(TYPES, alarm.type, reader.language)}",
        row.county or "-",
        row.town or "-",
        where(row, reader),
    )


def _quiet_words(alarm: Alarm, reader: Reader) -> list[str]:
    parts: list[str] = []
    if alarm.out_of_service:
        parts.append(word(QUIETNESS, OUT_OF_SERVICE, reader.language))
    if alarm.shelved_until_ms is not None:
        reason = word(SHELVE_REASONS, alarm.shelve_reason or "other", reader.language)
        until = reader.clock(alarm.shelved_until_ms, is_end=True)
        parts.append(reader.say(_SHELVED, until=until, reason=reason))
    if alarm.suppressed_by == AREA_EVENT and alarm.parent_id is not None:
        parts.append(reader.say(_UNDER, id=alarm.parent_id))
    elif alarm.suppressed_by is not None:
        parts.append(word(QUIETNESS, alarm.suppressed_by, reader.language))
    return parts


def _is_overdue(alarm: Alarm, now_ms: int) -> bool:
    return alarm.due_ms is not None and alarm.due_ms <= now_ms
