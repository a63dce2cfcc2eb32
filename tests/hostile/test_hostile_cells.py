"""Foreign text in the tables that the program writes: in CSV no cell computes, in XLSX each is a text."""

import csv
import io
from contextlib import closing
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.backtest_files import Output
from alerting.backtest_station import Judged
from alerting.verdict import DayJudgement
from registry.cells import as_meant, harmless, harmless_id, told_apart
from registry.stations_cells import csv_cells
from registry.stations_command import csv_text
from registry.stations_records import NEW
from registry.stations_workbook import stations_workbook
from registry.tables import Alarm, StatePeriod
from reporting.due import Facility
from reporting.rate import StationMonth, station_month
from reporting.rate_results import COUNTIES_FILE, STATIONS_FILE, county_rows, write_rates
from service.civil import Month

LEADS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
FORMULAS = [f"{lead}cmd|' /C calc'!A1" for lead in LEADS]
TEXTS = ("name", "town", "village", "company", "class_document", "class_approver")


def cells_of(text: str) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]


def assert_inert(text: str, many: int) -> None:
    """No cell begins like a formula, and as many as were given stand there behind an apostrophe."""
    cells = cells_of(text)
    assert not [cell for cell in cells if cell.startswith(LEADS)]
    assert sum(cell.startswith("'") for cell in cells) == many


@given(st.text("'=+-@＝a\t", max_size=6))
def test_a_text_comes_back_as_it_was(text):
    assert not harmless(text).startswith(LEADS)
    assert as_meant(harmless(told_apart(text))) == text
    assert as_meant(told_apart(text)) == text or text.startswith(LEADS)


@pytest.mark.parametrize("text", ["410882-0001", "-1", "--", "a", "_"])
def test_an_id_stays_what_programs_compare(text):
    assert harmless_id(text) == text


@pytest.mark.parametrize("text", FORMULAS)
def test_an_id_that_is_none_is_harmless(text):
    assert harmless_id(text) == f"'{text}"


def record_with(text: str) -> dict:
    return (
        NEW
        | dict.fromkeys(TEXTS, text)
        | {"tags": [text], "class": "in_use", "class_since": date(2024, 6, 1)}
    )


def test_the_stations_export_computes_nothing():
    records = {f"s-{number}": record_with(text) for number, text in enumerate(FORMULAS)}
    assert_inert(csv_text(records), len(FORMULAS) * (len(TEXTS) + 1))
    numbers = csv_cells("s", NEW | {"longitude": -112.9})
    assert "-112.9" in numbers  # a number is one


def test_the_stations_workbook_types_every_text_as_text():
    records = {f"s-{number}": record_with(text) for number, text in enumerate(FORMULAS)}
    data = stations_workbook(records, {"=1+1": "@SUM(A1)"}, 1_000)
    with closing(openpyxl.load_workbook(io.BytesIO(data))) as book:
        typed = [
            cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None
        ]
        assert {cell.data_type for cell in typed if isinstance(cell.value, str)} == {"s"}
        assert {"=cmd|' /C calc'!A1", "@cmd|' /C calc'!A1"} <= {cell.value for cell in typed}


def months() -> list[StationMonth]:
    return [
        station_month(Facility(text, text, "", 20.0, date(2024, 6, 1), ()), Month(2026, 10), {}, [], ())
        for text in FORMULAS
    ]


def test_the_results_of_report_rate_compute_nothing(tmp_path):
    write_rates(tmp_path, months(), county_rows(months()))
    assert_inert((tmp_path / STATIONS_FILE).read_text("utf-8"), 2 * len(FORMULAS))
    assert_inert((tmp_path / COUNTIES_FILE).read_text("utf-8"), len(FORMULAS))


def test_the_results_of_a_back_test_compute_nothing(tmp_path):
    at_ms = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp() * 1000)
    with Output(tmp_path, ZoneInfo("Asia/Shanghai")) as output:
        for text in FORMULAS:
            output.write(judged(text, at_ms), at_ms)
    for name in ("states", "days", "alarms"):
        assert_inert((tmp_path / f"{name}.csv").read_text("utf-8"), len(FORMULAS))


def judged(station: str, at_ms: int) -> Judged:
    state = StatePeriod(state="stopped", start_ms=at_ms - 1, end_ms=None, reason="no_energy", evidence={})
    alarm = Alarm(type="stopped", raised_ms=at_ms, cleared_ms=None, reason="no_energy", evidence={})
    day = DayJudgement("stopped", "no_energy", {"energy_kwh": 1.5e-7})
    return Judged(station, [state], [alarm], {date(2026, 10, 1): day})
