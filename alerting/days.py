"""Day verdicts in the registry: finished civil days are judged, and judged again when they change."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alerting.baseline import DAYS_LEARNT_FROM, STANDING_DAYS, DayTraits
from alerting.corrections import keep_replaced
from alerting.files import StationFile
from alerting.judging import JudgedDay, Rules, judge_and_learn
from alerting.learning import ACCEPTED_AT_FIRST, LEARNT_WITHIN, UsualDays
from alerting.ledger import HOUR_MS, Ledger
from alerting.states import periods_between, states_on
from alerting.verdict import AT_STANDBY, RULE_VERSION
from history.port import History
from history.quarter_hours import floor_to_quarter
from registry.database import upsert
from registry.stations import among
from registry.tables import DayVerdict
from service.civil import ONE_DAY, day_of, days_between, start_of
from telemetry.batch import ranges

LOOK_BACK_MS = 48 * HOUR_MS
"""The longest windows that a day's judgement looks at reach so far before it."""


def usual_days(session: Session, files: Sequence[StationFile], before: date) -> dict[str, UsualDays]:
    """What each station usually does, learnt from the days before one; of young stations, from all."""
    known = {file.id: UsualDays(file.station.process, file.station.design_m3_per_day) for file in files}
    for reasons, most in ((ACCEPTED_AT_FIRST, DAYS_LEARNT_FROM), (AT_STANDBY, STANDING_DAYS)):
        for station, day, lesson in _last_lessons(session, known.keys(), before, reasons, most):
            _learn(known[station], day, lesson)
    young = [station for station, usual in known.items() if usual.is_young(before)]
    later = session.execute(
        select(DayVerdict.station_id, DayVerdict.day, DayVerdict.traits)
        .where(DayVerdict.day >= before, DayVerdict.traits.is_not(None))
        .where(DayVerdict.reason.in_(ACCEPTED_AT_FIRST))
        .where(among(DayVerdict.station_id, young))
        .order_by(DayVerdict.day)
    )
    for station, day, lesson in later:
        if known[station].is_young(day):
            _learn(known[station], day, lesson)
    return known


def _last_lessons(
    session: Session, stations: Collection[str], before: date, reasons: Collection[str], most: int
) -> Iterable[tuple[str, date, dict[str, Any] | None]]:
    """What the last days with one of some reasons taught, so many of each station."""
    place = func.row_number().over(partition_by=DayVerdict.station_id, order_by=DayVerdict.day.desc())
    newest = (
        select(DayVerdict.station_id, DayVerdict.day, DayVerdict.traits, place.label("place"))
        .where(DayVerdict.day < before, DayVerdict.day >= before - LEARNT_WITHIN)
        .where(DayVerdict.reason.in_(reasons), DayVerdict.traits.is_not(None))
        .where(among(DayVerdict.station_id, stations))
        .subquery()
    )
    rows = session.execute(
        select(newest.c.station_id, newest.c.day, newest.c.traits).where(newest.c.place <= most)
    )
    return [(station, day, lesson) for station, day, lesson in rows]


def judge_days(
    session: Session,
    history: History,
    file: StationFile,
    span: tuple[date, date],
    rules: Rules,
    now_ms: int,
) -> None:
    """Judge a span of finished days, both ends included, and write their verdicts.

    Raises:
        HistoryError: the store cannot be read just now.
    """
    first, last = span
    usual = usual_days(session, [file], first)[file.id]
    found = _judged(session, history, file, days_between(first, last), usual, rules)
    if any(each.settles for each in found.values()):
        earliest = session.scalar(select(func.min(DayVerdict.day)).where(DayVerdict.station_id == file.id))
        earlier = days_between(min(earliest or first, first), last)
        found |= _judged(session, history, file, earlier, usual, rules)
    write_verdicts(
        session, file.id, [verdict_row(file.id, day, each, now_ms) for day, each in found.items()], now_ms
    )


