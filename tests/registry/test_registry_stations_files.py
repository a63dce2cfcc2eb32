"""The facility file out and in again: the template that people fill in, exports that change nothing."""

from contextlib import closing
from datetime import date
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from fresh_registry import fresh_registry
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from registry.sheet import read_sheet
from registry.stations_columns import CHOICES, CLASSES, EXAMPLE_STATIONS, HEADS, PROCESSES, STATION_COLUMNS
from registry.stations_command import csv_text
from registry.stations_import import carry_out, plan_import, read_stations
from registry.stations_records import county_names, station_records
from registry.stations_workbook import stations_workbook
from registry.tables import StationClass

ZONE = ZoneInfo("Asia/Shanghai")
COUNTIES = {"410882": "沁阳市", "410822": "博爱县"}
WORDS = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=12).map(str.strip)
NAMES = WORDS.filter(lambda word: not word.startswith("#"))
DAYS = st.dates(date(1950, 1, 1), date(2100, 12, 31))


def number(low, high):
    return st.one_of(st.none(), st.floats(low, high))


def tag_text(tags):
    return ";".join(tag for tag in (each.strip() for each in tags) if tag)


STATIONS = st.fixed_dictionaries(
    {
        "name": NAMES, "village": NAMES, "company": NAMES, "county": st.sampled_from(["", *COUNTIES]),
        "process": st.sampled_from(["", *PROCESSES]), "tier": st.sampled_from(["town", "village"]),
        "design_m3_per_day": number(0, 1e7), "rated_kw": number(0, 1e5),
        "longitude": number(-180, 180), "latitude": number(-90, 90),
        "commissioned": st.one_of(st.none(), DAYS), "connected_from": st.one_of(st.none(), DAYS),
        "powered": st.sampled_from(["yes", "no"]), "review": st.sampled_from(["confirmed", "pending"]),
        "tags": st.lists(NAMES.filter(lambda tag: not set(tag) & set(";；、-")), max_size=3).map(tag_text),
        "class": st.sampled_from(["", *CLASSES]), "class_since": DAYS,
        "class_document": NAMES, "class_approver": NAMES,
    }
)  # fmt: skip

EMPTY = {column.name: None for column in STATION_COLUMNS[1:]} | {
    "county": "", "class": "", "class_since": date(2026, 1, 1), "tier": "village", "review": "confirmed",
}  # fmt: skip


def take_in(registry, path):
    with registry.writing() as session:
        sheet = read_stations(path)
        plan = plan_import(session, sheet)
        assert plan.bad == {}
        carry_out(session, plan, at_ms=1_000, actor="王", zone=ZONE)
    return plan


def records_of(registry):
    with registry.reading() as session:
        return station_records(session), county_names(session)


def workbook_of(path):
    return openpyxl.load_workbook(path)


