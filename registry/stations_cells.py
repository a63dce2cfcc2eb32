"""Cells of the facility file turned into values, and back into cells. Pure."""

import re
import unicodedata
from datetime import date
from typing import Any

from registry.cells import as_meant, cell_day, cell_number, cell_yes, harmless, told_apart
from registry.stations_columns import CHOICES, STATION_COLUMNS, Column, chinese
from registry.stations_records import Record

_ID_LETTERS = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)
_FREE = ("text", "tags")
"""Kinds of columns in which people write what they like."""
_TAG_ENDS = re.compile("[;；、]")
NO_TAGS = "-"
EARLIEST, LATEST = date(1950, 1, 1), date(2100, 12, 31)


class BadCellError(ValueError):
    """A cell breaks a rule.

    Attributes:
        rule: which.
        got: the value, a number as such.
    """

    def __init__(self, rule: str, got: object) -> None:
        super().__init__(rule)
        self.rule = rule
        self.got = got


def is_station_id(text: str) -> bool:
    """Whether a text can be a station's id."""
    return _ID_LETTERS.fullmatch(text) is not None


def value_of(column: Column, text: str) -> Any:  # noqa: ANN401 - as the column's kind says
    """The value that a cell says; the cell is not empty.

    Raises:
        BadCellError: it breaks the column's rules.
    """
    if any(unicodedata.category(letter) == "Cc" for letter in text):
        raise BadCellError("must have no control characters", text)
    try:
        return _READERS[column.kind](column, as_meant(text) if column.kind in _FREE else text)
    except BadCellError:
        raise
    except ValueError as error:
        raise BadCellError(str(error), text) from error


def choice_of(column: str, text: str) -> str:
    """A word of a closed list, given in either language.

    Raises:
        BadCellError: it is not on the list.
    """
    words = {_plain(word): key for key, others in CHOICES[column].items() for word in (key, *others)}
    if _plain(text) not in words:
        raise BadCellError(f"must be one of {', '.join(_both(column, key) for key in CHOICES[column])}", text)
    return words[_plain(text)]


def csv_cells(station: str, record: Record) -> list[str]:
    """A record as a row of the CSV file, in the order of the columns; no text of it is a formula."""
    return [station, *(_csv_cell(column, record[column.name]) for column in STATION_COLUMNS[1:])]


def chinese_cells(station: str, record: Record) -> list[str | float | date | None]:
    """A record as a row of the workbook, in the order of the columns; None is an empty cell."""
    return [station, *(_chinese_cell(column, record[column.name]) for column in STATION_COLUMNS[1:])]


def _both(column: str, key: str) -> str:
    return key if chinese(column, key) == key else f"{key} ({chinese(column, key)})"


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace(" ", "")


def _read_text(column: Column, text: str) -> str:
    if len(text) > column.length:
        raise BadCellError(f"must have at most {column.length} letters", text)
    return text


def _read_number(column: Column, text: str) -> float:
    low, high = column.span
    try:
        number = cell_number(text)
    except ValueError as error:
        raise BadCellError(f"must be a number from {low:g} to {high:g}", text) from error
    if not low <= number <= high:
        rule = f"must lie between {low:g} and {high:g}"
        raise BadCellError(rule, int(number) if number.is_integer() and abs(number) < 1e15 else number)
    return number


def _read_day(_column: Column, text: str) -> date:
    day = cell_day(text)
    if not EARLIEST <= day <= LATEST:
        raise BadCellError(f"must lie between {EARLIEST} and {LATEST}", text)
    return day


def _read_tags(column: Column, text: str) -> list[str]:
    tags = sorted({tag.strip() for tag in _TAG_ENDS.split(text)} - {""})
    if tags == [NO_TAGS]:
        return []
    for tag in tags:
        if len(tag) > column.length:
            raise BadCellError(f"each tag must have at most {column.length} letters", tag)
    return tags


_READERS = {
    "text": _read_text,
    "number": _read_number,
    "day": _read_day,
    "choice": lambda column, text: choice_of(column.name, text),
    "yes": lambda _column, text: cell_yes(text),
    "tags": _read_tags,
}


def _csv_cell(column: Column, value: Any) -> str:  # noqa: ANN401 - of any column
    text = _text(value)
    return harmless(told_apart(text)) if column.kind in _FREE else text


def _text(value: Any) -> str:  # noqa: ANN401 - of any column
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float | int):
        return repr(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, list):
        return ";".join(value)
    return str(value)


def _chinese_cell(column: Column, value: Any) -> str | float | date | None:  # noqa: ANN401 - of any column
    if value is None or value in ("", []):
        return None
    if column.kind == "choice":
        return chinese(column.name, value)
    if column.kind == "yes":
        return "是" if value else "否"
    if column.kind == "tags":
        return told_apart("、".join(value))
    kept: str | float | date = told_apart(value) if isinstance(value, str) else value
    return kept
