"""The workbook's formulas, calculated by another program, come to the figures that are stored beside them."""

import io
import os
import re
import shutil
import subprocess
import zipfile
from contextlib import closing
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from reporting_centre import IN_NOVEMBER, OCTOBER, ZONE, ReportedCentre

from registry.database import Registry
from registry.tables import Company, County, Finding
from reporting.figures import month_figures
from reporting.month_lines import Change, PlanLine
from reporting.station_formulas import is_called, labels
from reporting.workbook import Cover, monthly_workbook

COVER = Cover("中心", 2, ZONE)
PLAN = [
    PlanLine("410823", "武陟县", 347, 200, Fraction(1, 2)),
    PlanLine("410882", "沁阳市", 329, 150, Fraction(1, 2)),
    PlanLine("410804", "马村区", 20, 20, None),
]
CHANGES = [
    Change("city", "", "rate_strict", "0.500000", "0.600000"),
    Change("410882-0001", "甲站", "verdict", "not_normal", "normal"),
    Change("410882-0001", "甲站", "running", "3", "4"),
    Change("410882-0003", "丙站", "added", "", "normal"),
]
HEATER = {"power_factor": 0.991, "running_kw": 1.1, "cycling": 0.02, "first_noted": "2026-10-09"}
WITHIN_S = 100


@pytest.fixture
def soffice():
    """The office program, without a window."""
    found = shutil.which("soffice")
    if found is None:
        pytest.skip(
            "libreoffice-calc-nogui is not installed; to enable this test run: "
            "sudo apt-get install libreoffice-calc-nogui"
        )
    return found


def enrich(city):
    """Names that a formula could take for something else, a county not due, more stops, a year ago."""
    hostile = ["a*", "a?b~", "=1+1", "<5", '"quoted" {braces}', "ab"]
    city.add(*(Company(id=10 + n, name=name) for n, name in enumerate(hostile)))
    city.add(County(code="410804", name="马村区"), County(code="410803", name="沁阳市"))
    for n, _ in enumerate(hostile):
        city.station(f"410882-2{n:03}", "R" * (31 - n) + "S" * n, name="@SUM(A1)", company_id=10 + n)
    city.station("410803-0001", "S" * 5 + "R" * 26, town_id=None)
    city.station("410803-0002", "R" * 31, town_id=None, county_code=None)
    city.verdicts("410803-0001", "R" * 30, date(2025, 10, 1))
    city.station("410804-0001", "S" * 31, town_id=None)
    city.exclude("410804-0001", date(2026, 10, 1), date(2026, 10, 31), reason="grid_outage")
    city.station("410823-0777", "RRR", town_id=None)
    city.verdicts("410823-0777", "S" * 28, date(2026, 10, 4), reason="idling")
    days = {"first_day": date(2026, 9, 3), "last_day": date(2026, 11, 5)}
    city.add(Finding(station_id="410882-0001", code="heater_like_load", evidence=HEATER, noted_ms=1, **days))


def whole(centre):
    with centre.registry.reading() as session:
        return month_figures(session, OCTOBER, ZONE, IN_NOVEMBER, plan=PLAN, changes=CHANGES)


def without_values(content):
    """The same file as if it had never been calculated."""
    bare = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as full, zipfile.ZipFile(bare, "w") as parts:
        for name in full.namelist():
            text = full.read(name)
            if name.startswith("xl/worksheets/"):
                text = re.sub(rb"</f><v>[^<]*</v>|</f><v/>", b"</f>", text)
            parts.writestr(name, text)
    return bare.getvalue()


