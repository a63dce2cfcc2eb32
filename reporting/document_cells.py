"""How figures and texts stand in the printed report. Pure."""

import math
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from reporting.shares import per_cent

Json = dict[str, Any]
Tone = Literal["bad", "doubtful", "good", ""]
Row = TypeVar("Row")
Align = Literal["left", "center", "right"]
NONE = ""
"""What is not known stays empty, never zero."""
_LONGEST_WORD, _PIECE = 16, 8
_BREAK = "\u200b"


class Column(NamedTuple, Generic[Row]):
    """A column of a printed table.

    Attributes:
        head: of each page.
        width: as a share of the page's, beside those of the other columns.
        text: gives the cell of a row.
        align: of the cells.
        tone: whether a row's cell is marked.
    """

    head: str
    width: float
    text: Callable[[Row], str]
    align: Align = "right"
    tone: Callable[[Row], Tone] | None = None


def table(
    title: str, columns: Sequence[Column[Row]], rows: Sequence[Row], empty: str, total: Row | None = None
) -> Json:
    """A table as data for the template; without rows only the sentence that says so."""
    return {
        "title": title,
        "columns": [{"head": each.head, "width": each.width, "align": each.align} for each in columns],
        "rows": [cells(columns, row) for row in rows],
        "total": cells(columns, total) if rows and total is not None else [],
        "empty": "" if rows else empty,
    }


def cells(columns: Sequence[Column[Row]], row: Row) -> list[str | Json]:
    """A row; a marked cell has a tone beside its text."""
    made: list[str | Json] = []
    for column in columns:
        said, tone = clean(column.text(row)), column.tone(row) if column.tone else ""
        made.append({"text": said, "tone": tone} if tone else said)
    return made


def clean(text: str) -> str:
    """A text of people as one line that prints: no control or invisible letters, long words may break."""
    shown = "".join(" " if letter.isspace() else letter for letter in text)
    shown = "".join(letter for letter in shown if unicodedata.category(letter) not in _UNPRINTED)
    return " ".join(_breakable(word) for word in shown.split(" ")).strip()


_UNPRINTED = {"Cc", "Cf", "Cs", "Co", "Cn"}


def _breakable(word: str) -> str:
    if len(word) <= _LONGEST_WORD or max(word) > "\u2e80":
        return word
    return _BREAK.join(word[n : n + _PIECE] for n in range(0, len(word), _PIECE))


def whole(value: int | None) -> str:
    """A count."""
    return NONE if value is None else f"{value:,}"


def share(value: Fraction | float | None) -> str:
    """A share in per cent; see `per_cent`."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NONE
    return f"{per_cent(Fraction(value))}%"


def points(value: Fraction | None) -> str:
    """A change in percentage points with its sign."""
    if value is None:
        return NONE
    return f"{'+' if rounded(value, 2) > 0 else ''}{_decimal(value, 2)}"


def amount(value: float | None) -> str:
    """An amount with one digit."""
    return NONE if value is None or not math.isfinite(value) else f"{_decimal(Fraction(value), 1)}"


def ratio(value: float | None) -> str:
    """A ratio with two digits."""
    return NONE if value is None or not math.isfinite(value) else _decimal(Fraction(value), 2)


def plain(value: float | None) -> str:
    """A number as short as it can be written."""
    return NONE if value is None or not math.isfinite(value) else f"{value:.10g}"


def day(value: date | None) -> str:
    """A civil day."""
    return NONE if value is None else value.isoformat()


def rounded(value: Fraction, digits: int) -> Fraction:
    """Rounded to so many digits, halves away from zero."""
    scaled = abs(value) * 10**digits
    units = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(units if value >= 0 else -units, 10**digits)


def _decimal(value: Fraction, digits: int) -> str:
    exact = rounded(value, digits)
    units = abs(exact.numerator * 10**digits // exact.denominator)
    sign = "-" if exact < 0 else ""
    return f"{sign}{units // 10**digits:,}.{units % 10**digits:0{digits}}"
