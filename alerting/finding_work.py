"""Looks for what is odd about finished days, a few in each tick, so that no round waits for it."""

import time
from collections.abc import Collection
from datetime import date, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from alerting.days import usual_days
from alerting.files import station_files
from alerting.finding_book import note_findings
from alerting.finding_rules import findings
from alerting.judging import Rules
from alerting.ledger import Ledger
from alerting.marks import DayMarks, day_marks, readings_since_ms
from alerting.told import told_of_meters
from history.meter_events import NO_EVENTS
from history.port import History
from history.quarter_hours import floor_to_quarter
from registry.database import Registry
from registry.tables import DayVerdict
from service.civil import ONE_DAY, day_of, start_of

SHARE_S = 0.5
"""Of a tick."""
LOOKED_BACK = timedelta(days=35)
"""Rules compare a day with so many before it; what is older is not looked at any more."""


class FindingWork:
    """The finished days that were not looked at yet, the oldest first."""

    def __init__(self, registry: Registry, history: History, rules: Rules) -> None:
        self._registry = registry
        self._history = history
        self._rules = rules
        self._waiting: set[tuple[date, str]] | None = None

    def note(self, station: str, days: Collection[date]) -> None:
        """Days of a station were judged, for the first time or anew."""
        if self._waiting is not None:
            self._waiting.update((day, station) for day in days)

    def step(self, now_ms: int) -> int:
        """Look at some days, for a share of a tick; returns how many still wait.

        Raises:
            HistoryError, SQLAlchemyError: a store cannot be used just now; nothing is lost by it.
        """
        earliest = day_of(now_ms, self._rules.zone) - LOOKED_BACK
        if self._waiting is None:
            with self._registry.reading() as session:
                rows = session.execute(
                    select(DayVerdict.day, DayVerdict.station_id)
                    .where(DayVerdict.day >= earliest, DayVerdict.marks.is_(None), DayVerdict.valid_hours > 0)
                    .order_by(DayVerdict.day)
                )
                self._waiting = {(day, station) for day, station in rows}
        until_s = time.monotonic() + SHARE_S
        for day, station in sorted(self._waiting):
            if time.monotonic() >= until_s:
                break
            if day >= earliest:
                self._look(station, day, now_ms)
            self._waiting.discard((day, station))
        return len(self._waiting)

    def _look(self, station: str, day: date, now_ms: int) -> None:
        zone = self._rules.zone
        start_ms, end_ms = start_of(day, zone), start_of(day + ONE_DAY, zone)
        rows = self._history.quarter_hours(floor_to_quarter(start_ms), end_ms, [station])
        ledger = Ledger(rows)
        readings = self._history.raw(station, None, readings_since_ms(ledger, day, zone), end_ms)
        with self._registry.writing() as session:
            files = station_files(session, now_ms, [station])
            if not files:
                return
            told = told_of_meters(session, [station])
            marks = day_marks(ledger, readings, day, zone, told.get(station, NO_EVENTS))
            session.execute(
                update(DayVerdict)
                .where(DayVerdict.station_id == station, DayVerdict.day == day)
                .values(marks=marks.to_json())
            )
            days, verdicts = _weeks(session, station, day)
            usual = usual_days(session, files, day)[station].before(day)
            limits = files[0].thresholds(self._rules.settings, usual.volume_m3)
            process = files[0].station.process
            found = findings(days, day, usual, process, verdicts, floor_kwh=limits.floor_kwh(usual))
            note_findings(session, station, day, found, now_ms)


def _weeks(session: Session, station: str, day: date) -> tuple[dict[date, DayMarks], dict[date, str]]:
    """What the days up to one told, and their verdicts."""
    rows = session.execute(
        select(DayVerdict.day, DayVerdict.marks, DayVerdict.verdict).where(
            DayVerdict.station_id == station, DayVerdict.day.between(day - LOOKED_BACK, day)
        )
    )
    days, verdicts = dict[date, DayMarks](), dict[date, str]()
    for each, marks, verdict in rows:
        verdicts[each] = verdict
        if marks is not None:
            days[each] = DayMarks.from_json(marks)
    return days, verdicts
