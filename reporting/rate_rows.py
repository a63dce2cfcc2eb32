"""What the rows of the files of `qingliu report rate` say: stations, days, approved stops, inspections. Pure.

Each function takes a table, returns what stands in it, and appends to its faults and to the warnings.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from difflib import get_close_matches
from zoneinfo import ZoneInfo

from registry.cells import cell_day
from registry.classes import NO_LONGER_DUE
from registry.inspections import RESULTS
from registry.record_cells import Cells
from registry.stations_columns import CHOICES
from reporting.days import Span
from reporting.due import Excluded, Facility
from reporting.given_table import GivenTable, at_line
from reporting.rate_columns import BY_WORD, CITY, DAY_WORDS, DayWord
from service.civil import day_of
from service.settings import Fault

_MOST_STRANGERS = 20
_WITHOUT = {
    "county": "stand in no county",
    "design_m3_per_day": "have no design scale",
    "class": "are in use",
    "commissioned": "count since ever",
    "retired": "are not retired",
}
_PAPERS = ("reason", "applicant", "approver", "entered")
"""An approved stop needs each of them; one that lacks any takes no day away."""


def stations_of(table: GivenTable, zone: ZoneInfo, warnings: list[str]) -> dict[str, Facility]:
    """The stations by id, in the file's order."""
    for name, what in _WITHOUT.items():
        if name not in table.found:
            warnings.append(f"{table.file}: has no column {name}: all stations {what}.")
    found: dict[str, Facility] = {}
    for line, cells in _rows(table, zone):
        station, county = cells.required("station"), cells.text("county")
        if station in found:
            cells.faults.append(Fault("station", "stands twice", station, "Leave one of them."))
        if county.casefold() == CITY:
            rule = f"must not be {CITY}, as the row of all is called"
            cells.faults.append(Fault("county", rule, county, "Give the county's code."))
        design = cells.number("design_m3_per_day") if cells.text("design_m3_per_day") else None
        if design is not None and design < 0:
            cells.faults.append(Fault("design_m3_per_day", "must not be below 0", design, "Correct it."))
        class_ = cells.choice("class", CHOICES["class"], "in_use")
        commissioned, retired = _day_if_any(cells, "commissioned"), _day_if_any(cells, "retired")
        if commissioned and retired and retired < commissioned:
            warnings.append(
                f"{table.file}: {at_line(line)}: {station} retired on {retired}, before it was commissioned "
                f"on {commissioned}: no day counts. Correct one of them."
            )
        table.faults.extend(_placed(line, cells.faults))
        if not cells.faults:
            classes = _classes(class_, retired)
            found[station] = Facility(station, county, "", design, commissioned, classes)
    if not table.rows:
        table.faults.append(Fault("", "names no station", remedy="Add them."))
    return found


def verdicts_of(
    table: GivenTable, stations: Collection[str], span: Span, warnings: list[str]
) -> dict[str, dict[date, DayWord]]:
    """The verdicts in a span by station and day."""
    days: dict[str, date | None] = {}
    words: dict[str, DayWord | None] = {}
    strangers: Counter[str] = Counter()
    found: defaultdict[str, dict[date, DayWord]] = defaultdict(dict)
    for line, (text, when, word) in table.rows:
        if when not in days:
            days[when] = _day(when)
        if word not in words:
            words[word] = BY_WORD.get(_plain(word))
        station, day, verdict = unicodedata.normalize("NFC", text), days[when], words[word]
        if not (station and day and verdict):
            table.faults.extend(_faults_of_day(line, station, when, day, word, verdict))
        elif station not in stations:
            strangers[station] += 1
        elif span.first <= day <= span.last:
            own = found[station]
            if day in own:
                got = f"{station} {day}"
                table.faults.append(Fault(at_line(line, "date"), "stands twice", got, "Leave one of them."))
            own[day] = verdict
    warnings += _strange(table, strangers, stations)
    return dict(found)


