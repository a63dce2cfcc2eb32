"""The rows of a table file, CSV or XLSX, under the names that the program knows its columns by.

Every cell comes as text (see `cells`). Rows are numbered as a spreadsheet shows them: the head is row 1.
"""

import difflib
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from registry.sheet_lines import lines_of
from service.settings import Fault, SettingsError

_FORMULA_ERRORS = {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"}


class SheetRow(NamedTuple):
    """A row that is not empty.

    Attributes:
        number: as a spreadsheet shows it; 1 is the head.
        cells: text by the column's name, stripped; a cell that is empty or not there has no entry.
        faults: what is wrong with the row whatever its columns mean.
    """

    number: int
    cells: dict[str, str]
    faults: tuple[Fault, ...] = ()


class Sheet(NamedTuple):
    """A table that was read.

    Attributes:
        file: its name, as the user gave it.
        heads: the column's head as it stands in the file, by the column's name, in the file's order.
        rows: in the file's order, the empty ones left out.
    """

    file: str
    heads: dict[str, str]
    rows: list[SheetRow]

    def fault(
        self, row: int, column: str, rule: str, got: object = None, remedy: str = "Correct it."
    ) -> Fault:
        """A fault of a cell, its column called as in the file."""
        return Fault(place(row, self.heads.get(column, column)), rule, got, remedy)


def place(row: int, head: str) -> str:
    """How a cell is named to people."""
    return f"row {row}: column {head}"


def read_sheet(
    path: Path,
    columns: Mapping[str, Collection[str]],
    required: Collection[str] = (),
    sheets: Collection[str] = (),
) -> Sheet:
    """Read a table file.

    CSV may be UTF-8, GB18030 or UTF-16 with a mark, separated by `,`, `;` or tabs. Of an XLSX the sheet named
    in `sheets` is read, else the first. Heads are compared without case, spaces and a unit in brackets; a
    head of several lines is known by any of them.

    Args:
        path: the file; what it is is seen from its first bytes.
        columns: other heads of each column, such as Chinese ones, by the column's name.
        required: columns that must have a head.
        sheets: names of the sheet, in any case.

    Raises:
        SettingsError: the file cannot be read, or its head is not known; with all faults of the head.
    """
    lines = lines_of(path, sheets)
    return _sheet(str(path), lines, columns, required)


def _sheet(
    file: str, lines: list[list[str]], columns: Mapping[str, Collection[str]], required: Collection[str]
) -> Sheet:
    start = next((number for number, line in enumerate(lines) if any(line)), None)
    if start is None:
        raise SettingsError(file, [Fault("", "needs a head and at least one row")])
    names, faults = _names(start + 1, lines[start], columns)
    missing = [name for name in required if name not in names]
    for name in missing if not faults else ():
        known = " or ".join([name, *list(columns[name])[:1]])
        faults.append(Fault(f"row {start + 1}", f"needs a column {known}", remedy="Add it."))
    if faults:
        raise SettingsError(file, faults)
    heads = {name: _first_line(lines[start][place]) for place, name in enumerate(names) if name}
    body = enumerate(lines[start + 1 :], start=start + 2)
    rows = [_row(number, line, names, heads) for number, line in body if any(line)]
    if not rows:
        raise SettingsError(file, [Fault("", "needs a head and at least one row")])
    return Sheet(file, heads, rows)


def _row(number: int, line: Sequence[str], names: Sequence[str], heads: Mapping[str, str]) -> SheetRow:
    cells = {name: text for name, text in zip(names, line, strict=False) if name and text}
    nameless = [text for name, text in zip(names, line, strict=False) if not name and text]
    faults = []
    if beyond := [text for text in [*nameless, *line[len(names) :]] if text]:
        remedy = "Put a text with a separator in quotes, or give the column a head."
        faults.append(Fault(f"row {number}", "has more cells than the head", ", ".join(beyond), remedy))
    for name, text in cells.items():
        if text in _FORMULA_ERRORS:
            faults.append(
                Fault(place(number, heads[name]), "a formula's error", text, "Mend it or write the value.")
            )
    return SheetRow(number, cells, tuple(faults))


def _names(
    row: int, head: Sequence[str], columns: Mapping[str, Collection[str]]
) -> tuple[list[str], list[Fault]]:
    """The column's name for each cell of the head, empty where there is no head."""
    known = {_plain(word): name for name, others in columns.items() for word in (name, *others)}
    names: list[str] = []
    faults: list[Fault] = []
    for text in head:
        tries = [text, *text.split("\n")]
        name = next((known[_plain(each)] for each in tries if _plain(each) in known), "")
        if text and not name:
            near = difflib.get_close_matches(_plain(text), known, 1)
            remedy = f"Did you mean '{near[0]}'?" if near else f"Known are {', '.join(columns)}."
            faults.append(Fault(place(row, _first_line(text)), "unknown column", remedy=remedy))
        elif name and name in names:
            faults.append(
                Fault(place(row, _first_line(text)), "stands twice in the head", remedy="Leave one.")
            )
        names.append(name)
    while names and not names[-1]:
        names.pop()
    return names, faults


def _plain(head: str) -> str:
    """A head as it is compared."""
    text = "".join(unicodedata.normalize("NFKC", head).casefold().split()).strip("*")
    return text.partition("(")[0] or text


def _first_line(head: str) -> str:
    return head.partition("\n")[0].strip()
