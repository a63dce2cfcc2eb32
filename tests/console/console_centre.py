"""What the console's tests look at, built by hand at a fixed instant."""

import math
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from alerting.alarm_life import SEVERITIES
from history.embedded import EmbeddedHistory
from history.port import StationReading
from registry.config import CentreSettings
from registry.database import Registry
from registry.quarantine import Entry, put_aside
from registry.services import report_health
from registry.tables import Alarm, Company, County, Device, Presence, StatePeriod, Station, Town
from telemetry.reading import Reading

NOW_MS = 1_795_241_100_000  # 2026-11-21 14:05 in Shanghai
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
RUNNING = "410882-0001"
HOSTILE = "<script>alert('x')</script>"

STATES = {
    "running": (
        "as_expected",
        {"window_s": 14400, "energy_kwh": 6.31, "energy_floor_kwh": 0.08, "volume_m3": 8.42},
    ),
    "low_load": ("as_expected", {"window_s": 86400, "energy_kwh": 4.1, "coverage": 0.97}),
    "idling": ("energy_without_effluent", {"window_s": 86400, "energy_kwh": 41.2, "volume_m3": 0.0}),
    "stopped": (
        "no_energy_no_effluent",
        {"window_s": 14400, "energy_kwh": 0.02, "energy_floor_kwh": 0.08, "volume_m3": 0.0, "coverage": 0.98},
    ),
    "flow_without_power": (
        "no_energy",
        {"window_s": 14400, "energy_kwh": 0.0, "energy_floor_kwh": 0.08, "volume_m3": 3.2},
    ),
    "power_cut": ("phases_gone", {"voltage_v": 0.0}),
    "meter_fault": ("frozen_counter", {"window_s": 86400}),
    "offline": ("nothing_heard", {"last_seen_ms": NOW_MS - 95 * MINUTE_MS, "limit_s": 1800}),
    "planned_stop": ("planned_works", {}),
    "unknown": ("too_little_data", {"coverage": 0.4, "window_s": 14400}),
}  # fmt: skip
NAMES = ("北寨村", "东石寺村", "靳作村", "西万村", "李庄", "马铺村", "常平村", "九渡村", "逍遥村", "紫陵村")


