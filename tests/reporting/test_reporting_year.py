"""The summary of a year: its figures, its workbook, and `qingliu report year`."""

import argparse
import json
from datetime import date
from fractions import Fraction
from io import BytesIO

import pytest
from openpyxl import load_workbook
from reporting_centre import IN_NOVEMBER, OCTOBER, ZONE, at

from reporting.month_lines import PlanLine
from reporting.rate import rate
from reporting.records import station_months
from reporting.report_files import ReportError
from reporting.year import year_figures
from reporting.year_command import HELP, register
from reporting.year_words import YEAR_TEXTS
from reporting.year_workbook import YearCover, yearly_workbook
from service.civil import Month
from service.settings import SettingsError

PLAN = """county,name,villages,treated,target
410882,沁阳市,300,141,45%
410823,武陟县,200,89,45%
410825,温县（虚构）,0,0,
"""


def year_of(centre, year=2026, now_ms=IN_NOVEMBER, plan=()):
    return centre.ask(year_figures, year, ZONE, now_ms, plan)


def report_year(*words):
    parser = argparse.ArgumentParser(prog="qingliu report year")
    register(parser)
    parsed = parser.parse_args([str(word) for word in words])
    return parsed.run(parsed)


@pytest.fixture
def config(city, tmp_path):
    file, plan = tmp_path / "centre.toml", tmp_path / "plan.csv"
    plan.write_text(PLAN, encoding="utf-8")
    file.write_text(
        '[mqtt]\nhost = "127.0.0.1"\ntls = false\n'
        f'[registry]\nurl = "sqlite:///{tmp_path}/registry.db"\n'
        f'[reporting]\npath = "{city.folder}"\ntargets_file = "{plan}"\n'
    )
    return file


def test_months_with_data_alone_stand_in_the_year(city):
    found = year_of(city)
    assert [str(month) for month in found.months] == ["2026-09", "2026-10"]
    assert (found.year, found.until) == (2026, date(2026, 11, 7))
    assert [group.code for group in found.counties] == ["410823", "410882"]
    assert year_of(city, 2025).months == ()
    assert year_of(city, 2025).whole.rate.due == 0


def test_a_month_s_rate_is_that_of_its_report(city):
    found, october = year_of(city), city.figures()
    by_code = {group.code: group.rate.by_number_strict for group in october.counties}
    assert {group.code: group.strict[1] for group in found.counties} == by_code
    assert found.whole.strict[1] == october.city.by_number_strict == Fraction(1, 2)
    assert [group.name for group in found.counties] == ["武陟县", "沁阳市"]
    september = rate(city.ask(station_months, Month(2026, 9), ZONE, IN_NOVEMBER))
    assert found.whole.strict[0] == september.by_number_strict == Fraction(3, 8)


def test_the_year_s_rate_is_the_sum_of_the_counts_and_no_mean_of_rates(city):
    city.station("410882-0009", "R" * 31, commissioned=OCTOBER.first)
    whole = year_of(city).whole
    assert (whole.rate.due, whole.rate.normal) == (8 + 9, 3 + 5)
    assert whole.rate.by_number_strict == Fraction(8, 17) != sum(whole.strict) / 2
    assert (whole.months_met, whole.months_due) == (0, 2)
    months = [
        each for month in (9, 10) for each in city.ask(station_months, Month(2026, month), ZONE, IN_NOVEMBER)
    ]
    assert whole.rate.by_days == Fraction(
        sum(each.running for each in months), sum(each.running + each.stopped for each in months)
    )
    assert whole.stopped_days == sum(each.stopped for each in months) == 6


def test_counties_add_up_to_the_whole(city):
    found = year_of(city)
    for n in range(4):
        assert sum(group.rate[n] for group in found.counties) == found.whole.rate[n]
    assert sum(group.stopped_days for group in found.counties) == found.whole.stopped_days
    assert sum(group.volume_m3 for group in found.counties) == pytest.approx(found.whole.volume_m3)
    months = [city.figures(month).whole.amounts for month in (Month(2026, 9), OCTOBER)]
    assert found.whole.volume_m3 == pytest.approx(sum(each.volume_m3 for each in months))
    assert found.whole.energy_kwh == pytest.approx(sum(each.energy_kwh for each in months))


def test_exactly_the_target_is_met(centre):
    for n in range(10):
        centre.station(f"410882-{n:04}", ("S" if n == 0 else "R") * 31)
    centre.station("410823-0001", "U" * 31)
    centre.station("410823-0002", commissioned=date(2026, 11, 1))
    found = year_of(centre)
    dark, met = found.counties
    assert (met.strict, met.months_met) == ((Fraction(9, 10),), 1)
    assert (dark.strict, dark.months_met, dark.rate.by_days, dark.volume_m3) == ((0,), 0, None, None)
    assert found.whole.months_met == 0


def test_a_running_month_counts_up_to_yesterday(centre):
    centre.station("410882-0001", "R" * 31)
    now_ms = at(2026, 10, 11, 9)
    found = year_of(centre, now_ms=now_ms)
    assert (found.until, found.whole.volume_m3) == (date(2026, 10, 10), 200.0)
    assert found.whole.rate.completeness == 1
    assert year_of(centre, now_ms=at(2026, 9, 30)).months == ()


