"""A station's facility file as a form: what stood there at its opening, what was typed, what follows. Pure.

What is typed goes through the same rules as a row of the facility file that is imported.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from registry.sheet import Sheet, SheetRow
from registry.stations_cells import NO_TAGS, csv_cells
from registry.stations_class import CLASS_COLUMNS
from registry.stations_columns import STATION_COLUMNS
from registry.stations_records import NEW, Record
from registry.stations_rows import Change, plan_of
from service.settings import Fault

Cells = dict[str, str]
"""The cells of a facility file by the column's name, as texts; empty where nothing is known."""
_APART = {"station", "county_name", *CLASS_COLUMNS}
EDITED = tuple(column.name for column in STATION_COLUMNS if column.name not in _APART)
"""What can be changed, in the order of the facility file; the class is history and only added to."""
_ALWAYS = {"county", "tier", "powered", "review"}
"""What cannot be emptied."""


class Draft(NamedTuple):
    """A form as it came back.

    Attributes:
        seen: the cells as they stood when it was opened, the present class's among them.
        typed: as they were typed; those of the class say only what is new.
    """

    seen: Cells
    typed: Cells


class Moved(NamedTuple):
    """A field that somebody else changed while the form was open."""

    name: str
    was: str
    is_now: str


def cells_of(station: str, record: Record) -> Cells:
    """The cells of a record."""
    names = (column.name for column in STATION_COLUMNS)
    return dict(zip(names, csv_cells(station, record), strict=True))


def opened(cells: Cells) -> Draft:
    """A form as it is opened: filled with what is there, a new class empty."""
    return Draft(cells, cells | dict.fromkeys(CLASS_COLUMNS, ""))


def moved(draft: Draft, now: Cells) -> list[Moved]:
    """The fields that changed since the form was opened."""
    return list(_moved(draft.seen, now))


def renewed(draft: Draft, now: Cells) -> Draft:
    """The same form over what is there now: what was typed stays, what was not touched is as it is now."""
    untouched = {name: now[name] for name in EDITED if draft.typed[name] == draft.seen[name]}
    return Draft(now, draft.typed | untouched)


def change_of(
    station: str, record: Record, typed: Cells, names: Mapping[str, str], counties: Collection[str]
) -> tuple[Change, list[Fault]]:
    """What a form asks for, and what is wrong with it; with a fault the change is not to be used.

    Args:
        station: its id.
        record: as it is now.
        typed: the form's cells.
        names: of all counties, by code.
        counties: codes of those that the person sees, where alone a station may be put.
    """
    now = cells_of(station, record)
    cells = {name: text for name, text in typed.items() if text and name not in ("station", "county_name")}
    if not typed["tags"] and now["tags"]:
        cells["tags"] = NO_TAGS
    sheet = Sheet("form", {}, [SheetRow(1, {"station": station, **cells})])
    plan = plan_of(sheet, {station: record}, names)
    faults = plan.bad.get(1, [])
    if typed["county"] != now["county"] and typed["county"] not in counties:
        faults = [*faults, Fault("county", "must be a county that you see", typed["county"])]
    after = plan.changes[0].after if plan.changes else dict(record)
    emptied = [name for name in EDITED if name not in _ALWAYS and now[name] and not typed[name]]
    return Change(station, record, after | {name: NEW[name] for name in emptied}), faults


def _moved(seen: Cells, now: Cells) -> Iterator[Moved]:
    for name in (*EDITED, *CLASS_COLUMNS):
        if seen[name] != now[name]:
            yield Moved(name, seen[name], now[name])
