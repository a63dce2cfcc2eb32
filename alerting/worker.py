"""The worker's round: quarter hours, day verdicts, states, alarms; under a lease, so that two never work."""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date

from alerting.alarm_round import AlarmRound
from alerting.baseline import Baseline
from alerting.changed_days import ChangedDays
from alerting.days import day_runs, days_due, judge_days, usual_days
from alerting.detect import decide
from alerting.evidence import known_now
from alerting.files import StationFile, station_files
from alerting.finding_work import FindingWork
from alerting.fleet_view import FleetView
from alerting.freshness import RECENT_MS, recompute, runs
from alerting.hindsight import Hindsight
from alerting.judging import Rules
from alerting.known import Decision, Known
from alerting.ledger import HOUR_MS
from alerting.recent_use import KEPT_MS
from alerting.retention import Retention
from alerting.states import SILENT, TELLING, open_periods, record
from alerting.told import told_of_meters
from history.port import History, HistoryError
from registry.database import Registry
from registry.dirty import MOST_AT_ONCE, clear_dirty, dirty
from registry.services import HEALTH_EVERY_MS, report_health, take_lease
from registry.working import give_back, work_until
from service.civil import day_of, days_between
from service.conditions import Conditions
from service.systemd import no_manager
from telemetry.reading import Reading

logger = logging.getLogger("alerting")

LEASE_MS = 120_000
REGISTERED_WITHIN_MS = 120_000
"""The collector registers a new station's meters a moment after it has stored their first readings."""
TICK_S = 5.0
DAY_MS = 86_400_000
Span = tuple[int, int]
"""From and to, ms."""


