"""`qingliu report rate`: files as offices write them, what is wrong with them, and what comes out."""

import argparse
import json
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from reporting.given_table import MOST_FAULTS, read_given
from reporting.headline import decimal
from reporting.rate_columns import DAY_WORDS, DAYS, EXCLUSIONS, INSPECTIONS, STATIONS
from reporting.rate_command import HELP, register
from reporting.rate_results import COUNTY_COLUMNS, STATION_COLUMNS
from service.settings import SettingsError

STATIONS_HEAD = "station,county,design_m3_per_day,class,commissioned,retired\n"
EXCLUSIONS_HEAD = "station,start,end,reason,applicant,approver,entered\n"
OCTOBER = [date(2026, 10, 1) + timedelta(days=n) for n in range(31)]


def running(station, days=OCTOBER, word="running"):
    return "".join(f"{station},{day},{word}\n" for day in days)


@pytest.fixture
def office(tmp_path):
    """Writes the files of an office, and asks for their rate."""
    return Office(tmp_path)


class Office:
    def __init__(self, folder):
        self.folder, self.out = folder, folder / "out"
        self.files = {}
        self.write("stations", STATIONS_HEAD + "A-1,A,20,in_use,,\n")
        self.write("days", "station,date,verdict\n" + running("A-1"))

    def write(self, name, text, encoding="utf-8", ending="csv"):
        self.files[name] = self.folder / f"{name}.{ending}"
        self.files[name].write_bytes(text.encode(encoding))

    def rate(self, *more, month="2026-10"):
        parser = argparse.ArgumentParser(prog="qingliu report rate")
        register(parser)
        words = [word for name, file in self.files.items() for word in (f"--{name}", str(file))]
        parsed = parser.parse_args(["--month", month, "-o", str(self.out), *words, *more])
        return parsed.run(parsed)

    def result(self, name):
        return (self.out / f"rate_{name}.csv").read_bytes().decode().splitlines()

    def faults(self):
        """What is wrong, without the folder; nothing may have been written."""
        with pytest.raises(SettingsError) as told:
            self.rate()
        assert not self.out.exists()
        return [line.replace(f"{self.folder}/", "") for line in told.value.lines()]


def test_both_results_to_the_letter(office, capsys):
    office.write(
        "stations",
        STATIONS_HEAD + "B-1,410882,20,在用,,\nA-2,410823,,改造,2026-10-22,\nA-1,410823,12.5,,,2026-10-21\n"
        "C-1,410825,5,退出,,\nD-1,,5,in_use,,\nB-2,410882,10,in_use,,\n",
    )
    days = running("A-1") + running("A-2", OCTOBER[21:30]) + running("A-2", OCTOBER[30:], "停运")
    days += (
        running("B-1", OCTOBER[:20]) + running("B-2", OCTOBER[:20]) + running("B-2", OCTOBER[20:], "stopped")
    )
    office.write("days", "station,date,verdict\n" + days)
    assert office.rate() == 0
    assert office.result("counties") == [
        "county,due,normal,not_normal,not_assessable,rate_strict,rate_lenient,rate_by_days,rate_by_capacity,completeness",
        "city,5,2,1,2,0.400000,0.666667,0.851852,0.263158,0.658537",
        "410823,2,2,0,0,1.000000,1.000000,0.966667,1.000000,1.000000",
        "410825,0,0,0,0,,,,,",
        "410882,2,0,1,1,0.000000,0.000000,0.784314,0.000000,0.822581",
        ",1,0,0,1,0.000000,,,0.000000,0.000000",
    ]
    assert office.result("stations") == [
        "station,county,C,X,K,R,S,U,verdict",
        "A-1,410823,20,0,20,20,0,0,normal",
        "A-2,410823,10,0,10,9,1,0,normal",
        "B-1,410882,31,0,31,20,0,11,not_assessable",
        "B-2,410882,31,0,31,20,11,0,not_normal",
        "C-1,410825,0,0,0,0,0,0,not_counted",
        "D-1,,31,0,31,0,0,31,not_assessable",
    ]
    told = capsys.readouterr()
    assert told.out.splitlines()[2:4] == [
        "operating rate of 2026-10, 4 counties",
        "  due to run               5",
    ]
    remark = f"{office.files['days']}: no day of 2026-10 of D-1: what is countable of it is unknown."
    assert told.err == f"warning: {remark}\n"
    assert sorted(file.name for file in office.out.iterdir()) == ["rate_counties.csv", "rate_stations.csv"]


