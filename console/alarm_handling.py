"""What is being done about an alarm, by lines: what keeps it quiet, who has seen it, what is due. Pure."""

from typing import Literal, NamedTuple

from alerting.alarm_life import AREA_EVENT, NOTICE
from console import words
from console.reader import Reader
from registry.tables import Alarm

Tone = Literal["waits", "late", "plain"]
"""Something waits for somebody; something is late; something is only said."""


class Line(NamedTuple):
    """A line for people; `link` leads to what it names."""

    text: str
    tone: Tone = "plain"
    link: str = ""


def handling(reader: Reader, alarm: Alarm, *, with_work: bool = True) -> list[Line]:
    """All that holds for an alarm; none for a closed one that nobody had to see.

    Args:
        reader: who reads.
        alarm: open or closed.
        with_work: also until when it is to be mended.
    """
    is_open = alarm.closed_ms is None
    lines = _quiet(reader, alarm) if is_open else []
    if alarm.acknowledged_ms is not None:
        who, when = alarm.acknowledged_by or "–", reader.instant(alarm.acknowledged_ms)
        lines.append(Line(reader.text("acknowledged by %(who)s, %(when)s", who=who, when=when)))
    elif is_open and alarm.cleared_ms is not None:
        lines.append(Line(reader.text("returned to normal, unacknowledged"), "waits"))
    elif is_open and not lines:
        tone: Tone = "plain" if alarm.severity == NOTICE else "waits"
        lines.append(Line(reader.text("unacknowledged"), tone))
    if is_open and alarm.rang_ms is not None and alarm.rang_ms > alarm.raised_ms:
        lines.append(Line(reader.text("rang again %(when)s", when=reader.instant(alarm.rang_ms))))
    if with_work and is_open and alarm.follow_up_ms is not None:
        lines.append(_work(reader, alarm))
    if alarm.escalated:
        steps = (reader.word(words.STEPS, step) for step in alarm.escalated.split())
        said = reader.text("escalated: %(steps)s", steps=reader.text(", ").join(steps))
        lines.append(Line(said, "late" if is_open else "plain"))
    return lines


def is_overdue(reader: Reader, alarm: Alarm) -> bool:
    """Whether it should have been mended by now."""
    return alarm.closed_ms is None and alarm.due_ms is not None and alarm.due_ms <= reader.now_ms


def _quiet(reader: Reader, alarm: Alarm) -> list[Line]:
    lines = []
    if alarm.out_of_service:
        lines.append(Line(reader.text("out of service")))
    if alarm.shelved_until_ms is not None:
        reason = reader.word(words.SHELVE_REASONS, alarm.shelve_reason or "other")
        until = reader.instant(alarm.shelved_until_ms)
        lines.append(Line(reader.text("shelved until %(when)s: %(reason)s", when=until, reason=reason)))
    if alarm.suppressed_by is not None:
        is_beneath = alarm.suppressed_by == AREA_EVENT and alarm.parent_id is not None
        link = f"/alarms#alarm-{alarm.parent_id}" if is_beneath else ""
        lines.append(Line(reader.word(words.SUPPRESSIONS, alarm.suppressed_by), link=link))
    return lines


def _work(reader: Reader, alarm: Alarm) -> Line:
    if alarm.due_ms is None:
        return Line(reader.text("on the follow-up list"))
    due = reader.instant(alarm.due_ms)
    if is_overdue(reader, alarm):
        return Line(reader.text("follow-up was due %(when)s: overdue", when=due), "late")
    return Line(reader.text("follow-up due %(when)s", when=due))
