"""What an alarm's story is called in words: its steps, its facts, and what became of messages. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from alerting.alarm_face import Reader, ended_ms, state_words, where
from alerting.alarm_story import Story, delivery
from alerting.alarm_words import (
    CAUSES,
    QUIETNESS,
    REASONS,
    SEVERITIES,
    SHELVE_REASONS,
    STEPS,
    TYPES,
    Words,
    word,
)
from registry.tables import AlarmEvent, AlarmMute, Notification
from service.columns import aligned, visible

EVENTS: Words = {
    "raised": ("报警", "raised"),
    "rang_again": ("重新报警", "rang again"),
    "acknowledged": ("确认", "acknowledged"),
    "returned_to_normal": ("恢复正常", "returned to normal"),
    "superseded": ("被新告警取代", "superseded"),
    "shelved": ("搁置", "shelved"),
    "unshelved": ("搁置结束", "unshelved"),
    "out_of_service": ("停用", "out of service"),
    "returned_to_service": ("恢复使用", "returned to service"),
    "suppressed": ("抑制", "suppressed"),
    "unsuppressed": ("抑制结束", "unsuppressed"),
    "noted": ("备注", "noted"),
    "assigned": ("派单", "assigned"),
    "answered": ("答复", "answered"),
    "escalated": ("升级", "escalated"),
    "followed_up": ("转入整改", "put on the follow-up list"),
}
DELIVERIES: Words = {
    "pending": ("待发", "pending"),
    "sent": ("已发", "sent"),
    "failed": ("失败", "failed"),
}
_FACTS: Words = {
    "id": ("编号", "id"),
    "type": ("类型", "type"),
    "severity": ("级别", "severity"),
    "state": ("状态", "state"),
    "county": ("区县", "county"),
    "town": ("乡镇", "town"),
    "station": ("站点", "station"),
    "since": ("起始", "since"),
    "raised": ("报警", "raised"),
    "until": ("恢复", "until"),
    "stood": ("历时", "stood"),
    "reason": ("原因", "reason"),
    "company": ("运维单位", "O&M company"),
    "cause": ("故障原因", "cause"),
}
_HEADS: Mapping[str, tuple[str, str]] = {
    "evidence": ("依据", "evidence"),
    "events": ("经过", "what happened"),
    "mutes": ("静音", "kept quiet"),
}
_UNTIL = ("至 {until}", "until {until}")
_DETAILS: Mapping[str, Words] = {
    "step": STEPS,
    "severity": SEVERITIES,
    "was": SEVERITIES,
    "cause": CAUSES,
    "by": QUIETNESS,
    "quiet": QUIETNESS,
    "reason": {**REASONS, **SHELVE_REASONS},
}
"""The words of an event's details; what is not named here is shown as it is."""
_LIFTED = ("由{was}升为{severity}", "from {was} to {severity}")


def page(story: Story, reader: Reader) -> Iterator[str]:
    """The story as lines for people."""
    yield from aligned([(word(_FACTS, name, reader.language), said) for name, said in _facts(story, reader)])
    if story.row.alarm.evidence:
        yield f"\n{reader.say(_HEADS['evidence'])}"
        figures = story.row.alarm.evidence.items()
        for line in aligned([(name, _figure(name, value, reader)) for name, value in figures]):
            yield f"  {line}"
    yield f"\n{reader.say(_HEADS['events'])}"
    lines = aligned([_event_cells(each, story, reader) for each in story.events]) if story.events else ()
    for event, line in zip(story.events, lines, strict=True):
        yield f"  {line}"
        for told in story.told.get(event.id, []):
            yield f"      {_told(told, reader)}"
    if story.mutes:
        yield f"\n{reader.say(_HEADS['mutes'])}"
        for line in aligned([_mute_cells(each, reader) for each in story.mutes]):
            yield f"  {line}"


def _facts(story: Story, reader: Reader) -> Iterator[tuple[str, str]]:
    row, alarm, language = story.row, story.row.alarm, reader.language
    until_ms = ended_ms(alarm)
    yield "id", str(alarm.id)
    yield "type", word(TYPES, alarm.type, language)
    yield "severity", word(SEVERITIES, alarm.severity, language)
    yield "state", state_words(alarm, reader)
    yield "county", row.county or "-"
    yield "town", row.town or "-"
    yield "station", where(row, reader)
    yield "since", reader.clock(alarm.start_ms)
    yield "raised", reader.clock(alarm.raised_ms)
    if until_ms is not None:
        yield "until", reader.clock(until_ms)
    yield "stood", reader.lasted((reader.now_ms if until_ms is None else until_ms) - alarm.start_ms)
    yield "reason", word(REASONS, alarm.reason, language)
    if row.company:
        yield "company", row.company
    if alarm.cause:
        yield "cause", word(CAUSES, alarm.cause, language)


def _event_cells(event: AlarmEvent, story: Story, reader: Reader) -> tuple[str, ...]:
    said = ("，", ", ")[reader.place].join(_details(event.details, story.companies, reader))
    name = word(EVENTS, event.event, reader.language)
    return (reader.clock(event.at_ms), name, event.actor or "-", said or "-", event.note)


def _details(details: Mapping[str, Any], companies: Mapping[int, str], reader: Reader) -> Iterator[str]:
    """What an event's JSON says, in words."""
    words = {
        name: word(_DETAILS[name], str(value), reader.language) if name in _DETAILS else str(value)
        for name, value in details.items()
        if value is not None
    }
    if "was" in words and "severity" in words:
        yield reader.say(_LIFTED, was=words.pop("was"), severity=words.pop("severity"))
    if "company_id" in words:
        yield companies.get(details["company_id"], f"company_id {words['company_id']}")
        del words["company_id"]
    for name in ("until_ms", "due_ms"):
        if words.pop(name, None) is not None:
            yield reader.say(_UNTIL, until=reader.clock(int(details[name]), is_end=True))
    for name, said in words.items():
        yield said if name in _DETAILS else f"{name} {said}"


def _told(told: Notification, reader: Reader) -> str:
    state = delivery(told)
    at_ms = told.sent_ms or told.failed_ms or told.due_ms
    said = f"→ {told.channel}  {word(DELIVERIES, state, reader.language)} {reader.clock(at_ms)}"
    return visible(f"{said}  {told.last_error}" if told.last_error and state != "sent" else said)


def _mute_cells(mute: AlarmMute, reader: Reader) -> tuple[str, ...]:
    ends_ms = mute.until_ms if mute.ended_ms is None else mute.ended_ms
    return (
        reader.clock(mute.since_ms),
        word(QUIETNESS, mute.kind, reader.language),
        mute.by,
        word(SHELVE_REASONS, mute.reason, reader.language),
        "-"
        if ends_ms is None
        else reader.say(_UNTIL, until=reader.clock(ends_ms, is_end=mute.ended_ms is None)),
        mute.ended_by or "-",
        mute.note,
    )


def _figure(name: str, value: object, reader: Reader) -> str:
    if name.endswith("_ms") and isinstance(value, int | float):
        return reader.clock(int(value))
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)