def test_the_city_for_machines(office, capsys):
    assert office.rate("--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "month": "2026-10", "county": "city", "due": 1, "normal": 1, "not_normal": 0, "not_assessable": 0,
        "rate_strict": "1.000000", "rate_lenient": "1.000000", "rate_by_days": "1.000000",
        "rate_by_capacity": "1.000000", "completeness": "1.000000",
        "files": [str(office.out / "rate_counties.csv"), str(office.out / "rate_stations.csv")],
    }  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_as_people_s_programs_write_it(office, encoding, separator):
    head = ["备注（虚构）", "退出日期", "投运日期", "分类", "设计规模（m³/d）", "区县代码", "站点编号"]
    row = [f'"多行\n备注{separator}一"', "", "2026/10/2", "在用", '"20"', "410823", '" A-1 "']
    lines = [head, row]
    office.write("stations", "\r\n".join(map(separator.join, lines)) + "\r\n\r\n", encoding)
    days = [
        ["判定", "日期", "站点编号"],
        *(["运行", f"{day.year}年{day.month}月{day.day}日", "A-1"] for day in OCTOBER),
    ]
    office.write("days", "\r\n".join(map(separator.join, days)), encoding)
    assert office.rate() == 0
    assert office.result("stations")[1:] == ["A-1,410823,30,0,30,30,0,0,normal"]


def test_a_workbook(office):
    book = Workbook()
    book.active.append(["station", "date", "verdict", None, "more"])
    for day in OCTOBER:
        book.active.append(["A-1", day, "Running", None, 1])
    book.save(office.folder / "days.xlsx")
    office.files["days"] = office.folder / "days.xlsx"
    assert office.rate() == 0
    assert office.result("stations")[1:] == ["A-1,A,31,0,31,31,0,0,normal"]


def test_everything_wrong_is_told_at_once_and_nothing_is_written(office):
    office.write(
        "stations",
        STATIONS_HEAD
        + "A-1,A,20,in_use,,\nA-1,A,-1,in_use,,\n,A,x,used,2026-13-01,yesterday\nA-3,City,,,,\n",
    )
    office.write(
        "days", "station,date,verdict\nA-1,2026-10-01,running\nA-1,2026/10/1,stopped\n,01.10.2026,ran\n"
    )
    office.write(
        "exclusions", EXCLUSIONS_HEAD + "A-1,2026-10-05,2026-10-04,检修,张,李,2026-10-01\nA-1,,x,,,,soon\n"
    )
    office.write("inspections", "station,result,date\nA-1,fine,2026-10-01\nA-1,abnormal,\n")
    verdicts = "must be one of running 运行, stopped 停运, unknown 数据不足, excluded 剔除"
    classes = "must be one of in_use 在用, rebuilding 改造, to_sewer 纳管, retired 退出, shut 停用"
    assert office.faults() == [
        'stations.csv: line 3: station: stands twice (got "A-1"). Leave one of them.',
        "stations.csv: line 3: design_m3_per_day: must not be below 0 (got -1.0). Correct it.",
        "stations.csv: line 4: station: is required. Fill it in.",
        (
            'stations.csv: line 4: design_m3_per_day: must be a number (got "x"). '
            "Give it without unit and without "
            "separators."
        ),
        f'stations.csv: line 4: class: {classes} (got "used"). Use one of these.',
        (
            "stations.csv: line 4: commissioned: must be a date of the calendar such as 2025-06-30 "
            '(got "2026-13-01"). Correct it.'
        ),
        'stations.csv: line 4: retired: must be a date such as 2025-06-30 (got "yesterday"). Correct it.',
        (
            "stations.csv: line 5: county: must not be city, as the row of all is called "
            '(got "City"). Give the county\'s code.'
        ),
        'days.csv: line 3: date: stands twice (got "A-1 2026-10-01"). Leave one of them.',
        "days.csv: line 4: station: is required. Fill it in.",
        'days.csv: line 4: date: must be a date such as 2026-10-01 (got "01.10.2026"). Correct it.',
        f'days.csv: line 4: verdict: {verdicts} (got "ran"). Use one of these.',
        (
            "exclusions.csv: line 2: end: must not lie before the start 2026-10-05 "
            '(got "2026-10-04"). Correct one of them.'
        ),
        "exclusions.csv: line 3: start: is required. Fill it in.",
        'exclusions.csv: line 3: end: must be a date such as 2025-06-30 (got "x"). Correct it.',
        (
            "exclusions.csv: line 3: entered: must be a civil day or a time such "
            "as 2026-10-01, 2026-10-01 08:30 or "
            '2026-10-01T08:30:00+08:00 (got "soon"). Correct it.'
        ),
        (
            "inspections.csv: line 2: result: must be one of normal 正常, abnormal 非正常 "
            '(got "fine"). Use one of these.'
        ),
        "inspections.csv: line 3: date: is required. Fill it in.",
    ]


