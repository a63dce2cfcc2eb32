"""The smaller sheets of the workbook: data quality, doubtful facilities, plan, changes, a county alone."""

import io
import re
import zipfile
from datetime import date, datetime
from fractions import Fraction

import pytest
from openpyxl import load_workbook
from reporting_centre import IN_NOVEMBER, OCTOBER, ZONE

from registry.finding_words import hint
from registry.tables import Finding
from reporting.figures import month_figures
from reporting.layout import HEAD_ROW
from reporting.month_lines import Change, PlanLine
from reporting.workbook import Cover, monthly_workbook

COVER = Cover("中心", 2, ZONE)
HEATER = {"power_factor": 0.991, "running_kw": 1.1, "cycling": 0.02}


def figures(centre, county=None, **given):
    with centre.registry.reading() as session:
        return month_figures(session, OCTOBER, ZONE, IN_NOVEMBER, county, **given)


def read(of_month, cover=COVER):
    return load_workbook(io.BytesIO(monthly_workbook(of_month, cover)), data_only=True)


def table(sheet, top=HEAD_ROW + 1):
    """The rows of a table by the heads of its columns, down to the first row that is empty."""
    rows = sheet.iter_rows(min_row=top)
    heads = [str(cell.value or "").replace("\n", "") for cell in next(rows)]
    found = []
    for row in rows:
        if all(cell.value is None for cell in row):
            break
        found.append(dict(zip(heads, (cell.value for cell in row), strict=True)))
    return found


def test_each_facility_that_is_due_has_its_data_quality(city):
    of_month = figures(city)
    rows = table(read(of_month)["数据质量"])
    assert [row["设施编码"] for row in rows] == [line.station.id for line in of_month.quality]
    for row, line in zip(rows, of_month.quality, strict=True):
        share = None if line.valid_hours is None else line.valid_hours / line.due_hours
        assert (row["应收小时数"], row["有效小时数"], row["有效率"] or None) == (
            line.due_hours,
            line.valid_hours,
            share,
        )
        assert (row["数据不足天数"], row["最长连续数据不足天数"]) == (
            line.unknown_days,
            line.longest_unknown_days,
        )
        assert row["人工更正天数"] == line.corrected_days
    assert [row["数据不足天数占比"] for row in rows if row["设施编码"] == "410882-0004"] == [1]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_finding_is_told_in_words(city, language):
    days = {"first_day": date(2026, 10, 3), "last_day": date(2026, 11, 5)}
    city.add(Finding(station_id="410882-0001", code="heater_like_load", evidence=HEATER, noted_ms=1, **days))
    city.add(Finding(station_id="410882-0001", code="newer_than_this", evidence={}, noted_ms=1, **days))
    book = read(figures(city), COVER._replace(language=language))
    rows = table(book["存疑站点" if language == "zh-CN" else "Doubtful"])
    told = [row["线索" if language == "zh-CN" else "Hint"] for row in rows]
    assert told == [hint("heater_like_load", HEATER, language, ZONE), "newer_than_this"]
    dates = [row["末日" if language == "zh-CN" else "Last day"] for row in rows]
    assert dates == [datetime.fromisoformat("2026-10-31")] * 2


def test_months_without_doubts_or_facilities_say_so(centre):
    book = read(figures(centre))
    for sheet, text in (("存疑站点", "本月无存疑线索。"), ("数据质量", "本月无应运行设施。")):
        assert book[sheet].cell(HEAD_ROW + 2, 1).value == text


