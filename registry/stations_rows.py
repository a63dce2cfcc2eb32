"""Rows of a facility file checked against what the registry has: what to write, what is wrong. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from registry.sheet import Sheet, SheetRow
from registry.stations_cells import BadCellError, is_station_id, value_of
from registry.stations_class import CLASS_COLUMNS, BadClassError, class_after
from registry.stations_columns import BY_NAME, EXAMPLE_MARK, EXAMPLE_STATIONS
from registry.stations_counties import Counties
from registry.stations_records import NEW, Record
from service.settings import Fault

_ELSEWHERE = {"station", "county", "county_name", "town", *CLASS_COLUMNS}


class Change(NamedTuple):
    """A station as it was (None for a new one) and as it is to be."""

    station: str
    before: Record | None
    after: Record

    @property
    def fields(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The fields that differ, as they were and as they are to be; of a new station only the latter."""
        before = NEW if self.before is None else self.before
        names = [name for name in self.after if before[name] != self.after[name]]
        after = {name: self.after[name] for name in names}
        return ({}, after) if self.before is None else ({name: before[name] for name in names}, after)

    @property
    def is_class_new(self) -> bool:
        """Whether a class begins that was not there."""
        before = NEW if self.before is None else self.before
        return bool(self.after["class"]) and before["class_since"] != self.after["class_since"]


class Plan(NamedTuple):
    """What a file asks for.

    Attributes:
        changes: stations to be added or changed, in the file's order.
        unchanged: ids of those that stand in the registry as in the file.
        counties: new or changed names of counties, by code.
        bad: what is wrong, by the number of the row.
        bad_stations: what stands as the id in a bad row.
        examples: numbers of the rows that are the template's examples, which are left out.
    """

    changes: list[Change]
    unchanged: list[str]
    counties: dict[str, str]
    bad: dict[int, list[Fault]]
    bad_stations: dict[int, str]
    examples: list[int]

    @property
    def added(self) -> list[str]:
        """The ids of the new stations."""
        return [change.station for change in self.changes if change.before is None]

    @property
    def changed(self) -> list[str]:
        """The ids of the stations that change."""
        return [change.station for change in self.changes if change.before is not None]


def plan_of(sheet: Sheet, records: Mapping[str, Record], counties: Mapping[str, str]) -> Plan:
    """Check all rows and say what they would change; bad rows change nothing.

    An empty cell leaves what is there, but for `review`: who stands in a file is confirmed.

    Args:
        sheet: the file.
        records: what the registry has, by station.
        counties: its counties' names, by code.
    """
    places = Counties(counties, sheet.rows)
    plan = Plan([], [], {}, {}, {}, [])
    seen: dict[str, int] = {}
    for row in sheet.rows:
        station = row.cells.get("station", "")
        if station in EXAMPLE_STATIONS:
            plan.examples.append(row.number)
            continue
        check = _RowCheck(sheet, row, records.get(station), places)
        if not is_station_id(station):
            check.complain("station", "must be 1 to 32 letters, digits, - or _", station)
        elif station in seen:
            check.complain("station", f"stands twice in the file, first in row {seen[station]}", station)
        seen.setdefault(station, row.number)
        before, after = records.get(station), check.after()
        if check.faults:
            plan.bad[row.number] = check.faults
            plan.bad_stations[row.number] = station
        elif before == after:
            plan.unchanged.append(station)
        else:
            plan.changes.append(Change(station, before, after))
    used = {change.after["county"] for change in plan.changes} - {""}
    for code in sorted(used | {records[station]["county"] for station in plan.unchanged} - {""}):
        name = places.named.get(code) or counties.get(code) or code
        if counties.get(code) != name:
            plan.counties[code] = name
    return plan


class _RowCheck:
    """One row, held against the record that it changes."""

    def __init__(self, sheet: Sheet, row: SheetRow, before: Record | None, places: Counties) -> None:
        self._sheet = sheet
        self._row = row
        self._before = NEW if before is None else before
        self._places = places
        self.faults = list(row.faults)

    def complain(self, column: str, rule: str, got: object = None, remedy: str = "Correct it.") -> None:
        """Note a fault of one cell."""
        self.faults.append(self._sheet.fault(self._row.number, column, rule, got, remedy))

    def after(self) -> Record:
        """The record after the row, as far as nothing is wrong with it."""
        after = self._before | {"review": "confirmed"} | dict(self._simple())
        return after | self._place() | self._class(after["commissioned"])

    def _simple(self) -> Iterator[tuple[str, Any]]:
        for name in self._row.cells:
            value = None if name in _ELSEWHERE else self._value(name)
            if name == "name" and value is not None and EXAMPLE_MARK in value:
                self.complain(name, "is that of the template's example", value, "Write the station's own.")
            elif value is not None:
                yield name, value

    def _value(self, name: str) -> Any:  # noqa: ANN401 - as the column's kind says
        text = self._row.cells.get(name, "")
        if not text:
            return None
        try:
            return value_of(BY_NAME[name], text)
        except BadCellError as error:
            self.complain(name, error.rule, error.got)
            return None

    def _place(self) -> Record:
        cells = self._row.cells
        county, name, town = cells.get("county", ""), self._value("county_name") or "", self._value("town")
        column = "county" if county else "county_name"
        if not county:  # a name alone, or a code under a head such as 区县
            county, name = name, ""
        code = self._before["county"]
        place: Record = {}
        if county:
            try:
                code = self._places.code_of(county)
                column, place = "county_name", {"county": code}
                self._places.note_name(code, name)
            except BadCellError as error:
                self.complain(column, error.rule, error.got)
                return {}
        if town and not code:
            self.complain("county", "is required with a town", remedy="Write its code or name.")
        elif self._before["town"] and not town and code != self._before["county"]:
            self.complain("town", "is required when the county changes", remedy="Write the town.")
        return place | ({"town": town} if town else {})

    def _class(self, commissioned: date | None) -> Record:
        given = {name: self._value(name) for name in CLASS_COLUMNS}
        if any(given[name] is None and name in self._row.cells for name in CLASS_COLUMNS):
            return {}  # said already
        try:
            return class_after(self._before, given, commissioned)
        except BadClassError as error:
            self.complain(error.column, error.rule, error.got, error.remedy)
            return {}
