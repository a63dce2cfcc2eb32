"""Table files: what Excel, WPS or a text editor saves is read as the same rows, or refused in one line."""

import csv
import io
from datetime import date, datetime, time

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.cells import cell_day, cell_number, cell_text, cell_yes
from registry.sheet import SheetRow, read_sheet
from service.settings import SettingsError

COLUMNS = {"station": ("站点编号",), "design_m3": ("设计规模(m³/d)",), "since": ("日期", "Since when")}
BEYOND = "Put a text with a separator in quotes, or give the column a head."
OLD = "an old .xls workbook or one with a password. Save it as .xlsx, without a password."
WANTED = [
    SheetRow(2, {"station": "a", "design_m3": "20", "since": "2025-06-30"}),
    SheetRow(4, {"station": "北寨, 东", "since": "2025/6/30"}),
]


def put(tmp_path, data, name="t.csv"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def read(path, **others):
    return read_sheet(path, COLUMNS, **others)


def refused(path, **others):
    with pytest.raises(SettingsError) as caught:
        read(path, **others)
    return [line.removeprefix(f"{path}: ") for line in caught.value.lines()]


def workbook(tmp_path, *sheets, name="t.xlsx"):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        page = book.create_sheet(title)
        for row in rows:
            page.append(row)
    path = tmp_path / name
    book.save(path)
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_way_to_save_a_csv_is_read_alike(tmp_path, separator, encoding, end):
    rows = [["站点编号", "设计规模（m³/d）", "Since When"], ["a", " 20 ", "2025-06-30"], ["", "", ""],
            ["北寨, 东", "", "2025/6/30"]]  # fmt: skip
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=end).writerows(rows)
    sheet = read(put(tmp_path, text.getvalue().encode(encoding)))
    assert sheet.rows == WANTED
    assert sheet.heads == {"station": "站点编号", "design_m3": "设计规模（m³/d）", "since": "Since When"}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_heads_of_several_lines_do_not_hide_the_separator(tmp_path, separator):
    text = separator.join(['"站点编号\nstation"', '"设计规模(m³/d), 或;\ndesign_m3"', '"日期\nsince"'])
    sheet = read(put(tmp_path, f"{text}\na{separator}20\n".encode()))
    assert sheet.rows == [SheetRow(2, {"station": "a", "design_m3": "20"})]


def test_excel_s_own_first_line_names_the_separator(tmp_path):
    sheet = read(put(tmp_path, b"sep=;\r\nstation;since\r\na,b;2025-06-30\r\n"))
    assert sheet.rows == [SheetRow(3, {"station": "a,b", "since": "2025-06-30"})]


def test_a_workbook_s_cells_are_read_as_a_person_would_type_them(tmp_path):
    head = ["站点编号\nstation", "设计规模 (m³/d)*", "SINCE WHEN"]
    rows = [
        head,
        [410882, 20.0, datetime.combine(date(2025, 6, 30), time())],
        [None],
        ["x", "2.50", date(2025, 6, 30)],
        ["y", 0.1],
    ]
    sheet = read(workbook(tmp_path, ("Sheet1", [["nothing"]]), (" 站点 ", rows)), sheets=("站点", "stations"))
    assert sheet.rows == [
        SheetRow(2, {"station": "410882", "design_m3": "20", "since": "2025-06-30"}),
        SheetRow(4, {"station": "x", "design_m3": "2.50", "since": "2025-06-30"}),
        SheetRow(5, {"station": "y", "design_m3": "0.1"}),
    ]
    assert sheet.heads["station"] == "站点编号"


def test_the_first_sheet_is_read_where_none_has_the_name(tmp_path):
    path = workbook(tmp_path, ("one", [["station"], ["a"]]), ("two", [["station"], ["b"]]))
    assert read(path, sheets=("站点",)).rows == [SheetRow(2, {"station": "a"})]
    assert read(path, sheets=("TWO",)).rows == [SheetRow(2, {"station": "b"})]


def test_the_kind_of_file_is_seen_from_its_bytes(tmp_path):
    path = workbook(tmp_path, ("one", [["station"], ["a"]]), name="t.csv")
    assert read(path).rows == [SheetRow(2, {"station": "a"})]


def test_faults_of_the_head_are_told_at_once(tmp_path):
    path = put(tmp_path, "站点编号,station,颜色,desing_m3\na,b,c,d\n".encode())
    assert refused(path) == [
        "row 1: column station: stands twice in the head. Leave one.",
        "row 1: column 颜色: unknown column. Known are station, design_m3, since.",
        "row 1: column desing_m3: unknown column. Did you mean 'design_m3'?",
    ]
    path = put(tmp_path, b"since\n2025-06-30\n")
    assert refused(path, required=("station",)) == ["row 1: needs a column station or 站点编号. Add it."]


