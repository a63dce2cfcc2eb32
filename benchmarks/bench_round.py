"""A round of alerting over 2,000 stations at 60 s, on both stores: quarter hours, states and alarms.

In the last rounds all stations are silent: one alarm for each county, 2,000 beneath them.
"""

import gc
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

from figures import show

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from influx_server import InfluxServer, programs
from sqlalchemy import func, select

from alerting.alarm_round import AlarmRound
from alerting.judging import Rules
from alerting.worker import Worker
from history.embedded import EmbeddedHistory
from history.opening import open_history
from history.port import QUARTER_HOUR_MS, History, QuarterHour, StationReading
from history.quarter_hours import floor_to_quarter
from notify.post import post_of
from registry.alarm_settings import AlarmSettings
from registry.config import AlertingSettings, HistorySettings
from registry.database import Registry, open_registry
from registry.notify_settings import NotifySettings
from registry.tables import Alarm, County, Device, Notification, Presence, Station
from telemetry.reading import Reading

STATIONS, COUNTIES, ROUNDS = 2_000, 11, 4
ROUND_MS = 300_000
PAST_MS, RAW_MS = 48 * 3_600_000, 2 * 3_600_000
NAMES = [f"410882-R{number:04}" for number in range(STATIONS)]


def main() -> None:
    """Run and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with closing(EmbeddedHistory(folder / "history.db")) as history:
            _measure("embedded", folder / "embedded", history)
        influx = InfluxServer(*programs(), folder / "influx")
        influx.start()
        try:
            settings = HistorySettings(backend="influxdb", url=influx.url, bucket=influx.new_database())
            with closing(open_history(settings)) as history:
                _measure("influxd", folder / "in-influx", history)
        finally:
            influx.stop()


def _measure(store: str, folder: Path, history: History) -> None:
    folder.mkdir()
    now_ms = floor_to_quarter(time.time_ns() // 1_000_000)
    with closing(open_registry(f"sqlite:///{folder / 'registry.db'}")) as registry:
        _register(registry, now_ms)
        history.write_quarter_hours(_quarter_hours(now_ms))
        for start_ms in range(now_ms - RAW_MS, now_ms, ROUND_MS):
            history.write(list(_readings(start_ms, start_ms + ROUND_MS)))
        clock = {"now": now_ms}
        zone = ZoneInfo("Asia/Shanghai")
        rules = Rules(AlertingSettings(), zone, alarms=AlarmSettings(grace_s=0))
        post = post_of(NotifySettings(channels=["json://127.0.0.1/desk"]), zone, "zh-CN")
        worker = Worker(
            rules,
            registry,
            history,
            lambda: clock["now"],
            "bench",
            desk=AlarmRound(rules, post),
        )
        took: list[float] = []
        for _ in range(ROUNDS):
            clock["now"] += ROUND_MS
            history.write(list(_readings(clock["now"] - ROUND_MS, clock["now"])))
            gc.collect()
            began = time.monotonic()
            worker.tick(clock["now"])
            took.append(time.monotonic() - began)
            print(f"    {took[-1]:.2f} s")
        show(f"round of {STATIONS} stations at 60 s, {store}, the first", f"{took[0]:.1f} s", "-")
        show("  the later ones, the slowest", f"{max(took[1:]):.1f} s", "<= 5 s", row=f"round-{store}")
        _fall_silent(worker, registry, clock)


def _fall_silent(worker: Worker, registry: Registry, clock: dict[str, int]) -> None:
    """Nothing is heard any more: a round in which all are found to be silent, and the next one."""
    took: list[float] = []
    clock["now"] += 1_900_000 - ROUND_MS
    for _ in range(2):
        clock["now"] += ROUND_MS
        gc.collect()
        began = time.monotonic()
        worker.tick(clock["now"])
        took.append(time.monotonic() - began)
    with registry.reading() as session:
        kinds = session.execute(select(Alarm.type, func.count()).group_by(Alarm.type)).all()
        told = session.scalar(select(func.count()).select_from(Notification))
    raised = ", ".join(f"{count} {kind}" for kind, count in kinds)
    show(
        "  all fall silent: that round, the next",
        f"{took[0]:.1f} s, {took[1]:.1f} s",
        "<= 5 s",
        within=max(took) <= 5,
    )
    show(
        "  alarms, and messages in the outbox",
        f"{raised}; {told}",
        f"{COUNTIES} messages",
        within=told == COUNTIES,
    )


def _register(registry: Registry, now_ms: int) -> None:
    with registry.writing() as session:
        codes = [f"4108{number:02}" for number in range(COUNTIES)]
        session.add_all([County(code=code, name=code) for code in codes])
        session.flush()
        for number, name in enumerate(NAMES):
            session.add(Station(id=name, design_m3_per_day=30.0, county_code=codes[number % COUNTIES]))
        session.flush()
        for name in NAMES:
            session.add(Presence(station_id=name, online=True, last_seen_ms=now_ms + ROUNDS * ROUND_MS))
            for kind in ("power", "flow"):
                seen = {"kind": kind, "first_seen_ms": now_ms - 3_600_000}
                session.add(Device(station_id=name, device=f"{kind}-1", **seen))


def _readings(start_ms: int, end_ms: int) -> Iterator[StationReading]:
    for t in range(start_ms, end_ms, 60_000):
        hours = t / 3_600_000
        for name in NAMES:
            power = {"active_power_kw": 0.9, "energy_kwh": round(0.9 * hours, 3), "voltage_l1_v": 231.0}
            yield StationReading(name, Reading(t=t, d="power-1", k="power", x=power))
            flow = {"flow_m3h": 1.1, "volume_m3": round(1.1 * hours, 3)}
            yield StationReading(name, Reading(t=t + 300, d="flow-1", k="flow", x=flow))


def _quarter_hours(now_ms: int) -> Iterator[QuarterHour]:
    chance = random.Random(1)
    for name in NAMES:
        for start_ms in range(now_ms - PAST_MS, now_ms, QUARTER_HOUR_MS):
            use = 0.2 + 0.05 * chance.random()
            mean = 4 * use
            yield QuarterHour(name, start_ms, use, use, mean, mean, mean, mean, power_good=15, flow_good=15)


if __name__ == "__main__":
    main()
