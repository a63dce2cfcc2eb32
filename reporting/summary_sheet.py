"""The first sheet: title, headline, blocks of figures, the definition in short, and lines to sign on."""

from fractions import Fraction

from xlsxwriter.utility import xl_rowcol_to_cell

from reporting.definition import Definition
from reporting.figures import MonthFigures
from reporting.group_sheets import change_cells
from reporting.layout import (
    BAD,
    BODY,
    GOOD,
    HEAD,
    SECTION,
    Book,
    Cell,
    Format,
    Formula,
    Kind,
    Worksheet,
    put,
    put_merged,
)
from reporting.rate import RULES
from reporting.summary_blocks import Block, blocks
from reporting.words import Words, percent

_WIDTHS = (25, 14, 46, 2, 21, 14, 2, 27, 14)
_LAST = len(_WIDTHS) - 1
_HEADLINE_TOP, _BLOCKS_TOP, _LOWER_TOP = 4, 7, 16
_LOWER_ROWS = 7
_SIGN_ROW = 25


def put_summary(
    book: Book, sheet: Worksheet, figures: MonthFigures, titles: list[str], definition: Definition
) -> None:
    """Fill the sheet; `titles` are its three lines: centre, report, and month with revision and cut-off."""
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    for row, (text, height, size) in enumerate(zip(titles, (28, 38, 22), (16, 22, 11), strict=True)):
        sheet.set_row(row, height)
        font = BODY if size == 11 else HEAD
        put_merged(sheet, (row, 0, row, _LAST), text, book.form(font, font_size=size, align="center"))
    for row in range(_BLOCKS_TOP, _LOWER_TOP + _LOWER_ROWS + 1):
        sheet.set_row(row, 23)
    shown = blocks(figures, book.words, (_BLOCKS_TOP, _LOWER_TOP))
    places = {
        line.key: xl_rowcol_to_cell(row, block.left + 1)
        for block in shown
        for row, line in enumerate(block.lines, start=block.top + 1)
    }
    _put_headline(book, sheet, figures, places)
    for block in shown:
        _put_block(book, sheet, block, places)
    put_merged(sheet, (_LOWER_TOP, 0, _LOWER_TOP, 2), book.words.text("definition"), _section(book))
    form = book.form(font_size=10.5, border=1, indent=1, text_wrap=True)
    put_merged(sheet, (_LOWER_TOP + 1, 0, _LOWER_TOP + _LOWER_ROWS, 2), definition.in_short, form)
    _put_signatures(book, sheet)


def _put_headline(book: Book, sheet: Worksheet, figures: MonthFigures, places: dict[str, str]) -> None:
    words, city, row = book.words, figures.city, _HEADLINE_TOP
    for key, rate_key, share, of, size in (
        ("headline", "strict", city.by_number_strict, "{due}", 20),
        ("headline_lenient", "lenient", city.by_number_lenient, "({normal}+{not_normal})", 14),
    ):
        sheet.set_row(row, 32 if size == 20 else 24)
        put(sheet, row, 0, words.text(key), book.form(HEAD, font_size=12, border=1, indent=1))
        colours = _colours(share)
        big = book.form(HEAD, font_size=size, align="center", border=1, num_format="0.00%", **colours)
        put(sheet, row, 1, _filled(Formula(f"{{{rate_key}}}", share), places), big)
        result = book.form(HEAD, font_size=12, align="center", border=1, **colours)
        put(sheet, row, 2, _filled(_result(words, share, of), places), result)
        row += 1
    changes = change_cells(figures, words)
    small = book.form(HEAD, font_size=11, border=1, indent=1)
    for row, left, key, cell in (
        (_HEADLINE_TOP, 4, "change_points", changes.get("change_points")),
        (_HEADLINE_TOP, 7, "change_year_points", changes.get("change_year_points")),
        (_HEADLINE_TOP + 1, 4, "completeness", Formula("{completeness}", city.completeness)),
        (_HEADLINE_TOP + 1, 7, "connection_rate", Formula("{connection_rate}", _connection(figures))),
    ):
        put(sheet, row, left, words.label(key), small)
        kind: Kind = "points" if row == _HEADLINE_TOP else "percent"
        put(sheet, row, left + 1, _filled(cell, places), book.cell_form(kind, font_size=12, indent=1))


def _connection(figures: MonthFigures) -> Fraction | None:
    due = figures.due_for_connection
    return Fraction(figures.connected, due) if due else None


def _result(words: Words, share: Fraction | None, of: str) -> Formula:
    """Whether the target is met, by whole numbers: exactly the target is."""

    def said(key: str) -> str:
        return words.text("result", result=words.text(key), target=percent(RULES.target))

    part, whole = RULES.target.numerator, RULES.target.denominator
    key = "no_figure" if share is None else "is_met" if share >= RULES.target else "is_missed"
    met = f'IF({{normal}}*{whole}>={of}*{part},"{said("is_met")}","{said("is_missed")}")'
    return Formula(f'IF({of}=0,"{said("no_figure")}",{met})', said(key))


def _colours(share: Fraction | None) -> dict[str, str]:
    if share is None:
        return {}
    return GOOD if share >= RULES.target else BAD


def _section(book: Book) -> Format:
    return book.form(HEAD, bold=True, border=1, align="center", bg_color=SECTION)


def _filled(cell: Cell, places: dict[str, str]) -> Cell:
    return cell._replace(text=cell.text.format_map(places)) if isinstance(cell, Formula) else cell


def _put_block(book: Book, sheet: Worksheet, block: Block, places: dict[str, str]) -> None:
    top, left = block.top, block.left
    has_how = any(line.how for line in block.lines)
    put_merged(sheet, (top, left, top, left + 1), block.title, _section(book))
    if has_how:
        put(sheet, top, left + 2, book.words.text("how"), _section(book))
    for row, line in enumerate(block.lines, start=top + 1):
        label = book.cell_form("text", shrink=True, text_wrap=False)
        put(sheet, row, left, line.label, label)
        put(sheet, row, left + 1, _filled(line.cell, places), book.cell_form(line.kind, indent=1))
        if has_how:
            put(sheet, row, left + 2, _filled(line.how, places), book.cell_form("text", font_size=9))


def _put_signatures(book: Book, sheet: Worksheet) -> None:
    sheet.set_row(_SIGN_ROW, 34)
    form = book.form(font_size=11, bottom=1, valign="bottom")
    for first, last, key in ((0, 1, "prepared"), (2, 2, "reviewed"), (4, 5, "issued"), (7, 8, "dated")):
        text = book.words.text(key)
        if first == last:
            put(sheet, _SIGN_ROW, first, text, form)
        else:
            put_merged(sheet, (_SIGN_ROW, first, _SIGN_ROW, last), text, form)
    sheet.set_row(_SIGN_ROW + 1, 40)
    seal = book.form(align="center", font_color="#808080")
    put_merged(sheet, (_SIGN_ROW + 1, 7, _SIGN_ROW + 1, 8), book.words.text("seal"), seal)