def calculated(soffice, folder, contents):
    """Let the program open files and write them anew, in a profile of its own."""
    for name, content in contents.items():
        (folder / f"{name}.xlsx").write_bytes(without_values(content))
    command = [
        soffice,
        f"-env:UserInstallation=file://{folder}/profile",
        "--headless",
        "--convert-to",
        "xlsx",
    ]
    names = [f"{folder}/{name}.xlsx" for name in contents]
    done = subprocess.run(
        [*command, "--outdir", f"{folder}/out", *names],
        env={**os.environ, "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {name: load_workbook(folder / "out" / f"{name}.xlsx", data_only=True) for name in contents}


def formula_cells(content):
    """Every formula of a file: sheet, cell and what is stored as its value."""
    formulas, stored = (load_workbook(io.BytesIO(content), data_only=only) for only in (False, True))
    for sheet in formulas:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    yield sheet.title, cell.coordinate, cell.value, stored[sheet.title][cell.coordinate].value


def is_same(found, stored):
    if stored in (None, ""):
        return found in (None, "")
    return found == (pytest.approx(stored, rel=1e-12) if isinstance(stored, int | float) else stored)


def test_calculated_anew_every_formula_comes_to_its_figure(city, empty_file, soffice, tmp_path):
    enrich(city)
    figures = whole(city)
    contents = {
        "full": monthly_workbook(figures, COVER),
        "english": monthly_workbook(figures, COVER._replace(language="en")),
    }
    with closing(Registry(f"sqlite:///{empty_file}")) as registry:
        contents["empty"] = monthly_workbook(ReportedCentre(registry, tmp_path).figures(), COVER)
    found = calculated(soffice, tmp_path, contents)
    for name, content in contents.items():
        cells = list(formula_cells(content))
        assert len(cells) > (30 if name == "empty" else 400)
        wrong = [
            (sheet, place, text, stored, found[name][sheet][place].value)
            for sheet, place, text, stored in cells
            if not is_same(found[name][sheet][place].value, stored)
        ]
        assert wrong == []
    for sheet, column, groups in (
        ("分县", "I", figures.counties),
        ("运维单位", "I", figures.companies),
    ):
        for row, group in enumerate([*groups, figures.whole], start=4):
            strict = group.rate.by_number_strict
            rate = None if strict is None else pytest.approx(float(strict), rel=1e-12)
            assert found["full"][sheet][f"{column}{row}"].value in (rate, "" if rate is None else rate)
    assert found["full"]["汇总"]["B5"].value == pytest.approx(float(figures.city.by_number_strict))


def test_only_functions_that_every_office_program_knows_are_used(city):
    enrich(city)
    texts = [text for _, _, text, _ in formula_cells(monthly_workbook(whole(city), COVER))]
    used = {name for text in texts for name in re.findall(r"([A-Z.]+)\(", re.sub(r'"[^"]*"', "", text))}
    assert used == {"AND", "COUNTIFS", "IF", "OR", "SUM", "SUMIFS"}
    assert max(len(text) for text in texts) < 1000


def test_the_totals_are_formulas_over_the_facilities(city):
    book = load_workbook(io.BytesIO(monthly_workbook(city.figures(), COVER)))
    sheet = book["分县"]
    assert sheet["F4"].value == '=COUNTIFS(站点明细!$D$4:$D$12,B4,站点明细!$AA$4:$AA$12,"正常")'
    assert sheet["F6"].value == '=COUNTIFS(站点明细!$AA$4:$AA$12,"正常")'
    assert sheet["I4"].value == '=IF(E4=0,"",F4/E4)'
    assert book["汇总"]["B5"].value == "=B9"
    assert book["汇总"]["B9"].value == '=IF(F11=0,"",F12/F11)'
    assert sheet["C4"].value == '=COUNTIFS(站点明细!$D$4:$D$12,B4,站点明细!$AB$4:$AB$12,">0")'


@given(st.dictionaries(st.text(max_size=4), st.text("aA（2）", max_size=5), max_size=6))
def test_no_two_groups_are_called_alike(names):
    called = labels(names, "none")
    assert set(called) == {*names, ""}
    assert len({label.casefold() for label in called.values()}) == len(called)


@pytest.mark.parametrize(
    ("label", "condition"),
    [
        ("武陟县", "B4"),
        ("a*b", '"=a~*b"'),
        ("what?~", '"=what~?~~"'),
        ("=1+1", '"==1+1"'),
        ("<5", '"=<5"'),
        ('=a "b" {c}', '"==a ""b"" {{c}}"'),
    ],
)
def test_a_label_is_never_taken_for_a_pattern(label, condition):
    assert is_called(label, "B4") == condition