def test_the_plan_stands_beside_the_rate(city):
    plan = [
        PlanLine("410882", "", 300, 150, Fraction(9, 20)),
        PlanLine("410823", "武陟县", 300, 100, Fraction(9, 20)),
        PlanLine("410804", "马村区", 0, 0, None),
    ]
    sheet = read(figures(city, plan=plan))["分县"]
    (top,) = (cell.row for cell in sheet["B"] if cell.value == "治理目标与运行率")
    rows = table(sheet, top + 1)
    shown = [
        [row[head] for head in ("县（市、区）", "治理率", "治理率目标", "正常运行率（从严）")] for row in rows
    ]
    assert [[each or None for each in row] for row in shown] == [
        ["沁阳市", 0.5, 0.45, 0.25],
        ["武陟县", pytest.approx(1 / 3), 0.45, 0.75],
        ["马村区", None, None, None],
        ["合计", pytest.approx(250 / 600), None, 0.5],
    ]
    assert "治理目标与运行率" not in [cell.value for cell in read(figures(city))["分县"]["B"]]


def test_changes_have_a_sheet_only_when_there_are_any(city):
    assert "变更" not in read(figures(city)).sheetnames
    changes = [
        Change("city", "", "rate_strict", "0.500000", "0.625000"),
        Change("410882-0001", "甲站", "verdict", "", "not_normal"),
        Change("410882-0001", "甲站", "stopped", "3", "6"),
        Change("410882-0001", "甲站", "countable", "?", "31"),
    ]
    book = read(figures(city, changes=changes))
    assert book.sheetnames[-1] == "变更"
    rows = [[cell.value for cell in row][1:] for row in book["变更"].iter_rows(min_row=HEAD_ROW + 2)]
    assert rows == [
        ["合计", None, "正常运行率（从严）", 0.5, 0.625],
        ["410882-0001", "甲站", "判定", None, "非正常"],
        ["410882-0001", "甲站", "停运天数", 3, 6],
        ["410882-0001", "甲站", "应运行天数", "?", 31],
    ]


def test_a_county_s_report_says_whose_it_is(city):
    book = read(figures(city, "410882"))
    assert book["汇总"]["A3"].value.startswith("沁阳市　2026年10月")
    assert "沁阳市 2026年10月" in book["站点明细"].oddFooter.left.text
    names = [row["县（市、区）"] for row in table(book["分县"])]
    assert names == ["沁阳市", "合计"]
    assert {row["设施编码"].partition("-")[0] for row in table(book["站点明细"])} == {"410882"}


def test_rare_reasons_of_stops_are_put_together(centre):
    centre.station("410882-0001", "R" * 31)
    for n in range(8):
        centre.station(f"410882-1{n:03}")
        days = "S" * (2 if n else 1) + "R"
        centre.verdicts(f"410882-1{n:03}", days * (2 if n == 3 else 1), reason=f"reason_{n}")
    sheet = read(figures(centre))["汇总"]
    found = {sheet.cell(row, 8).value: sheet.cell(row, 9).value for row in range(18, 25)}
    assert found.pop("停运次数") == 9
    assert (found["reason_3"], found["其他"], len(found)) == (2, 3, 6)
    assert sum(found.values()) == 9


def test_no_cell_asks_for_attention_in_a_spreadsheet(city):
    city.station("410882-0099", "R" * 31, name="12", village="007")
    content = monthly_workbook(figures(city), COVER)
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sheets = [name for name in parts.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)]
        assert len(sheets) == 8
        for name in sheets:
            text = parts.read(name).decode()
            assert '<ignoredError sqref="A1:XFD1048576" numberStoredAsText="1"/>' in text
            assert 't="e"' not in text
    (row,) = (row for row in table(read(figures(city))["站点明细"]) if row["设施编码"] == "410882-0099")
    assert (row["设施名称"], row["村"]) == ("12", "007")


def test_what_only_formulas_need_is_not_printed(city):
    book = read(figures(city))
    areas = {name: book[name].print_area for name in ("站点明细", "分县", "运维单位")}
    assert areas["站点明细"] == "'站点明细'!$A$1:$AA$12"
    assert areas["运维单位"] == "'运维单位'!$A$1:$U$7"
    assert re.fullmatch(r"'分县'!\$A\$1:\$U\$\d+", areas["分县"])
    assert [book["站点明细"].cell(3, column).value for column in (27, 28)] == ["判定", "在册\n天数"]
