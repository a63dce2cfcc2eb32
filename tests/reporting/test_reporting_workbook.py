"""The workbook read back: every figure is that of the figures object, and it prints as it should."""

import io
import re
import zipfile
from contextlib import closing
from datetime import date, datetime
from fractions import Fraction

import pytest
from openpyxl import load_workbook
from reporting_centre import OCTOBER, ZONE, ReportedCentre, at

from registry.database import Registry
from registry.exclusions import REASONS
from registry.tables import County
from reporting.layout import HEAD_ROW
from reporting.rate import RULES
from reporting.words import CODES, LANGUAGES, TEXTS, Words
from reporting.workbook import Cover, monthly_workbook

NAMES = ["汇总", "分县", "站点明细", "停运记录", "运维单位", "数据质量", "存疑站点", "口径说明"]
ENGLISH = [
    "Summary", "Counties", "Facilities", "Stops", "Operators", "Data quality", "Doubtful", "Definitions",
]  # fmt: skip
COVER = Cover("焦作市农村生活污水处理设施监管中心", 2, ZONE)


@pytest.fixture(scope="module")
def figures(city_file):
    with closing(Registry(f"sqlite:///{city_file}")) as registry:
        return ReportedCentre(registry, city_file.parent).figures()


@pytest.fixture(scope="module")
def book(figures):
    return read(figures)


def read(figures, cover=COVER, *, values=True):
    """The workbook with the values of its formulas, as a viewer that does not calculate shows them."""
    return load_workbook(io.BytesIO(monthly_workbook(figures, cover)), data_only=values)


def table(sheet):
    """The rows of a table by the heads of its columns."""
    rows = sheet.iter_rows(min_row=HEAD_ROW + 1)
    heads = [cell.value.replace("\n", "") for cell in next(rows)]
    return [dict(zip(heads, (shown(cell) for cell in row), strict=True)) for row in rows]


def shown(cell):
    """What a cell shows; a formula that comes to nothing is an empty text."""
    return None if cell.value == "" else cell.value


def texts(sheet):
    return [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]


def number(share):
    """A figure as a cell holds it."""
    return float(share) if isinstance(share, Fraction) else share


def close(value):
    """What a cell that holds a figure is equal to."""
    return None if value is None else pytest.approx(number(value), rel=1e-15)


def is_same(cell, value):
    """Whether a cell holds a figure; the file has 16 digits of it."""
    if isinstance(value, float):
        return cell == pytest.approx(value, rel=1e-15)
    return cell == value


def beside(sheet, label):
    """What stands in the cell to the right of each label."""
    return [
        shown(sheet.cell(cell.row, cell.column + 1))
        for row in sheet.iter_rows()
        for cell in row
        if cell.value == label
    ]


def test_the_sheets_have_their_names(book):
    assert book.sheetnames == NAMES


def test_the_first_sheet_says_what_whose_and_until_when(book):
    sheet = book["汇总"]
    assert sheet["A1"].value == COVER.centre
    assert sheet["A2"].value == "农村生活污水处理设施运行监管月报"
    assert sheet["A3"].value == "2026年10月　第 2 版　统计至 2026年10月31日　数据截至 2026-11-08 07:00"
    for label in ("制表：", "审核：", "签发：", "日期："):
        assert label in texts(sheet)


def test_the_first_sheet_holds_every_headline_figure(figures, book):
    sheet = book["汇总"]
    city, whole = figures.city, figures.whole
    expected = {
        "正常运行率（从严）": [city.by_number_strict] * 2,
        "正常运行率（从宽）": [city.by_number_lenient] * 2,
        "运行天数率": [city.by_days],
        "按规模加权运行率": [city.by_capacity],
        "数据完整率": [city.completeness] * 2,
        "接入率": [Fraction(7, 8)] * 2,
        "较上月（百分点）": [Fraction(100, 8)],
        "较上年同月（百分点）": [None],
        "整月不计数": [0],
        "应运行天数": [221],
        "剔除天数": [10],
        "运行天数": [164],
        "数据不足天数": [51],
        "无用电": [1],
        "存疑设施数": [0],
        "在册设施数": [8],
        "应运行设施数": [8],
        "正常运行数": [4],
        "非正常数": [2],
        "数据不足数": [2],
        "已接入设施数": [7],
        "处理水量（m³）": [whole.amounts.volume_m3],
        "用电量（kWh）": [whole.amounts.energy_kwh],
        "平均负荷率": [whole.amounts.load],
        "吨水电耗（kWh/m³）": [whole.amounts.kwh_per_m3],
        "停运次数": [1],
        "停运天数": [6],
    }
    for label, values in expected.items():
        assert beside(sheet, label) == [close(value) for value in values], label
    assert "正常运行数 4 ÷ 应运行设施数 8" in texts(sheet)
    assert "未达标（考核目标 90 %）" in texts(sheet)


