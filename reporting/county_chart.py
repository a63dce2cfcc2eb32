"""The chart of the counties' rates beside the target, native to the workbook."""

from collections.abc import Sequence

from reporting.layout import HEAD, HEAD_ROW, Book, Worksheet

_SIZE_PX = (1250, 400)
CHART_ROWS = 21
"""Rows of usual height that the chart takes."""


def put_county_chart(book: Book, sheet: Worksheet, row: int, keys: Sequence[str], count: int) -> None:
    """Draw the strict rates as columns and the target as a line, below a table of so many counties.

    Args:
        book: of the sheet.
        sheet: with the table.
        row: where the chart begins.
        keys: of the table's columns, in order.
        count: of the counties.
    """
    font = {"name": book.form().font_name, "size": 10}
    named = sheet.get_name()

    def series(key: str, **looks: object) -> dict[str, object]:
        number, county = keys.index(key), keys.index("county")
        return {
            "name": [named, HEAD_ROW, number],
            "categories": [named, HEAD_ROW + 1, county, HEAD_ROW + count, county],
            "values": [named, HEAD_ROW + 1, number, HEAD_ROW + count, number],
            **looks,
        }

    chart, line = book.chart("column"), book.chart("line")
    labels = {"value": True, "position": "inside_end", "num_format": "0.0%", "font": {**font, "size": 9}}
    chart.add_series(series("strict", fill={"color": "#9DC3E6"}, gap=80, data_labels=labels))
    line.add_series(series("target", line={"color": "#C00000", "width": 1.75, "dash_type": "dash"}))
    chart.combine(line)
    title_font = {**font, "name": book.form(HEAD).font_name, "size": 12, "bold": False}
    chart.set_title({"name": book.words.text("chart"), "name_font": title_font})
    chart.set_y_axis({"min": 0, "max": 1, "major_unit": 0.1, "num_format": "0%", "num_font": font,
                      "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}}})  # fmt: skip
    chart.set_x_axis({"num_font": font})
    chart.set_legend({"position": "bottom", "font": font})
    width, height = _SIZE_PX
    chart.set_size({"width": width, "height": height})
    sheet.insert_chart(row, 0, chart, {"object_position": 3})