def put(tmp_path, data, name="f.xlsx"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def csv_of(stations):
    lines = ['"' + '","'.join(column.name for column in STATION_COLUMNS) + '"']
    for n, station in enumerate(stations):
        cells = {"station": f"s-{n}", "county_name": COUNTIES.get(station["county"], ""), **station}
        if station["county"]:
            cells["town"] = "崇义镇"
        if not station["class"]:
            cells |= dict.fromkeys(("class_since", "class_document", "class_approver"))
        texts = [
            "" if cells.get(column.name) is None else str(cells[column.name]) for column in STATION_COLUMNS
        ]
        lines.append(",".join('"' + text.replace('"', '""') + '"' for text in texts))
    return "\n".join(lines).encode()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(
    stations=[
        EMPTY | {"name": "_x0041_", "village": "_x_", "longitude": 0.1 + 0.2, "company": "'x"},
        EMPTY | {"name": "2024-01-01", "village": "1.0", "class_document": "=1", "class": "shut"},
        EMPTY | {"name": "'=1+1", "village": "''@x", "company": "-1", "tags": "'+a;=b"},
    ]
)
@given(stations=st.lists(STATIONS, min_size=1, max_size=4))
def test_an_export_imports_without_any_change(tmp_path, stations):
    with closing(fresh_registry("sqlite://")) as registry:
        take_in(registry, put(tmp_path, csv_of(stations), "in.csv"))
        records, counties = records_of(registry)
        for data in (
            csv_text(records).encode("utf-8-sig"),
            stations_workbook(records, counties, 1_000),
        ):
            plan = take_in(registry, put(tmp_path, data, "out"))
            assert (plan.changes, plan.counties, plan.unchanged) == ([], {}, list(records))
    with closing(fresh_registry("sqlite://")) as other:
        take_in(other, tmp_path / "out")
        assert records_of(other) == (records, counties)


def test_the_template_filled_in_imports(registry, tmp_path):
    path = put(tmp_path, stations_workbook({}, COUNTIES, 1_000, is_template=True))
    assert take_in(registry, path)[:2] == ([], [])
    assert records_of(registry)[0] == {}
    book = workbook_of(path)
    page = book["站点"]
    heads = {column.name: n for n, column in enumerate(STATION_COLUMNS, start=1)}
    filled = {
        "station": "410882-0001", "name": "北寨村污水处理站", "county": 410882, "county_name": "沁阳市",
        "town": "崇义镇", "process": "A²/O", "design_m3_per_day": 20, "longitude": 112.9, "tier": "乡镇",
        "commissioned": date(2024, 6, 1), "powered": "否", "tags": "山区、南水北调保护区", "class": "改造",
        "class_since": "2026年3月1日", "review": "待核",
    }  # fmt: skip
    for name, cell in filled.items():
        page.cell(4, heads[name], cell)
    book.save(path)
    plan = take_in(registry, path)
    assert (plan.added, plan.examples) == (["410882-0001"], [2, 3])
    records, counties = records_of(registry)
    one = records["410882-0001"]
    assert (one["process"], one["tier"], one["powered"], one["class"], one["review"]) == (
        "A2O", "town", False, "rebuilding", "pending")  # fmt: skip
    assert (one["commissioned"], one["class_since"]) == (date(2024, 6, 1), date(2026, 3, 1))
    assert (one["tags"], one["design_m3_per_day"]) == (["南水北调保护区", "山区"], 20)
    assert counties == {"410882": "沁阳市"}


def test_an_example_row_under_another_id_is_refused(sqlite_registry, tmp_path):
    path = put(tmp_path, stations_workbook({}, {}, 1_000, is_template=True))
    book = workbook_of(path)
    book["站点"]["A2"] = "410882-0001"
    book.save(path)
    with sqlite_registry.reading() as session:
        plan = plan_import(session, read_stations(path))
    [[fault]] = plan.bad.values()
    assert fault.line("f") == (
        "f: row 2: column 名称: is that of the template's example "
        '(got "示例一（虚构），导入前删除"). Write the station\'s own.'
    )


def test_the_template_tells_what_goes_in_and_offers_lists(tmp_path):
    book = workbook_of(put(tmp_path, stations_workbook({}, COUNTIES, 1_000, is_template=True)))
    page = book["站点"]
    assert page.freeze_panes == "C2"
    assert book.sheetnames == ["站点", "说明", "区县"]
    rules = {str(rule.sqref).partition("2")[0]: rule for rule in page.data_validations.dataValidation}
    for cell, column in zip(page[1], STATION_COLUMNS, strict=True):
        assert cell.value == f"{column.heads[0]}\n{column.name}"
        assert column.note in cell.comment.text
        assert column.example in cell.comment.text
        rule = rules.get(cell.column_letter)
        if column.kind == "choice":
            assert len(rule.formula1.split(",")) == len(CHOICES[column.name])
        elif column.kind == "number":
            assert (float(rule.formula1), float(rule.formula2)) == column.span
        elif column.kind == "day":
            assert rule.type == "date"
    assert rules["D"].formula1 == "'区县'!$B$2:$B$3"
    assert [[cell.value for cell in row] for row in book["区县"]] == [
        ["区县代码", "区县名称"], *map(list, COUNTIES.items())]  # fmt: skip
    assert [page.cell(row, 1).value for row in (2, 3, 4)] == [*EXAMPLE_STATIONS, None]
    assert "虚构" in page.cell(2, 2).value
    told = "\n".join(str(cell.value) for row in book["说明"] for cell in row if cell.value)
    assert "历史不被覆盖" in told
    assert all(column.note in told for column in STATION_COLUMNS)


def test_a_template_without_counties_has_no_list_of_them(tmp_path):
    book = workbook_of(put(tmp_path, stations_workbook({}, {}, 1_000, is_template=True)))
    assert book.sheetnames == ["站点", "说明"]


def test_a_name_that_begins_like_a_formula_stays_a_text(sqlite_registry, tmp_path):
    take_in(sqlite_registry, put(tmp_path, b"station,name\na,=1+1\nb,https://x\n", "f.csv"))
    records, counties = records_of(sqlite_registry)
    page = workbook_of(put(tmp_path, stations_workbook(records, counties, 1_000)))["站点"]
    assert [page["B2"].value, page["B2"].data_type, page["B3"].hyperlink] == ["=1+1", "s", None]


@pytest.mark.parametrize("column", [column for column in STATION_COLUMNS if column.kind == "choice"])
def test_a_word_of_a_closed_list_is_known_in_both_languages(column, tmp_path, sqlite_registry):
    words = [(key, word) for key, words in CHOICES[column.name].items() for word in (key, *words)]
    rows = "".join(f"s{n},{word},2026-01-01\n" for n, (_, word) in enumerate(words))
    if column.name != "class":
        rows = rows.replace(",2026-01-01", "")
    head = "station,class,class_since\n" if column.name == "class" else f"station,{column.heads[-1]}\n"
    take_in(sqlite_registry, put(tmp_path, (head + rows).encode(), "f.csv"))
    records, _ = records_of(sqlite_registry)
    assert [records[f"s{n}"][column.name] for n in range(len(words))] == [key for key, _ in words]


def test_the_closed_list_of_classes_is_the_table_s():
    [check] = [rule for rule in StationClass.__table__.constraints if "class" in str(rule.name or "")
               and hasattr(rule, "sqltext")]  # fmt: skip
    assert all(f"'{word}'" in str(check.sqltext) for word in CLASSES)
    assert tuple(CHOICES["class"]) == CLASSES
    assert tuple(CHOICES["process"]) == PROCESSES


def test_no_head_stands_for_two_columns(tmp_path):
    heads = [head for column in STATION_COLUMNS for head in (column.name, *column.heads)]
    for column in STATION_COLUMNS:
        for head in column.heads:
            path = put(tmp_path, f'"{head}"\nx\n'.encode(), "h.csv")
            assert list(read_sheet(path, HEADS).heads) == [column.name]
    assert len(heads) == len(set(heads))