def exclusions_of(
    table: GivenTable, stations: Collection[str], zone: ZoneInfo, warnings: list[str]
) -> dict[str, list[Excluded]]:
    """The approved stops by station; one without a reason, applicant, approver or day of entry is none."""
    strangers: Counter[str] = Counter()
    found: defaultdict[str, list[Excluded]] = defaultdict(list)
    for line, cells in _rows(table, zone):
        station, start, end = cells.required("station"), cells.day("start"), cells.day("end")
        entered_ms = cells.instant("entered", is_required=False)
        if not cells.faults and end < start:
            rule = f"must not lie before the start {start}"
            cells.faults.append(Fault("end", rule, end.isoformat(), "Correct one of them."))
        table.faults.extend(_placed(line, cells.faults))
        if cells.faults:
            continue
        lacking = [name for name in _PAPERS if not cells.text(name)]
        if station not in stations:
            strangers[station] += 1
        elif lacking or entered_ms is None:
            warnings.append(
                f"{table.file}: {at_line(line)}: the stop of {station} from {start} to {end} lacks "
                f"{', '.join(lacking)}, so it is no approved one: "
                "it takes no day away. Fill it in if it was approved."
            )
        else:
            found[station].append(Excluded(start, end, day_of(entered_ms, zone)))
    warnings += _strange(table, strangers, stations)
    return dict(found)


def abnormal_days_of(
    table: GivenTable, stations: Collection[str], zone: ZoneInfo, warnings: list[str]
) -> dict[str, list[date]]:
    """The days on which an inspection found a station 非正常, by station."""
    strangers: Counter[str] = Counter()
    found: defaultdict[str, list[date]] = defaultdict(list)
    for line, cells in _rows(table, zone):
        station, day = cells.required("station"), cells.day("date")
        result = cells.choice("result", RESULTS)
        table.faults.extend(_placed(line, cells.faults))
        if cells.faults:
            continue
        if station not in stations:
            strangers[station] += 1
        elif result == "abnormal":
            found[station].append(day)
    warnings += _strange(table, strangers, stations)
    return dict(found)


def _rows(table: GivenTable, zone: ZoneInfo) -> Iterable[tuple[int, Cells]]:
    for line, texts in table.rows:
        cells = dict(zip(table.columns, texts, strict=True))
        yield line, Cells(cells, table.columns, zone)


def _placed(line: int, faults: Iterable[Fault]) -> Iterable[Fault]:
    return [fault._replace(path=at_line(line, fault.path)) for fault in faults]


def _classes(class_: str, retired: date | None) -> tuple[tuple[date, str], ...]:
    """The class as history: the last one holds from the day of retirement, or since ever."""
    if retired is not None:
        return ((retired, class_ if class_ in NO_LONGER_DUE else "retired"),)
    return ((date.min, class_),)


def _day_if_any(cells: Cells, name: str) -> date | None:
    return cells.day(name) if cells.text(name) else None


def _day(text: str) -> date | None:
    try:
        return cell_day(text)
    except ValueError:
        return None


def _plain(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold().strip()


def _faults_of_day(
    line: int, station: str, when: str, day: date | None, word: str, verdict: DayWord | None
) -> Iterable[Fault]:
    if not station:
        yield Fault(at_line(line, "station"), "is required", remedy="Fill it in.")
    if day is None:
        yield Fault(at_line(line, "date"), "must be a date such as 2026-10-01", when, "Correct it.")
    if not verdict:
        rule = f"must be one of {', '.join(f'{code} {others[0]}' for code, others in DAY_WORDS.items())}"
        yield Fault(at_line(line, "verdict"), rule, word, "Use one of these.")


def _strange(table: GivenTable, strangers: Counter[str], stations: Collection[str]) -> Iterable[str]:
    """A line for each station that is not in the list; an export of more than the list is no fault."""
    known = sorted(stations)
    for station, rows in strangers.most_common(_MOST_STRANGERS):
        near = get_close_matches(station, known, 1, 0.8)
        hint = f" Did you mean {near[0]}?" if near else ""
        plural = "row is" if rows == 1 else "rows are"
        yield f"{table.file}: station {station} is not in the list: {rows} {plural} left out.{hint}"
    if (more := len(strangers) - _MOST_STRANGERS) > 0:
        who, whose = ("1 more station is", "its") if more == 1 else (f"{more} more stations are", "their")
        yield f"{table.file}: {who} not in the list: {whose} rows are left out."