@pytest.mark.parametrize(("stopped", "result"), [(1, "达标"), (2, "未达标")])
def test_exactly_90_percent_is_met(centre, stopped, result):
    for n in range(10):
        centre.station(f"410882-{n:04}", "S" * 31 if n < stopped else "R" * 31)
    sheet = read(centre.figures())["汇总"]
    assert sheet["C5"].value == f"{result}（考核目标 90 %）"


def test_the_definition_with_its_thresholds_stands_on_the_report(book):
    short = next(text for text in texts(book["汇总"]) if text.startswith("正常运行率 ="))
    for part in ("90 %", "25 %", "未连续停运满 4 个自然日", "次月 10 日前", "规则版本 1"):
        assert part in short
    headings = [row[0].value for row in book["口径说明"].iter_rows(min_row=HEAD_ROW + 1)]
    assert headings[:3] == ["统计范围", "日判定", "应运行天数"]
    assert "{" not in "".join(texts(book["口径说明"]))


def test_each_county_has_its_figures(figures, book):
    rows = table(book["分县"])
    assert [row["县（市、区）"] for row in rows] == ["武陟县", "沁阳市", "合计"]
    for row, group in zip(rows, [*figures.counties, figures.whole], strict=True):
        each = group.rate
        expected = {
            "排名": group.rank,
            "在册设施数": group.registered,
            "整月不计数": group.registered - each.due,
            "应运行设施数": each.due,
            "正常运行数": each.normal,
            "非正常数": each.not_normal,
            "数据不足数": each.not_assessable,
            "正常运行率（从严）": number(each.by_number_strict),
            "正常运行率（从宽）": number(each.by_number_lenient),
            "运行天数率": number(each.by_days),
            "按规模加权运行率": number(each.by_capacity),
            "数据完整率": number(each.completeness),
            "已接入设施数": group.connected,
            "停运次数": group.stops,
            "停运天数": group.stopped_days,
            "处理水量（m³）": group.amounts.volume_m3,
            "用电量（kWh）": group.amounts.energy_kwh,
            "平均负荷率": group.amounts.load,
            "吨水电耗（kWh/m³）": group.amounts.kwh_per_m3,
            "考核目标": 0.9,
            "上月运行率（从严）": number(group.strict_before),
        }
        assert [key for key in expected if not is_same(row[key], expected[key])] == []


def test_the_operators_have_theirs(book):
    rows = table(book["运维单位"])
    names = [(row["排名"], row["运维单位"], row["正常运行率（从严）"]) for row in rows]
    assert names == [(1, "碧水环境", 0.75), (2, "清源水务", 1 / 3), (None, "未登记", 0), (None, "合计", 0.5)]


def test_each_facility_has_its_figures(figures, book):
    rows = table(book["站点明细"])
    assert len(rows) == len(figures.stations)
    for n, (row, line) in enumerate(zip(rows, figures.stations, strict=True), start=1):
        month = line.month
        expected = {
            "序号": n,
            "设施编码": line.id,
            "设施名称": line.address.name,
            "县（市、区）": line.address.county,
            "乡镇（街道）": line.address.town,
            "村": line.address.village,
            "设计规模（m³/d）": month.facility.design_m3_per_day,
            "应运行天数": month.countable_days,
            "剔除天数": month.excluded_days,
            "运行天数": month.running,
            "停运天数": month.stopped,
            "数据不足天数": month.unknown,
            "站点运行率": number(month.running_share),
            "停运次数": line.stops,
            "最长连续停运天数": month.longest_stop_days,
            "处理水量（m³）": line.amounts.volume_m3,
            "平均负荷率": line.amounts.load,
            "用电量（kWh）": line.amounts.energy_kwh,
            "吨水电耗（kWh/m³）": line.amounts.kwh_per_m3,
            "判定": CODES["judgement"][month.judgement][0],
        }
        assert [key for key in expected if not is_same(row[key], expected[key])] == []


