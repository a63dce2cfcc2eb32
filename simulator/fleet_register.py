"""A fleet as a stations.csv that `qingliu stations import` takes; every name says that it is invented."""

import csv
from collections.abc import Iterable
from datetime import date
from io import StringIO

from simulator.fleet_station import FleetStation
from simulator.places import COUNTIES, County, position

COLUMNS = (
    "station", "name", "county", "county_name", "town", "village", "process", "design_m3_per_day", "rated_kw",
    "longitude", "latitude", "company", "tier", "commissioned", "connected_from",
)  # fmt: skip
_COUNTY_DIGITS = 6


def stations_csv(stations: Iterable[FleetStation], today: date) -> str:
    """The whole file; the stations are commissioned and connected from this civil day on.

    An id that begins with one of the city's county codes stands in that county, others in none.
    """
    text = StringIO()
    rows = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    rows.writeheader()
    rows.writerows(_row(station, today) for station in stations)
    return text.getvalue()


def _row(station: FleetStation, today: date) -> dict[str, str]:
    plant = station.plant
    row = {
        "station": station.id,
        "name": f"演示站{station.number}（虚构）",
        "village": f"演示{station.number}村（虚构）",
        "process": station.process,
        "design_m3_per_day": f"{station.design_m3_per_day:g}",
        "rated_kw": f"{plant.blower_kw + plant.pump_kw:.3f}",
        "tier": "village",
        "commissioned": today.isoformat(),
        "connected_from": today.isoformat(),
    }
    county = COUNTIES.get(station.id[:_COUNTY_DIGITS])
    return row | (_place(county, station) if county else {})


def _place(county: County, station: FleetStation) -> dict[str, str]:
    longitude, latitude = position(county, station.seed)
    return {
        "county": county.code,
        "county_name": county.name,
        "town": county.towns[station.number % len(county.towns)],
        "longitude": f"{longitude:.5f}",
        "latitude": f"{latitude:.5f}",
        "company": county.company,
    }