def write_verdicts(session: Session, station: str, rows: Sequence[dict[str, Any]], now_ms: int) -> None:
    """Write a station's verdicts; what they replace is kept, and what a person corrected stays."""
    corrected = keep_replaced(session, station, rows, now_ms)
    upsert(session, DayVerdict, [row for row in rows if row["day"] not in corrected])


def _judged(
    session: Session,
    history: History,
    file: StationFile,
    days: Iterable[date],
    usual: UsualDays,
    rules: Rules,
) -> dict[date, JudgedDay]:
    wanted = list(days)
    if not wanted:
        return {}
    start_ms, end_ms = start_of(wanted[0], rules.zone), start_of(wanted[-1] + ONE_DAY, rules.zone)
    ledger = Ledger(history.quarter_hours(floor_to_quarter(start_ms - LOOK_BACK_MS), end_ms, [file.id]))
    periods = periods_between(session, file.id, start_ms, end_ms)
    by_hand = set(
        session.scalars(
            select(DayVerdict.day)
            .where(DayVerdict.station_id == file.id, DayVerdict.corrected_by.is_not(None))
            .where(DayVerdict.day.between(wanted[0], wanted[-1]))
        )
    )
    found = {}
    for day in wanted:
        states = states_on(periods, start_of(day, rules.zone), start_of(day + ONE_DAY, rules.zone))
        found[day] = judge_and_learn(file, ledger, day, usual, rules, states)
        if day in by_hand:
            usual.reject(day)
    return found


def days_due(
    session: Session, files: Collection[StationFile], zone: ZoneInfo, now_ms: int
) -> dict[str, list[date]]:
    """The finished days without a verdict, by station; from the day it was first heard on."""
    rows = session.execute(
        select(DayVerdict.station_id, func.max(DayVerdict.day))
        .where(among(DayVerdict.station_id, [file.id for file in files]))
        .group_by(DayVerdict.station_id)
    )
    last_judged = {station: day for station, day in rows}  # noqa: C416 - rows, not pairs
    yesterday = day_of(now_ms, zone) - ONE_DAY
    due: dict[str, list[date]] = {}
    for file in files:
        first_heard_ms = file.first_heard_ms
        if first_heard_ms is None:
            continue
        judged = last_judged.get(file.id)
        first = day_of(first_heard_ms, zone) if judged is None else judged + ONE_DAY
        days = list(days_between(first, yesterday))
        if days:
            due[file.id] = days
    return due


def day_runs(days: Iterable[date]) -> list[tuple[date, date]]:
    """Join neighbouring days into spans, both ends included."""
    numbers = ranges(day.toordinal() for day in days)
    return [(date.fromordinal(first), date.fromordinal(last)) for first, last in numbers]


def verdict_row(station: str, day: date, found: JudgedDay, now_ms: int) -> dict[str, Any]:
    """A verdict as its table takes it."""
    judged = found.judged
    return {
        "station_id": station,
        "day": day,
        "verdict": judged.verdict,
        "energy_kwh": judged.evidence.get("energy_kwh"),
        "volume_m3": judged.evidence.get("volume_m3"),
        "valid_hours": judged.evidence["valid_hours"],
        "reason": judged.reason,
        "evidence": dict(judged.evidence),
        "rule_version": RULE_VERSION,
        "computed_ms": now_ms,
        "traits": _lesson(found),
        "marks": None,
    }


def _lesson(found: JudgedDay) -> dict[str, Any] | None:
    """What a day taught, as its table takes it."""
    if found.traits is not None:
        traits: dict[str, Any] = msgspec.to_builtins(found.traits._asdict())
        return traits
    return {"standing_kwh": found.standing_kwh} if found.standing_kwh is not None else None


def _learn(usual: UsualDays, day: date, lesson: dict[str, Any] | None) -> None:
    if lesson is None:
        return
    standing_kwh = lesson.get("standing_kwh")
    if standing_kwh is not None:
        usual.stood(day, standing_kwh)
    else:
        usual.accept(day, DayTraits(**lesson))