def test_codes_are_written_as_words_and_unknown_ones_as_they_are(book):
    rows = {row["设施编码"]: row for row in table(book["站点明细"])}
    assert [rows[key]["工艺"] for key in ("410882-0001", "410823-0001", "410823-0002")] == [
        "A²/O",
        "人工湿地",
        "new_kind",
    ]
    assert rows["410823-0002"]["剔除原因"] == "电网停电"
    assert rows["410882-0002"]["停运依据"] == "无用电"
    assert (rows["410823-0004"]["分类"], rows["410823-0005"]["分类"]) == ("退出", "纳管")
    assert rows["410882-0004"]["接入日期"] == "未接入"
    assert rows["410882-0003"]["接入日期"] == datetime.fromisoformat("2026-10-20")
    assert rows["410823-0003"]["检查认定"] == "非正常"


def test_what_is_not_known_is_empty_and_never_zero(book):
    rows = {row["设施编码"]: row for row in table(book["站点明细"])}
    silent = rows["410882-0004"]
    assert (
        silent["站点运行率"],
        silent["处理水量（m³）"],
        silent["平均负荷率"],
        silent["用电量（kWh）"],
    ) == (None,) * 4
    assert silent["设计规模（m³/d）"] is None


def test_each_stop_has_its_line(city, book):
    (row,) = table(book["停运记录"])
    assert (row["设施编码"], row["停运首日"], row["停运末日"]) == (
        "410882-0002",
        datetime.fromisoformat("2026-10-26"),
        datetime.fromisoformat("2026-10-31"),
    )
    assert (row["连续天数"], row["持续中"], row["停运依据"]) == (6, None, "无用电")
    (stop,) = city.figures(now_ms=at(2026, 11, 1, 7)).stops
    assert stop.is_ongoing


def test_a_month_without_a_stop_says_so(centre):
    centre.station("410882-0001", "R" * 31)
    assert "本月无停运记录。" in texts(read(centre.figures())["停运记录"])


def test_an_empty_city_makes_a_report_too(centre):
    book = read(centre.figures())
    assert book.sheetnames == NAMES
    assert "无数据（考核目标 90 %）" in texts(book["汇总"])
    assert beside(book["汇总"], "正常运行率（从严）") == [None, None]


def test_no_text_is_ever_a_formula(city):
    hostile = "=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "http://x", "{=1}", "12", "a\x01b_x0041_"
    for n, text in enumerate(hostile):
        city.station(f"410882-1{n:03}", "S" * 31, name=text, village=text, process=text[:20])
    figures = city.figures()
    content = monthly_workbook(figures, COVER._replace(centre="=A1 & 局"))
    book = load_workbook(io.BytesIO(content))
    rows = {row["设施编码"]: row for row in table(book["站点明细"])}
    for n, text in enumerate(hostile[:-1]):
        assert (rows[f"410882-1{n:03}"]["设施名称"], rows[f"410882-1{n:03}"]["村"]) == (text, text)
    assert book["汇总"]["A1"].value == "=A1 & 局"
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for name in parts.namelist():
            if name.startswith("xl/worksheets/"):
                sheet = parts.read(name).decode()
                formulas = re.findall(r"<f>(.*?)</f>", sheet)
                assert not [each for each in formulas if "cmd" in each or "HYPERLINK" in each]
                assert "hyperlink" not in sheet
    assert "=A1 && 局" in book["分县"].oddFooter.left.text


def test_numbers_have_their_formats(book):
    heads = [cell.value.replace("\n", "") for cell in book["分县"][HEAD_ROW + 1]]
    formats = dict(zip(heads, (cell.number_format for cell in book["分县"][HEAD_ROW + 2]), strict=True))
    assert formats["正常运行率（从严）"] == "0.00%"
    assert formats["处理水量（m³）"] == "#,##0.0"
    assert formats["应运行设施数"] == "#,##0"
    assert book["停运记录"].cell(HEAD_ROW + 2, 8).number_format == "yyyy-mm-dd"


def test_every_sheet_prints_on_a4_landscape_one_page_wide(book):
    for sheet in book:
        assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert (sheet.page_setup.fitToWidth or 1) == 1
        assert sheet.page_setup.fitToHeight == (None if sheet.title in ("汇总", "口径说明") else 0)
        assert sheet.oddFooter.center.text == "第 &P 页 共 &N 页"
        assert "2026年10月" in sheet.oddFooter.left.text


