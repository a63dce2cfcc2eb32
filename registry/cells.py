"""What a cell of a table says: a text, a number, a civil day, yes or no. Pure.

A cell of a workbook is turned into the text that a person would type, so that CSV and XLSX are read alike.
"""

import math
import re
from datetime import date, datetime, time

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_DAY = re.compile(r"(\d{4})([-/.年])(\d{1,2})(?:\2|月)(\d{1,2})日?(?:[ T]00:00(?::00(?:\.0+)?)?)?", re.ASCII)
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_YES = {"yes", "true", "1", "y", "是", "有"}
_NO = {"no", "false", "0", "n", "否", "无"}
_WHOLE_UP_TO = 1e15
"""Greater ones are not exact in a workbook."""
_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
"""How a text begins that some spreadsheet takes for a formula."""
_QUOTED_FORMULA = re.compile(rf"'+{_FORMULA.pattern}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


def cell_text(value: object) -> str:
    """The text of a workbook's cell: 20.0 is `20`, a day `2025-06-30`, an instant `2025-06-30T08:00:00`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE_UP_TO:
        return str(int(value))
    if isinstance(value, datetime):
        is_day = value.time() == time()
        return value.date().isoformat() if is_day else value.isoformat(timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value).strip()


def cell_number(text: str) -> float:
    """The number that a text says.

    Raises:
        ValueError: none, or none that is finite.
    """
    found = _NUMBER.fullmatch(text)
    number = float(text) if found else math.nan
    if not math.isfinite(number):
        raise ValueError("must be a number")
    return number


def cell_day(text: str) -> date:
    """The civil day that a text says: `2025-06-30`, `2025/6/30`, `2025.6.30`, `20250630` or `2025年6月30日`.

    Raises:
        ValueError: none; one that begins with the day of the month is not guessed at.
    """
    found, digits = _DAY.fullmatch(text), _DIGITS.fullmatch(text)
    if found:
        year, month, day = found[1], found[3], found[4]
    elif digits:
        year, month, day = digits.groups()
    else:
        raise ValueError("must be a date such as 2025-06-30")
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise ValueError("must be a date of the calendar such as 2025-06-30") from error


def cell_yes(text: str) -> bool:
    """Whether a text says yes or no, in English or Chinese.

    Raises:
        ValueError: neither.
    """
    word = text.casefold()
    if word not in _YES | _NO:
        raise ValueError("must be yes or no (是 or 否)")
    return word in _YES


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula when it opens a CSV: an apostrophe stands before it."""
    return f"'{text}" if _FORMULA.match(text) else text


def harmless_id(text: str) -> str:
    """The same for ids, which programs compare: `-1` computes nothing and stays what it is."""
    return text if _ID.fullmatch(text) else harmless(text)


def told_apart(text: str) -> str:
    """A text for a file that `as_meant` reads back: one that begins like a harmless one gets one more."""
    return f"'{text}" if _QUOTED_FORMULA.match(text) else text


def as_meant(text: str) -> str:
    """The text of a cell without the apostrophe that `harmless` or `told_apart` has put before it."""
    return text[1:] if _QUOTED_FORMULA.match(text) else text