def test_heads_that_lack_a_column_and_files_that_are_none(office):
    office.files["stations"].unlink()
    office.write("days", "station,day,date,判定\nA-1,2026-10-01,2026-10-01,running\n")
    office.write("exclusions", EXCLUSIONS_HEAD.replace("approver,", "").replace(",entered", ""))
    office.write("inspections", "")
    assert office.faults() == [
        "stations.csv: cannot be read: No such file or directory. Name another one or make it.",
        "days.csv: line 1: date: stands twice in the head. Leave one.",
        (
            "exclusions.csv: line 1: needs a column approver or 批准人 "
            '(got "station, start, end, reason, applicant"). Add it.'
        ),
        (
            "exclusions.csv: line 1: needs a column entered or 录入日期 "
            '(got "station, start, end, reason, applicant"). Add it.'
        ),
        "inspections.csv: needs a head. Known are station, result, date.",
    ]


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("stations", STATIONS_HEAD, "stations.csv: names no station. Add them."),
        (
            "days",
            'station,date,verdict\nA-1,"2026-10-01,running\n',
            "days.csv: line 2: cannot be read: unexpected",
        ),
        (
            "days",
            "station,date,verdict\nA-1,2026-10-01,running,low, load\n",
            "days.csv: line 2: has more cells",
        ),
        ("days", "PK\x03\x04 no workbook", "days.csv: not a workbook that can be read"),
    ],
)
def test_a_file_that_cannot_be_meant(office, name, text, line):
    office.write(name, text)
    (told,) = office.faults()
    assert told.startswith(line)


def test_a_file_that_was_mistaken_is_not_told_row_by_row(office):
    office.write("days", "station,date,verdict\n" + "A-1,2026-10-01,maybe\n" * (MOST_FAULTS + 7))
    told = office.faults()
    assert len(told) == MOST_FAULTS + 1
    assert told[-1] == "days.csv: and 7 more. Mend these first."


def warnings_of(office, capsys):
    assert office.rate() == 0
    said = capsys.readouterr().err.replace(f"{office.folder}/", "").splitlines()
    assert all(line.startswith("warning: ") for line in said)
    return [line.removeprefix("warning: ") for line in said]


def test_rows_of_stations_that_are_not_in_the_list_are_left_out_with_a_warning(office, capsys):
    office.write("days", "station,date,verdict\n" + running("A-1") + running("Z-9"))
    office.write("exclusions", EXCLUSIONS_HEAD + "A_1,2026-10-01,2026-10-02,检修,张,李,2026-10-01\n")
    office.write("inspections", "station,result,date\nZ-9,abnormal,2026-10-01\n")
    assert warnings_of(office, capsys) == [
        "days.csv: station Z-9 is not in the list: 31 rows are left out.",
        "exclusions.csv: station A_1 is not in the list: 1 row is left out.",
        "inspections.csv: station Z-9 is not in the list: 1 row is left out.",
    ]
    assert office.result("stations")[1:] == ["A-1,A,31,0,31,31,0,0,normal"]


def test_a_misspelt_station_is_guessed_at(office, capsys):
    office.write("stations", STATIONS_HEAD + "410882-0012,A,20,in_use,,\n")
    office.write("days", "station,date,verdict\n" + running("410882-0021") + running("410882-0012"))
    (told,) = warnings_of(office, capsys)
    assert told.endswith(
        "station 410882-0021 is not in the list: 31 rows are left out. Did you mean 410882-0012?"
    )


@pytest.mark.parametrize("lacking", ["reason", "applicant", "approver", "entered"])
def test_a_stop_that_lacks_its_papers_takes_no_day_away(office, capsys, lacking):
    names = EXCLUSIONS_HEAD.strip().split(",")
    full = dict(
        zip(names, ["A-1", "2026-10-01", "2026-10-02", "检修", "张", "李", "2026-10-01"], strict=True)
    )
    office.write("exclusions", EXCLUSIONS_HEAD + ",".join((full | {lacking: ""}).values()) + "\n")
    assert warnings_of(office, capsys) == [
        (
            f"exclusions.csv: line 2: the stop of A-1 from 2026-10-01 to 2026-10-02 "
            f"lacks {lacking}, so it is no "
            "approved one: it takes no day away. Fill it in if it was approved."
        )
    ]
    assert office.result("stations")[1:] == ["A-1,A,31,0,31,31,0,0,normal"]