def test_cells_beyond_the_head_and_errors_of_formulas_belong_to_their_row(tmp_path):
    sheet = read(put(tmp_path, "station,日期,,\na,#REF!\nb,2025-06-30,,x\n".encode()))
    assert [[fault.line("t") for fault in row.faults] for row in sheet.rows] == [
        ['t: row 2: column 日期: a formula\'s error (got "#REF!"). Mend it or write the value.'],
        [f't: row 3: has more cells than the head (got "x"). {BEYOND}'],
    ]
    assert (
        sheet.fault(3, "since", "is bad", 7).line("t") == "t: row 3: column 日期: is bad (got 7). Correct it."
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "needs a head and at least one row."),
        (b"station\n\n", "needs a head and at least one row."),
        (b"\xd0\xcf\x11\xe0xls", OLD),
        (b"PK\x03\x04torn", "not a workbook that can be read: File is not a zip file. Save it anew."),
        (b"station\n\xff\xff\n", 'cannot be read: neither UTF-8 nor GB18030 text. Save it as "CSV UTF-8".'),
        (b"station\n" + b"x" * 200_000, "cannot be read: field larger than field limit (131072)."),
        (b"station\n" + b"x\n" * 100_001, "has more than 100000 rows. Split it."),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_is_told_in_one_line(tmp_path, data, said):
    assert refused(put(tmp_path, data)) == [said]


def test_a_file_of_any_length_is_not_read_whole(tmp_path):
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(2**33)
    assert refused(path) == ["larger than 64 MB. Split it."]


def test_a_hundred_thousand_empty_rows_are_none(tmp_path):
    sheet = read(put(tmp_path, b"station\n" + b",,\n" * 150_000 + b"a\n"))
    assert sheet.rows == [SheetRow(150_002, {"station": "a"})]


def test_a_file_that_is_not_there(tmp_path):
    assert refused(tmp_path / "none.csv") == ["cannot be read: No such file or directory."]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_a_told_fault(tmp_path_factory, data):
    path = put(tmp_path_factory.getbasetemp(), data, "any")
    try:
        found = read(path).rows
    except SettingsError as error:
        found = error.faults
    assert found


@given(
    st.lists(st.lists(st.text(st.characters(exclude_categories=("C", "Zl", "Zp"))), min_size=3, max_size=3))
)
def test_what_is_written_is_read(tmp_path_factory, rows):
    text = io.StringIO()
    csv.writer(text).writerows([COLUMNS.keys(), ["first"], *rows])
    path = put(tmp_path_factory.getbasetemp(), text.getvalue().encode(), "written")
    stripped = [{name: cell.strip() for name, cell in zip(COLUMNS, row, strict=True)} for row in rows]
    cells = [{name: cell for name, cell in row.items() if cell} for row in stripped]
    assert [row.cells for row in read(path).rows[1:]] == [row for row in cells if row]


@pytest.mark.parametrize(
    "text", ["2025-06-30", "2025/6/30", "2025.06.30", "20250630", "2025年6月30日", "2025-06-30T00:00:00"]
)
def test_days_as_people_write_them(text):
    assert cell_day(text) == date(2025, 6, 30)


@pytest.mark.parametrize(
    "text", ["30.06.2025", "6/30/2025", "2025-6", "2025-02-30", "45838", "2025-06-30 08:00", "٢٠٢٥-٠٦-٣٠"]
)
def test_days_that_are_not_guessed_at(text):
    with pytest.raises(ValueError, match="must be a date"):
        cell_day(text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_comes_back_from_its_cell(number):
    assert cell_number(cell_text(number)) == number


@pytest.mark.parametrize("text", ["nan", "inf", "1e999", "1_000", "1,000", "20 t", "", "２０", "0x1"])
def test_what_is_no_number(text):
    with pytest.raises(ValueError, match="must be a number"):
        cell_number(text)


def test_yes_and_no():
    assert [cell_yes(text) for text in ("是", "TRUE", "1", "Yes", "有")] == [True] * 5
    assert [cell_yes(text) for text in ("否", "false", "0", "无")] == [False] * 4
    with pytest.raises(ValueError, match="must be yes or no"):
        cell_yes("maybe")
    eight = datetime.combine(date(2025, 6, 30), time(8))
    texts = [cell_text(value) for value in (True, None, eight, 1e20)]
    assert texts == ["true", "", "2025-06-30T08:00:00", "1e+20"]
