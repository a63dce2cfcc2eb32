"""The console at 2,000 stations and 90 days: its pages, a long chart, what open tabs cost."""

import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from subprocess import PIPE, Popen

from fastapi.testclient import TestClient
from figures import show
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy.orm import Session

from console.app import create_app
from console.chart_bundle import bundle_path, ensure
from console.server import address_of, listen, serve
from history.embedded import EmbeddedHistory
from history.port import QUARTER_HOUR_MS, StationReading
from history.quarter_hours import floor_to_quarter, quarter_hours
from registry.config import CentreSettings, RegistrySettings
from registry.database import Registry, open_registry, upsert
from registry.services import report_health
from registry.tables import Alarm, County, DayVerdict, Presence, StatePeriod, Station, Town
from service.civil import days_between
from service.mqtt import Mqtt
from telemetry.reading import Reading

STATIONS, COUNTIES, TOWNS, DAYS, ALARMS, TABS, ROUNDS = 2_000, 11, 9, 90, 60, 20, 15
NOW_MS = int(datetime(2026, 11, 22, 2, tzinfo=UTC).timestamp() * 1000)
FIRST, LAST = date(2026, 8, 24), date(2026, 11, 21)
MINUTE_MS, DAY_MS = 60_000, 86_400_000
STATES = {
    "running": 80,
    "low_load": 4,
    "idling": 3,
    "stopped": 6,
    "power_cut": 1,
    "meter_fault": 2,
    "offline": 4,
}
WATCHED = "410801-0000"
"""The station whose readings are there, two meters each minute."""
PAGES = {
    "/": "overview",
    "/?fragment=1": "overview, what renews itself",
    "/map": "map",
    "/stations": "station list",
    "/stations?q=1&state=stopped": "station list, searched",
    "/alarms": "alarms",
    "/reports": "reports",
}
CHARTS = ("24h", "7d", "31d", "90d")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]  # fmt: skip
POLLS_S = 13
"""Every tab has asked at least twice by then."""


