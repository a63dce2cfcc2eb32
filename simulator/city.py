"""The invented city of `qingliu demo`: 11 real county-level units, and stations that do not exist.

A pure function of the instant at which a demo's folder was first made: what befalls the stations is told in
days of the two finished months before it, and in hours back from it.
"""

from dataclasses import replace
from datetime import timedelta

from simulator.cast import LIVE, LIVE_POPULATIONS, ROLES, Role
from simulator.chance import fraction
from simulator.city_station import CityStation, Event, EventKind, PlannedStop
from simulator.crowd import further_role
from simulator.errors import ParameterError
from simulator.parameters import StationParameters
from simulator.places import COUNTIES, position, village
from simulator.plant import people, plant, powerless
from simulator.timetable import Timetable

__all__ = ["CityStation", "Event", "EventKind", "PlannedStop", "city", "past_start_s"]

FEWEST, MOST = 3, 500
LIVE_COUNTERS = {"energy_kwh": 42.0, "volume_m3": 60.0}
"""A meter's float32 counts in steps of 0.001 kWh from 8,192 kWh on, too coarse for windows of a minute."""
TOWN_WORKS_M3_PER_DAY = 200


def past_start_s(begun_s: float) -> float:
    """Beginning of the past: 00:00 in China of the first day of the month before last, epoch seconds.

    Args:
        begun_s: when the demo's folder was first made, seconds since the epoch.

    Raises:
        ParameterError: not an instant of this century.
    """
    return Timetable(begun_s).start_s


def city(begun_s: float, count: int = 40) -> list[CityStation]:
    """The stations of the city; the first two are the live ones, and a larger city begins with the smaller.

    Args:
        begun_s: when the demo's folder was first made, seconds since the epoch.
        count: of stations.

    Raises:
        ParameterError: not 3 to 500 stations, or not an instant of this century.
    """
    if not FEWEST <= count <= MOST:
        raise ParameterError("count", f"{FEWEST} to {MOST} stations", count, "Choose a number of these.")
    timetable = Timetable(begun_s)
    serials = dict.fromkeys(COUNTIES, 0)
    stations = [_live_station(number, timetable) for number in range(len(LIVE))]
    for number in range(len(LIVE), count):
        place = number - len(LIVE)
        role = ROLES[place] if place < len(ROLES) else further_role(number)
        serials[role.county] += 1
        stations.append(_station(number, f"{role.county}-{serials[role.county]:04}", role, timetable))
    return stations


def _live_station(number: int, timetable: Timetable) -> CityStation:
    """A station as `qingliu simulate meters` plays it: that command's own parameters, other people."""
    ordinal = "一二"[number]
    parameters = StationParameters(population=LIVE_POPULATIONS[number], **LIVE_COUNTERS)
    role = LIVE[number]
    return replace(
        _station(number, f"{role.county}-demo{number + 1}", role, timetable),
        name=f"演示站{ordinal}（虚构）",
        village=f"演示{ordinal}村",
        population=parameters.population,
        rated_kw=_rated_kw(parameters),
        is_live=True,
        plant=parameters,
    )


def _station(number: int, station_id: str, role: Role, timetable: Timetable) -> CityStation:
    county = COUNTIES[role.county]
    seed = int(fraction(0, station_id) * 2**32)
    town, hamlet = county.towns[role.town], village(number)
    days_old = 400 + int(1000 * fraction(seed, "commissioned"))
    population = people(role.design_m3_per_day, role.load)
    has_power = "power" in role.meters
    parameters = (
        plant(role.process, role.design_m3_per_day, population, days_old=days_old)
        if has_power
        else powerless(population, days_old=days_old)
    )
    is_works = role.design_m3_per_day >= TOWN_WORKS_M3_PER_DAY
    longitude, latitude = position(county, seed)
    connected = timetable.day(role.connected) if role.connected else timetable.first_day
    approver = f"{county.name}主管部门（虚构）"
    return CityStation(
        id=station_id,
        name=f"{town}{hamlet[:-1]}污水处理厂（虚构）" if is_works else f"{hamlet}污水处理站（虚构）",
        county_code=county.code,
        county_name=county.name,
        town=town,
        village=hamlet,
        process=role.process,
        design_m3_per_day=role.design_m3_per_day,
        rated_kw=_rated_kw(parameters),
        population=population,
        company=county.company,
        tier="town" if is_works else "village",
        longitude=longitude,
        latitude=latitude,
        commissioned=timetable.first_day - timedelta(days=days_old),
        connected_from=connected if role.is_connected else None,
        meters=role.meters,
        events=tuple(timetable.event(happening) for happening in role.happenings),
        planned_stops=tuple(timetable.planned_stop(each, county.company, approver) for each in role.approved),
        class_change=(timetable.day(role.to_sewer), "to_sewer") if role.to_sewer else None,
        is_live=False,
        seed=seed,
        plant=parameters,
        past_start_s=timetable.start_s,
    )


def _rated_kw(parameters: StationParameters) -> float:
    return round(parameters.blower_kw + parameters.pump_kw, 3)
