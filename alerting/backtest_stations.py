"""The stations and approved stops of a back-test, from CSV files."""

import csv
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from alerting.baseline import KWH_PER_M3
from registry.stations_cells import EARLIEST, LATEST
from registry.tables import Exclusion, Station
from service.civil import start_of
from service.settings import Fault, SettingsError

REMEDY = "Correct it, or leave the cell empty."
PROCESSES = frozenset(KWH_PER_M3)
EXCLUSION_COLUMNS = ("station", "start", "end", "reason", "applicant", "approver")


def stations_of(path: Path) -> dict[str, Station]:
    """The stations by id, in order.

    Raises:
        SettingsError: with every fault.
        OSError: it cannot be read.
    """
    found: dict[str, Station] = {}
    faults: list[Fault] = []
    for line, row in _rows(path, ("station",)):
        station, process = row["station"], row.get("process", "")
        if not station:
            faults.append(Fault(f"line {line}: station", "must not be empty", "nothing", "Give its id."))
            continue
        if station in found:
            faults.append(Fault(f"line {line}: station", "stands twice", station, "Remove one of them."))
            continue
        if process and process not in PROCESSES:
            rule = f"must be one of {', '.join(sorted(PROCESSES))}, or empty"
            faults.append(Fault(f"line {line}: process", rule, process, REMEDY))
        found[station] = Station(
            id=station,
            county_code=row.get("county") or None,
            process=process,
            design_m3_per_day=_number(line, row, "design_m3_per_day", faults),
            rated_kw=_number(line, row, "rated_kw", faults),
            commissioned=_commissioned(line, row, faults),
            overrides={},
        )
    if faults:
        raise SettingsError(str(path), faults)
    return found


def exclusions_of(path: Path, stations: Mapping[str, Station], zone: ZoneInfo) -> dict[str, list[Exclusion]]:
    """The approved stops by station; one without applicant or approver is none.

    Raises:
        SettingsError: with every fault.
        OSError: it cannot be read.
    """
    found: dict[str, list[Exclusion]] = {}
    faults: list[Fault] = []
    for line, row in _rows(path, EXCLUSION_COLUMNS):
        start, end = _day(line, row, "start", faults), _day(line, row, "end", faults)
        entered_ms = _entered_ms(line, row, faults, zone)
        if start is None or end is None:
            if not any(fault.path.startswith(f"line {line}:") for fault in faults):
                faults.append(
                    Fault(f"line {line}: start", "start and end must be given", "nothing", "Add them.")
                )
            continue
        if end < start:
            faults.append(
                Fault(f"line {line}: end", f"must not lie before the start {start}", str(end), "Correct one.")
            )
        if row["station"] in stations and row["reason"] and row["applicant"] and row["approver"]:
            entered = start_of(start, zone) if entered_ms is None else entered_ms
            stop = Exclusion(
                station_id=row["station"],
                start=start,
                end=end,
                reason=row["reason"],
                applicant=row["applicant"],
                approver=row["approver"],
                entered_ms=entered,
                manager_ms=entered,  # a list knows no manager and has no ceiling
            )
            found.setdefault(row["station"], []).append(stop)
    if faults:
        raise SettingsError(str(path), faults)
    return found


def _rows(path: Path, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            header = reader.fieldnames or []
            missing = [name for name in needed if name not in header]
            if missing:
                rule = f"lacks the column {', '.join(missing)}"
                raise SettingsError(str(path), [Fault("line 1", rule, ",".join(header)[:80], "Add it.")])
            for row in reader:
                yield (
                    reader.line_num,
                    {name: (cell or "").strip() for name, cell in row.items() if isinstance(name, str)},
                )
    except (csv.Error, UnicodeDecodeError) as error:
        fault = Fault("file", "must be CSV in UTF-8", str(error)[:80], "Save it as CSV UTF-8.")
        raise SettingsError(str(path), [fault]) from error


def _number(line: int, row: Mapping[str, str], name: str, faults: list[Fault]) -> float | None:
    text = row.get(name, "")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        faults.append(Fault(f"line {line}: {name}", "must be a number, 0 or more", text, REMEDY))
        return None
    return value or None


def _day(line: int, row: Mapping[str, str], name: str, faults: list[Fault]) -> date | None:
    text = row.get(name, "")
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        faults.append(Fault(f"line {line}: {name}", "must be a day such as 2026-10-01", text, REMEDY))
        return None


def _commissioned(line: int, row: Mapping[str, str], faults: list[Fault]) -> date | None:
    """The day; every day from it on is judged, so that a slip of the pen would make a million of them."""
    day = _day(line, row, "commissioned", faults)
    if day is not None and not EARLIEST <= day <= LATEST:
        rule = f"must lie between {EARLIEST} and {LATEST}"
        faults.append(Fault(f"line {line}: commissioned", rule, str(day), REMEDY))
    return day


def _entered_ms(line: int, row: Mapping[str, str], faults: list[Fault], zone: ZoneInfo) -> int | None:
    """When a stop was entered; a day alone is its beginning."""
    text = row.get("entered", "")
    if not text:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        faults.append(Fault(f"line {line}: entered", "must be a day or an instant", text, REMEDY))
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=zone)
    return int(when.timestamp() * 1000)
