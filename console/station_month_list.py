"""The stations that were not normal in a month, as a page: each leads to what explains it."""

from typing import NamedTuple

from fastapi import Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from console import queries
from console.access import Route
from console.address import month_beside, month_of
from console.desk import Desk
from console.person import person_of
from console.rates import MonthRates
from registry.tables import County, Station
from reporting.rate import StationMonth
from service.civil import Month

MOST_LISTED = 500


class Listed(NamedTuple):
    """A station and its month."""

    id: str
    name: str
    county: str
    month: StationMonth


class NotNormal(NamedTuple):
    """Stations that were not normal in a month by county and id, and how many more there are than listed."""

    month: Month
    stations: list[Listed]
    more: int


def not_normal_stations(session: Session, rates: MonthRates) -> NotNormal:
    """The stations that a month counts as not normal or not assessable."""
    found = [
        month for month in rates.stations.values() if month.judgement in ("not_normal", "not_assessable")
    ]
    found.sort(key=lambda month: (not month.facility.county, month.facility.county, month.facility.id))
    listed = found[:MOST_LISTED]
    named = select(Station.id, Station.name, County.name).outerjoin(
        County, County.code == Station.county_code
    )
    ids = [month.facility.id for month in listed]
    names = {row[0]: row[1:] for row in session.execute(named.where(Station.id.in_(ids)))}
    return NotNormal(
        rates.month,
        [
            Listed(month.facility.id, name or "", county or "", month)
            for month in listed
            for name, county in [names.get(month.facility.id, ("", ""))]
        ],
        len(found) - len(listed),
    )


def station_month_list_routes(desk: Desk) -> list[Route]:
    """The page of this room."""

    def not_normal(request: Request, month: str) -> Response:
        wanted, reader, person = month_of(month), desk.reader(request), person_of(request)
        with desk.reading() as session:
            values = {
                "not_normal": not_normal_stations(
                    session, desk.rates.of(session, wanted, reader.now_ms, person.scope)
                ),
                "before": month_beside(wanted, -1, reader.now_ms, reader.zone),
                "after": month_beside(wanted, 1, reader.now_ms, reader.zone),
                "alarm_count": queries.active_alarm_count(session, person),
            }
        return desk.page(request, "station_month_list.html", values)

    return [Route("/reports/months/{month}", not_normal, "see")]
