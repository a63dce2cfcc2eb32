"""Readings as CSV: what is written is what is read, and every bad cell is named."""

import io
from contextlib import suppress
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from history.export import csv_writer
from history.port import StationReading
from history.readings_csv import COLUMNS, UnreadableFileError, instant, rows, time_text
from telemetry.quantities import NAMES_BY_KIND, QUANTITIES
from telemetry.reading import WHYS, Reading

A = "410882-0001"
NOW = 1_795_320_000_000
HEADER = "station,device,kind,time,quality,active_power_kw,energy_kwh,volume_m3,why\n"
TIME = "2026-11-01T08:00:00.000Z"


def read(text, now_ms=NOW):
    return list(rows(io.StringIO(text, newline=""), {A}, now_ms))


def flaws(row):
    return [flaw.text("f.csv") for each in read(HEADER + row) for flaw in each.flaws]


@st.composite
def readings(draw):
    kind = draw(st.sampled_from(["power", "flow"]))
    quality = draw(st.sampled_from(["good", "suspect", "missing"]))
    finite = st.floats(allow_nan=False, allow_infinity=False)
    values = st.dictionaries(st.sampled_from(NAMES_BY_KIND[kind]), finite, min_size=quality == "good")
    return Reading(
        t=draw(st.integers(-(2**40), NOW)),
        d=draw(st.sampled_from([f"{kind}-1", "a-b-3"])),
        k=kind,
        q=quality,
        why=None if quality == "good" else draw(st.sampled_from([None, *sorted(WHYS)])),
        x={} if quality == "missing" else draw(values),
    )


@given(st.lists(readings(), max_size=6))
def test_what_is_written_is_what_is_read(made):
    out = io.StringIO(newline="")
    write = csv_writer(out, with_why=True)
    for reading in made:
        write(A, reading)
    found = read(out.getvalue())
    assert [row.reading for row in found] == [StationReading(A, reading) for reading in made]
    assert [row.line for row in found] == list(range(2, len(made) + 2))


def test_the_columns_are_those_of_the_manual():
    assert ("station", "device", "kind", "time", "quality", *(each.name for each in QUANTITIES)) == COLUMNS
    out = io.StringIO(newline="")
    csv_writer(out, with_why=False)(A, Reading(t=1_793_491_200_007, d="flow-1", k="flow", x={"level_m": 0.0}))
    assert out.getvalue() == (
        "station,device,kind,time,quality,active_power_kw,voltage_l1_v,voltage_l2_v,voltage_l3_v,current_l1_a,"
        "current_l2_a,current_l3_a,power_factor,frequency_hz,energy_kwh,flow_m3h,level_m,volume_m3\n"
        f"{A},flow-1,flow,2026-11-01T00:00:00.007Z,good,,,,,,,,,,,,0.0,\n"
    )


@given(st.integers(-(2**45), 2**47))
def test_a_time_is_read_as_it_is_written(t):
    assert instant(time_text(t)) == t


@pytest.mark.parametrize("text", ["2026-11-01T16:00:00+08:00", "2026-11-01 08:00:00.000000Z", "20261101T08Z"])
def test_times_of_other_hands_are_taken(text):
    assert instant(text) == instant(TIME)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-08:00"])
def test_a_time_that_no_calendar_of_utc_holds_is_none(text):
    """It could be stored, but never written out again."""
    with pytest.raises(ValueError, match="beyond the calendar"):
        instant(text)


