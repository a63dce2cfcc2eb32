"""The worker's round: quarter hours, then states, then alarms; under a lease, so that two never work."""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from alerting.alarms import follow, open_alarms
from alerting.detect import SMALL_M3_PER_DAY, Decision, Known, Thresholds, decide
from alerting.evidence import gather
from alerting.freshness import RECENT_MS, recompute, runs
from alerting.states import open_periods, record, without_energy_until
from history.port import QUARTER_HOUR_MS, History, HistoryError
from registry.config import AlertingSettings
from registry.database import Registry
from registry.dirty import clear_dirty, dirty
from registry.services import HEALTH_EVERY_MS, release_lease, report_health, take_lease
from registry.tables import Device, Presence, Station
from service.conditions import Conditions
from telemetry.reading import Reading

logger = logging.getLogger("alerting")

LEASE_MS = 120_000
TICK_S = 5.0
WORK_WITHOUT_POWER = ("wetland", "pond")
DAY_MS = 86_400_000


class _File(NamedTuple):
    """What the registry has on a station."""

    station: Station
    devices: list[Device]
    presence: Presence | None
    treats_since_ms: int | None


class Worker:
    """Keeps states and alarms in step with the readings."""

    def __init__(
        self,
        settings: AlertingSettings,
        registry: Registry,
        history: History,
        clock_ms: Callable[[], int],
        holder: str,
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._history = history
        self._clock_ms = clock_ms
        self._holder = holder
        self._conditions = Conditions(logger)
        self._newest: dict[str, dict[str, int]] = {}
        self._round_due_ms = 0
        self._health_due_ms = 0

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop; a store that is down is waited for."""
        while not stop.is_set():
            now_ms = self._clock_ms()
            try:
                self.tick(now_ms)
                self._conditions.end("stores")
                self._conditions.end("worker")
            except (HistoryError, SQLAlchemyError) as error:
                self._conditions.begin("stores", str(error).splitlines()[0])
                with suppress(SQLAlchemyError):  # the registry may be what fails
                    self._report(now_ms, {})
            except Exception as error:
                if "worker" not in self._conditions.current():
                    logger.exception("unexpected failure, going on with the next round")
                self._conditions.begin("worker", f"unexpected failure: {error!r}")
                with suppress(SQLAlchemyError):
                    self._report(now_ms, {})
            stop.wait(min(TICK_S, self._settings.round_s))
        try:
            with self._registry.writing() as session:
                release_lease(session, "alerting", self._holder)
        except SQLAlchemyError as error:
            logger.warning("lease not given back: %s", str(error).splitlines()[0])

    def tick(self, now_ms: int) -> None:
        """Re-evaluate the stations that new readings touched, or all of them when a round is due.

        Raises:
            HistoryError, SQLAlchemyError: a store cannot be used just now; the next tick does it all again.
        """
        with self._registry.writing() as session:
            if not take_lease(session, "alerting", self._holder, now_ms, LEASE_MS):
                self._conditions.begin("lease", "another worker holds it; waiting")
                return
            waiting = dirty(session)
        self._conditions.end("lease")
        latest = self._history.latest()
        newest = {station: {each.d: each.t for each in readings} for station, readings in latest.items()}
        is_round = now_ms >= self._round_due_ms or now_ms < self._round_due_ms - self._settings.round_s * 1000
        touched = {station for station, times in newest.items() if self._newest.get(station) != times}
        if is_round:  # a reading a little late is neither marked nor the newest of its device
            recent_ms = now_ms - RECENT_MS
            touched |= {station for station, times in newest.items() if max(times.values()) >= recent_ms}
        touched |= self._clean(waiting)
        for station in touched:
            recompute(self._history, station, now_ms - RECENT_MS, now_ms)
        self._judge(None if is_round else touched, latest, now_ms)
        self._newest = newest
        if is_round:
            self._round_due_ms = now_ms + self._settings.round_s * 1000
        if now_ms >= self._health_due_ms or is_round:
            self._report(now_ms, {"touched": len(touched), "dirty": len(waiting)})

    def _report(self, now_ms: int, figures: Mapping[str, float]) -> None:
        self._health_due_ms = now_ms + HEALTH_EVERY_MS
        with self._registry.writing() as session:
            report_health(session, "alerting", now_ms, self._conditions.current(), figures)

    def _clean(self, waiting: Iterable[tuple[str, int]]) -> set[str]:
        by_station: defaultdict[str, list[int]] = defaultdict(list)
        for station, start in waiting:
            by_station[station].append(start)
        for station, starts in by_station.items():
            for start_ms, end_ms in runs(starts):
                for day_ms in range(start_ms, end_ms, DAY_MS):
                    self._clean_day(station, day_ms, min(day_ms + DAY_MS, end_ms))
        return set(by_station)

    def _clean_day(self, station: str, start_ms: int, end_ms: int) -> None:
        marks = [(station, start) for start in range(start_ms, end_ms, QUARTER_HOUR_MS)]
        with self._registry.writing() as session:
            clear_dirty(session, marks)  # first, so that a mark that comes meanwhile waits for us, and stays
            recompute(self._history, station, start_ms, end_ms)

    def _judge(self, stations: set[str] | None, latest: Mapping[str, list[Reading]], now_ms: int) -> None:
        """Decide states and follow with alarms; None means all stations."""
        decisions: dict[str, Decision] = {}
        for file in self._files(stations, now_ms):
            limits = self._thresholds(file)
            known = self._known(file, latest.get(file.station.id, []), limits, now_ms)
            decisions[file.station.id] = decide(known, limits, now_ms)
        with self._registry.writing() as session:
            periods, alarms = open_periods(session), open_alarms(session)
            for station, decision in decisions.items():
                period = record(session, station, decision, periods.get(station), now_ms)
                follow(
                    session,
                    period,
                    alarms.get(station, []),
                    raise_after_s=self._settings.raise_after_s,
                    clear_after_s=self._settings.clear_after_s,
                    now_ms=now_ms,
                )

    def _files(self, stations: set[str] | None, now_ms: int) -> list[_File]:
        with self._registry.reading() as session:
            rows = list(session.scalars(select(Station)))
            devices: defaultdict[str, list[Device]] = defaultdict(list)
            for device in session.scalars(select(Device)):
                devices[device.station_id].append(device)
            presence = {each.station_id: each for each in session.scalars(select(Presence))}
            treats_since = without_energy_until(session, now_ms)
        return [
            _File(row, devices[row.id], presence.get(row.id), treats_since.get(row.id))
            for row in rows
            if stations is None or row.id in stations
        ]

    def _known(self, file: _File, latest: list[Reading], limits: Thresholds, now_ms: int) -> Known:
        signs = [reading.t for reading in latest]
        if file.presence is not None and file.presence.last_seen_ms is not None:
            signs.append(file.presence.last_seen_ms)
        first = [device.first_seen_ms for device in file.devices if device.first_seen_ms is not None]
        return Known(
            has_power_meter=any(device.kind == "power" for device in file.devices),
            has_flow_meter=any(device.kind == "flow" for device in file.devices),
            first_heard_ms=min(first, default=None),
            last_heard_ms=max(signs, default=None),
            design_m3_per_day=file.station.design_m3_per_day,
            stop_window=gather(self._history, file.station.id, limits.stop_window_s, now_ms),
            idle_window=gather(self._history, file.station.id, limits.idle_window_s, now_ms),
            works_without_power=file.station.process in WORK_WITHOUT_POWER,
            treats_since_ms=file.treats_since_ms,
        )

    def _thresholds(self, file: _File) -> Thresholds:
        settings = self._settings
        small = (file.station.design_m3_per_day or 0.0) < SMALL_M3_PER_DAY
        usual = Thresholds(
            offline_after_s=settings.offline_after_s,
            stop_window_s=settings.stop_window_s,
            idle_window_s=settings.small_idle_window_s if small else settings.idle_window_s,
            learn_s=settings.learn_s,
            stop_floor_kwh_per_day=settings.stop_floor_kwh_per_day,
            coverage=settings.coverage,
        )
        own: dict[str, Any] = {
            key: value
            for key, value in file.station.overrides.items()
            if key in Thresholds._fields and isinstance(value, int | float)
        }
        return usual._replace(**own)
