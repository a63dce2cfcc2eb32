"""The live worker and the back-test say the same of the same readings, as they arrive."""

import random
from contextlib import closing
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from fresh_registry import fresh_registry
from sqlalchemy import select

from alerting.backtest_spool import Arrival
from alerting.backtest_station import judge_station
from alerting.judging import Rules
from alerting.worker import Worker
from collector.ingest import late_quarter_hours
from history.embedded import EmbeddedHistory
from history.port import QUARTER_HOUR_MS, StationReading
from registry.config import AlertingSettings
from registry.dirty import mark_dirty
from registry.tables import Alarm, DayVerdict, Device, Presence, StatePeriod, Station
from service.civil import day_of, start_of
from telemetry.reading import Reading

ZONE = ZoneInfo("Asia/Shanghai")
RULES = Rules(AlertingSettings(round_s=900), ZONE)
START_MS = start_of(date(2026, 4, 1), ZONE)
HOUR_MS = 3_600_000
DAYS = 19
END_MS = START_MS + DAYS * 24 * HOUR_MS
A = "410882-0001"
EARLY_MS = 50 * 60_000
"""A reading older than so much when it arrives is late, as the collector has it."""
STOPS = ((366.5, 375.25), (389.0, 396.0), (433.0, 441.5))
"""Hours from the start: a stop, one within the silence, and a last one."""
LEARNING = (48, 360)
"""Hours in which nothing happens."""
SILENT = (384.0, 400.0)
MUTE_FLOW = (410.0, 414.0)


def within(hours, spans):
    return any(start <= hours < end for start, end in spans)


def figure(value):
    return None if value is None else round(value, 6)


def arrivals(seed=5):
    """A station on a timer, every quarter of an hour, as its readings arrive."""
    chance, energy, volume = random.Random(seed), 5_000.0, 900.0
    kept, found = [], []
    for t in range(START_MS + 7 * 60_000, END_MS, QUARTER_HOUR_MS):
        hours = (t - START_MS) / HOUR_MS
        runs = not within(hours, STOPS)
        blows = runs and hours % 1.5 < 0.75
        kw = 0.02 + (1.6 * chance.uniform(0.95, 1.05) if blows else 0.0)
        m3h = 1.4 * chance.uniform(0.8, 1.2) if runs and 6 <= hours % 24 < 23 else 0.0
        energy += kw / 4
        volume += m3h / 4
        at = t + chance.randrange(20_000)
        told = [
            Reading(
                t=at,
                d="power-1",
                k="power",
                x={"active_power_kw": round(kw, 3), "energy_kwh": round(energy, 2)},
            ),
            Reading(t=at + 400, d="flow-1", k="flow", q="missing", why="no_response")
            if within(hours, [MUTE_FLOW])
            else Reading(
                t=at + 400, d="flow-1", k="flow", x={"flow_m3h": round(m3h, 3), "volume_m3": round(volume, 3)}
            ),
        ]
        if within(hours, [SILENT]):
            kept.append(told)
            continue
        while kept and hours >= SILENT[1]:  # the newest first, a few with each message
            for late in kept[-12:]:
                found += [Arrival(at + 400, reading) for reading in late]
            del kept[-12:]
            break
        found += [Arrival(at + 400, reading) for reading in told]
    return found


def ticks(quiet_ms):
    """Every quarter of an hour, and so far apart while the station only teaches what is usual."""
    first, last = (START_MS + hours * HOUR_MS for hours in LEARNING)
    yield from range(START_MS, first, QUARTER_HOUR_MS)
    yield from range(first, last, quiet_ms)
    yield from range(last, END_MS + 1, QUARTER_HOUR_MS)


def live(tmp_path, come, quiet_ms):
    """What the worker writes when it ticks at these times."""
    with (
        closing(fresh_registry(f"sqlite:///{tmp_path}/registry.db")) as registry,
        closing(EmbeddedHistory(tmp_path / "history.db")) as history,
    ):
        history._file._db.execute("PRAGMA synchronous = OFF")
        with registry.writing() as session:
            session.add(Station(id=A, process="A2O", design_m3_per_day=40.0))
            session.flush()
            session.add(Presence(station_id=A))
        now = {"ms": START_MS}
        worker = Worker(RULES, registry, history, lambda: now["ms"], "one")
        known, place = set(), 0
        for now["ms"] in ticks(quiet_ms):
            readings = []
            while place < len(come) and come[place].clock_ms <= now["ms"]:
                readings.append(come[place].reading)
                place += 1
            if readings:
                stored = [StationReading(A, each) for each in readings]
                history.write(stored)
                with registry.writing() as session:
                    mark_dirty(session, late_quarter_hours(stored, now["ms"] - EARLY_MS))
                    session.get_one(Presence, A).last_seen_ms = come[place - 1].clock_ms
                    for each in readings:
                        if each.d not in known:
                            known.add(each.d)
                            session.add(
                                Device(station_id=A, device=each.d, kind=each.k, first_seen_ms=each.t)
                            )
            worker.tick(now["ms"])
        with registry.reading() as session:
            states = [row for row in session.scalars(select(StatePeriod)) if row.end_ms != row.start_ms]
            alarms = list(session.scalars(select(Alarm)))
            days = list(session.scalars(select(DayVerdict)))
        return (
            sorted((row.start_ms, row.end_ms, row.state, row.reason) for row in states),
            sorted((row.type, row.raised_ms, row.cleared_ms, row.reason) for row in alarms),
            {row.day: (row.verdict, row.reason, figure(row.energy_kwh)) for row in days},
        )


@pytest.mark.parametrize(
    "quiet_ms", [3 * HOUR_MS, pytest.param(QUARTER_HOUR_MS, marks=pytest.mark.soak)], ids=["quick", "all"]
)
def test_live_and_back_test_say_the_same(tmp_path, quiet_ms):
    come = arrivals()
    states, alarms, days = live(tmp_path, come, quiet_ms)
    station = Station(id=A, process="A2O", design_m3_per_day=40.0, overrides={})
    judged = judge_station(station, [], come, (come[0].clock_ms, END_MS), RULES)
    rows = [row for row in judged.states if row.end_ms != row.start_ms]
    assert states == sorted((row.start_ms, row.end_ms, row.state, row.reason) for row in rows)
    assert alarms == sorted((row.type, row.raised_ms, row.cleared_ms, row.reason) for row in judged.alarms)
    wanted = {
        day: (each.verdict, each.reason, figure(each.evidence.get("energy_kwh")))
        for day, each in judged.days.items()
        if day < day_of(END_MS, ZONE)
    }
    assert days == wanted
    told = [(state, round((end or END_MS) - start, -3) // 360_000 / 10) for start, end, state, _ in states]
    assert [state for state, _ in told].count("stopped") == 3
    assert {"offline", "meter_fault"} <= {state for state, _ in told}
