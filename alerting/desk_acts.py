"""The acts of the duty desk as they are written at the command line: options in, what to do out. Pure."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from alerting.alarm_words import CAUSES, SHELVE_REASONS
from alerting.desk import LONGEST_NOTE, LONGEST_SHELF, Desk
from alerting.desk_options import codes, end_of, span_of
from registry.config import CentreSettings
from registry.record_cells import Cells
from registry.record_entry import faults_of_text
from registry.tables import Alarm
from service.settings import Fault

_LONGEST_SHELF_MS = int(LONGEST_SHELF.total_seconds() * 1000)
_DAYS = f"{LONGEST_SHELF.days} days"
Do = Callable[[Desk, int], Alarm]
Read = Callable[[Cells, CentreSettings, int], Do]


class Act(NamedTuple):
    """One of the sub-commands.

    Attributes:
        did: what is said when it is done.
        options: name, metavar and help.
        read: makes of the options what to do with an alarm; notes what is wrong in the cells.
    """

    summary: str
    did: tuple[str, str]
    options: Mapping[str, tuple[str, str]]
    read: Read
    examples: str


def _acknowledge(given: Cells, _settings: CentreSettings, _now_ms: int) -> Do:
    note = _note(given)
    return lambda desk, number: desk.acknowledge(number, note)


def _shelve(given: Cells, settings: CentreSettings, at_ms: int) -> Do:
    reason, note = given.choice("reason", SHELVE_REASONS), _note(given)
    until_ms = _instant(given, "until", lambda text: end_of(text, settings.zone), at_ms)
    if until_ms is None:
        until_ms = _instant(given, "for", lambda text: at_ms + span_of(text), at_ms)
    if until_ms is not None and until_ms > at_ms + _LONGEST_SHELF_MS:
        name = "until" if given.text("until") else "for"
        remedy = "What must be quiet for longer is taken out of service."
        given.faults.append(Fault(name, f"must end within {_DAYS}", given.text(name), remedy))
    return lambda desk, number: desk.shelve(number, reason, until_ms, note)


def _unshelve(_given: Cells, _settings: CentreSettings, _now_ms: int) -> Do:
    return lambda desk, number: desk.unshelve(number)


def _remark(given: Cells, _settings: CentreSettings, _now_ms: int) -> Do:
    text = given.required("TEXT")
    given.faults += faults_of_text("TEXT", text, LONGEST_NOTE)
    return lambda desk, number: desk.note(number, text)


def _assign(given: Cells, settings: CentreSettings, at_ms: int) -> Do:
    company = given.text("company") or None
    cause = given.choice("cause", CAUSES) if given.text("cause") else None
    due_ms = _instant(given, "due", lambda text: end_of(text, settings.zone), at_ms)
    note = _note(given)
    if not any(given.text(name) for name in ("company", "cause", "due")):
        given.faults.append(Fault("", "nothing to assign", remedy="Give --company, --due or --cause."))
    return lambda desk, number: desk.assign(number, company=company, due_ms=due_ms, cause=cause, note=note)


_NOTE = ("TEXT", "anything worth keeping")
ACTS = {
    "ack": Act(
        "say that alarms were seen; what has returned to normal leaves the list",
        ("已确认", "acknowledged"),
        {"note": _NOTE},
        _acknowledge,
        "examples:\n  qingliu alerting ack 17\n"
        "  qingliu alerting ack 17 18 21 --by 赵工 --note 已电话通知运维\n",
    ),
    "shelve": Act(
        f"keep alarms quiet for a while, {_DAYS} at most; what still stands then rings again",
        ("已搁置", "shelved"),
        {
            "reason": ("CODE", "why; they stand below"),
            "for": ("TIME", "how long, such as 24h or 3d [24h]"),
            "until": ("TIME", "or until when, local time; a day ends at its midnight"),
            "note": _NOTE,
        },
        _shelve,
        f"reasons, in code or word:\n{codes(SHELVE_REASONS)}\n\nexamples:\n"
        "  qingliu alerting shelve 17 --reason repair_ordered --for 3d --by 赵工\n"
        '  qingliu alerting shelve 17 18 --reason testing --until "2026-11-25 08:00"\n',
    ),
    "unshelve": Act(
        "end a shelf before its time; what still stands rings again",
        ("已取消搁置", "no longer shelved"),
        {},
        _unshelve,
        "examples:\n  qingliu alerting unshelve 17\n",
    ),
    "note": Act(
        "add a remark to an alarm, open or closed",
        ("已备注", "noted"),
        {},
        _remark,
        'examples:\n  qingliu alerting note 17 "村委会反映今日检修线路"\n',
    ),
    "assign": Act(
        "say who mends alarms until when, and what the cause was; puts them on the follow-up list",
        ("已派单", "assigned"),
        {
            "company": ("NAME", "O&M company"),
            "due": ("TIME", "until when, local time; a day ends at its midnight"),
            "cause": ("CODE", "why the alarm came; they stand below"),
            "note": _NOTE,
        },
        _assign,
        f"causes, in code or word:\n{codes(CAUSES)}\n\nexamples:\n"
        "  qingliu alerting assign 17 --company 碧水环保 --due 2026-11-25\n"
        '  qingliu alerting assign 17 18 --due "2026-11-25 18:00" --cause blower --by 赵工\n',
    ),
}


def _note(given: Cells) -> str:
    given.faults += faults_of_text("note", given.text("note"), LONGEST_NOTE)
    return given.text("note")


def _instant(given: Cells, name: str, read: Callable[[str], int], at_ms: int) -> int | None:
    """The instant that an option says, which must lie ahead; None if it is not given or cannot be read."""
    text = given.text(name)
    if not text:
        return None
    try:
        found = read(text)
    except ValueError as error:
        given.faults.append(Fault(name, str(error), text, "Correct it."))
        return None
    if found <= at_ms:
        given.faults.append(Fault(name, "must lie ahead", text, "Give a later time."))
    return found
