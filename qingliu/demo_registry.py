"""The invented city in the registry: facility file, approved stops, changes of class, thresholds."""

import csv
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from qingliu.demo_files import Paths
from registry.database import Registry, open_registry
from registry.exclusions import enter_exclusion
from registry.inspections import NewInspection, NewSample, enter_inspection
from registry.record_entry import By
from registry.stations import COLUMNS, import_csv
from registry.tables import Station, StationClass
from simulator.city import CityStation

BOX_THRESHOLDS = {"offline_after_s": 2_700}
"""Boxes that sample every 15 minutes are offline when three samples are missing."""
ZONE = ZoneInfo("Asia/Shanghai")
SAMPLES = (
    NewSample("COD", 41.0, "mg/L", 60.0),
    NewSample("NH3-N", 5.2, "mg/L", 8.0),
    NewSample("pH", 7.3, ""),
)
LIVE_THRESHOLDS = {"learn_s": 60, "stop_window_s": 60, "idle_window_s": 600, "offline_after_s": 60}
"""Windows of the live stations, shortened so that a stop is seen within minutes."""


def register_city(paths: Paths, stations: Iterable[CityStation]) -> None:
    """Enter the city; a second time changes nothing."""
    stations = list(stations)
    with paths.stations.open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, COLUMNS)
        rows.writeheader()
        rows.writerows(_row(station) for station in stations)
    with closing(open_registry(paths.registry_url)) as registry, registry.writing() as session:
        is_first = session.scalars(select(Station).limit(1)).first() is None
        import_csv(session, paths.stations)
        if is_first:
            for station in stations:
                _enter_history(session, station)


def set_thresholds(registry: Registry, station: str, thresholds: Mapping[str, int]) -> None:
    """Give a station thresholds of its own."""
    with registry.writing() as session:
        session.get_one(Station, station).overrides = dict(thresholds)


def _row(station: CityStation) -> dict[str, str]:
    return {
        "station": station.id,
        "name": station.name,
        "county": station.county_code,
        "county_name": station.county_name,
        "town": station.town,
        "village": station.village,
        "process": station.process,
        "design_m3_per_day": f"{station.design_m3_per_day:g}",
        "rated_kw": f"{station.rated_kw:g}",
        "longitude": f"{station.longitude:.5f}",
        "latitude": f"{station.latitude:.5f}",
        "company": station.company,
        "tier": station.tier,
        "commissioned": station.commissioned.isoformat(),
        "connected_from": station.connected_from.isoformat() if station.connected_from else "",
    }


def _enter_history(session: Session, station: CityStation) -> None:
    session.get_one(Station, station.id).overrides = dict(BOX_THRESHOLDS)
    for stop in station.planned_stops:
        enter_exclusion(
            session,
            station.id,
            stop.start,
            stop.end,
            reason=stop.reason,
            applicant=stop.applicant,
            approver=stop.approver,
            entered_ms=_noon_ms(stop.entered),
        )
    accepted = NewInspection(
        station.id,
        station.commissioned,
        "normal",
        "patrol",
        "投运验收，设备运转正常（虚构）",
        "王工（虚构）",
        SAMPLES,
    )
    enter_inspection(session, accepted, By("demo", _noon_ms(station.commissioned), ZONE))
    if station.class_change is not None:
        since, class_ = station.class_change
        in_use = StationClass(
            station_id=station.id,
            class_="in_use",
            since=station.commissioned,
            entered_ms=_noon_ms(station.commissioned),
        )
        changed = StationClass(
            station_id=station.id, class_=class_, since=since, entered_ms=_noon_ms(since), document="（虚构）"
        )
        session.add_all([in_use, changed])


def _noon_ms(day: date) -> int:
    """Noon in China; the hour at which somebody in an office enters something."""
    return int(datetime(day.year, day.month, day.day, 4, tzinfo=UTC).timestamp() * 1000)
