"""The results of `qingliu report rate`: a row for all and for each county, a row for each station, as CSV."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from pathlib import Path

from registry.cells import harmless_id
from reporting.headline import decimal
from reporting.rate import Rate, StationMonth, rate, rates_by
from reporting.rate_columns import CITY
from reporting.report_files import staged

COUNTIES_FILE, STATIONS_FILE = "rate_counties.csv", "rate_stations.csv"
COUNTY_COLUMNS = (
    "county", "due", "normal", "not_normal", "not_assessable",
    "rate_strict", "rate_lenient", "rate_by_days", "rate_by_capacity", "completeness",
)  # fmt: skip
STATION_COLUMNS = ("station", "county", "C", "X", "K", "R", "S", "U", "verdict")

CountyRow = Mapping[str, str | int | None]


def county_rows(months: Sequence[StationMonth]) -> list[CountyRow]:
    """All stations first, called `city`, then the counties by code; stations without one stand last."""
    counties = rates_by(lambda each: each.facility.county, months)
    ordered = sorted(counties.items(), key=lambda item: (not item[0], item[0]))
    return [_county_row(CITY, rate(months)), *(_county_row(code, own) for code, own in ordered)]


def write_rates(folder: Path, months: Sequence[StationMonth], rows: Sequence[CountyRow]) -> list[Path]:
    """Write both files, each at once and whole; returns their names.

    Raises:
        ReportError: they cannot be written.
    """
    counties, stations = folder / COUNTIES_FILE, folder / STATIONS_FILE
    of_counties = _csv(
        COUNTY_COLUMNS,
        ([harmless_id(str(row["county"])), *(row[name] for name in COUNTY_COLUMNS[1:])] for row in rows),
    )
    of_stations = _csv(STATION_COLUMNS, (_station_cells(each) for each in months))
    with staged(counties, of_counties) as publish, staged(stations, of_stations) as publish_stations:
        publish_stations()
        publish()
    return [counties, stations]


def _county_row(county: str, found: Rate) -> CountyRow:
    shares = (
        found.by_number_strict, found.by_number_lenient, found.by_days, found.by_capacity, found.completeness
    )  # fmt: skip
    counts = (found.due, found.normal, found.not_normal, found.not_assessable)
    return dict(zip(COUNTY_COLUMNS, (county, *counts, *map(decimal, shares)), strict=True))


def _station_cells(month: StationMonth) -> Iterable[str | int]:
    return (
        harmless_id(month.facility.id),
        harmless_id(month.facility.county),
        month.calendar_days,
        month.excluded_days,
        month.countable_days,
        month.running,
        month.stopped,
        month.unknown,
        month.judgement,
    )


def _csv(head: Sequence[str], rows: Iterable[Iterable[str | int | None]]) -> bytes:
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue().encode()
