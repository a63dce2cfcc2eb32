"""Stations in the registry: look up, import from CSV, note one that announced itself."""

import csv
import math
import unicodedata
from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from registry.database import upsert
from registry.tables import Company, County, Station, Town
from service.settings import Fault, SettingsError

PROCESSES = ("A2O", "AO", "contact_oxidation", "MBR", "SBR", "biofilter", "wetland", "pond", "other")
REQUIRED_COLUMN = "station"
COLUMNS = (
    "station", "name", "county", "county_name", "town", "village", "process", "design_m3_per_day", "rated_kw",
    "longitude", "latitude", "company", "tier", "commissioned", "connected_from",
)  # fmt: skip
_NUMBERS = {
    "design_m3_per_day": (0, 1e7),
    "rated_kw": (0, 1e5),
    "longitude": (-180, 180),
    "latitude": (-90, 90),
}
TEXT_LENGTHS = {"name": 200, "county": 12, "county_name": 100, "town": 100, "village": 100, "company": 200}
"""Letters that the columns of the tables take."""
TIERS = ("town", "village")
"""乡镇 or 村."""
_DATES = ("commissioned", "connected_from")
_ID_LETTERS = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


def known_ids(session: Session) -> set[str]:
    """The ids of all stations."""
    return set(session.scalars(select(Station.id)))


def among(column: InstrumentedAttribute[str], stations: Collection[str] | None) -> ColumnElement[bool]:
    """The condition that a column names one of some stations; None stands for all."""
    return true() if stations is None else column.in_(stations)


def note_pending(session: Session, station: str) -> None:
    """Register a station that announced itself, as 待核."""
    if session.get(Station, station) is None:
        session.add(Station(id=station, review="pending"))


def import_csv(session: Session, path: Path) -> int:
    """Add or update the stations of a CSV file; returns how many. Needs at least the column `station`.

    An empty cell leaves an existing value as it is. Nothing is imported unless every row is well.

    Raises:
        SettingsError: with every bad row, its column, rule and value.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except UnicodeDecodeError as error:
        fault = Fault("", "cannot be read: not UTF-8 text", remedy='Save it as "CSV UTF-8".')
        raise SettingsError(str(path), [fault]) from error
    except (OSError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(str(path), [Fault("", f"cannot be read: {reason}")]) from error
    bad = list(_bad_rows(rows))
    if bad:
        raise SettingsError(str(path), bad)
    towns: dict[tuple[str, str], int] = {
        (town.county_code, town.name): town.id for town in session.scalars(select(Town))
    }
    companies = {company.name: company.id for company in session.scalars(select(Company))}
    for row in rows:
        cells = {key: (value or "").strip() for key, value in row.items() if key}
        _import_row(session, cells, towns, companies)
    return len(rows)


def _import_row(
    session: Session, row: dict[str, str], towns: dict[tuple[str, str], int], companies: dict[str, int]
) -> None:
    values: dict[str, Any] = {"id": row["station"], "review": "confirmed"}
    county = row.get("county", "")
    if county:
        name = row.get("county_name") or county
        known = session.get(County, county)
        if known is None or row.get("county_name"):
            upsert(session, County, [{"code": county, "name": name}])
        values["county_code"] = county
        if row.get("town"):
            values["town_id"] = _town_id(session, county, row["town"], towns)
    if row.get("company"):
        values["company_id"] = _company_id(session, row["company"], companies)
    values.update({key: row[key] for key in ("name", "village", "process", "tier") if row.get(key)})
    values.update({key: float(row[key]) for key in _NUMBERS if row.get(key)})
    values.update({key: date.fromisoformat(row[key]) for key in _DATES if row.get(key)})
    session.merge(Station(**values))


def _town_id(session: Session, county: str, name: str, towns: dict[tuple[str, str], int]) -> int:
    if (county, name) not in towns:
        town = Town(county_code=county, name=name)
        session.add(town)
        session.flush()
        towns[county, name] = town.id
    return towns[county, name]


def _company_id(session: Session, name: str, companies: dict[str, int]) -> int:
    if name not in companies:
        company = Company(name=name)
        session.add(company)
        session.flush()
        companies[name] = company.id
    return companies[name]


def _bad_rows(rows: list[dict[str | Any, str | Any]]) -> Iterator[Fault]:
    seen: set[str] = set()
    if not rows:
        yield Fault("", "needs a head and at least one row")
    for column in sorted({key for key in rows[0] if key is not None} - set(COLUMNS) if rows else ()):
        yield _fault(1, column, f"unknown column; known are {', '.join(COLUMNS)}", column)
    for number, row in enumerate(rows, start=2):
        if None in row:  # where DictReader puts what stands behind the last column
            yield Fault(f"row {number}", "has more cells than the head", ", ".join(row[None]))
        cells = {key: (value or "").strip() for key, value in row.items() if key}
        station = cells.get(REQUIRED_COLUMN, "")
        if not 1 <= len(station) <= 32 or not set(station) <= _ID_LETTERS:
            yield _fault(number, REQUIRED_COLUMN, "must be 1 to 32 letters, digits, - or _", station)
        elif station in seen:
            yield _fault(number, REQUIRED_COLUMN, "stands twice in the file", station)
        seen.add(station)
        if cells.get("town") and not cells.get("county"):
            yield _fault(number, "county", "is required with a town", "")
        if cells.get("process") and cells["process"] not in PROCESSES:
            yield _fault(number, "process", f"must be one of {', '.join(PROCESSES)}", cells["process"])
        if cells.get("tier") and cells["tier"] not in TIERS:
            yield _fault(number, "tier", f"must be one of {', '.join(TIERS)}", cells["tier"])
        yield from _bad_values(number, cells)


def _bad_values(number: int, cells: dict[str, str]) -> Iterator[Fault]:
    for column, length in TEXT_LENGTHS.items():
        name = cells.get(column, "")
        if len(name) > length:
            yield _fault(number, column, f"must have at most {length} letters", name)
        if any(unicodedata.category(letter) == "Cc" for letter in name):
            yield _fault(number, column, "must have no control characters", name)
    for column, (low, high) in _NUMBERS.items():
        text = cells.get(column)
        if text and not low <= _number(text) <= high:
            yield _fault(number, column, f"must be a number from {low:g} to {high:g}", text)
    for column in _DATES:
        text = cells.get(column)
        if text:
            try:
                date.fromisoformat(text)
            except ValueError:
                yield _fault(number, column, "must be a date such as 2025-06-30", text)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _fault(row: int, column: str, rule: str, got: str) -> Fault:
    return Fault(f"row {row}, {column}", rule, got)
