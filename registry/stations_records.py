"""What the registry has on its stations: a record each, by the names of the facility file's columns."""

from collections import defaultdict
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from registry.tables import Company, County, Station, StationClass, StationTag, Town

Record = dict[str, Any]
"""By column: texts (maybe empty), numbers or None, days or None, truth, a sorted list of tags."""
NEW: Record = {
    "name": "", "county": "", "county_name": "", "town": "", "village": "", "process": "",
    "design_m3_per_day": None, "rated_kw": None, "longitude": None, "latitude": None, "company": "",
    "tier": "village", "commissioned": None, "connected_from": None, "powered": True, "tags": [],
    "class": "", "class_since": None, "class_document": "", "class_approver": "", "review": "confirmed",
}  # fmt: skip
"""What is held of a station of which nothing was said."""
AS_STORED = (
    "name", "village", "longitude", "latitude", "process", "design_m3_per_day", "rated_kw", "tier", "powered",
    "commissioned", "connected_from", "review",
)  # fmt: skip
"""Columns that are called alike in the table of stations."""


class Wanted(NamedTuple):
    """Which stations; what is not said fits all. A county is given by its code or name."""

    county: str = ""
    process: str = ""
    company: str = ""
    review: str = ""
    station: str = ""


EVERYONE = Wanted()


def station_records(session: Session, wanted: Wanted = EVERYONE) -> dict[str, Record]:
    """The records of some stations or of all, by id, each with its latest class, also one yet to begin."""
    query = (
        select(Station, County.name, Town.name, Company.name)
        .outerjoin(County, County.code == Station.county_code)
        .outerjoin(Town, Town.id == Station.town_id)
        .outerjoin(Company, Company.id == Station.company_id)
        .where(*_conditions(wanted))
        .order_by(Station.id)
    )
    tags: defaultdict[str, list[str]] = defaultdict(list)
    for each in session.scalars(select(StationTag)):
        tags[each.station_id].append(each.tag)
    latest = latest_classes(session)
    records = {}
    for station, county, town, company in session.execute(query):
        class_ = latest.get(station.id)
        known = {name: getattr(station, name) for name in AS_STORED} | {
            "county": station.county_code or "",
            "county_name": county or "",
            "town": town or "",
            "company": company or "",
            "tags": sorted(tags[station.id]),
            "class": class_.class_ if class_ else "",
            "class_since": class_.since if class_ else None,
            "class_document": class_.document if class_ else "",
            "class_approver": class_.approver if class_ else "",
        }
        records[station.id] = {name: known[name] for name in NEW}
    return records


def county_names(session: Session) -> dict[str, str]:
    """The counties' names, by code."""
    return {county.code: county.name for county in session.scalars(select(County).order_by(County.code))}


def latest_classes(session: Session) -> dict[str, StationClass]:
    """The latest class of each station that has one, also one yet to begin."""
    return {
        each.station_id: each for each in session.scalars(select(StationClass).order_by(StationClass.since))
    }


def classes_on(session: Session, day: date) -> dict[str, str]:
    """The class that holds on a day, by station; one that is not named here has none, and so is in use."""
    rows = session.execute(
        select(StationClass.station_id, StationClass.class_)
        .where(StationClass.since <= day)
        .order_by(StationClass.since)
    )
    return {station: class_ for station, class_ in rows}  # noqa: C416 - rows, not pairs


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.county:
        conditions.append(or_(County.code == wanted.county, County.name == wanted.county))
    if wanted.process:
        conditions.append(Station.process == wanted.process)
    if wanted.company:
        conditions.append(Company.name == wanted.company)
    if wanted.station:
        conditions.append(Station.id == wanted.station)
    if wanted.review:
        conditions.append(Station.review == wanted.review)
    return conditions
