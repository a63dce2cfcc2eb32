"""Two sheets of the report: the counties, with a chart of their rates, and the operators."""

from collections.abc import Sequence

from reporting.figures import GroupFigures, MonthFigures
from reporting.layout import BAD, HEAD, HEAD_ROW, Book, Worksheet, put_title
from reporting.rate import RULES
from reporting.summary_sheet import change_in_points
from reporting.table import Column, put_table

Columns = list[Column[GroupFigures]]

_CHART_SIZE_PX = (1150, 330)


def put_counties(book: Book, sheet: Worksheet, figures: MonthFigures, subtitle: str) -> None:
    """The counties by rank, all of them together, and a chart of their rates with the target."""
    put_title(book, sheet, "title_counties", subtitle)
    columns = [
        *_columns("county", book.words.text("without_county"), most=22),
        Column[GroupFigures]("target", "percent", lambda _: RULES.target, least=8),
    ]
    below = _put_groups(book, sheet, columns, figures.counties, figures.whole)
    if figures.counties:
        _put_chart(book, sheet, below, columns, len(figures.counties))


def put_companies(book: Book, sheet: Worksheet, figures: MonthFigures, subtitle: str) -> None:
    """The operators by rank, and all of them together."""
    put_title(book, sheet, "title_companies", subtitle)
    columns = _columns("company", book.words.text("without_company"), most=32)
    _put_groups(book, sheet, columns, figures.companies, figures.whole)


def _columns(key: str, unnamed: str, most: int) -> Columns:
    column = Column[GroupFigures]
    return [
        column("rank", "code", lambda group: group.rank),
        column(key, "text", lambda group: group.name or unnamed, 10, most),
        column("registered", "whole", lambda group: group.registered, 7),
        column("due", "whole", lambda group: group.rate.due, 7),
        column("normal", "whole", lambda group: group.rate.normal, 7),
        column("not_normal", "whole", lambda group: group.rate.not_normal, 7),
        column("not_assessable", "whole", lambda group: group.rate.not_assessable, 7),
        column("strict", "percent", lambda group: group.rate.by_number_strict, 10),
        column("change_points", "points", _change, 8),
        column("lenient", "percent", lambda group: group.rate.by_number_lenient, 10),
        column("by_days", "percent", lambda group: group.rate.by_days),
        column("by_capacity", "percent", lambda group: group.rate.by_capacity),
        column("completeness", "percent", lambda group: group.rate.completeness),
        column("connected", "whole", lambda group: group.connected, 7),
        column("stops", "whole", lambda group: group.stops, 6),
        column("stopped_days", "whole", lambda group: group.stopped_days, 6),
        column("volume", "amount", lambda group: group.amounts.volume_m3, 10),
        column("energy", "amount", lambda group: group.amounts.energy_kwh, 10),
        column("load", "percent", lambda group: group.amounts.load),
        column("kwh_per_m3", "ratio", lambda group: group.amounts.kwh_per_m3, 9),
    ]


def _change(group: GroupFigures) -> float | None:
    points = change_in_points(group.rate.by_number_strict, group.strict_before)
    return None if points is None else float(points)


def _put_groups(
    book: Book,
    sheet: Worksheet,
    columns: Columns,
    groups: Sequence[GroupFigures],
    whole: GroupFigures,
) -> int:
    total = whole._replace(name=book.words.text("all"))
    below = put_table(book, sheet, columns, groups, total)
    for number, column in enumerate(columns):
        if column.key in ("strict", "lenient"):
            book.mark(sheet, (HEAD_ROW + 1, number, below - 1, number), f"<{float(RULES.target)}", BAD)
    sheet.freeze_panes(HEAD_ROW + 1, 2)
    return below


def _put_chart(book: Book, sheet: Worksheet, below: int, columns: Columns, count: int) -> None:
    keys = [column.key for column in columns]
    font = {"name": book.form().font_name, "size": 10}
    named = sheet.get_name()

    def series(key: str, **looks: object) -> dict[str, object]:
        number = keys.index(key)
        return {
            "name": [named, HEAD_ROW, number],
            "categories": [named, HEAD_ROW + 1, keys.index("county"), HEAD_ROW + count, keys.index("county")],
            "values": [named, HEAD_ROW + 1, number, HEAD_ROW + count, number],
            **looks,
        }

    chart, line = book.chart("column"), book.chart("line")
    labels = {"value": True, "num_format": "0.0%", "font": {**font, "size": 9}}
    chart.add_series(series("strict", fill={"color": "#4472C4"}, gap=80, data_labels=labels))
    line.add_series(series("target", line={"color": "#C00000", "width": 1.75, "dash_type": "dash"}))
    chart.combine(line)
    title_font = {**font, "name": book.form(HEAD).font_name, "size": 12, "bold": False}
    chart.set_title({"name": book.words.text("chart"), "name_font": title_font})
    chart.set_y_axis({"min": 0, "max": 1, "major_unit": 0.1, "num_format": "0%", "num_font": font,
                      "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}}})  # fmt: skip
    chart.set_x_axis({"num_font": font})
    chart.set_legend({"position": "bottom", "font": font})
    width, height = _CHART_SIZE_PX
    chart.set_size({"width": width, "height": height})
    sheet.insert_chart(below + 1, 0, chart, {"object_position": 3})