class Worker:
    """Keeps states and alarms in step with the readings."""

    def __init__(
        self,
        rules: Rules,
        registry: Registry,
        history: History,
        clock_ms: Callable[[], int],
        holder: str,
        raw_days: int = 400,
        desk: AlarmRound | None = None,
    ) -> None:
        self._rules = rules
        self._settings = rules.settings
        self._zone = zone = rules.zone
        self._registry = registry
        self._history = history
        self._clock_ms = clock_ms
        self._holder = holder
        self._view = FleetView(history)
        self._conditions = Conditions(logger)
        self._retention = Retention(history, registry, raw_days, zone, self._conditions)
        self._newest: dict[str, dict[str, int]] = {}
        self._changed = ChangedDays()
        self._usual = dict[str, Baseline]()
        self._hindsight = Hindsight()
        self._findings = FindingWork(registry, history, rules)
        self._alarms = desk or AlarmRound(rules)
        self._round_due_ms = 0
        self._health_due_ms = 0

    def run(self, stop: threading.Event, beat: Callable[[], None] = no_manager) -> None:
        """Work until told to stop; a store that is down is waited for."""
        work_until(
            stop,
            lambda: self.tick(self._clock_ms()),
            self._conditions,
            logger,
            wait_s=min(TICK_S, self._settings.round_s),
            say=lambda: self._report(self._clock_ms(), {}),
            failures=(HistoryError,),
            beat=beat,
        )
        give_back(self._registry, "alerting", self._holder, logger)

    def tick(self, now_ms: int) -> bool:
        """Re-evaluate the stations that new readings touched, or all of them when a round is due.

        Returns:
            Whether more late readings wait than one tick takes on.

        Raises:
            HistoryError, SQLAlchemyError: a store cannot be used just now; the next tick does it all again.
        """
        with self._registry.writing() as session:
            if not take_lease(session, "alerting", self._holder, now_ms, LEASE_MS):
                self._conditions.begin("lease", "another worker holds it; waiting")
                self._view.use.forget()
                self._changed.leave()
                return False
            self._changed.read(session)
            waiting = dirty(session)
            self._view.told = told_of_meters(session)
        self._conditions.end("lease")
        latest = self._history.latest()
        newest = {station: {each.d: each.t for each in readings} for station, readings in latest.items()}
        is_round = self._is_round(now_ms)
        touched = {station for station, times in newest.items() if self._newest.get(station) != times}
        if is_round:  # a reading a little late is neither marked nor the newest of its device
            recent_ms = now_ms - RECENT_MS
            touched |= {station for station, times in newest.items() if max(times.values()) >= recent_ms}
        touched |= self._clean(waiting)
        self._view.use.begin(now_ms)
        here = {station: latest[station] for station in touched if station in latest}
        with self._view.together(now_ms - RECENT_MS, now_ms, here):
            recomputed = {
                station: recompute(
                    self._view, station, now_ms - RECENT_MS, now_ms, self._view.told_of(station)
                )
                for station in touched
            }
        for station, span in recomputed.items():
            self._note_changed(station, span)
        today = day_of(now_ms, self._zone)
        changed = self._changed.stations(before=today)
        wanted = None if is_round else touched.union(changed)
        with self._registry.reading() as session:
            files = {file.id: file for file in station_files(session, now_ms, wanted)}
        if is_round or changed:
            fresh_ms = now_ms - REGISTERED_WITHIN_MS
            fresh = {station for station, times in newest.items() if max(times.values()) >= fresh_ms}
            self._judge_days(files, fresh, now_ms)
        self._learn(files, now_ms)
        self._judge(files.values(), latest, now_ms)
        self._newest = newest
        if is_round:
            self._round_due_ms = now_ms + self._settings.round_s * 1000
        if now_ms >= self._health_due_ms or is_round:
            self._report(now_ms, {"touched": len(touched), "dirty": len(waiting)})
        self._retention.step(now_ms)
        self._findings.step(now_ms)
        return len(waiting) >= MOST_AT_ONCE

    def _is_round(self, now_ms: int) -> bool:
        """Whether a round is due; also where the clock was set back."""
        return not self._round_due_ms - self._settings.round_s * 1000 <= now_ms < self._round_due_ms

    def _note_changed(self, station: str, span: Span) -> None:
        """Remember the civil days whose quarter hours were recomputed, until they are judged again."""
        self._hindsight.note(station, span, self._clock_ms())
        self._changed.note(station, self._days_of(span))

    def _days_of(self, span: Span) -> list[date]:
        return list(days_between(day_of(span[0], self._zone), day_of(span[1] - 1, self._zone)))

    def _report(self, now_ms: int, figures: Mapping[str, float]) -> None:
        self._health_due_ms = now_ms + HEALTH_EVERY_MS
        with self._registry.writing() as session:
            report_health(session, "alerting", now_ms, self._conditions.current(), figures)

    def _clean(self, waiting: Iterable[tuple[str, int]]) -> set[str]:
        """Recompute the marked quarter hours, and remember what changed; returns the stations."""
        by_station: defaultdict[str, list[int]] = defaultdict(list)
        for station, start in waiting:
            by_station[station].append(start)
        for station, starts in by_station.items():
            for start_ms, end_ms in runs(starts):
                for day_ms in range(start_ms, end_ms, DAY_MS):
                    span = self._clean_day(station, day_ms, min(day_ms + DAY_MS, end_ms))
                    self._note_changed(station, span)  # at once: its marks are gone, should another one fail
        return set(by_station)

    def _clean_day(self, station: str, start_ms: int, end_ms: int) -> Span:
        now_ms = self._clock_ms()
        with self._registry.writing() as session:
            # first, so that a mark that comes meanwhile waits for us, and stays
            clear_dirty(session, station, start_ms, end_ms)
            span = start_ms, end_ms
            if start_ms >= self._retention.raw_before_ms(
                now_ms
            ):  # else what was made of readings now gone stands
                self._view.forget(station)
                span = recompute(self._view, station, start_ms, end_ms, self._view.told_of(station))
            self._changed.write(session, station, self._days_of(span), day_of(now_ms, self._zone))
        return span

    def _judge_days(self, files: Mapping[str, StationFile], fresh: Collection[str], now_ms: int) -> None:
        """Write the verdicts of the days that ended or changed; a station at a time, so that none is lost."""
        with self._registry.reading() as session:
            due = days_due(session, files.values(), self._zone, now_ms)
        today = day_of(now_ms, self._zone)
        for station in sorted(due.keys() | self._changed.stations()):
            if station in files:
                first_heard_ms = files[station].first_heard_ms
                if first_heard_ms is None and station in fresh:
                    continue  # its meters will be on the register in a moment
                first_day = date.min if first_heard_ms is None else day_of(first_heard_ms, self._zone)
                changed = {day for day in self._changed.of(station) if first_day <= day < today}
                for first, last in day_runs(changed.union(due.get(station, ()))):
                    with self._registry.writing() as session:
                        judge_days(session, self._history, files[station], (first, last), self._rules, now_ms)
                    self._findings.note(station, list(days_between(first, last)))
                self._usual.pop(station, None)
            self._changed.judged(self._registry, station)

    def _learn(self, files: Mapping[str, StationFile], now_ms: int) -> None:
        """Know the usual day of each station that is to be judged."""
        unknown = [file for station, file in files.items() if station not in self._usual]
        if unknown:
            with self._registry.reading() as session:
                learnt = usual_days(session, unknown, day_of(now_ms, self._zone))
            today = day_of(now_ms, self._zone)
            self._usual.update({station: usual.before(today) for station, usual in learnt.items()})

    def _judge(self, files: Iterable[StationFile], latest: Mapping[str, list[Reading]], now_ms: int) -> None:
        """Decide states and follow with alarms."""
        decisions: dict[str, Decision] = {}
        late: dict[str, tuple[StationFile, Known]] = {}
        for file in files:
            decisions[file.id], known = self._decide(file, latest.get(file.id, []), now_ms)
            if self._hindsight.is_due(file.id):
                late[file.id] = file, known
        looked: list[str] = []
        with self._registry.writing() as session:
            periods = open_periods(session)
            for station, decision in decisions.items():
                period = periods[station] = record(session, station, decision, periods.get(station), now_ms)
                if station in late and period.state != SILENT:
                    file, known = late[station]
                    days = self._hindsight.look(session, self._view.use, file, self._rules, known)
                    looked.append(station)
                    if days:
                        self._changed.write(session, station, days, day_of(now_ms, self._zone))
                        self._changed.note(station, days)
            self._alarms.follow(session, periods, now_ms, is_round=self._is_round(now_ms))
        self._hindsight.forget(looked)
        self._alarms.written()

    def _decide(self, file: StationFile, latest: list[Reading], now_ms: int) -> tuple[Decision, Known]:
        """Decide one station's state; one that began before what is kept is looked up further back."""
        usual = self._usual[file.id]
        limits = file.thresholds(self._settings, usual.volume_m3)
        known = known_now(self._view, file, latest, limits, usual, self._zone, now_ms)
        known = known._replace(is_holiday=day_of(now_ms, self._zone) in self._rules.holidays)
        decision = decide(known, limits, now_ms)
        is_new = decision.state != file.memory.state and decision.state in TELLING
        if is_new and decision.start_ms <= now_ms - KEPT_MS + HOUR_MS:
            ledger = self._view.use.long(file.id, now_ms)
            decision = decide(known._replace(ledger=ledger), limits, now_ms)
        return decision, known