def main() -> None:
    """Run and print; with a folder as argument only serve what is in it."""
    if len(sys.argv) > 1:
        _serve(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _stores(folder) as (registry, history):
            with registry.writing() as session:
                _fill(session)
            _measure(history)
            clock = {"now": NOW_MS}
            app = create_app(
                _settings(folder),
                registry,
                history,
                lambda: clock["now"],
                folder / "vega-none.js",
                open_demo=True,
            )
            with TestClient(app, base_url="http://127.0.0.1") as client:
                for path, what in PAGES.items():
                    _page(client, path, what, clock)
                for code in CHARTS:
                    _chart(client, code)
        _tabs(folder)


def _page(client: TestClient, path: str, what: str, clock: dict[str, int]) -> None:
    """Time a page, every other time with figures that are too old to be kept."""
    times_ms: dict[str, list[tuple[float, float]]] = {"kept figures": [], "fresh figures": []}
    client.get(path)
    for number in range(2 * ROUNDS):
        kind = "fresh figures" if number % 2 else "kept figures"
        clock["now"] += 31_000 if kind == "fresh figures" else 0
        began, worked = time.perf_counter(), time.process_time()
        answer = client.get(path)
        times_ms[kind].append((time.perf_counter() - began, time.process_time() - worked))
        answer.raise_for_status()
    for kind, times in times_ms.items():
        took, worked = (1000 * statistics.median(each) for each in zip(*times, strict=True))
        show(f"{what}, {kind}", f"{took:.0f} ms, CPU {worked:.0f} ms", "<= 200 ms")
    show(f"{what}, size", f"{len(answer.content) / 1000:.0f} kB", "<= 300 kB")


def _chart(client: TestClient, code: str) -> None:
    times_ms = []
    for _ in range(5):
        began = time.perf_counter()
        answer = client.get(f"/stations/{WATCHED}/chart.json?range={code}")
        times_ms.append(1000 * (time.perf_counter() - began))
        answer.raise_for_status()
    show(f"chart of {code}, a reading a minute", f"{statistics.median(times_ms):.0f} ms", "<= 500 ms")
    show(f"chart of {code}, size", f"{len(answer.content) / 1000:.0f} kB", "-")


def _tabs(folder: Path) -> None:
    """Memory of a server of its own before and while real tabs ask it again and again."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        show(f"{TABS} open tabs", "no chromium here", "<= 30 MB")
        return
    with (
        Popen([sys.executable, __file__, str(folder)], stdout=PIPE, text=True) as server,
        sync_playwright() as playwright,
    ):
        try:
            address = (server.stdout or sys.stdin).readline().strip()
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            _open_tabs(browser, address, 1)
            before = _memory_mb(server.pid)
            _open_tabs(browser, address, TABS)
            after = _memory_mb(server.pid)
            browser.close()
        finally:
            server.terminate()
    show(f"{TABS} open tabs on the overview, server memory", f"{after - before:+.1f} MB", "<= 30 MB")
    show("server memory with them", f"{after:.0f} MB", "-")


def _open_tabs(browser: Browser, address: str, count: int) -> None:
    context = browser.new_context()
    pages = [context.new_page() for _ in range(count)]
    for page in pages:
        page.goto(address)
    pages[-1].wait_for_timeout(1000 * POLLS_S)
    if not all(page.locator("#renewed").inner_text() for page in pages):
        raise SystemExit("a tab has not renewed itself")


def _memory_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def _serve(folder: Path) -> None:
    bundle = bundle_path()
    ensure(bundle)
    with _stores(folder) as (registry, history), listen("127.0.0.1", 0) as taken:
        app = create_app(
            _settings(folder), registry, history, lambda: NOW_MS + time.monotonic_ns() // 1_000_000 % DAY_MS,
            bundle, open_demo=True,
        )  # fmt: skip
        print(address_of(taken), flush=True)
        serve(app, taken, threading.Event())


@contextmanager
def _stores(folder: Path) -> Iterator[tuple[Registry, EmbeddedHistory]]:
    with (
        closing(open_registry(_settings(folder).registry.url)) as registry,
        closing(EmbeddedHistory(folder / "history.db")) as history,
    ):
        yield registry, history


def _settings(folder: Path) -> CentreSettings:
    return CentreSettings(
        mqtt=Mqtt(host="127.0.0.1", tls=False),
        registry=RegistrySettings(url=f"sqlite:///{folder / 'registry.db'}"),
    )


def _fill(session: Session) -> None:
    chance = random.Random(1)
    codes = [str(410_801 + number) for number in range(COUNTIES)]
    session.add_all(County(code=code, name=f"{code} County") for code in codes)
    session.flush()
    towns = [Town(county_code=code, name=f"Town {number}") for code in codes for number in range(TOWNS)]
    session.add_all(towns)
    session.flush()
    for number in range(STATIONS):
        code = codes[number % COUNTIES]
        name = f"{code}-{number:04}"
        town = towns[number % COUNTIES * TOWNS + number // COUNTIES % TOWNS]
        session.add(
            Station(
                id=name, name=f"Station of village {number}", county_code=code, town_id=town.id,
                design_m3_per_day=20.0, connected_from=FIRST, longitude=112.6 + chance.random(),
                latitude=34.9 + chance.random() / 2,
            )
        )  # fmt: skip
        session.flush()
        (state,) = chance.choices(list(STATES), list(STATES.values()))
        period = {"station_id": name, "start_ms": NOW_MS - 10**7, "decided_ms": NOW_MS - 10**7}
        session.add(StatePeriod(**period, state=state, reason="as_expected", evidence={}))
        session.add(Presence(station_id=name, online=True, last_seen_ms=NOW_MS, last_reading_ms=NOW_MS))
        days = [_day(name, day, chance, is_bad=state == "stopped") for day in days_between(FIRST, LAST)]
        upsert(session, DayVerdict, days)
        if number < ALARMS:
            session.add(
                Alarm(type="stopped", subject=name, station_id=name, severity="medium",
                      start_ms=NOW_MS - 10**7, raised_ms=NOW_MS - 10**6, rang_ms=NOW_MS - 10**6,
                      reason="no_energy", evidence={})
            )  # fmt: skip
    report_health(session, "collector", NOW_MS, {}, {"lag_s": 0.2, "waiting_messages": 1})


def _day(station: str, day: date, chance: random.Random, *, is_bad: bool) -> dict[str, object]:
    stopped = is_bad and chance.random() < 0.3
    return {
        "station_id": station, "day": day, "verdict": "stopped" if stopped else "running",
        "energy_kwh": 0.2 if stopped else 9.0 + chance.random(), "volume_m3": 0.0 if stopped else 12.0,
        "valid_hours": 24.0, "reason": "no_energy_no_effluent" if stopped else "energy_as_expected",
        "evidence": {}, "rule_version": "1", "computed_ms": NOW_MS,
    }  # fmt: skip


def _measure(history: EmbeddedHistory) -> None:
    """Ninety days of two meters with their quarter hours, a day at a time."""
    for day in range(DAYS):
        start_ms = floor_to_quarter(NOW_MS - (DAYS - day) * DAY_MS)
        readings = list(_readings(start_ms))
        history.write(readings)
        starts = range(start_ms, start_ms + DAY_MS, QUARTER_HOUR_MS)
        history.write_quarter_hours(quarter_hours(WATCHED, [each.reading for each in readings], starts))


def _readings(start_ms: int) -> Iterable[StationReading]:
    for minute in range(DAY_MS // MINUTE_MS):
        t = start_ms + minute * MINUTE_MS
        on = minute % 60 < 40
        total = (t - (NOW_MS - DAYS * DAY_MS)) / DAY_MS
        power = {"active_power_kw": 1.4 if on else 0.1, "energy_kwh": 100 + 9 * total}
        flow = {"flow_m3h": 1.1 if on else 0.0, "volume_m3": 50 + 12 * total}
        yield StationReading(WATCHED, Reading(t=t, d="power-1", k="power", x=power))
        yield StationReading(WATCHED, Reading(t=t, d="flow-1", k="flow", x=flow))


if __name__ == "__main__":
    main()
