"""The life of an alarm after ISA-18.2: raised, acknowledged, returned to normal, kept quiet, escalated. Pure.

An alarm is one occurrence. It leaves the list when it has returned to normal and somebody has acknowledged
it, in whichever order; what began as a notice (severity low) leaves it as soon as it has returned. If the
condition comes again before, the old one is superseded by a new one: a subject never has two open alarms of a
type.

A quiet alarm goes on living: it is recorded, but it does not ring, is not told and not escalated. What ends
over a condition that still stands rings again, unacknowledged.
"""

from typing import NamedTuple

from alerting.alarm_book import AlarmBook
from registry.tables import Alarm

NOTICE = "low"
"""The severity of what is listed but not pushed."""
SEVERITIES = {
    "stopped": "medium",
    "flow_without_power": "medium",
    "idling": NOTICE,
    "power_cut": NOTICE,
    "meter_fault": NOTICE,
    "low_load": NOTICE,
    "offline": NOTICE,
    "area_event": "medium",
}
"""What rings, and how loud at first."""
AREA_EVENT, EXCLUSION = "area_event", "exclusion"
"""By what design an alarm is suppressed."""
UNACKNOWLEDGED = "unacknowledged"
"""The step of escalation that begins anew when an alarm rings again."""
SHELVED, OUT_OF_SERVICE = "shelved", "out_of_service"
"""By what decision of a person it is quiet."""


class Quiet(NamedTuple):
    """What keeps an alarm quiet just now.

    Attributes:
        out_of_service: taken out of service until somebody puts it back.
        shelved_until_ms: shelved until then; None if it is not.
        shelve_reason: why.
        suppressed_by: by what design; None by none.
    """

    out_of_service: bool = False
    shelved_until_ms: int | None = None
    shelve_reason: str | None = None
    suppressed_by: str | None = None

    @property
    def why(self) -> str | None:
        """What is said of it, the strongest first; None for an alarm that may ring."""
        if self.out_of_service:
            return OUT_OF_SERVICE
        return SHELVED if self.shelved_until_ms is not None else self.suppressed_by


LOUD = Quiet()


def quiet_of(alarm: Alarm) -> Quiet:
    """What kept an alarm quiet when it was looked at last."""
    return Quiet(alarm.out_of_service, alarm.shelved_until_ms, alarm.shelve_reason, alarm.suppressed_by)


def is_open(alarm: Alarm) -> bool:
    """Whether it is on a list."""
    return alarm.closed_ms is None


def is_active(alarm: Alarm) -> bool:
    """Whether its condition stands."""
    return is_open(alarm) and alarm.cleared_ms is None


def rise(book: AlarmBook, alarm: Alarm, quiet: Quiet = LOUD) -> None:
    """Raise a new alarm; one that is quiet from birth is recorded and does not ring."""
    alarm.raised_ms, alarm.escalated = book.now_ms, ""
    _keep_quiet(alarm, quiet)
    book.open(alarm)
    if quiet.why is None:
        alarm.rang_ms = book.now_ms
        book.note(alarm, "raised", tells=True, reason=alarm.reason)
    else:
        book.note(alarm, "raised", reason=alarm.reason, quiet=quiet.why)


def supersede(book: AlarmBook, alarm: Alarm) -> None:
    """Close an alarm because another takes its place: its condition came again, or a greater one holds it."""
    if alarm.cleared_ms is None:
        alarm.cleared_ms = book.now_ms
    alarm.closed_ms = book.now_ms
    book.note(alarm, "superseded")
    book.settle()


def clear(book: AlarmBook, alarm: Alarm, *, is_attended: bool) -> None:
    """Return to normal; what nobody has seen yet waits to be acknowledged, if anybody attends at all."""
    alarm.cleared_ms = book.now_ms
    was_loud = alarm.rang_ms is not None and quiet_of(alarm).why is None
    was_pushed = SEVERITIES.get(alarm.type) != NOTICE
    awaits = is_attended and was_loud and was_pushed and alarm.acknowledged_ms is None
    if not awaits:
        alarm.closed_ms = book.now_ms
    book.note(alarm, "returned_to_normal", tells=was_loud)


def settle(book: AlarmBook, alarm: Alarm, quiet: Quiet, actor: str = "", note: str = "") -> None:
    """Bring an open alarm's quietness up to date; what ends over a standing condition rings again.

    Args:
        book: to note the steps in.
        alarm: open.
        quiet: what keeps it quiet from now on.
        actor: who did it; empty for time or design.
        note: what that person said.
    """
    before = quiet_of(alarm)
    if quiet == before:
        return
    _keep_quiet(alarm, quiet)
    if quiet.out_of_service != before.out_of_service:
        event = OUT_OF_SERVICE if quiet.out_of_service else "returned_to_service"
        book.note(alarm, event, actor=actor, note=note)
    if (quiet.shelved_until_ms, quiet.shelve_reason) != (before.shelved_until_ms, before.shelve_reason):
        if quiet.shelved_until_ms is None:
            book.note(alarm, "unshelved", actor=actor)
        else:
            until_ms, reason = quiet.shelved_until_ms, quiet.shelve_reason
            book.note(alarm, SHELVED, actor=actor, note=note, until_ms=until_ms, reason=reason)
    if quiet.suppressed_by != before.suppressed_by:
        if quiet.suppressed_by is None:
            book.note(alarm, "unsuppressed", by=before.suppressed_by)
        else:
            book.note(alarm, "suppressed", by=quiet.suppressed_by)
    if before.why is not None and quiet.why is None:
        _ring_again(book, alarm)


def acknowledge(book: AlarmBook, alarm: Alarm, actor: str, note: str = "") -> None:
    """Somebody has seen it; one that had returned to normal leaves the list."""
    alarm.acknowledged_ms, alarm.acknowledged_by = book.now_ms, actor
    if alarm.cleared_ms is not None:
        alarm.closed_ms = book.now_ms
    book.note(alarm, "acknowledged", actor=actor, note=note)


def may_escalate_again(alarm: Alarm, step: str) -> None:
    """Forget that a step of escalation was taken."""
    alarm.escalated = " ".join(each for each in alarm.escalated.split() if each != step)


def _ring_again(book: AlarmBook, alarm: Alarm) -> None:
    if not is_active(alarm):
        return
    alarm.rang_ms = book.now_ms
    alarm.acknowledged_ms = alarm.acknowledged_by = None
    may_escalate_again(alarm, UNACKNOWLEDGED)
    book.note(alarm, "rang_again", tells=True)


def _keep_quiet(alarm: Alarm, quiet: Quiet) -> None:
    alarm.out_of_service = quiet.out_of_service
    alarm.shelved_until_ms, alarm.shelve_reason = quiet.shelved_until_ms, quiet.shelve_reason
    alarm.suppressed_by = quiet.suppressed_by