class Clock:
    """A clock that moves only by hand."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms


class ConsoleCentre(NamedTuple):
    settings: CentreSettings
    registry: Registry
    history: EmbeddedHistory
    clock: Callable[[], int]


def seed(registry: Registry, history: EmbeddedHistory) -> None:
    with registry.writing() as session:
        session.add(County(code="410882", name="沁阳市"))
        session.add(Company(id=1, name="清源环保运维有限公司"))
        session.flush()
        session.add(Town(id=1, county_code="410882", name="崇义镇"))
        session.flush()
        for number, (state, (reason, evidence)) in enumerate(STATES.items(), start=1):
            _add_station(session, number, state, reason, evidence)
        session.add(Station(id="new-box", review="pending"))
        session.add(Station(id="hostile", name=HOSTILE, village=HOSTILE))
        nasty = HOSTILE.encode() + b"\x00\x9c\xff" + "\u202e清".encode()
        binary = b"x\x9c" + bytes(range(256)) * 20
        hello = b'{"v":1,"readings":[]}'
        put_aside(
            session,
            [
                Entry(NOW_MS - HOUR_MS, "410882-0099", "unknown_station", "not on the register", hello),
                Entry(NOW_MS - 5 * MINUTE_MS, "hostile", "not_json", HOSTILE, nasty),
                Entry(NOW_MS - MINUTE_MS, RUNNING, "too_large", "300000 bytes, 256000 allowed", binary),
            ],
        )
        report_all_well(session, NOW_MS)
    history.write(list(_readings()))


def report_all_well(session, now_ms):
    for name in ("collector", "alerting", "reporting"):
        report_health(session, name, now_ms - 5_000, {})


def change_state(centre: ConsoleCentre, station: str, state: str, reason: str, at_ms: int) -> None:
    with centre.registry.writing() as session:
        session.query(StatePeriod).filter_by(station_id=station, end_ms=None).update({"end_ms": at_ms})
        session.add(
            StatePeriod(station_id=station, state=state, start_ms=at_ms, decided_ms=at_ms, reason=reason)
        )


def _add_station(session, number, state, reason, evidence):
    station = f"410882-{number:04d}"
    session.add(
        Station(
            id=station, name=f"{NAMES[number - 1]}污水处理站", county_code="410882", town_id=1,
            village=NAMES[number - 1], process=("A2O", "contact_oxidation", "wetland")[number % 3],
            design_m3_per_day=10.0 * number, rated_kw=3.5, company_id=1, commissioned=date(2024, 6, 1),
            connected_from=date(2026, 3, 1),
        )
    )  # fmt: skip
    session.flush()
    start = NOW_MS - number * 5 * HOUR_MS
    session.add(StatePeriod(station_id=station, state="running", start_ms=NOW_MS - 6 * DAY_MS, end_ms=start,
                            decided_ms=start, reason="as_expected", evidence={}))  # fmt: skip
    session.add(StatePeriod(station_id=station, state=state, start_ms=start, decided_ms=start, reason=reason,
                            evidence=evidence))  # fmt: skip
    session.add(Device(station_id=station, device="power-1", kind="power", make="安科瑞", model="DTSD1352"))
    session.add(
        Presence(
            station_id=station, online=state != "offline", last_seen_ms=NOW_MS - number * 9 * MINUTE_MS,
            last_reading_ms=NOW_MS - number * 9 * MINUTE_MS, version="0.1.0", boot="3f1c9a52-7b1e-4c8e",
            clock="trusted", clock_offset_ms=-240, backlog=12, disk_free_mb=21_400,
        )
    )  # fmt: skip
    if state in ("running", "planned_stop", "unknown"):
        return
    session.add(
        Alarm(
            type=state, subject=station, station_id=station, severity=SEVERITIES[state], start_ms=start,
            raised_ms=start + 10 * MINUTE_MS, reason=reason, evidence=evidence,
            acknowledged_ms=NOW_MS - HOUR_MS if state == "idling" else None,
            acknowledged_by="王工" if state == "idling" else None,
            cleared_ms=NOW_MS - 20 * MINUTE_MS if state == "flow_without_power" else None,
        )
    )  # fmt: skip
    session.add(
        Alarm(
            type="offline", subject=station, station_id=station, severity="low", start_ms=start - DAY_MS,
            raised_ms=start - DAY_MS + 30 * MINUTE_MS, cleared_ms=start - DAY_MS + 2 * HOUR_MS,
            closed_ms=start - DAY_MS + 2 * HOUR_MS, reason="nothing_heard", evidence={"limit_s": 1800},
        )
    )  # fmt: skip


def _readings():
    """A week at ten minutes, with a silent day in its middle."""
    for step in range(7 * 144):
        t = NOW_MS - 7 * DAY_MS + step * 10 * MINUTE_MS
        if 3 * DAY_MS < t - (NOW_MS - 7 * DAY_MS) < 4 * DAY_MS:
            continue
        wave = 1 + math.sin(step / 23) * 0.4 + (0.9 if step % 6 < 3 else 0)
        power = {"active_power_kw": wave, "energy_kwh": 20_000 + step * 0.3, "voltage_l1_v": 229.4,
                 "voltage_l2_v": 231.0, "voltage_l3_v": 230.2, "power_factor": 0.86}  # fmt: skip
        yield StationReading(RUNNING, Reading(t=t, d="power-1", k="power", x=power))
        flow = {"flow_m3h": max(0.0, 2.2 * math.sin(step / 31)), "volume_m3": 812 + step * 0.2}
        yield StationReading(RUNNING, Reading(t=t + 1, d="flow-1", k="flow", x=flow))
    yield StationReading(
        "410882-0007", Reading(t=NOW_MS - HOUR_MS, d="power-1", k="power", q="missing", why="no_response")
    )
