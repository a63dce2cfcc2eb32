"""What a form asks the alarm desk to do, read with its rules; what is wrong is a sentence. Pure."""

from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from alerting.alarm_words import CAUSES, SHELVE_REASONS
from alerting.desk import LONGEST_NOTE, Desk
from console import alarm_words as words
from console.form import Form
from registry.tables import Alarm
from service.civil import ONE_DAY, start_of

HOUR_MS = 3_600_000
_FAR = date(2099, 12, 31)
_LONGEST_TEXT = 10_000
Do = Callable[[Desk, int], Alarm]


class ActError(Exception):
    """A form asks for what cannot be done: a text of `alarm_words` with its parts."""

    def __init__(self, text: str, **parts: object) -> None:
        super().__init__(text)
        self.text = text
        self.parts = parts


class Given(NamedTuple):
    """What a form is read against.

    Attributes:
        form: as it came.
        companies: names of the O&M companies.
        now_ms: ms since the epoch, UTC.
        zone: of the days that people write.
    """

    form: Form
    companies: Collection[str]
    now_ms: int
    zone: ZoneInfo


def read_act(name: str, given: Given) -> Do:
    """What to do with each alarm.

    Raises:
        ActError: a rule is broken.
        KeyError: there is no such act.
    """
    return _READ[name](given)


def read_text(form: Form, name: str, *, is_needed: bool = False) -> str:
    """A note.

    Raises:
        ActError: it is too long, or not there.
    """
    text = form.field(name, _LONGEST_TEXT)
    if is_needed and not text:
        raise ActError(words.TEXT_NEEDED)
    if len(text) > LONGEST_NOTE:
        raise ActError(words.TEXT_LONG, most=LONGEST_NOTE, count=len(text))
    return text


def read_cause(form: Form) -> str:
    """Why an alarm came; empty if that is left open.

    Raises:
        ActError: there is no such cause.
    """
    cause = form.field("cause", 48)
    if cause and cause not in CAUSES:
        raise ActError(words.CAUSE_UNKNOWN, given=cause)
    return cause


def _acknowledge(given: Given) -> Do:
    note = read_text(given.form, "note")
    return lambda desk, number: desk.acknowledge(number, note)


def _shelve(given: Given) -> Do:
    note, reason = read_text(given.form, "note"), given.form.field("reason", 48)
    if reason not in SHELVE_REASONS:
        raise ActError(words.REASON_NEEDED)
    hours = given.form.whole_number("hours")
    if hours not in words.SHELF_HOURS:
        raise ActError(words.SPAN_NEEDED)
    span_ms = hours * HOUR_MS
    return lambda desk, number: desk.shelve(number, reason, given.now_ms + span_ms, note)


def _unshelve(_given: Given) -> Do:
    return lambda desk, number: desk.unshelve(number)


def _note(given: Given) -> Do:
    text = read_text(given.form, "note", is_needed=True)
    return lambda desk, number: desk.note(number, text)


def _assign(given: Given) -> Do:
    note, cause = read_text(given.form, "note"), read_cause(given.form) or None
    company = given.form.field("company", 200) or None
    if company is not None and company not in given.companies:
        raise ActError(words.COMPANY_UNKNOWN, given=company)
    due_ms = _due(given)
    if company is None and due_ms is None and cause is None:
        raise ActError(words.ASSIGN_NEEDED)
    return lambda desk, number: desk.assign(number, company=company, due_ms=due_ms, cause=cause, note=note)


def _due(given: Given) -> int | None:
    """The end of the due day, ms; None if none is given."""
    text = given.form.field("due", 40)
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ActError(words.DUE_WRONG, given=text) from error
    if day > _FAR or start_of(day, given.zone) + ONE_DAY.total_seconds() * 1000 <= given.now_ms:
        raise ActError(words.DUE_WRONG, given=text)
    return start_of(day + ONE_DAY, given.zone)


_READ: Mapping[str, Callable[[Given], Do]] = {
    "acknowledge": _acknowledge,
    "shelve": _shelve,
    "unshelve": _unshelve,
    "note": _note,
    "assign": _assign,
}
