"""The facility file as a workbook: the template that people fill in, and the export that looks like it."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from registry.stations_cells import EARLIEST, LATEST, chinese_cells
from registry.stations_columns import (
    CHOICES,
    EXAMPLE_MARK,
    EXAMPLE_STATIONS,
    SHEETS,
    STATION_COLUMNS,
    Column,
    chinese,
)
from registry.stations_records import NEW, Record

_MORE_ROWS = 5_000
"""Rows below the last one that have drop-down lists and limits too."""
_A4 = 9
_COUNTIES, _RULES = "区县", "说明"
_NUMBER_FORMATS = {"text": "@", "number": "General", "day": "yyyy-mm-dd"}
_WORDS = (
    "本文件是农村生活污水处理设施的“一站一档”登记表。",
    "每行一个站点，“站点编号”必填且不得重复，其余可空。",
    "空单元格不改动已登记的内容；再次导入同一文件不会产生变化。",
    "“标签”填 - 则清空该站点的全部标签。",
    "“分类”变更须写“分类起始日期”，且晚于现分类的起始日期；历史不被覆盖。",
    "首次登记为“在用”且有“投运日期”的，可不写“分类起始日期”。",
    "站点换区县时须同时填写乡镇。",
    "“审核”为空即为已核；自动出现的待核站点导入后转为已核。",
    f"两行示例（{EXAMPLE_STATIONS[0]}、{EXAMPLE_STATIONS[1]}）均为虚构，{EXAMPLE_MARK}；未删除时导入会跳过并说明。",
    "表头的中文与英文任一行均可识别，列的次序不限，不需要的列可以删去；不认识的列会被拒绝。",
    "导入命令：qingliu stations import 本文件.xlsx（先加 --dry-run 只检查不写入）。",
    "有任何错误时全部不导入，并逐行列出；加 --skip-bad 则只导入无误的行。",
)


def stations_workbook(
    records: Mapping[str, Record], counties: Mapping[str, str], created_ms: int, *, is_template: bool = False
) -> bytes:
    """Make the workbook.

    Args:
        records: the stations, by id.
        counties: names for the drop-down list, by code.
        created_ms: its date, ms since the epoch, UTC.
        is_template: with two rows that show how, invented and marked so.
    """
    file = BytesIO()
    texts = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(file, {"in_memory": True, **texts})
    created = datetime.fromtimestamp(created_ms // 1000, UTC).replace(tzinfo=None)
    book.set_properties({"title": "站点登记表", "created": created})
    sheet = book.add_worksheet(SHEETS[0])
    rows = [(chinese_cells(station, record), False) for station, record in records.items()]
    if is_template:
        rows = [
            (_example(station, word), True) for station, word in zip(EXAMPLE_STATIONS, "一二", strict=True)
        ]
    _put_head(book, sheet)
    looks = [_forms(book, column) for column in STATION_COLUMNS]
    for number, (cells, is_example) in enumerate(rows, start=1):
        for place, cell in enumerate(cells):
            _put(sheet, number, place, cell, looks[place][is_example])
    for place, column in enumerate(STATION_COLUMNS):
        rule = _validation(column, len(counties))
        if rule:
            sheet.data_validation(1, place, len(rows) + _MORE_ROWS, place, rule)
    _put_rules(book)
    if counties:
        _put_counties(book, counties)
    book.close()
    return file.getvalue()


def _put_head(book: xlsxwriter.Workbook, sheet: Worksheet) -> None:
    looks = {"bold": True, "bg_color": "#D9E2F3", "border": 1, "align": "center", "valign": "vcenter"}
    form = book.add_format({**looks, "text_wrap": True})
    sheet.set_row(0, 34)
    sheet.freeze_panes(1, 2)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    for place, column in enumerate(STATION_COLUMNS):
        sheet.set_column(place, place, max(column.wide, len(column.name) + 1), _forms(book, column)[False])
        sheet.write_string(0, place, f"{column.heads[0]}\n{column.name}", form)
        note = f"{column.note}\n例：{column.example}"
        sheet.write_comment(0, place, note, {"x_scale": 1.6, "y_scale": 1.2, "author": "qingliu"})


def _forms(book: xlsxwriter.Workbook, column: Column) -> tuple[Format, Format]:
    """How cells of a column look, and those of examples."""
    usual = {"num_format": _NUMBER_FORMATS.get(column.kind, "@"), "valign": "vcenter"}
    example = {**usual, "italic": True, "font_color": "#7F7F7F"}
    return book.add_format(usual), book.add_format(example)


def _put(sheet: Worksheet, row: int, place: int, cell: str | float | date | None, form: Format) -> None:
    if isinstance(cell, date):
        sheet.write_datetime(row, place, datetime(cell.year, cell.month, cell.day), form)  # noqa: DTZ001 - a civil day
    elif isinstance(cell, int | float) and float(f"{cell:.16G}") == cell:  # so many digits a file holds
        sheet.write_number(row, place, cell, form)
    elif cell is not None:
        sheet.write_string(row, place, str(cell), form)


def _example(station: str, word: str) -> list[str | float | date | None]:
    record: Record = NEW | {
        "name": f"示例{word}（虚构），{EXAMPLE_MARK}",
        "county": "410882", "county_name": "沁阳市", "town": "示例镇", "village": f"示例{word}村",
        "process": "A2O", "design_m3_per_day": 20.0, "rated_kw": 3.5, "longitude": 112.9, "latitude": 35.1,
        "company": "示例运维（虚构）", "commissioned": date(2024, 6, 1), "connected_from": date(2026, 3, 1),
        "tags": ["南水北调保护区"], "class": "in_use", "class_since": date(2024, 6, 1),
        "class_document": "示例文件（虚构）", "class_approver": "示例（虚构）",
    }  # fmt: skip
    return chinese_cells(station, record)


def _validation(column: Column, counties: int) -> dict[str, Any]:
    """What a spreadsheet lets people enter in a column; nothing means anything."""
    told = {"error_title": column.heads[0], "error_message": f"{column.note}例：{column.example}"[:255]}
    low, high = (EARLIEST, LATEST) if column.kind == "day" else column.span
    between = {"criteria": "between", "minimum": low, "maximum": high}
    rule: dict[str, Any] = {}
    if column.kind == "choice":
        rule = {"validate": "list", "source": [chinese(column.name, word) for word in CHOICES[column.name]]}
    elif column.kind == "yes":
        rule = {"validate": "list", "source": ["是", "否"]}
    elif column.kind in ("number", "day"):
        rule = {"validate": "decimal" if column.kind == "number" else "date", **between}
    elif column.name == "county_name" and counties:
        source = f"='{_COUNTIES}'!$B$2:$B${counties + 1}"
        rule = {"validate": "list", "source": source, "error_type": "warning"}
    elif column.kind == "text" and column.name != "county":
        rule = {"validate": "length", "criteria": "<=", "value": column.length}
    return rule and {**rule, **told}


def _put_rules(book: xlsxwriter.Workbook) -> None:
    sheet = book.add_worksheet(_RULES)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    wrapped, bold = book.add_format({"text_wrap": True, "valign": "top"}), book.add_format({"bold": True})
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 22)
    sheet.set_column(2, 2, 70, wrapped)
    for row, words in enumerate(_WORDS):
        sheet.write_string(row, 0, words)
    head = len(_WORDS) + 1
    for place, words in enumerate(("列", "英文表头", "填写规则")):
        sheet.write_string(head, place, words, bold)
    for row, column in enumerate(STATION_COLUMNS, start=head + 1):
        sheet.write_string(row, 0, column.heads[0])
        sheet.write_string(row, 1, column.name)
        sheet.write_string(row, 2, f"{column.note}{_listed(column)}例：{column.example}")


def _listed(column: Column) -> str:
    if column.kind != "choice":
        return ""
    return f"可填：{'、'.join(chinese(column.name, word) for word in CHOICES[column.name])}。"


def _put_counties(book: xlsxwriter.Workbook, counties: Mapping[str, str]) -> None:
    sheet = book.add_worksheet(_COUNTIES)
    rows: Iterable[tuple[str, str]] = [("区县代码", "区县名称"), *counties.items()]
    for row, cells in enumerate(rows):
        for place, cell in enumerate(cells):
            sheet.write_string(row, place, cell)
    sheet.set_column(0, 1, 16)
