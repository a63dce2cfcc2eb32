"""How a sheet looks and prints: fonts, formats, column widths that fit Chinese text, A4 landscape.

Every text goes in as a text, so that a name that begins with = is never a formula.
"""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from fractions import Fraction
from io import BytesIO
from typing import Any, Literal, NamedTuple

import xlsxwriter
from xlsxwriter.chart import Chart
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from reporting.words import Words

__all__ = [
    "BAD", "BODY", "DOUBTFUL", "GOOD", "HEAD", "HEAD_ROW", "SECTION", "SIZE_PT", "Book", "Cell", "Format",
    "Formula", "Kind", "Plain", "Worksheet", "put", "put_merged", "put_title",
]  # fmt: skip

Plain = str | int | float | Fraction | date | None
Kind = Literal["text", "code", "whole", "number", "amount", "ratio", "percent", "points", "date"]


class Formula(NamedTuple):
    """A formula, and what it comes to: a viewer that does not calculate shows that.

    Attributes:
        text: without the sign of equality; in a table `{key}` is the cell of its own row in that column.
        value: None for the empty text.
    """

    text: str
    value: Plain


Cell = Plain | Formula

A4 = 9
SIZE_PT = 10
HEAD_ROW = 2
"""Row of the head of each table, below two rows of titles."""
SECTION = "#D9E2F3"
BODY, HEAD = ("宋体", "黑体")
LATIN = "Arial"
_NUMBER_FORMATS = {
    "whole": "#,##0",
    "number": "General",
    "amount": "#,##0.0",
    "ratio": "0.00",
    "percent": "0.00%",
    "points": "+0.00;-0.00;0.00",
    "date": "yyyy-mm-dd",
}
_LONGEST_FOOTER_NAME = 60
_WHOLE_SHEET = "A1:XFD1048576"
_NOT_DOUBTFUL = ("number_stored_as_text", "formula_differs", "formula_range")
"""What a spreadsheet would mark in the corner of a cell: numbers of facilities are texts, totals differ."""
GOOD = {"bg_color": "#C6EFCE", "font_color": "#006100"}
BAD = {"bg_color": "#FFC7CE", "font_color": "#9C0006"}
DOUBTFUL = {"bg_color": "#FFEB9C", "font_color": "#7F6000"}


class Book:
    """A workbook in memory; its bytes depend on what is written and on `created` alone."""

    def __init__(self, words: Words, created_ms: int, properties: dict[str, str]) -> None:
        self.words = words
        self._file = BytesIO()
        options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self._book = xlsxwriter.Workbook(self._file, {"in_memory": True, **options})
        created = datetime.fromtimestamp(created_ms // 1000, UTC).replace(tzinfo=None)
        self._book.set_properties({**properties, "created": created})
        self._formats: dict[tuple[tuple[str, object], ...], Any] = {}

    def form(self, font: str = BODY, /, **properties: object) -> Format:
        """A cell format; equal ones are made once."""
        name = font if self.words.language == "zh-CN" else LATIN
        wanted = {"font_name": name, "font_size": 10, "valign": "vcenter", **properties}
        key = tuple(sorted(wanted.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format(wanted)
        return self._formats[key]

    def cell_form(self, kind: Kind, **properties: object) -> Format:
        """The format of a table cell of a kind."""
        if kind in _NUMBER_FORMATS:
            properties = {"num_format": _NUMBER_FORMATS[kind], **properties}
        align = {"text": "left", "code": "center", "date": "center"}.get(kind, "right")
        looks = {
            "border": 1,
            "align": align,
            "indent": int(align == "left"),
            "text_wrap": kind in ("text", "code"),
        }
        return self.form(**(looks | properties))

    def sheet(self, key: str, footer: str, side: str, pages_tall: int = 0) -> Worksheet:
        """A new sheet that prints on A4 landscape, one page wide; 0 pages tall means as many as it takes."""
        sheet = self._book.add_worksheet(self.words.text(f"sheet_{key}"))
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
        sheet.fit_to_pages(1, pages_tall)
        sheet.center_horizontally()
        sheet.hide_gridlines(2)
        sheet.ignore_errors(dict.fromkeys(_NOT_DOUBTFUL, _WHOLE_SHEET))
        left = footer[:_LONGEST_FOOTER_NAME].replace("&", "&&")
        font = f'&"{self.form().font_name},Regular"&9 '
        sheet.set_footer(f"&L{font}{left}&C{font}{self.words.text('page')}&R{font}{side}")
        return sheet

    def mark(
        self,
        sheet: Worksheet,
        box: tuple[int, int, int, int],
        condition: str,
        colours: Mapping[str, str],
    ) -> None:
        """Colour the cells of a box that fulfil a condition such as `<0.9`; empty ones never do."""
        cell = xl_rowcol_to_cell(box[0], box[1])
        looks = self._book.add_format({**colours, "bold": True})
        formula = f'=AND({cell}<>"",{cell}{condition})'
        sheet.conditional_format(*box, {"type": "formula", "criteria": formula, "format": looks})

    def chart(self, kind: str) -> Chart:
        """A new native chart."""
        return self._book.add_chart({"type": kind})

    def finish(self) -> bytes:
        """The file."""
        self._book.close()
        return self._file.getvalue()


def put(sheet: Worksheet, row: int, column: int, cell: Cell, form: Format) -> None:
    """Write one cell: what is not known stays empty, a text is never a formula."""
    value = cell.value if isinstance(cell, Formula) else cell
    if isinstance(value, float) and not math.isfinite(value):
        value = None
    elif isinstance(value, Fraction):
        value = float(value)
    if isinstance(cell, Formula):
        sheet.write_formula(row, column, f"={cell.text}", form, "" if value is None else value)
    elif value is None or value == "":
        sheet.write_blank(row, column, None, form)
    elif isinstance(value, str):
        sheet.write_string(row, column, value, form)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), form)  # noqa: DTZ001 - a cell has no zone
    else:
        sheet.write_number(row, column, value, form)


def put_merged(sheet: Worksheet, box: tuple[int, int, int, int], cell: Cell, form: Format) -> None:
    """Write a text over several cells: first row and column, last row and column."""
    sheet.merge_range(*box, "", form)
    put(sheet, box[0], box[1], cell, form)


def put_title(book: Book, sheet: Worksheet, key: str, subtitle: str) -> None:
    """Write a sheet's two rows of titles, which every page repeats."""
    sheet.set_row(0, 28)
    put(sheet, 0, 0, book.words.text(key), book.form(HEAD, font_size=16))
    put(sheet, 1, 0, subtitle, book.form())
    sheet.set_row(1, 18)
    sheet.repeat_rows(0, HEAD_ROW - 1)
