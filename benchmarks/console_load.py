"""Two thousand invented stations for the console's benchmarks: ninety days of verdicts, sixty open alarms."""

import random
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy.orm import Session

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

STATIONS, COUNTIES, TOWNS, DAYS, ALARMS = 2_000, 11, 9, 90, 60
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


@contextmanager
def stores(folder: Path) -> Iterator[tuple[Registry, EmbeddedHistory]]:
    """The registry and the history in a folder."""
    with (
        closing(open_registry(settings_of(folder).registry.url)) as registry,
        closing(EmbeddedHistory(folder / "history.db")) as history,
    ):
        yield registry, history


def settings_of(folder: Path) -> CentreSettings:
    """A centre whose registry lies there."""
    return CentreSettings(
        mqtt=Mqtt(host="127.0.0.1", tls=False),
        registry=RegistrySettings(url=f"sqlite:///{folder / 'registry.db'}"),
    )


def fill(session: Session) -> None:
    """Register all; each has a state, a presence and its days."""
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


def measure(history: EmbeddedHistory) -> None:
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
