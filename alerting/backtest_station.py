"""One station of a back-test: its arrivals in, its states, alarms and days out; the live path's own code."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from alerting.backtest_spool import Arrival
from alerting.course import Course, Heard
from alerting.files import StationFile
from alerting.freshness import recompute
from alerting.judging import Rules
from alerting.known import Last, Memory
from alerting.last import last_of
from alerting.learning import UsualDays
from alerting.verdict import DayJudgement
from history.growing import GrowingPast
from history.port import QUARTER_HOUR_MS
from registry.tables import Alarm, Device, Exclusion, StatePeriod, Station
from service.civil import day_of
from telemetry.reading import Reading


class Judged(NamedTuple):
    """What came out for a station."""

    station: str
    states: list[StatePeriod]
    alarms: list[Alarm]
    days: dict[date, DayJudgement]


class _Rows:
    """Rows in memory."""

    def __init__(self) -> None:
        self.states: list[StatePeriod] = []
        self.alarms: list[Alarm] = []

    def add(self, instance: object) -> None:
        if isinstance(instance, StatePeriod):
            self.states.append(instance)
        elif isinstance(instance, Alarm):
            self.alarms.append(instance)

    def flush(self) -> None:
        pass


def judge_station(
    station: Station,
    exclusions: list[Exclusion],
    arrivals: Iterable[Arrival],
    span: tuple[int, int],
    rules: Rules,
) -> Judged:
    """Judge one station at every quarter hour of a back-test's clock.

    Args:
        station: of the facility file.
        exclusions: its approved stops.
        arrivals: its readings, by the clock.
        span: first and last clock of the whole back-test, ms since the epoch.
        rules: what all stations are judged by.
    """
    rows = _Rows()
    file = StationFile(station, [], None, exclusions, [], Memory())
    past = GrowingPast(station.id)
    devices: dict[str, Last] = {}
    waiting = iter(arrivals)
    arrival = next(waiting, None)
    begins_ms = span[0] if arrival is None else min(arrival.reading.t, arrival.clock_ms)
    first = station.commissioned or day_of(begins_ms, rules.zone)
    usual = UsualDays(station.process, station.design_m3_per_day)
    course = Course(file, rules, rows, usual, first)
    first_ms = last_ms = None
    start_ms = span[0] - span[0] % QUARTER_HOUR_MS
    for now_ms in range(start_ms, span[1] + QUARTER_HOUR_MS, QUARTER_HOUR_MS):
        come = []
        while arrival is not None and arrival.clock_ms <= now_ms:
            come.append(arrival.reading)
            last_ms = arrival.clock_ms
            arrival = next(waiting, None)
        if come:
            earliest_ms = min(reading.t for reading in come)
            first_ms = earliest_ms if first_ms is None else min(first_ms, earliest_ms)
            _note(file, devices, come)
            anew = past.add(come)
            if anew is not None:
                recompute(past, station.id, anew.start_ms, anew.end_ms)
            course.put(past.rows[start] for start in sorted(past.changed))
            past.changed.clear()
        elif (now_ms > start_ms) if last_ms is None else course.can_wait(last_ms, now_ms):
            continue
        course.step(Heard(first_ms, last_ms, devices), min(now_ms, span[1]))
    course.finish(span[1])
    return Judged(
        station.id, rows.states, rows.alarms, {day: each.judged for day, each in course.judged.items()}
    )


def _note(file: StationFile, devices: dict[str, Last], come: Iterable[Reading]) -> None:
    for reading in come:
        before = devices.get(reading.d)
        if before is None:
            file.devices.append(
                Device(station_id=file.id, device=reading.d, kind=reading.k, first_seen_ms=reading.t)
            )
        if before is None or reading.t >= before.at_ms:
            devices[reading.d] = last_of(reading, before)
