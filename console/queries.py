"""What the pages need from the registry: one statement a table, rows as small tuples, nothing lazy."""

from datetime import date
from typing import NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from console import station_list
from console.alarm_lists import ALARMS
from console.person import Person
from console.scope import alarms_seen
from console.station_search import EVERY_STATION
from registry.tables import (
    Alarm,
    Audit,
    Company,
    County,
    DayVerdict,
    Device,
    Exclusion,
    Presence,
    StatePeriod,
    Station,
    Town,
)


class StationFile(NamedTuple):
    """The facility file of one station with what was last heard of it."""

    station: Station
    county: str | None
    town: str | None
    company: str | None
    presence: Presence | None
    devices: dict[str, Device]


def counties(session: Session, person: Person) -> list[County]:
    """The counties that have something to be seen, by code."""
    found = select(County).order_by(County.code)
    scope = person.scope
    if scope.company_id is not None:
        found = found.where(County.code.in_(select(Station.county_code).where(scope.stations())))
    elif scope.counties is not None:
        found = found.where(County.code.in_(scope.counties))
    return list(session.scalars(found))


def state_counts(session: Session, person: Person) -> dict[str, int]:
    """How many of all stations are in each state, worst first; zero for a state without a station."""
    return station_list.state_counts(session, person, EVERY_STATION, date.max)


def station_file(session: Session, person: Person, station_id: str) -> StationFile | None:
    """Everything known of one station, or None if there is none that the person sees."""
    row = session.execute(
        select(Station, County.name, Town.name, Company.name, Presence)
        .outerjoin(County, County.code == Station.county_code)
        .outerjoin(Town, Town.id == Station.town_id)
        .outerjoin(Company, Company.id == Station.company_id)
        .outerjoin(Presence, Presence.station_id == Station.id)
        .where(Station.id == station_id, person.scope.stations())
    ).one_or_none()
    if row is None:
        return None
    devices = session.scalars(select(Device).where(Device.station_id == station_id))
    return StationFile(*row, {device.device: device for device in devices})


def periods(session: Session, station_id: str, limit: int) -> list[StatePeriod]:
    """The last state periods, newest first; the first is the present one if it is open."""
    found = select(StatePeriod).where(StatePeriod.station_id == station_id)
    return list(session.scalars(found.order_by(StatePeriod.start_ms.desc()).limit(limit)))


def newest_stops(session: Session, station_id: str, limit: int) -> list[Exclusion]:
    """The approved stops of a station, the latest first; those withdrawn too."""
    found = select(Exclusion).where(Exclusion.station_id == station_id)
    return list(session.scalars(found.order_by(Exclusion.start.desc(), Exclusion.id.desc()).limit(limit)))


def last_changes(session: Session, station_id: str, limit: int) -> list[Audit]:
    """What the audit trail holds of a station and of what belongs to it, newest first."""
    own = or_(Audit.object == station_id, Audit.object.startswith(f"{station_id}/", autoescape=True))
    return list(session.scalars(select(Audit).where(own).order_by(Audit.id.desc()).limit(limit)))


def verdicts(session: Session, station_id: str, first: date, last: date) -> list[DayVerdict]:
    """The verdicts of a station's civil days from first to last, by day."""
    found = select(DayVerdict).where(DayVerdict.station_id == station_id, DayVerdict.day.between(first, last))
    return list(session.scalars(found.order_by(DayVerdict.day)))


def active_alarm_count(session: Session, person: Person) -> int:
    """How many alarms ring and ask for somebody: neither notices, nor what is quiet or followed up."""
    return session.scalar(select(func.count()).select_from(Alarm).where(ALARMS, alarms_seen(person))) or 0


def heard_since(session: Session, person: Person, since_ms: int) -> int:
    """How many stations were heard at or after an instant."""
    found = select(func.count()).select_from(Presence).where(Presence.last_seen_ms >= since_ms)
    if person.scope.is_limited:
        found = found.where(Presence.station_id.in_(person.scope.station_ids()))
    return session.scalar(found) or 0
