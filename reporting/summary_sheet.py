"""The first sheet: title, headline, rates and how they come about, the definition, and lines to sign on."""

from fractions import Fraction
from typing import NamedTuple

from reporting.definition import Definition
from reporting.figures import MonthFigures
from reporting.layout import (
    BAD,
    BODY,
    GOOD,
    HEAD,
    SECTION,
    Book,
    Cell,
    Format,
    Kind,
    Worksheet,
    put,
    put_merged,
)
from reporting.rate import RULES
from reporting.words import Words, percent

_WIDTHS = (27, 16, 46, 2, 25, 18)
_LAST = len(_WIDTHS) - 1
_RATES_TOP = 7
_AMOUNTS_TOP = 14
_SIGN_ROW = 22


class _Line(NamedTuple):
    key: str
    kind: Kind
    value: Cell
    how: str = ""


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
    _put_headline(book, sheet, figures)
    _put_lines(book, sheet, _RATES_TOP, 0, "rates", _rates(figures, book.words))
    _put_lines(book, sheet, _RATES_TOP, 4, "facilities", _counts(figures))
    _put_lines(book, sheet, _AMOUNTS_TOP, 4, "amounts", _amounts(figures))
    box = (_AMOUNTS_TOP, 0, _AMOUNTS_TOP, 2)
    put_merged(sheet, box, book.words.text("definition"), _section(book))
    box = (_AMOUNTS_TOP + 1, 0, _AMOUNTS_TOP + 6, 2)
    form = book.form(font_size=10.5, border=1, indent=1, text_wrap=True)
    put_merged(sheet, box, definition.in_short, form)
    for row in range(_AMOUNTS_TOP + 1, _AMOUNTS_TOP + 7):
        sheet.set_row(row, 23)
    _put_signatures(book, sheet)


def _put_headline(book: Book, sheet: Worksheet, figures: MonthFigures) -> None:
    words, city = book.words, figures.city
    for row, key, share, size in (
        (4, "headline", city.by_number_strict, 20),
        (5, "headline_lenient", city.by_number_lenient, 14),
    ):
        sheet.set_row(row, 32 if size == 20 else 24)
        put(sheet, row, 0, words.text(key), book.form(HEAD, font_size=12, border=1, indent=1))
        colours = _colours(share)
        big = book.form(HEAD, font_size=size, align="center", border=1, num_format="0.00%", **colours)
        put(sheet, row, 1, share, big)
        result = words.text("result", result=_result(words, share), target=percent(RULES.target))
        put(sheet, row, 2, result, book.form(HEAD, font_size=12, align="center", border=1, **colours))
    change = change_in_points(city.by_number_strict, figures.whole.strict_before)
    for row, line in (
        (4, _Line("change_points", "points", change)),
        (5, _Line("completeness", "percent", city.completeness)),
    ):
        put(sheet, row, 4, words.label(line.key), book.form(HEAD, font_size=11, border=1, indent=1))
        put(sheet, row, 5, line.value, book.cell_form(line.kind, font_size=12, indent=1))


def change_in_points(share: Fraction | None, before: Fraction | None) -> Fraction | None:
    """By how many percentage points a rate rose; None unless both are known."""
    return None if share is None or before is None else (share - before) * 100


def _result(words: Words, share: Fraction | None) -> str:
    if share is None:
        return words.text("no_figure")
    return words.text("is_met" if share >= RULES.target else "is_missed")


def _colours(share: Fraction | None) -> dict[str, str]:
    if share is None:
        return {}
    return GOOD if share >= RULES.target else BAD


def _rates(figures: MonthFigures, words: Words) -> list[_Line]:
    city = figures.city
    months = [line.month for line in figures.stations if line.month.countable_days]
    running = sum(month.running for month in months)
    countable = sum(month.countable_days for month in months)
    known = countable - sum(month.unknown for month in months)

    def how(part: str, of_part: int, whole: str, of_whole: int) -> str:
        return words.text("quotient", part=words.label(part), a=of_part, whole=words.label(whole), b=of_whole)

    assessed = city.normal + city.not_normal
    return [
        _Line("strict", "percent", city.by_number_strict, how("normal", city.normal, "due", city.due)),
        _Line("lenient", "percent", city.by_number_lenient, how("normal", city.normal, "assessed", assessed)),
        _Line("by_days", "percent", city.by_days, how("running", running, "known_days", known)),
        _Line("by_capacity", "percent", city.by_capacity, words.text("how_by_capacity")),
        _Line("completeness", "percent", city.completeness, how("known_days", known, "countable", countable)),
        _Line(
            "connection_rate",
            "percent",
            Fraction(figures.connected, figures.due_for_connection) if figures.due_for_connection else None,
            how("connected", figures.connected, "registered", figures.due_for_connection),
        ),
    ]


def _counts(figures: MonthFigures) -> list[_Line]:
    whole, city = figures.whole, figures.city
    return [
        _Line("registered", "whole", whole.registered),
        _Line("due", "whole", city.due),
        _Line("normal", "whole", city.normal),
        _Line("not_normal", "whole", city.not_normal),
        _Line("not_assessable", "whole", city.not_assessable),
        _Line("connected", "whole", whole.connected),
    ]


def _amounts(figures: MonthFigures) -> list[_Line]:
    whole = figures.whole
    return [
        _Line("volume", "amount", whole.amounts.volume_m3),
        _Line("energy", "amount", whole.amounts.energy_kwh),
        _Line("load", "percent", whole.amounts.load),
        _Line("kwh_per_m3", "ratio", whole.amounts.kwh_per_m3),
        _Line("stops", "whole", whole.stops),
        _Line("stopped_days", "whole", whole.stopped_days),
    ]


def _section(book: Book) -> Format:
    return book.form(HEAD, bold=True, border=1, align="center", bg_color=SECTION)


def _put_lines(book: Book, sheet: Worksheet, top: int, left: int, key: str, lines: list[_Line]) -> None:
    has_how = any(line.how for line in lines)
    put_merged(sheet, (top, left, top, left + 1), book.words.text(key), _section(book))
    if has_how:
        put(sheet, top, left + 2, book.words.text("how"), _section(book))
    for row, line in enumerate(lines, start=top + 1):
        sheet.set_row(row, 20)
        put(sheet, row, left, book.words.label(line.key), book.cell_form("text"))
        put(sheet, row, left + 1, line.value, book.cell_form(line.kind, indent=1))
        if has_how:
            put(sheet, row, left + 2, line.how, book.cell_form("text", font_size=9))


def _put_signatures(book: Book, sheet: Worksheet) -> None:
    sheet.set_row(_SIGN_ROW, 34)
    form = book.form(font_size=11, bottom=1, valign="bottom")
    for first, last, key in ((0, 0, "prepared"), (1, 2, "reviewed"), (4, 4, "issued"), (5, 5, "dated")):
        text = book.words.text(key)
        if first == last:
            put(sheet, _SIGN_ROW, first, text, form)
        else:
            put_merged(sheet, (_SIGN_ROW, first, _SIGN_ROW, last), text, form)
    sheet.set_row(_SIGN_ROW + 1, 40)
    seal = book.form(align="center", font_color="#808080")
    put_merged(sheet, (_SIGN_ROW + 1, 4, _SIGN_ROW + 1, 5), book.words.text("seal"), seal)
