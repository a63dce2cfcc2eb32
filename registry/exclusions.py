"""Approved stops: civil days that do not count, with reason, applicant and approver.

Which of their days count follows from `registry.exclusion_days`.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.audit import note_change
from registry.exclusion_days import WITHOUT_CEILING, closes_on, days_missed
from registry.exclusion_effects import counted, mark_changed, mark_days, over_ceiling
from registry.record_entry import (
    EARLIEST,
    LATEST,
    By,
    Entered,
    RecordError,
    faults_of_instant,
    faults_of_text,
    refuse,
)
from registry.record_lock import wait_for_turn
from registry.tables import Exclusion, Station
from service.civil import Month, day_of
from service.settings import Fault

REASONS = ("maintenance", "rebuilding", "grid_outage", "season", "no_inflow")
"""Planned maintenance, rebuilding, grid outage, seasonal stop, no inflow."""
REASON_WORDS = {
    "maintenance": ("计划检修", "检修"),
    "rebuilding": ("改造",),
    "grid_outage": ("电网停电", "停电"),
    "season": ("季节性停运",),
    "no_inflow": ("无进水",),
}
"""How people write the reasons in lists."""
LONGEST = timedelta(days=3 * 366)
LONGEST_ATTACHMENT = 255


class NewExclusion(NamedTuple):
    """An approved stop.

    Attributes:
        start: first day that does not count.
        end: last one.
        entered_ms: when it was entered into the register that it comes from; None is now.
        manager: the manager who approved it as well, as days over the ceiling need; empty if none has yet.
    """

    station: str
    start: date
    end: date
    reason: str
    applicant: str
    approver: str
    attachment: str = ""
    entered_ms: int | None = None
    manager: str = ""


class OtherStop(NamedTuple):
    """An approved stop of the same station that was not withdrawn."""

    id: int
    start: date
    end: date


def faults_of_exclusion(new: NewExclusion, others: Iterable[OtherStop], by: By) -> Iterator[Fault]:
    """What is wrong with an approved stop; `others` are those of the same station."""
    if new.start < EARLIEST:
        yield Fault("start", f"must not lie before {EARLIEST}", new.start.isoformat(), "Correct the year.")
    if new.end < new.start:
        rule = f"must not lie before the start {new.start}"
        yield Fault("end", rule, new.end.isoformat(), "Correct one of them.")
    elif new.end - new.start >= LONGEST:
        rule = f"a stop lasts at most {LONGEST.days} days"
        yield Fault("end", rule, new.end.isoformat(), "Correct the year, or change the station's class.")
    elif new.end > LATEST:
        rule = f"must lie between {EARLIEST} and {LATEST}"
        yield Fault("end", rule, new.end.isoformat(), "Correct the year.")
    if new.reason not in REASONS:
        yield Fault("reason", f"must be one of {', '.join(REASONS)}", new.reason, "Use one of these.")
    yield from faults_of_text("applicant", new.applicant, 64, is_required=True)
    yield from faults_of_text("approver", new.approver, 64, is_required=True)
    if new.applicant.strip() and new.applicant.strip().casefold() == new.approver.strip().casefold():
        rule = "nobody approves an application of their own"
        yield Fault("approver", rule, new.approver, "Name who decided.")
    yield from _faults_of_manager(new.manager, new.applicant)
    yield from faults_of_text("attachment", new.attachment, LONGEST_ATTACHMENT)
    if new.entered_ms is not None:
        yield from faults_of_instant("entered", new.entered_ms, by.now_ms, by.zone)
    for other in others:
        if other.start <= new.end and new.start <= other.end:
            rule = f"overlaps the approved stop no. {other.id} of {other.start} to {other.end}"
            got = f"{new.start} to {new.end}"
            yield Fault("start", rule, got, "Shorten this one, or withdraw the other.")


def months_too_late(new: NewExclusion, by: By) -> list[Month]:
    """The months of a stop for which it was entered too late to count."""
    entered = by.today if new.entered_ms is None else day_of(new.entered_ms, by.zone)
    month, late = Month.of(new.start), []
    while month.first <= new.end:
        if entered > closes_on(month):
            late.append(month)
        month = month.after(1)
    return late


def check_approved_stop(session: Session, new: NewExclusion, by: By) -> list[Fault]:
    """What is wrong with an approved stop, all at once."""
    faults: list[Fault] = []
    if session.get(Station, new.station) is None:
        remedy = "See qingliu stations list, or import it first."
        faults.append(Fault("station", "is not on the register", new.station, remedy))
    others = session.execute(
        select(Exclusion.id, Exclusion.start, Exclusion.end)
        .where(Exclusion.station_id == new.station, Exclusion.withdrawn_ms.is_(None))
        .order_by(Exclusion.start)
    )
    faults.extend(faults_of_exclusion(new, [OtherStop._make(row) for row in others], by))
    return faults


def enter_approved_stop(session: Session, new: NewExclusion, by: By) -> Entered:
    """Write an approved stop down after checking it; its past days are judged anew.

    Raises:
        RecordError: it cannot be so; nothing was written.
    """
    wait_for_turn(session)
    refuse(check_approved_stop(session, new, by))
    before = counted(session, new.station, by)
    row = enter_exclusion(
        session, new.station, new.start, new.end, reason=new.reason, applicant=new.applicant,
        approver=new.approver, entered_ms=by.now_ms if new.entered_ms is None else new.entered_ms,
    )  # fmt: skip
    row.attachment = new.attachment
    row.manager, row.manager_ms = new.manager.strip(), row.entered_ms if new.manager.strip() else None
    session.flush()
    after = {"id": row.id} | {name: getattr(row, name) for name in NewExclusion._fields if name != "station"}
    note_change(
        session, at_ms=by.now_ms, actor=by.actor, action="exclusion.enter", subject=new.station, after=after,
        address=by.address,
    )  # fmt: skip
    mark_days(session, row, before, by)
    late = [f"too late to count for {month}" for month in months_too_late(new, by)]
    return Entered(row.id, (*late, *over_ceiling(session, row, by)))


def approve_exclusion(session: Session, number: int, manager: str, by: By) -> Entered:
    """Note that a manager approved a stop: its days over the ceiling count, as far as their month is open.

    The past days that come to count are judged anew.

    Raises:
        RecordError: there is none of that number, it was withdrawn or approved before, its reason needs no
            manager, or the manager is not named or applied for it.
    """
    wait_for_turn(session)
    row = _standing(session, number)
    faults = list(_faults_of_manager(manager, row.applicant if row is not None else "", is_required=True))
    if row is None or row.withdrawn_ms is not None:
        rule = "there is no such record" if row is None else "is withdrawn"
        faults.append(Fault("approve", rule, number, "See --list."))
    elif row.manager_ms is not None:
        said = f"by {row.manager}" if row.manager else "with its entry"
        faults.append(Fault("approve", f"was approved {said} already", number, "See --list."))
    elif row.reason in WITHOUT_CEILING:
        faults.append(Fault("approve", "needs no manager for its reason", row.reason, "See --list."))
    if faults or row is None:
        raise RecordError(faults)
    before = counted(session, row.station_id, by)
    row.manager, row.manager_ms = manager.strip(), by.now_ms
    session.flush()
    note_change(
        session, at_ms=by.now_ms, actor=by.actor, action="exclusion.approve", subject=row.station_id,
        before={"id": row.id, "start": row.start, "end": row.end, "manager": ""},
        after={"manager": row.manager, "manager_ms": row.manager_ms}, address=by.address,
    )  # fmt: skip
    mark_changed(session, row.station_id, before, by)
    missed = days_missed([row], by.zone, by.today)
    return Entered(row.id, tuple(f"too late to count for {month}" for month in missed))


def withdraw_exclusion(
    session: Session, number: int, reason: str, by: By, *, is_refusal: bool = False
) -> Entered:
    """Withdraw an approved stop: it stays on record and no longer counts; its past days are judged anew.

    Args:
        session: a writing one.
        number: of the stop.
        reason: why.
        by: who.
        is_refusal: a manager refused it, which the audit trail tells apart.

    Raises:
        RecordError: there is none of that number, it is withdrawn already, or no reason is given.
    """
    wait_for_turn(session)
    faults = list(faults_of_text("reason", reason, 1_000, is_required=True))
    row = _standing(session, number)
    if row is None or row.withdrawn_ms is not None:
        rule = "there is no such record" if row is None else "is withdrawn already"
        faults.append(Fault("remove", rule, number, "See --list."))
    if faults or row is None:
        raise RecordError(faults)
    before = counted(session, row.station_id, by)
    row.withdrawn_ms = by.now_ms
    session.flush()
    action = "exclusion.refuse" if is_refusal else "exclusion.withdraw"
    note_change(
        session, at_ms=by.now_ms, actor=by.actor, action=action, subject=row.station_id,
        before={"id": row.id, "start": row.start, "end": row.end, "withdrawn_ms": None},
        after={"withdrawn_ms": by.now_ms, "removed_because": reason}, address=by.address,
    )  # fmt: skip
    mark_days(session, row, before, by)
    return Entered(row.id)


def enter_exclusion(  # noqa: PLR0913 - each is a field of the form
    session: Session,
    station: str,
    start: date,
    end: date,
    *,
    reason: str,
    applicant: str,
    approver: str,
    entered_ms: int,
) -> Exclusion:
    """Write an approved stop down, and nothing else: for a registry that is only being filled.

    What people enter goes through `enter_approved_stop`. Start and end are both included. It counts as
    approved by a manager with its entry.

    Raises:
        ValueError: end before start, an unknown reason, or nobody who applied or approved.
    """
    if end < start:
        raise ValueError(f"end: must not lie before the start {start} (got {end})")
    if reason not in REASONS:
        raise ValueError(f"reason: must be one of {', '.join(REASONS)} (got {reason!r})")
    if not (applicant.strip() and approver.strip()):
        raise ValueError("applicant, approver: both are required")
    entered = Exclusion(
        station_id=station,
        start=start,
        end=end,
        reason=reason,
        applicant=applicant,
        approver=approver,
        entered_ms=entered_ms,
        manager_ms=entered_ms,
    )
    session.add(entered)
    return entered


def _faults_of_manager(manager: str, applicant: str, *, is_required: bool = False) -> Iterator[Fault]:
    yield from faults_of_text("manager", manager, 64, is_required=is_required)
    if manager.strip() and manager.strip().casefold() == applicant.strip().casefold():
        yield Fault("manager", "nobody approves an application of their own", manager, "Name who decided.")


def _standing(session: Session, number: int) -> Exclusion | None:
    return session.get(Exclusion, number) if 0 < number < 2**63 else None
