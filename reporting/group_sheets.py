"""Two sheets of the report, by formulas over the facilities: the counties with a chart, and the operators."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from xlsxwriter.utility import quote_sheetname, xl_rowcol_to_cell

from reporting.county_chart import CHART_ROWS, put_county_chart
from reporting.figures import GroupFigures, MonthFigures, change_in_points
from reporting.layout import BAD, HEAD_ROW, Book, Cell, Formula, Plain, Worksheet, put_title
from reporting.plan_table import put_plan
from reporting.rate import RULES
from reporting.station_formulas import GroupFormulas, SheetColumns, is_called, points
from reporting.station_sheet import Names, station_columns
from reporting.table import Column, put_table
from reporting.words import Words

UNPRINTED = ("target", "strict_before", "strict_year_before")


class _Row(NamedTuple):
    figures: GroupFigures
    label: str
    formulas: GroupFormulas


def put_counties(book: Book, sheet: Worksheet, figures: MonthFigures, subtitle: str, names: Names) -> None:
    """The counties by rank, all of them together, the plan's targets, and a chart of the rates."""
    put_title(book, sheet, "title_counties", subtitle)
    columns = _columns("county", 22, has_year=_has_year(figures))
    below = _put_groups(book, sheet, columns, figures, figures.counties, names.counties)
    if figures.plan:
        below = put_plan(book, sheet, figures, names, below + 1)
    keys = [column.key for column in columns]
    if figures.counties:
        put_county_chart(book, sheet, below + 1, keys, len(figures.counties))
        below += 1 + CHART_ROWS
    sheet.print_area(0, 0, below, len(columns) - len(UNPRINTED) - 1)


def put_companies(book: Book, sheet: Worksheet, figures: MonthFigures, subtitle: str, names: Names) -> None:
    """The operators by rank, and all of them together."""
    put_title(book, sheet, "title_companies", subtitle)
    columns = _columns("company", 32, has_year=_has_year(figures))
    below = _put_groups(book, sheet, columns, figures, figures.companies, names.companies)
    sheet.print_area(0, 0, below - 1, len(columns) - len(UNPRINTED) - 1)


def change_cells(figures: MonthFigures, words: Words) -> dict[str, Formula]:
    """The changes of all counties together as they stand on that sheet, by key; on last year's if known."""
    columns = _columns("county", 22, has_year=_has_year(figures))
    sheet, row = quote_sheetname(words.text("sheet_counties")), HEAD_ROW + 1 + len(figures.counties)
    values = {
        "change_points": figures.whole.strict_before,
        "change_year_points": figures.whole.strict_year_before,
    }
    return {
        column.key: Formula(
            f"{sheet}!{xl_rowcol_to_cell(row, number)}",
            change_in_points(figures.city.by_number_strict, values[column.key]),
        )
        for number, column in enumerate(columns)
        if column.key in values
    }


def _has_year(figures: MonthFigures) -> bool:
    return figures.whole.strict_year_before is not None


def _columns(key: str, most: int, *, has_year: bool) -> list[Column[_Row]]:
    column = Column[_Row]

    def by(figure: str, value: Callable[[GroupFigures], Plain]) -> Callable[[_Row], Cell]:
        return lambda row: Formula(row.formulas.text(figure), value(row.figures))

    change_year = column("change_year_points", "points", _year_change, 8)
    return [
        column("rank", "code", lambda row: row.figures.rank),
        column(key, "text", lambda row: row.label, 10, most),
        column("registered", "whole", by("registered", lambda group: group.registered), 6),
        column("not_counted", "whole", by("not_counted", lambda group: group.registered - group.rate.due), 6),
        column("due", "whole", by("due", lambda group: group.rate.due), 6),
        column("normal", "whole", by("normal", lambda group: group.rate.normal), 6),
        column("not_normal", "whole", by("not_normal", lambda group: group.rate.not_normal), 6),
        column("not_assessable", "whole", by("not_assessable", lambda group: group.rate.not_assessable), 6),
        column("strict", "percent", by("strict", lambda group: group.rate.by_number_strict), 10),
        column("change_points", "points", _change, 8),
        *((change_year,) if has_year else ()),
        column("lenient", "percent", by("lenient", lambda group: group.rate.by_number_lenient), 10),
        column("by_days", "percent", by("by_days", lambda group: group.rate.by_days)),
        column("by_capacity", "percent", by("by_capacity", lambda group: group.rate.by_capacity)),
        column("completeness", "percent", by("completeness", lambda group: group.rate.completeness)),
        column("connected", "whole", by("connected", lambda group: group.connected), 6),
        column("stops", "whole", by("stops", lambda group: group.stops), 6),
        column("stopped_days", "whole", by("stopped_days", lambda group: group.stopped_days), 6),
        column("volume", "amount", by("volume", lambda group: group.amounts.volume_m3), 10),
        column("energy", "amount", by("energy", lambda group: group.amounts.energy_kwh), 10),
        column("load", "percent", by("load", lambda group: group.amounts.load)),
        column("kwh_per_m3", "ratio", by("kwh_per_m3", lambda group: group.amounts.kwh_per_m3), 9),
        column("target", "percent", lambda _: RULES.target, 8),
        column("strict_before", "percent", lambda row: row.figures.strict_before, 10),
        column("strict_year_before", "percent", lambda row: row.figures.strict_year_before, 10),
    ]


def _change(row: _Row) -> Cell:
    group = row.figures
    value = change_in_points(group.rate.by_number_strict, group.strict_before)
    return Formula(points("{strict}", "{strict_before}"), value)


def _year_change(row: _Row) -> Cell:
    group = row.figures
    value = change_in_points(group.rate.by_number_strict, group.strict_year_before)
    return Formula(points("{strict}", "{strict_year_before}"), value)


def _put_groups(
    book: Book,
    sheet: Worksheet,
    columns: list[Column[_Row]],
    figures: MonthFigures,
    groups: Sequence[GroupFigures],
    called: Mapping[str, str],
) -> int:
    words, key = book.words, columns[1].key
    stations = station_columns(figures, words)
    rows = [_group_row(group, called[group.code], key, stations, words) for group in groups]
    total = _Row(figures.whole._replace(rank=None), words.text("all"), GroupFormulas(stations, words))
    below = put_table(book, sheet, columns, rows, total)
    for number, column in enumerate(columns):
        if column.key in ("strict", "lenient"):
            book.mark(sheet, (HEAD_ROW + 1, number, below - 1, number), f"<{float(RULES.target)}", BAD)
    sheet.freeze_panes(HEAD_ROW + 1, 2)
    return below


def _group_row(group: GroupFigures, label: str, key: str, stations: SheetColumns, words: Words) -> _Row:
    return _Row(group, label, GroupFormulas(stations, words, (key, is_called(label, f"{{{key}}}"))))
