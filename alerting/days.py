"""Day verdicts in the registry: finished civil days are judged, and judged again when they change."""

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alerting.baseline import DAYS_LEARNT_FROM, AcceptedDay, Baseline, learn
from alerting.detect import Thresholds
from alerting.files import StationFile
from alerting.ledger import Ledger
from alerting.verdict import (
    AS_USUAL,
    EFFLUENT_FLOOR_SHARE,
    RULE_VERSION,
    DayJudgement,
    StationDay,
    judge_day,
)
from history.port import History
from history.quarter_hours import floor_to_quarter
from registry.database import upsert
from registry.stations import among
from registry.tables import DayVerdict, Station
from service.civil import ONE_DAY, day_of, days_between, start_of
from telemetry.batch import ranges

LEARNT_WITHIN = timedelta(days=120)
"""Accepted days further back tell nothing of today."""


class UsualDays:
    """What a station usually does, learnt day by day."""

    def __init__(self, station: Station) -> None:
        self._process = station.process
        self._design_m3_per_day = station.design_m3_per_day
        self._accepted: deque[AcceptedDay] = deque(maxlen=DAYS_LEARNT_FROM)
        self._baseline: Baseline | None = None

    @property
    def baseline(self) -> Baseline:
        """The usual day as of now."""
        if self._baseline is None:
            self._baseline = learn(self._accepted, self._process, self._design_m3_per_day)
        return self._baseline

    def note(self, judged: DayJudgement) -> None:
        """Learn from a day, if it was one to learn from."""
        if judged.reason in AS_USUAL:
            self.accept(AcceptedDay(judged.evidence.get("energy_kwh"), judged.evidence.get("volume_m3")))

    def accept(self, day: AcceptedDay) -> None:
        """Learn from a day on which the station ran as it should, later than those before."""
        self._accepted.append(day)
        self._baseline = None


def usual_days(session: Session, files: Sequence[StationFile], before: date) -> dict[str, UsualDays]:
    """What each station usually does, learnt from its verdicts before a day."""
    known = {file.id: UsualDays(file.station) for file in files}
    by_id = {file.id: file for file in files}
    rows = session.execute(
        select(DayVerdict.station_id, DayVerdict.day, DayVerdict.energy_kwh, DayVerdict.volume_m3)
        .where(DayVerdict.day < before, DayVerdict.day >= before - LEARNT_WITHIN)
        .where(DayVerdict.reason.in_(AS_USUAL))
        .where(among(DayVerdict.station_id, by_id.keys()))
        .order_by(DayVerdict.station_id, DayVerdict.day)
    )
    for station, day, energy, volume in rows:
        if not by_id[station].is_excluded(day):
            known[station].accept(AcceptedDay(energy, volume))
    return known


def judge(
    file: StationFile, ledger: Ledger, day: date, usual: Baseline, limits: Thresholds, zone: ZoneInfo
) -> DayJudgement:
    """Judge one civil day of a station from its quarter hours."""
    start_ms, end_ms = start_of(day, zone), start_of(day + ONE_DAY, zone)
    idle = ledger.flow.usage(end_ms - limits.idle_window_s * 1000, end_ms)
    known = StationDay(
        power=ledger.power.day(start_ms, end_ms) if file.has("power") else None,
        flow=ledger.flow.day(start_ms, end_ms) if file.has("flow") else None,
        idles=idle.reaches(limits.coverage)
        and idle.amount
        <= EFFLUENT_FLOOR_SHARE * (usual.volume_m3 or 0.0) * limits.idle_window_s / ONE_DAY.total_seconds(),
        works_without_power=file.works_without_power,
    )
    return judge_day(known, usual, limits.floor_kwh(usual))


def judge_days(
    session: Session,
    history: History,
    file: StationFile,
    span: tuple[date, date],
    limits: Thresholds,
    zone: ZoneInfo,
    now_ms: int,
) -> None:
    """Judge a span of finished days, both ends included, and write their verdicts.

    Raises:
        HistoryError: the store cannot be read just now.
    """
    first, last = span
    usual = usual_days(session, [file], first)[file.id]
    since_ms = start_of(first, zone) - limits.idle_window_s * 1000
    ledger = Ledger(
        history.quarter_hours(floor_to_quarter(since_ms), start_of(last + ONE_DAY, zone), [file.id])
    )
    rows = []
    for day in days_between(first, last):
        judged = judge(file, ledger, day, usual.baseline, limits, zone)
        rows.append(verdict_row(file.id, day, judged, now_ms))
        if not file.is_excluded(day):
            usual.note(judged)
    upsert(session, DayVerdict, rows)


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


def verdict_row(station: str, day: date, judged: DayJudgement, now_ms: int) -> dict[str, Any]:
    """A verdict as its table takes it."""
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
    }
