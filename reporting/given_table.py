"""A table file that an office hands in: CSV or XLSX, its columns in any order and among others.

Files of the registry refuse a column that they do not know (`registry.sheet`); these are exports of anything.
"""

import csv
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from registry.sheet_lines import decoded, lines_of
from service.settings import Fault, SettingsError

MOST_BYTES = 256 * 2**20
MOST_FAULTS = 200
"""So many are told of one file; whoever has more has mistaken the file."""
_BOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_SEPARATORS = (",", ";", "\t")
_LONGEST_HEAD = 20_000

_TOLD_EVERY = 5_000

Columns = Mapping[str, Collection[str]]
"""Other heads of each column, such as Chinese ones, by the column's name."""


class GivenRow(NamedTuple):
    """A row that is not empty: the file's line on which it ends, and its cells in the order asked for."""

    line: int
    cells: tuple[str, ...]


class GivenTable(NamedTuple):
    """A table that was read.

    Attributes:
        file: its name, as the user gave it.
        columns: those asked for.
        found: those of them that the file has.
        rows: in the file's order; a cell that is not there is empty.
        faults: what is wrong with rows whatever their cells mean.
    """

    file: str
    columns: tuple[str, ...]
    found: frozenset[str]
    rows: list[GivenRow]
    faults: list[Fault]


class FilesError(SettingsError):
    """Several files cannot be used; `lines` tells the faults of all, of each file the first `MOST_FAULTS`."""

    def __init__(self, errors: Sequence[SettingsError]) -> None:
        self._errors = list(errors)
        super().__init__(errors[0].file, [fault for error in errors for fault in error.faults])

    def lines(self) -> list[str]:
        """One clear line for each fault, file by file."""
        told: list[str] = []
        for error in self._errors:
            told += [fault.line(error.file) for fault in error.faults[:MOST_FAULTS]]
            if (more := len(error.faults) - MOST_FAULTS) > 0:
                told.append(f"{error.file}: and {more} more. Mend these first.")
        return told


def at_line(line: int, column: str = "") -> str:
    """How a row or its cell is named to people."""
    return f"line {line}: {column}" if column else f"line {line}"


def read_given(
    path: Path,
    columns: Columns,
    required: Collection[str],
    progress: Callable[[float], None] = lambda _share: None,
) -> GivenTable:
    """Read the columns asked for, whatever else the file has.

    CSV may be UTF-8, GB18030 or UTF-16 with a mark, separated by `,`, `;` or tabs; of a workbook the first
    sheet is read. Heads are compared without case, spaces and a unit in brackets. A file may have no row.

    Args:
        path: the file.
        columns: what is asked for.
        required: columns that must have a head.
        progress: is told how much of a CSV is read, 0 to 1.

    Raises:
        SettingsError: the file cannot be read, or its head lacks a column; with all faults of the head.
    """
    lines = _lines(path, progress)
    start, head = next(((number, line) for number, line in lines if any(line)), (0, []))
    if not start:
        raise SettingsError(str(path), [Fault("", "needs a head", remedy=f"Known are {', '.join(columns)}.")])
    places, faults = _places(start, head, columns, required)
    if faults:
        raise SettingsError(str(path), faults)
    order = [places.get(name) for name in columns]
    rows: list[GivenRow] = []
    wide = len(head)
    for number, line in lines:
        if not any(line):
            continue
        size = len(line)
        cells = tuple(line[n].strip() if n is not None and n < size else "" for n in order)
        rows.append(GivenRow(number, cells))
        if size > wide and any(text.strip() for text in line[wide:]):
            got = ", ".join(line[wide:])
            remedy = "Put a text with a separator in quotes."
            faults.append(Fault(at_line(number), "has more cells than the head", got, remedy))
    return GivenTable(str(path), tuple(columns), frozenset(places), rows, faults)


def _places(
    number: int, head: Sequence[str], columns: Columns, required: Collection[str]
) -> tuple[dict[str, int], list[Fault]]:
    """Where each column stands in the head."""
    known = {_plain(word): name for name, others in columns.items() for word in (name, *others)}
    places: dict[str, int] = {}
    faults: list[Fault] = []
    for place, text in enumerate(head):
        name = known.get(_plain(text))
        if name in places:
            faults.append(
                Fault(at_line(number, text.strip()), "stands twice in the head", remedy="Leave one.")
            )
        elif name is not None:
            places[name] = place
    for name in required:
        if name not in places:
            either = " or ".join([name, *list(columns[name])[:1]])
            got = ", ".join(text.strip() for text in head)
            faults.append(Fault(at_line(number), f"needs a column {either}", got, "Add it."))
    return places, faults


def _lines(path: Path, progress: Callable[[float], None]) -> Iterator[tuple[int, list[str]]]:
    """The file's lines of cells, numbered from 1."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        remedy = "Name another one or make it." if isinstance(error, FileNotFoundError) else ""
        raise SettingsError(
            str(path), [Fault("", f"cannot be read: {error.strerror}", remedy=remedy)]
        ) from error
    if data.startswith(_BOOKS):
        return enumerate(lines_of(path), start=1)
    if len(data) > MOST_BYTES:
        raise SettingsError(str(path), [Fault("", "larger than 256 MB", remedy="Split it by months.")])
    return _csv(str(path), decoded(str(path), data), progress)


def _csv(file: str, text: str, progress: Callable[[float], None]) -> Iterator[tuple[int, list[str]]]:
    total = text.count("\n") + 1
    first = text.partition("\n")[0].strip().strip('"')
    if first.lower().startswith("sep="):  # Excel's own way to name it
        separator = first[4:] or "\t"
        text = text[text.index("\n") :] if "\n" in text else ""
    else:
        bare = "".join(text[:_LONGEST_HEAD].split('"')[::2])
        head = next((line for line in bare.splitlines() if line.strip()), "")
        separator = max(_SEPARATORS, key=head.count)
    try:
        reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    except (TypeError, ValueError) as error:
        raise SettingsError(file, [Fault("", f"cannot be read: {error}")]) from error
    try:
        for line in reader:
            if reader.line_num % _TOLD_EVERY == 0:
                progress(reader.line_num / total)
            yield reader.line_num, line
    except csv.Error as error:  # an open quote would swallow the rows below it
        remedy = "Look for a quotation mark that is open or too many."
        fault = Fault(at_line(reader.line_num), f"cannot be read: {error}", remedy=remedy)
        raise SettingsError(file, [fault]) from error


def _plain(head: str) -> str:
    """A head as it is compared."""
    text = "".join(unicodedata.normalize("NFKC", head).casefold().split()).strip("*")
    return text.partition("(")[0] or text
