"""Day verdicts that a person corrects, and what is kept of every verdict that is replaced.

A corrected day stays as corrected: judging anew leaves it alone until the correction is taken back.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.audit import LONGEST_ACTOR, changed, note_change
from registry.dirty_spans import QUARTER_HOUR_MS, mark_span
from registry.record_entry import RecordError, faults_of_text
from registry.tables import DayVerdict, Report, Station, VerdictRevision
from service.civil import Month, day_of, start_of
from service.settings import Fault

CORRECTED = "corrected"
"""The reason of a verdict that a person gave."""
VERDICTS = ("running", "stopped", "unknown")
"""What a person may correct a day to; days are excluded by approved stops alone."""
LONGEST_WHY = 1_000
CITY, FROZEN = "city", "frozen"
"""The scope of the report of all counties, and the status of one that is final."""
_KEPT = ("verdict", "reason", "energy_kwh", "volume_m3", "rule_version", "computed_ms", "corrected_by",
         "correction_reason")  # fmt: skip
_NOON_MS = 12 * 3_600_000


def correct_verdict(  # noqa: PLR0913, PLR0917 - each is a field of the form
    session: Session,
    station: str,
    day: date,
    verdict: str,
    by: str,
    why: str,
    now_ms: int,
    zone: ZoneInfo,
) -> None:
    """Put a person's verdict in the place of a day's; the figures stay, and the day teaches nothing.

    Args:
        session: a writing one; the audit trail is written in its transaction.
        station: its id.
        day: a civil day that is over and has a verdict.
        verdict: one of `VERDICTS`.
        by: who corrects it.
        why: the reason, in words.
        now_ms: the present, ms since the epoch, UTC.
        zone: of the civil days.

    Raises:
        RecordError: with everything that is wrong; nothing was written.
    """
    row = _verdict_of(session, station, day)
    faults = [*_faults_of_day(session, row, station, day, day_of(now_ms, zone)), *_faults_of_words(by, why)]
    if verdict not in VERDICTS:
        remedy = "A day is excluded by an approved stop: qingliu stations exclude."
        faults.append(Fault("verdict", f"must be one of {', '.join(VERDICTS)}", verdict, remedy))
    if row is not None and row.verdict == "excluded":
        remedy = "Withdraw the stop first: qingliu stations exclude --list."
        faults.append(
            Fault("day", "lies in an approved stop, which counts before any verdict", str(day), remedy)
        )
    if faults or row is None:
        raise RecordError(faults)
    before = _said(row)
    session.add(_replaced(row, now_ms))
    row.verdict, row.reason, row.computed_ms = verdict, CORRECTED, now_ms
    row.corrected_by, row.correction_reason = by.strip(), why.strip()
    row.traits = None
    _note(session, "verdict.correct", row, before, {}, now_ms, by)


def withdraw_correction(
    session: Session, station: str, day: date, by: str, why: str, now_ms: int, zone: ZoneInfo
) -> None:
    """Take a correction back: the judgement that it replaced holds, and the worker judges the day anew.

    Args:
        session: a writing one; the audit trail is written in its transaction.
        station: its id.
        day: a civil day whose verdict a person corrected.
        by: who takes it back.
        why: the reason, in words.
        now_ms: the present, ms since the epoch, UTC.
        zone: of the civil days.

    Raises:
        RecordError: with everything that is wrong; nothing was written.
    """
    row = _verdict_of(session, station, day)
    faults = [*_faults_of_day(session, row, station, day, day_of(now_ms, zone)), *_faults_of_words(by, why)]
    if row is not None and row.corrected_by is None:
        remedy = "See qingliu alerting verdicts list."
        faults.append(Fault("day", "was not corrected", str(day), remedy))
    if faults or row is None:
        raise RecordError(faults)
    before = _said(row)
    session.add(_replaced(row, now_ms))
    judged = next((each for each in revisions(session, station, day) if each.reason != CORRECTED), None)
    if judged is not None:
        row.verdict, row.reason, row.rule_version = judged.verdict, judged.reason, judged.rule_version
        row.computed_ms = judged.computed_ms
    row.corrected_by = row.correction_reason = None
    noon_ms = start_of(day, zone) + _NOON_MS
    mark_span(session, station, noon_ms, noon_ms + QUARTER_HOUR_MS)
    _note(session, "verdict.withdraw", row, before, {"removed_because": why.strip()}, now_ms, by)


def keep_replaced(
    session: Session, station: str, new_rows: Sequence[Mapping[str, Any]], now_ms: int
) -> set[date]:
    """Keep the verdicts that new ones are about to replace, where word or reason differ.

    Args:
        session: a writing one, in which the new rows are written next; until it ends those days are held.
        station: its id.
        new_rows: as `day_verdicts` takes them, with `day`, `verdict` and `reason`.
        now_ms: the present, ms since the epoch, UTC.

    Returns:
        The days that a person corrected. They must not be overwritten, and nothing was kept of them.
    """
    new = {row["day"]: (row["verdict"], row["reason"]) for row in new_rows}
    corrected = set()
    for row in _stored(session, station, new):
        if row.corrected_by is not None:
            corrected.add(row.day)
        elif (row.verdict, row.reason) != new[row.day]:
            session.add(_replaced(row, now_ms))
    session.flush()
    return corrected


def revisions(session: Session, station: str, day: date) -> list[VerdictRevision]:
    """The verdicts of a day that were replaced, the last one first."""
    return list(
        session.scalars(
            select(VerdictRevision)
            .where(VerdictRevision.station_id == station, VerdictRevision.day == day)
            .order_by(VerdictRevision.id.desc())
        )
    )


def _stored(session: Session, station: str, days: Iterable[date]) -> Iterator[DayVerdict]:
    """The verdicts of some days as they stand now, in order; held until the transaction ends."""
    found = sorted(days)
    for first in range(0, len(found), 500):
        yield from session.scalars(
            select(DayVerdict)
            .where(DayVerdict.station_id == station, DayVerdict.day.in_(found[first : first + 500]))
            .order_by(DayVerdict.day)
            .with_for_update()
            .execution_options(populate_existing=True)
        )


def _verdict_of(session: Session, station: str, day: date) -> DayVerdict | None:
    return next(_stored(session, station, [day]), None)


def _replaced(row: DayVerdict, now_ms: int) -> VerdictRevision:
    kept = {name: getattr(row, name) for name in _KEPT}
    return VerdictRevision(station_id=row.station_id, day=row.day, replaced_ms=now_ms, **kept)


def _faults_of_day(
    session: Session, row: DayVerdict | None, station: str, day: date, today: date
) -> Iterator[Fault]:
    known = session.get(Station, station)
    if known is None:
        yield Fault("station", "is not on the register", station, "See qingliu stations list.")
    elif day >= today:
        yield Fault("day", "is not over yet", str(day), "Correct the date, or wait until it has been judged.")
    elif row is None:
        yield Fault("day", "has no verdict", str(day), "See qingliu alerting verdicts list.")
    elif _is_frozen(session, day, known.county_code):
        rule = f"lies in {Month.of(day)}, whose report is frozen"
        yield Fault("day", rule, str(day), "What is found out later belongs into a revision of the report.")


def _is_frozen(session: Session, day: date, county: str | None) -> bool:
    scopes = [scope for scope in (CITY, county) if scope is not None]
    frozen = (
        select(Report.id)
        .where(Report.month == str(Month.of(day)), Report.status == FROZEN, Report.scope.in_(scopes))
        .limit(1)
    )
    return session.scalar(frozen) is not None


def _faults_of_words(by: str, why: str) -> Iterator[Fault]:
    yield from faults_of_text("by", by, LONGEST_ACTOR, is_required=True)
    yield from faults_of_text("reason", why, LONGEST_WHY, is_required=True)


def _said(row: DayVerdict) -> dict[str, Any]:
    names = ("verdict", "reason", "corrected_by", "correction_reason")
    return {name: getattr(row, name) for name in names}


def _note(
    session: Session,
    action: str,
    row: DayVerdict,
    before: Mapping[str, Any],
    also: dict[str, Any],
    now_ms: int,
    by: str,
) -> None:
    session.flush()
    was, is_now = changed(before, _said(row))
    note_change(
        session, at_ms=now_ms, actor=by.strip(), action=action, subject=row.station_id,
        before={"day": row.day} | was, after=is_now | also,
    )  # fmt: skip
