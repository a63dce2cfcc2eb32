"""Formulas over the sheet of the facilities, so that a reader can see where each total comes from. Pure.

Only functions of Excel 2007 that WPS and LibreOffice know as well. `{key}` in a formula stands for the cell
that shows that figure in the same row of a table, or on the same sheet.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import count

from xlsxwriter.utility import quote_sheetname, xl_range_abs

from reporting.layout import HEAD_ROW
from reporting.words import Words

_SUMS = ("countable", "excluded", "running", "stopped_days", "unknown", "stops")
_METERED = ("volume", "energy")
_QUOTIENTS = {
    "by_days": ("running", "known"),
    "completeness": ("known", "countable"),
    "load": ("treated", "designed"),
    "kwh_per_m3": ("paired_kwh", "paired_m3"),
}
_KNOWN = '"<>"'
"""The condition that a cell is not empty."""
_ON_REGISTER = ("registered_days", '">0"')


class SheetColumns:
    """Where the columns of a table on another sheet are."""

    def __init__(self, sheet: str, keys: Sequence[str], rows: int) -> None:
        self._sheet = quote_sheetname(sheet)
        self._keys = list(keys)
        self._last = HEAD_ROW + max(rows, 1)

    def column(self, key: str) -> str:
        """The cells of a column, below its head."""
        number = self._keys.index(key)
        return f"{self._sheet}!{xl_range_abs(HEAD_ROW + 1, number, self._last, number)}"


class GroupFormulas:
    """Formulas of figures that are counted over facilities: all of them, or those of one group.

    Args:
        columns: of the sheet of the facilities.
        words: of the report, for the judgements.
        group: key of the column that says whose a facility is, and the condition that it fulfils.
    """

    def __init__(self, columns: SheetColumns, words: Words, group: tuple[str, str] | None = None) -> None:
        self._columns = columns
        self._group = () if group is None else (group,)
        due = ("countable", '">0"')
        self._texts = {
            "registered": self._count(_ON_REGISTER),
            "not_counted": self._count(_ON_REGISTER, ("countable", '"=0"')),
            "due": self._count(due),
            "connected": self._count(_ON_REGISTER, ("connected_from", '">0"')),
            "by_capacity": quotient(
                self._sum("design", self._is_judged(words, "normal")), self._sum("design", due)
            ),
            "strict": quotient("{normal}", "{due}"),
            "lenient": quotient("{normal}", "({normal}+{not_normal})"),
            "connection_rate": quotient("{connected}", "{registered}"),
        }
        self._texts |= {
            key: self._count(self._is_judged(words, key))
            for key in ("normal", "not_normal", "not_assessable")
        }
        self._texts |= {key: self._sum(key) for key in _SUMS}
        self._texts |= {key: f'IF({self._count((key, _KNOWN))}=0,"",{self._sum(key)})' for key in _METERED}
        self._texts |= {
            key: quotient(self._sum(part), self._sum(whole)) for key, (part, whole) in _QUOTIENTS.items()
        }

    def text(self, key: str) -> str:
        """The formula of a figure, by the key of its words."""
        return self._texts[key]

    def _is_judged(self, words: Words, judgement: str) -> tuple[str, str]:
        return "judgement", f'"{words.code("judgement", judgement)}"'

    def _count(self, *conditions: tuple[str, str]) -> str:
        return f"COUNTIFS({self._listed(conditions)})"

    def _sum(self, key: str, *conditions: tuple[str, str]) -> str:
        listed = self._listed(conditions)
        cells = self._columns.column(key)
        return f"SUMIFS({cells},{listed})" if listed else f"SUM({cells})"

    def _listed(self, conditions: Iterable[tuple[str, str]]) -> str:
        return ",".join(f"{self._columns.column(key)},{met}" for key, met in (*self._group, *conditions))


def quotient(part: str, whole: str) -> str:
    """A quotient, empty where there is nothing to divide by."""
    return f'IF({whole}=0,"",{part}/{whole})'


def points(rate: str, before: str) -> str:
    """By how many percentage points a rate rose, empty unless both are known."""
    return f'IF(OR({rate}="",{before}=""),"",({rate}-{before})*100)'


def is_called(label: str, cell: str) -> str:
    """The condition of COUNTIFS that a text is a label, by the cell that shows it if that is possible.

    A label that would be taken for a pattern or a comparison is spelt out.
    """
    if not re.search(r"[~*?]", label) and not label.startswith(("=", "<", ">")):
        return cell
    spelt = re.sub(r"([~*?])", r"~\1", label).replace('"', '""').replace("{", "{{").replace("}", "}}")
    return f'"={spelt}"'


def labels(names: Mapping[str, str], unnamed: str) -> dict[str, str]:
    """How groups are called, by code: no two alike, and `unnamed` for the empty code."""
    called = {"": unnamed}
    taken = {unnamed.casefold()}
    for code, name in sorted(names.items()):
        if code:
            tries = (name if n == 1 else f"{name}（{n}）" for n in count(1))
            called[code] = next(label for label in tries if label.casefold() not in taken)
            taken.add(called[code].casefold())
    return called