TIME_RULE = "time: must be ISO 8601 with offset, to the millisecond, such as 2026-10-01T08:00:00.000+08:00"
ROWS = {
    f"{A},power-1,power,{TIME},good,1.5,,,\n": [],
    f"{A},power-1,power,{TIME},,1.5,,,\n": [],
    f"{A},power-1,power,{TIME},missing,,,,no_response\r\n": [],
    f"\n{A},power-1,power,{TIME},suspect,,,,\n\n": [],
    ",,,,,,,,\n": [
        "station: must be 1 to 32 letters, digits, - or _ (got 'nothing')",
        "device: must be 1 to 24 small letters, digits or - (got 'nothing')",
        "kind: must be power or flow (got 'nothing')",
        f"{TIME_RULE} (got 'nothing')",
    ],
    f"410882-0009,Power 1,watt,{TIME[:-1]},fine,1,5,x,tired\n": [
        "device: must be 1 to 24 small letters, digits or - (got 'Power 1')",
        "kind: must be power or flow (got 'watt')",
        "quality: must be good, suspect or missing (got 'fine')",
        (
            "why: must be one of no_response, garbled, echo, other_unit, wrong_shape, device_exception, "
            "port_gone, backing_off, implausible, not_a_number (got 'tired')"
        ),
        "station: must be on the register; import it first with: qingliu stations import (got '410882-0009')",
        f"{TIME_RULE} (got '2026-11-01T08:00:00.000')",
        "volume_m3: must be a finite number such as 1.84 (got 'x')",
    ],
    f"{A},power-1,power,{TIME},good,,,,\n": ["quality: a good reading has at least one value (got 'good')"],
    f"{A},power-1,power,{TIME},missing,,3,,\n": ["energy_kwh: a missing reading has no values (got '3')"],
    f"{A},power-1,power,{TIME},good,,3,4,\n": [
        "volume_m3: quantity 'volume_m3' does not belong to a power meter (got '4')"
    ],
    f"{A},power-1,power,{TIME},good,1,,,echo\n": ["why: must be empty where quality is good (got 'echo')"],
    f"{A},power-1,power,2026-11-01T08:00:00.0001Z,good,1,,,\n": [
        f"{TIME_RULE} (got '2026-11-01T08:00:00.0001Z')"
    ],
    f"{A},power-1,power,2036-11-01T08:00:00Z,good,1,,,\n": [
        "time: must not lie more than 10 min ahead of this machine's clock (got '2036-11-01T08:00:00Z')"
    ],
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=range(len(ROWS)))
def test_every_bad_cell_is_named(row):
    assert [text.partition("f.csv: line 2: ")[2] for text in flaws(row)] == ROWS[row]


@pytest.mark.parametrize(
    "cell", ["nan", "inf", "1e999", "1_000", "٣", "0x10", "1,5", "true", '"1"', "+1", ".5", "1;2"]
)
def test_numbers_of_other_kinds_are_refused(cell):
    quoted = cell.replace('"', '""')
    (said,) = flaws(f'{A},power-1,power,{TIME},good,"{quoted}",,,\n')
    assert said.startswith("f.csv: line 2: active_power_kw: must be a finite number such as 1.84 (got ")


def test_a_row_of_another_length_is_told():
    (said,) = flaws(f"{A},power-1\n")
    assert said == "f.csv: line 2: must have as many cells as the header, 9 (got '2')"


def test_a_long_or_strange_cell_is_shown_short_and_plain():
    (said,) = flaws(f"{A},power-1,power,{TIME},good,{'9' * 500}x\x1b,,,\n")
    assert len(said) < 140
    assert said.isprintable()


BAD_FILES = {
    "": "has no header: the file is empty. Export it again as CSV.",
    "a,b\n": "line 1: lacks column 'station', 'device', 'kind', 'time'. Known are: station, ",
    '{"station":"a"}\n': "line 1: is JSON, not CSV. Export it again with --format csv.",
    "station,device,kind\n": "line 1: lacks column 'time'. Known are: ",
    HEADER.replace("energy", "enregy"): "line 1: has an unknown column 'enregy_kwh'. Known are: ",
    HEADER.replace("volume_m3", "energy_kwh"): "line 1: has twice the column 'energy_kwh'. Known are: ",
    HEADER + f'{A},"power-1,power\n': "line 2: is not CSV: ",
    HEADER + f"{A},{'x' * 200_000},\n": "line 2: is not CSV: field larger than field limit",
}


@pytest.mark.parametrize("text", BAD_FILES, ids=range(len(BAD_FILES)))
def test_a_file_that_is_none_of_ours_is_told_at_once(text):
    with pytest.raises(UnreadableFileError) as caught:
        read(text)
    assert str(caught.value).startswith(BAD_FILES[text])
    assert str(caught.value).isprintable()


def test_text_of_another_encoding_is_told():
    source = chain([HEADER], io.TextIOWrapper(io.BytesIO("备注\n".encode("gbk")), encoding="utf-8"))
    with pytest.raises(
        UnreadableFileError, match=r"line 2: is not UTF-8 text\. Save the file as CSV UTF-8\."
    ):
        list(rows(source, {A}, NOW))


@given(st.text(alphabet=st.sampled_from(f'{A},power-1.flow":T\n\r\x00é0123+Z good'), max_size=80))
def test_no_text_breaks_the_reader(text):
    """Every row is a reading or has a flaw."""
    with suppress(UnreadableFileError):
        for row in read(HEADER + text):
            assert (row.reading is None) == bool(row.flaws)
