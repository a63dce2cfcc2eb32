"""Festivals, in which villages are empty or full: nothing is learnt from them, and pauses may be longer."""

import csv
from collections.abc import Iterable
from datetime import date
from importlib.resources import files
from pathlib import Path

from service.civil import days_between
from service.settings import Fault, SettingsError

COLUMNS = ("name", "first", "last")
Holidays = frozenset[date]


def holidays_of(rows: Iterable[str]) -> tuple[Holidays, list[Fault]]:
    """The days of a calendar, and what is wrong with it.

    Args:
        rows: of a CSV with `name,first,last`, civil days, both included; the first row names the columns.
    """
    found: set[date] = set()
    faults: list[Fault] = []
    reader = csv.DictReader(rows)
    if not set(COLUMNS) <= set(reader.fieldnames or ()):
        given = ",".join(reader.fieldnames or ()) or "nothing"
        return frozenset(), [Fault("line 1", f"must name the columns {','.join(COLUMNS)}", given)]
    for row in reader:
        begins, ends = row["first"] or "", row["last"] or ""  # a short row has neither
        try:
            first, last = date.fromisoformat(begins), date.fromisoformat(ends)
        except ValueError:
            rule = "first and last must be days such as 2026-02-15"
            faults.append(Fault(f"line {reader.line_num}", rule, f"{begins}, {ends}"))
            continue
        if not 0 <= (last - first).days <= 60:
            rule = "last must lie 0 to 60 days after first"
            faults.append(Fault(f"line {reader.line_num}", rule, f"{first}, {last}"))
            continue
        found.update(days_between(first, last))
    return frozenset(found), faults


def holidays_from(file: str) -> Holidays:
    """The days of a calendar file; of the festivals that come with the program if it is empty.

    Raises:
        SettingsError: the file cannot be read, or has faults.
    """
    if not file:
        return holidays_of(files("alerting").joinpath("holidays.csv").read_text("utf-8").splitlines())[0]
    try:
        found, faults = holidays_of(Path(file).read_text("utf-8-sig").splitlines())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(
            file, [Fault("", f"cannot be read: {error}", remedy="Mend the path or the file.")]
        ) from error
    if faults:
        raise SettingsError(file, faults)
    return found