def test_a_station_without_a_county_stands_last(centre):
    centre.station("410882-0001", "R" * 31)
    centre.station("x-0001", "S" * 31, county_code=None, town_id=None)
    found = year_of(centre)
    assert [(group.code, group.strict) for group in found.counties] == [("410882", (1,)), ("", (0,))]


def test_the_workbook_holds_each_figure_in_its_column(city):
    plan = [
        PlanLine("410882", "沁阳市", 300, 141, Fraction(9, 20)),
        PlanLine("410825", "", 200, 89, Fraction(9, 20)),
    ]
    found = year_of(city, plan=plan)
    content = yearly_workbook(found, YearCover("监管中心（虚构）", ZONE))
    assert content == yearly_workbook(found, YearCover("监管中心（虚构）", ZONE))
    year, planned = load_workbook(BytesIO(content)).worksheets
    heads = [str(cell.value).replace("\n", "") for cell in year[3]]
    rows = [dict(zip(heads, [cell.value for cell in row], strict=True)) for row in year["A4:V6"]]
    assert [row["县（市、区）"] for row in rows] == ["武陟县", "沁阳市", "合计"]
    assert [rows[2][f"{n}月"] for n in (8, 9, 10, 11)] == [None, 0.375, 0.5, None]
    assert (rows[2]["年度正常运行率"], rows[2]["应运行座月数"]) == (7 / 16, 16)
    assert (rows[2]["达标月数"], rows[2]["停运天数"]) == (0, 6)
    assert "各月正常运行设施数之和 ÷ 各月应运行设施数之和" in year["A8"].value
    assert "90 %" in year["A8"].value
    shown = [[cell.value for cell in row] for row in planned["A4:G5"]]
    assert shown[0] == ["沁阳市", 300, 141, 0.47, 0.45, "已达到", pytest.approx(3 / 8)]
    assert shown[1] == ["410825", 200, 89, 0.445, 0.45, "未达到", None]


def test_in_english_and_without_a_plan(city):
    (sheet,) = load_workbook(BytesIO(yearly_workbook(year_of(city), YearCover("x", ZONE, "en")))).worksheets
    assert sheet.title == "Year"
    assert [cell.value for cell in sheet[3]][:3] == ["County", "Jan", "Feb"]
    assert "no plain mean" in sheet["A8"].value
    assert all(all(pair) for pair in YEAR_TEXTS.values())


def test_printed(city, config, tmp_path, capsys):
    assert report_year(2026, "-o", tmp_path / "out", "--config", config) == 0
    told = capsys.readouterr()
    assert told.err == ""
    lines = told.out.splitlines()
    assert lines[0] == str(tmp_path / "out" / "operating-rate-2026.xlsx")
    assert lines[2].split()[:4] == ["县（市、区）", "9月", "10月", "年度正常运行率"]
    assert lines[5].split()[:6] == ["合计", "37.50%", "50.00%", "43.75%", "0", "2"]
    assert lines[8].split() == ["沁阳市", "300", "141", "47.00%", "45.00%", "已达到"]
    assert lines[9].split() == ["武陟县", "200", "89", "44.50%", "45.00%", "未达到"]
    assert lines[10].split() == ["温县（虚构）", "0", "0", "-", "-"]
    assert lines[11].startswith("年度正常运行率 = ")
    assert len(load_workbook(tmp_path / "out" / "operating-rate-2026.xlsx").worksheets) == 2


def test_for_machines(config, tmp_path, capsys):
    assert report_year(2026, "-o", tmp_path, "--config", config, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["city"]["months"] == {"2026-09": "0.375000", "2026-10": "0.500000"}
    assert (told["city"]["rate_strict"], told["city"]["county"]) == ("0.437500", "city")
    assert [each["county"] for each in told["counties"]] == ["410823", "410882"]
    assert told["plan"][1] == {
        "county": "410823", "name": "武陟县", "villages": 200, "treated": 89,
        "target": "0.450000", "share": "0.445000",
    }  # fmt: skip


def test_a_year_that_cannot_be_reported(config, tmp_path, capsys):
    for text in ("26", "20２6", "1999", "year"):
        assert report_year(text, "-o", tmp_path / "out", "--config", config) == 2
        rule = f"must be a year from 2000 to 2999, such as 2026 (got {text!r})"
        assert capsys.readouterr() == ("", f"qingliu report year: year: {rule}.\n")
    with pytest.raises(ReportError, match="report of 2024: no day of this year has a verdict yet"):
        report_year(2024, "-o", tmp_path / "out", "--config", config)
    (tmp_path / "plan.csv").write_text("county,villages,treated,target\n1,2,3,\n")
    with pytest.raises(SettingsError, match="treated: must not be more than the villages, 2"):
        report_year(2026, "-o", tmp_path / "out", "--config", config)
    assert not (tmp_path / "out").exists()


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit):
        report_year("--help")
    assert "qingliu report year 2026 -o /tmp --json" in capsys.readouterr().out
    assert HELP
