"""The sheet of the definitions, whole: what each figure means."""

from reporting.definition import Definition
from reporting.layout import HEAD, HEAD_ROW, SIZE_PT, Book, Worksheet, put, put_title
from reporting.table import height

_WIDTHS = (18, 120)


def put_definitions(book: Book, sheet: Worksheet, definition: Definition, subtitle: str) -> None:
    """A heading and a paragraph a row."""
    put_title(book, sheet, "title_definitions", subtitle)
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    for row, (heading, paragraph) in enumerate(definition.in_full, start=HEAD_ROW):
        sheet.set_row(row, height([heading, paragraph], _WIDTHS, SIZE_PT) + 6)
        put(sheet, row, 0, heading, book.form(HEAD, border=1, align="center", text_wrap=True))
        put(sheet, row, 1, paragraph, book.form(border=1, indent=1, text_wrap=True))
    sheet.freeze_panes(HEAD_ROW, 0)
