"""What the duty desk does with alarms: acknowledge, shelve, note, assign, take out of service.

Each is one transaction: the alarm, its event and what rings again because of it. Who did it stands in the
event; what keeps alarms quiet stands in the audit trail too.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerting.alarm_book import AlarmBook, Step
from alerting.alarm_life import (
    AREA_EVENT,
    OUT_OF_SERVICE,
    SHELVED,
    acknowledge,
    is_active,
    is_open,
    may_escalate_again,
    quiet_of,
    settle,
)
from alerting.alarm_words import CAUSES, SHELVE_REASONS, TYPES
from alerting.escalation import OVERDUE
from alerting.mutes import end_expired, quiet_for, quiets, standing_mutes
from registry.audit import LONGEST_ACTOR, note_change
from registry.tables import Alarm, AlarmMute, Company, Station

USUAL_SHELF = timedelta(hours=24)
LONGEST_SHELF = timedelta(days=7)
LONGEST_NOTE = 500


class DeskError(Exception):
    """The desk cannot do that; the text says what is wrong, and what to do, in one line.

    Attributes:
        code: what is wrong, for pages that say it in other words; empty for what they never ask for.
        by: who was first, where it is that.
    """

    def __init__(self, text: str, code: str = "", by: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.by = by


class Desk:
    """One person at one instant.

    Attributes:
        told: the steps that are to be told, after each act.
    """

    def __init__(self, session: Session, by: str, now_ms: int, address: str = "") -> None:
        self._session = session
        self._address = address
        self._by = _text("by", by, LONGEST_ACTOR, is_needed=True)
        self._now_ms = now_ms
        self.told: list[Step] = []

    def acknowledge(self, alarm_id: int, note: str = "") -> Alarm:
        """Say that an alarm was seen; one that had returned to normal leaves the list.

        Raises:
            DeskError: there is no such open alarm, or it was acknowledged before.
        """
        alarm = self._open(alarm_id)
        if alarm.acknowledged_ms is not None:
            by = alarm.acknowledged_by or ""
            raise DeskError(f"alarm {alarm_id} was acknowledged by {by} already", "acknowledged", by)
        note = _text("note", note, LONGEST_NOTE)
        self._write(lambda book: acknowledge(book, alarm, self._by, note))
        return alarm

    def note(self, alarm_id: int, text: str) -> Alarm:
        """Add a remark to an alarm, open or closed.

        Raises:
            DeskError: there is no such alarm, or no text.
        """
        alarm = self._any(alarm_id)
        text = _text("note", text, LONGEST_NOTE, is_needed=True)
        self._write(lambda book: book.note(alarm, "noted", actor=self._by, note=text))
        return alarm

    def answer(self, alarm_id: int, text: str, cause: str = "", proof: Mapping[str, object] = {}) -> Alarm:
        """Take down what the O&M company says of an alarm, open or closed; the desk still acknowledges it.

        Args:
            alarm_id: its number.
            text: what was found and done.
            cause: one of the list, empty if it is not known; it replaces the one known before.
            proof: what tells the file that was handed in; empty for none.

        Raises:
            DeskError: there is no such alarm or cause, or no text.
        """
        alarm = self._any(alarm_id)
        text = _text("note", text, LONGEST_NOTE, is_needed=True)
        details: dict[str, Any] = dict(proof)
        if cause:
            details["cause"] = alarm.cause = _choice("cause", cause, CAUSES)
        self._write(lambda book: book.note(alarm, "answered", actor=self._by, note=text, **details))
        return alarm

    def assign(
        self,
        alarm_id: int,
        *,
        company: str | None = None,
        due_ms: int | None = None,
        cause: str | None = None,
        note: str = "",
    ) -> Alarm:
        """Say who mends it until when, or what the cause was; what is not given stays. It acknowledges, too.

        Raises:
            DeskError: there is no such open alarm or company, or no such cause.
        """
        alarm = self._open(alarm_id)
        details: dict[str, Any] = {}
        if company is not None:
            details["company_id"] = alarm.assigned_company_id = self._company(company)
        if due_ms is not None:
            if due_ms <= self._now_ms:
                raise DeskError("the due time must lie ahead")
            details["due_ms"] = alarm.due_ms = due_ms
            may_escalate_again(alarm, OVERDUE)
        if cause is not None:
            details["cause"] = alarm.cause = _choice("cause", cause, CAUSES)
        if not details:
            raise DeskError("nothing to assign: give a company, a due time or a cause")
        note = _text("note", note, LONGEST_NOTE)

        def do(book: AlarmBook) -> None:
            if alarm.follow_up_ms is None:
                alarm.follow_up_ms = self._now_ms
            book.note(alarm, "assigned", actor=self._by, note=note, **details)
            if alarm.acknowledged_ms is None:
                acknowledge(book, alarm, self._by)

        self._write(do)
        return alarm

    def shelve(self, alarm_id: int, reason: str, until_ms: int | None = None, note: str = "") -> Alarm:
        """Keep an alarm's type quiet for its subject until an instant; 24 h if none is given, 7 days at most.

        Raises:
            DeskError: there is no such open alarm, no such reason, or the end lies too near or too far.
        """
        alarm = self._open(alarm_id)
        _choice("reason", reason, SHELVE_REASONS)
        latest_ms = self._now_ms + int(LONGEST_SHELF.total_seconds() * 1000)
        if until_ms is None:
            until_ms = self._now_ms + int(USUAL_SHELF.total_seconds() * 1000)
        if not self._now_ms < until_ms <= latest_ms:
            raise DeskError(f"a shelf must end within the next {LONGEST_SHELF.days} days")
        self._end(alarm.subject, alarm.type, SHELVED)
        self._mute(SHELVED, alarm.subject, alarm.type, reason, note, until_ms)
        self._settle([alarm], note.strip())
        return alarm

    def unshelve(self, alarm_id: int) -> Alarm:
        """End a shelf before its time; what still stands rings again.

        Raises:
            DeskError: there is no such open alarm, or it is not shelved.
        """
        alarm = self._open(alarm_id)
        if not self._end(alarm.subject, alarm.type, SHELVED):
            raise DeskError(f"alarm {alarm_id} is not shelved", "not_shelved")
        self._settle([alarm])
        return alarm

    def take_out_of_service(self, station: str, type_: str, reason: str, note: str = "") -> AlarmMute:
        """Keep a station's alarms of a type (all types if empty) quiet until they are put back.

        Raises:
            DeskError: there is no such station, type or reason, or they are out of service already.
        """
        if self._session.get(Station, station) is None:
            raise DeskError(f"there is no station {station!r}")
        if type_:
            _choice("type", type_, [code for code in TYPES if code != AREA_EVENT])
        _choice("reason", reason, SHELVE_REASONS)
        if any(each.kind == OUT_OF_SERVICE and each.type == type_ for each in self._mutes(station)):
            raise DeskError(f"{station}: these alarms are out of service already")
        alarms = self._alarms_of(station)
        mute = self._mute(OUT_OF_SERVICE, station, type_, reason, note, None)
        self._settle(alarms, note.strip())
        return mute

    def return_to_service(self, station: str, type_: str = "") -> None:
        """Put alarms back into service; what still stands rings again.

        Raises:
            DeskError: they are not out of service.
        """
        alarms = self._alarms_of(station)
        if not self._end(station, type_, OUT_OF_SERVICE):
            raise DeskError(f"{station}: these alarms are not out of service")
        self._settle(alarms)

    def _any(self, alarm_id: int) -> Alarm:
        alarm = self._session.get(Alarm, alarm_id, with_for_update=True)
        if alarm is None:
            raise DeskError(f"there is no alarm {alarm_id}. `qingliu alerting list` names them", "no_alarm")
        return alarm

    def _open(self, alarm_id: int) -> Alarm:
        alarm = self._any(alarm_id)
        if not is_open(alarm):
            where = "`qingliu alerting list` names the open ones"
            raise DeskError(f"alarm {alarm_id} is closed. {where}", "closed")
        return alarm

    def _alarms_of(self, subject: str) -> list[Alarm]:
        """The open alarms of a subject; locked before the audit trail is, as in every act."""
        found = select(Alarm).where(Alarm.subject == subject, Alarm.closed_ms.is_(None))
        return list(self._session.scalars(found.order_by(Alarm.id).with_for_update()))

    def _company(self, name: str) -> int:
        found = self._session.scalar(select(Company.id).where(Company.name == name))
        if found is None:
            known = ", ".join(self._session.scalars(select(Company.name).order_by(Company.name)))
            raise DeskError(f"there is no O&M company {name!r}. Known: {known or 'none'}")
        return found

    def _mutes(self, subject: str) -> list[AlarmMute]:
        mutes = end_expired(standing_mutes(self._session, subject), self._now_ms)
        self._session.flush()
        return mutes

    def _mute(
        self, kind: str, subject: str, type_: str, reason: str, note: str, until_ms: int | None
    ) -> AlarmMute:
        mute = AlarmMute(
            kind=kind, subject=subject, type=type_, reason=reason, note=_text("note", note, LONGEST_NOTE),
            by=self._by, since_ms=self._now_ms, until_ms=until_ms,
        )  # fmt: skip
        self._session.add(mute)
        self._session.flush()
        after = {"type": type_, "reason": reason, "until_ms": until_ms}
        self._audit(f"alarms.{kind}", subject, after)
        return mute

    def _end(self, subject: str, type_: str, kind: str) -> bool:
        """End what stands of a kind; says whether there was any."""
        found = [each for each in self._mutes(subject) if (each.kind, each.type) == (kind, type_)]
        for mute in found:
            mute.ended_ms, mute.ended_by = self._now_ms, self._by
            self._audit(f"alarms.{kind}.end", subject, {"type": type_})
        self._session.flush()
        return bool(found)

    def _audit(self, action: str, subject: str, after: Mapping[str, object]) -> None:
        note_change(
            self._session, at_ms=self._now_ms, actor=self._by, address=self._address, action=action,
            subject=subject, after=after,
        )  # fmt: skip

    def _settle(self, alarms: Iterable[Alarm], note: str = "") -> None:
        """Bring the quietness of a subject's alarms in line with what people decided."""

        def do(book: AlarmBook) -> None:
            for alarm in alarms:
                by_people = quiets(self._mutes(alarm.subject)).get(alarm.subject, {})
                quiet = quiet_for(by_people, alarm.type)._replace(suppressed_by=alarm.suppressed_by)
                settle(book, alarm, quiet, self._by, note)
                if quiet_of(alarm).why is not None and not is_active(alarm):
                    alarm.closed_ms = self._now_ms  # it has returned, and nobody is waited for

        self._write(do)

    def _write(self, do: Callable[[AlarmBook], None]) -> None:
        book = AlarmBook(self._session, self._now_ms)
        do(book)
        self.told += book.write()


def _text(what: str, text: str, most: int, *, is_needed: bool = False) -> str:
    text = text.strip()
    if is_needed and not text:
        raise DeskError(f"{what} must not be empty")
    if len(text) > most:
        raise DeskError(f"{what} must have at most {most} letters (got {len(text)})")
    return text


def _choice(what: str, code: str, known: Iterable[str]) -> str:
    if code not in known:
        raise DeskError(f"{what} must be one of {', '.join(known)} (got {code!r})")
    return code
