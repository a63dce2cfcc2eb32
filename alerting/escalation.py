"""When an alarm that stands is told to more people, weighs more, and goes to the follow-up list. Pure.

Stale alarms (active for more than 24 h) shall be few on any day (ISA-18.2, table 7). So one does not stand
red for weeks: it becomes work of the O&M company, with a due time.
"""

from typing import NamedTuple

from alerting.alarm_book import AlarmBook
from alerting.alarm_life import NOTICE, UNACKNOWLEDGED, is_active, quiet_of
from registry.alarm_settings import AlarmSettings
from registry.tables import Alarm

DAY_MS = 86_400_000
LONG, VERY_LONG, OVERDUE = "long", "very_long", "overdue"
LEVELS = {UNACKNOWLEDGED: 2, LONG: 2, VERY_LONG: 3, OVERDUE: 2}
"""The steps, and how far up each is told."""
UNTREATED = ("stopped", "flow_without_power", "idling")
"""The types that mean that sewage is not treated."""


class Weight(NamedTuple):
    """What makes a station's alarms weigh more, and who mends them.

    Attributes:
        is_weighty: a large one, or one in a protected area.
        company_id: its O&M company's row; None if it has none.
    """

    is_weighty: bool = False
    company_id: int | None = None


def due_steps(alarm: Alarm, settings: AlarmSettings, now_ms: int) -> list[str]:
    """The steps that an alarm has to take now, in order; none while it is quiet or has returned to normal.

    Time counts from when it last rang: what it was quiet for by design or decision is not held against it.
    """
    if not is_active(alarm) or quiet_of(alarm).why is not None:
        return []
    rang_ms = alarm.raised_ms if alarm.rang_ms is None else alarm.rang_ms
    is_awaited = alarm.acknowledged_ms is None and alarm.severity != NOTICE and alarm.follow_up_ms is None
    due = {
        UNACKNOWLEDGED: is_awaited and now_ms - rang_ms >= settings.acknowledge_within_s * 1000,
        LONG: now_ms - rang_ms >= settings.long_after_s * 1000,
        VERY_LONG: now_ms - rang_ms >= settings.very_long_after_s * 1000,
        OVERDUE: alarm.due_ms is not None and now_ms >= alarm.due_ms,
    }
    taken = alarm.escalated.split()
    return [step for step, is_due in due.items() if is_due and step not in taken]


def escalate(book: AlarmBook, alarm: Alarm, settings: AlarmSettings, weight: Weight) -> None:
    """Take the steps that are due; only the highest is told, so that a late start does not tell three."""
    steps = due_steps(alarm, settings, book.now_ms)
    highest = max(steps, key=lambda step: LEVELS[step], default=None)
    for step in steps:
        alarm.escalated = " ".join([*alarm.escalated.split(), step])
        before = alarm.severity
        alarm.severity = _severity(alarm, step, weight)
        lifted = {"severity": alarm.severity, "was": before} if alarm.severity != before else {}
        book.note(alarm, "escalated", tells=step == highest, level=LEVELS[step], step=step, **lifted)
        if step == LONG:
            _follow_up(book, alarm, settings, weight)


def _severity(alarm: Alarm, step: str, weight: Weight) -> str:
    """What an alarm weighs after a step: a notice that lasts is an alarm, a stop that lasts weighs most."""
    if step == LONG and alarm.severity == NOTICE:
        return "medium"
    is_grave = alarm.type in UNTREATED and (step == VERY_LONG or (step == LONG and weight.is_weighty))
    return "high" if is_grave else alarm.severity


def _follow_up(book: AlarmBook, alarm: Alarm, settings: AlarmSettings, weight: Weight) -> None:
    alarm.follow_up_ms = book.now_ms
    if alarm.assigned_company_id is None:
        alarm.assigned_company_id = weight.company_id
    if alarm.due_ms is None:
        alarm.due_ms = book.now_ms + settings.follow_up_days * DAY_MS
    book.note(alarm, "followed_up", company_id=alarm.assigned_company_id, due_ms=alarm.due_ms)