@pytest.mark.parametrize(
    ("entered", "zone", "excluded"),
    [
        ("2026-11-10", "Asia/Shanghai", 2),
        ("2026-11-11", "Asia/Shanghai", 0),
        ("2026-11-10T15:59:59Z", "Asia/Shanghai", 2),
        ("2026-11-10T16:00:00Z", "Asia/Shanghai", 0),
        ("2026-11-11T00:30:00+09:00", "Asia/Shanghai", 2),
        ("2026-11-10 23:59", "Asia/Shanghai", 2),
        ("2026-11-10T16:00:00Z", "UTC", 2),
        ("2026-11-11T00:30:00+08:00", "UTC", 2),
    ],
)
def test_the_day_of_entry_is_the_centre_s_civil_day(office, entered, zone, excluded):
    office.write("exclusions", EXCLUSIONS_HEAD + f"A-1,2026-10-01,2026-10-02,检修,张,李,{entered}\n")
    assert office.rate("--timezone", zone) == 0
    assert office.result("stations")[1:] == [
        f"A-1,A,31,{excluded},{31 - excluded},{31 - excluded},0,0,normal"
    ]


def test_days_marked_excluded_without_an_approved_stop_are_unknown_and_said(office, capsys):
    days = running("A-1", OCTOBER[2:]) + running("A-1", OCTOBER[:2], "剔除")
    office.write("days", "station,date,verdict\n" + days)
    assert warnings_of(office, capsys) == [
        (
            "days.csv: days of A-1 are marked excluded, and no approved stop that "
            "was entered in time takes them "
            "away: they count as unknown."
        )
    ]
    assert office.result("stations")[1:] == ["A-1,A,31,0,31,29,0,2,normal"]
    office.write("exclusions", EXCLUSIONS_HEAD + "A-1,2026-10-01,2026-10-02,检修,张,李,2026-10-01\n")
    assert warnings_of(office, capsys) == []
    assert office.result("stations")[1:] == ["A-1,A,31,2,29,29,0,0,normal"]


def test_what_a_list_of_stations_leaves_open_is_said(office, capsys):
    office.write("stations", "station,commissioned,retired\nA-1,2026-10-20,2026-10-10\n")
    assert warnings_of(office, capsys) == [
        "stations.csv: has no column county: all stations stand in no county.",
        "stations.csv: has no column design_m3_per_day: all stations have no design scale.",
        "stations.csv: has no column class: all stations are in use.",
        (
            "stations.csv: line 2: A-1 retired on 2026-10-10, before it was "
            "commissioned on 2026-10-20: no day counts. "
            "Correct one of them."
        ),
    ]
    assert office.result("counties")[1:] == ["city,0,0,0,0,,,,,", ",0,0,0,0,,,,,"]


def test_bad_options(office, capsys):
    assert office.rate("--timezone", "Mars/Base", month="2026-13") == 2
    assert capsys.readouterr().err.splitlines() == [
        "qingliu report rate: --month: must be a month such as 2026-10 (got '2026-13').",
        "qingliu report rate: --timezone: must be a zone such as Asia/Shanghai (got 'Mars/Base').",
    ]
    assert not office.out.exists()
    with pytest.raises(SystemExit) as ended:
        office.rate("--help")
    assert ended.value.code == 0
    assert "qingliu report rate --month 2026-10 --stations stations.csv" in capsys.readouterr().out
    assert HELP


def test_a_run_over_older_results_replaces_them(office):
    assert office.rate() == 0
    office.write("days", "station,date,verdict\n" + running("A-1", word="stopped"))
    assert office.rate() == 0
    assert office.result("counties")[1] == "city,1,0,1,0,0.000000,0.000000,0.000000,0.000000,1.000000"


@given(
    st.lists(
        st.tuples(*[st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), max_size=6)] * 3),
        max_size=6,
    )
)
def test_whatever_stands_in_a_file_is_rows_or_a_fault(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("given")
    (folder / "x.csv").write_text(
        "a,b,c\n" + "".join(",".join(row) + "\n" for row in rows), encoding="utf-8", newline=""
    )
    try:
        table = read_given(folder / "x.csv", {"c": (), "a": ()}, ("a",))
    except SettingsError as error:
        told = error.lines()
    else:
        told = []
        assert (table.columns, table.found) == (("c", "a"), {"c", "a"})
        assert all(len(row.cells) == 2 and 1 < row.line <= len(rows) + 1 for row in table.rows)
    assert all(line.startswith(f"{folder}/x.csv: ") for line in told)


@given(st.fractions(0, 1))
def test_six_digits_are_rounded_half_up(share):
    assert abs(Fraction(decimal(share)) - share) <= Fraction(1, 2 * 10**6)
    assert Fraction(decimal(share)) - share != Fraction(-1, 2 * 10**6)


def test_the_document_names_every_column_and_verdict():
    text = (Path(__file__).parents[2] / "docs" / "report-rate.md").read_text(encoding="utf-8")
    for columns in (STATIONS, DAYS, EXCLUSIONS, INSPECTIONS, COUNTY_COLUMNS, STATION_COLUMNS):
        assert f"`{','.join(columns)}`" in text
    assert all(f"`{code}` {chinese}" in text for code, (chinese,) in DAY_WORDS.items())
