"""The plan's own figures by county, beside the operating rate: how many villages are treated (治理率)."""

from collections.abc import Callable
from typing import NamedTuple

from xlsxwriter.utility import xl_range, xl_rowcol_to_cell

from reporting.figures import GroupFigures, MonthFigures
from reporting.layout import BAD, HEAD, SIZE_PT, Book, Cell, Formula, Plain, Worksheet, put
from reporting.month_lines import PlanLine
from reporting.rate import rate
from reporting.station_formulas import GroupFormulas, is_called, quotient
from reporting.station_sheet import Names, station_columns
from reporting.table import Column, Place, put_rows

_WIDTHS = (12, 8, 8, 8, 8, 8, 8, 11)
"""Of the columns of the table above, which it shares; a county's name may have more."""
_LEFT = 1


class _Row(NamedTuple):
    line: PlanLine
    group: GroupFigures | None
    formulas: GroupFormulas
    is_total: bool = False


def put_plan(book: Book, sheet: Worksheet, figures: MonthFigures, names: Names, top: int) -> int:
    """Write a heading and the table from a row on; all of them together where there are several.

    Returns the row below.
    """
    words = book.words
    stations = station_columns(figures, words)
    groups = {group.code: group for group in figures.counties}
    rows = []
    for line in figures.plan:
        label = names.counties.get(line.county, line.name or line.county)
        called = ("county", is_called(label, "{county}"))
        formulas = GroupFormulas(stations, words, called)
        rows.append(_Row(line._replace(name=label), groups.get(line.county), formulas))
    total = _total(figures, GroupFormulas(stations, words), words.text("all")) if len(rows) > 1 else None
    columns = _columns(top + 2, len(rows))
    put(sheet, top, _LEFT, words.text("plan"), book.form(HEAD, font_size=12))
    below = put_rows(book, sheet, columns, rows, total, SIZE_PT, Place(top + 1, _LEFT, _WIDTHS))
    share, target = (
        _LEFT + [column.key for column in columns].index(key) for key in ("treated_share", "treated_target")
    )
    box = (top + 2, share, below - 1, share)
    book.mark(sheet, box, f"<{xl_rowcol_to_cell(top + 2, target)}", BAD)
    return below


def _total(figures: MonthFigures, formulas: GroupFormulas, name: str) -> _Row:
    villages, treated = (
        sum(counts) for counts in zip(*((line.villages, line.treated) for line in figures.plan), strict=True)
    )
    return _Row(PlanLine("", name, villages, treated, None), figures.whole, formulas, is_total=True)


def _columns(first: int, count: int) -> list[Column[_Row]]:
    column = Column[_Row]
    nothing = rate(())

    def summed(place: int, value: Callable[[PlanLine], int]) -> Callable[[_Row], Cell]:
        number = _LEFT + place
        over = f"SUM({xl_range(first, number, first + count - 1, number)})"
        return lambda row: Formula(over, value(row.line)) if row.is_total else value(row.line)

    def by(figure: str, value: Callable[[GroupFigures], Plain]) -> Callable[[_Row], Cell]:
        def cell(row: _Row) -> Cell:
            return Formula(row.formulas.text(figure), None if row.group is None else value(row.group))

        return cell

    def counted(figure: str) -> Callable[[_Row], Cell]:
        return lambda row: Formula(
            row.formulas.text(figure), getattr(nothing if row.group is None else row.group.rate, figure)
        )

    return [
        column("county", "text", lambda row: row.line.name),
        column("villages", "whole", summed(1, lambda line: line.villages)),
        column("treated_villages", "whole", summed(2, lambda line: line.treated)),
        column(
            "treated_share",
            "percent",
            lambda row: Formula(quotient("{treated_villages}", "{villages}"), row.line.share),
        ),
        column("treated_target", "percent", lambda row: row.line.target),
        column("due", "whole", counted("due")),
        column("normal", "whole", counted("normal")),
        column("strict", "percent", by("strict", lambda group: group.rate.by_number_strict)),
    ]
