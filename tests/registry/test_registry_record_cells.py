"""Texts that people type into cells and options: instants, closed lists, samples."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_entry_seed import ZONE, ms

from registry.inspections import NewSample
from registry.record_cells import Cells, instant_of
from registry.record_kinds import sample_of
from registry.record_list import sample_text

MORNING = ms(2026, 10, 1, 8, 30)


@pytest.mark.parametrize(
    "text",
    ["2026-10-01 08:30", "2026-10-01T08:30:00", "2026/10/1 8:30", "2026-10-01T08:30:00+08:00",
     "2026-10-01T00:30:00Z", "2026-10-01 09:30+0900", "2026年10月1日 8:30", "2026年10月1日8:30",
     "2026.10.1 8:30:00.000", " 2026-10-01  08:30 "],
)  # fmt: skip
def test_a_time_is_the_centres_clock_unless_it_has_an_offset(text):
    assert instant_of(text, ZONE) == MORNING


def test_a_civil_day_is_its_beginning():
    assert instant_of("2026-10-01", ZONE) == instant_of("20261001", ZONE) == ms(2026, 10, 1)


@pytest.mark.parametrize(
    "text",
    ["", "today", "08:30", "2026-13-01 08:30", "2026-10-01 24:00", "2026-10-01 08:60",
     "2026-10-01T08:30+99:00", "01.10.2026 08:30", "2026-10-01 8", "9999999-1-1 00:00",
     "２０２６-10-01 08:30", "0001-01-01 00:00+14:00",
     "0001-01-01", "9999-12-31 23:00-08:00",
     "9999-12-31 20:00Z"],
)  # fmt: skip
def test_what_is_no_time_is_said_to_be_none(text):
    with pytest.raises(ValueError, match="must be a civil day or a time such as 2026-10-01"):
        instant_of(text, ZONE)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.integers(-14 * 4, 14 * 4))  # noqa: DTZ001 - a wall clock
def test_an_instant_written_anywhere_is_read_here(at, quarters):
    at = at.replace(microsecond=0, tzinfo=UTC)
    zone = ZoneInfo("UTC")
    sign, minutes = "-" if quarters < 0 else "+", abs(quarters) * 15
    offset = f"{sign}{minutes // 60:02}:{minutes % 60:02}"
    written = f"{at:%Y-%m-%d %H:%M:%S}{offset}"
    shift = quarters * 15 * 60_000
    assert instant_of(written, zone) == int(at.timestamp() * 1000) - shift


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text):
    cells = Cells(dict.fromkeys(("n", "d", "t", "c"), text), ["n", "d", "t", "c"], ZONE)
    cells.number("n"), cells.day("d"), cells.instant("t"), cells.choice("c", {"yes": ("是",)})
    assert {fault.path for fault in cells.faults} <= {"n", "d", "t", "c"}


@pytest.mark.parametrize("odd", ["a\x00b", "\udc80", "\x1b[31m"])
def test_what_no_database_takes_is_refused_before_it_gets_there(odd):
    cells = Cells({"a": odd, "b": "两\n行"}, ["a", "b"], ZONE)
    assert (cells.required("a"), cells.required("b")) == ("", "两\n行")
    [fault] = cells.faults
    assert (fault.path, fault.rule) == ("a", "must have no control characters")
    assert fault.line("x").isascii()


def test_closed_lists_are_read_in_both_languages():
    words = {"grid_outage": ("电网停电", "停电"), "season": ("季节性停运",)}
    cells = Cells({"a": " 停电 ", "b": "Grid-Outage", "c": "季節"}, ["a", "b", "c"], ZONE)
    assert [cells.choice(name, words) for name in "abc"] == ["grid_outage", "grid_outage", ""]
    [fault] = cells.faults
    assert fault.line("x").startswith(
        'x: c: must be one of grid_outage 电网停电, season 季节性停运 (got "季節").'
    )
    assert cells.choice("d", words, "season") == "season"


@pytest.mark.parametrize(
    ("text", "sample"),
    [
        ("COD=45:mg/L:60", NewSample("COD", 45.0, "mg/L", 60.0)),
        ("氨氮＝3.2", NewSample("NH3-N", 3.2, "mg/L")),
        ("nh3n = 3.2 : mg/l", NewSample("NH3-N", 3.2, "mg/l")),
        ("ph=7.2", NewSample("pH", 7.2, "")),
        ("TP=0.4::1", NewSample("TP", 0.4, "mg/L", 1.0)),
        ("gold=1", NewSample("gold", 1.0, "")),
    ],
)
def test_samples_are_read(text, sample):
    assert sample_of(text) == sample
    assert sample_of(sample_text(sample._asdict())) == sample


@pytest.mark.parametrize("text", ["COD", "COD=", "=3", "COD=x", "COD=1:mg/L:x", "COD=nan", "pH=6-9"])
def test_what_is_no_sample_is_refused(text):
    with pytest.raises(ValueError, match="must be PARAMETER=VALUE"):
        sample_of(text)