def test_tables_repeat_their_heads_freeze_and_filter(book):
    for name in NAMES[1:7]:
        sheet = book[name]
        assert sheet.print_title_rows == "$1:$3"
        assert sheet.freeze_panes.endswith("4")
        last = HEAD_ROW + 1 + len(table(sheet)) - (name in ("分县", "运维单位", "存疑站点"))
        assert re.fullmatch(rf"A3:[A-Z]+{last}", sheet.auto_filter.ref), name


def test_letters_are_song_and_hei(book):
    fonts = {
        cell.font.name
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }
    assert fonts == {"宋体", "黑体"}


def test_the_counties_have_a_chart_with_the_target(book):
    sheet = book["分县"]
    (chart,) = sheet._charts
    columns, line = chart._charts
    (rates,), (target,) = columns.series, line.series
    assert rates.val.numRef.f == "分县!$I$4:$I$5"
    assert target.val.numRef.f == "分县!$V$4:$V$5"
    assert rates.cat.strRef.f == "分县!$B$4:$B$5"
    assert (sheet["I3"].value, sheet["V3"].value, sheet["B3"].value) == (
        "正常运行率\n（从严）",
        "考核目标",
        "县\n（市、区）",
    )


def test_not_normal_and_too_little_data_are_coloured(book):
    sheet = book["站点明细"]
    rules = [rule.formula[0] for each in sheet.conditional_formatting for rule in each.rules]
    assert 'AND(AA4<>"",AA4="非正常")' in rules
    assert 'AND(AA4<>"",AA4="数据不足")' in rules
    assert sheet["AA3"].value == "判定"


def test_columns_are_wide_enough_for_their_texts(city):
    city.station("410882-0777", "R" * 31, name="西向镇东王梁庄村农村生活污水处理站（二期扩建工程）")
    sheet = read(city.figures())["站点明细"]
    widths = {}
    for each in sheet.column_dimensions.values():
        for n in range(each.min, each.max + 1):
            widths[n] = each.width
    for row in sheet.iter_rows(min_row=HEAD_ROW + 2):
        for cell in row:
            if isinstance(cell.value, str):
                units = sum(2 if ord(letter) > 255 else 1 for letter in cell.value) * cell.font.sz / 10.5
                lines = sheet.row_dimensions[cell.row].height // (cell.font.sz * 1.35)
                assert units <= widths[cell.column] * lines, cell.value


def test_equal_figures_make_equal_bytes(city):
    one, two = city.figures(), city.figures()
    assert one == two
    assert monthly_workbook(one, COVER) == monthly_workbook(two, COVER)
    assert monthly_workbook(one, COVER) != monthly_workbook(one, COVER._replace(revision=3))
    assert read(one).properties.created == datetime.fromisoformat("2026-11-07T23:00")


def test_a_preview_says_so(figures):
    assert "预览，未登记版次" in read(figures, COVER._replace(revision=None))["汇总"]["A3"].value


def test_in_english_nothing_chinese_is_left_but_names(centre):
    centre.station(
        "410882-0001", "R" * 20 + "S" * 11, name="North", town_id=None, village="V", company_id=None
    )
    centre.exclude("410882-0001", date(2026, 10, 1), date(2026, 10, 2))
    with centre.registry.writing() as session:
        session.get_one(County, "410882").name = "Qinyang"
    book = read(centre.figures(), Cover("Centre", 1, ZONE, "en"))
    assert book.sheetnames == ENGLISH
    chinese = [text for sheet in book for text in texts(sheet) if re.search(r"[\u4e00-\u9fff]", text)]
    assert chinese == []
    assert {cell.font.name for row in book["Summary"].iter_rows() for cell in row if cell.value} == {"Arial"}
    assert book["Summary"].oddFooter.center.text == "page &P of &N"


def test_every_word_has_both_languages():
    pairs = [*TEXTS.values(), *(pair for table in CODES.values() for pair in table.values())]
    assert all(len(pair) == len(LANGUAGES) and all(pair) for pair in pairs)
    assert set(REASONS) == set(CODES["exclusion"])


def test_a_language_that_is_not_known_is_chinese():
    assert Words("fr").text("sheet_summary") == "汇总"


def test_the_target_on_the_chart_is_that_of_the_rules(figures, book):
    assert {row["考核目标"] for row in table(book["分县"])} == {float(RULES.target)}
    assert figures.month == OCTOBER
