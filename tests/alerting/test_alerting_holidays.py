"""Festivals: those that come with the program, and calendars of one's own."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.holidays import holidays_from, holidays_of
from service.civil import ONE_DAY
from service.settings import SettingsError

HEAD = "name,first,last"


@pytest.mark.parametrize(
    "new_year", [(2024, 2, 10), (2025, 1, 29), (2026, 2, 17), (2027, 2, 6), (2028, 1, 26)]
)
def test_the_program_brings_spring_festivals_from_a_week_before_to_the_lantern_festival(new_year):
    found, eve = holidays_from(""), date(*new_year)
    assert {eve + n * ONE_DAY for n in range(-7, 15)} <= found
    assert not {eve - 10 * ONE_DAY, eve + 20 * ONE_DAY} & found


@pytest.mark.parametrize("year", range(2024, 2029))
def test_and_the_october_weeks(year):
    found = holidays_from("")
    assert {date(year, 10, day) for day in range(1, 8)} <= found
    assert not {date(year, 9, 30), date(year, 10, 9)} & found


def test_both_days_are_included():
    found, faults = holidays_of([HEAD, "a,2026-05-01,2026-05-03", "b,2026-06-19,2026-06-19"])
    assert found == {date(2026, 5, 1), date(2026, 5, 2), date(2026, 5, 3), date(2026, 6, 19)}
    assert faults == []


def test_columns_may_stand_in_any_order_beside_others():
    found, faults = holidays_of(["last,note,first,name", "2026-05-02,x,2026-05-01,a"])
    assert (len(found), faults) == (2, [])


@pytest.mark.parametrize(
    ("row", "place", "rule", "given_so"),
    [
        ("a,2026-5-1,2026-05-02", "line 2", "must be days such as", "2026-5-1, 2026-05-02"),
        ("a,,2026-05-02", "line 2", "must be days such as", ", 2026-05-02"),
        ("a,2026-05-02", "line 2", "must be days such as", "2026-05-02, "),
        ("a,2026-05-02,2026-05-01", "line 2", "last must lie 0 to 60 days", "2026-05-02, 2026-05-01"),
        ("a,2026-01-01,2026-03-03", "line 2", "last must lie 0 to 60 days", "2026-01-01, 2026-03-03"),
    ],
)
def test_what_is_wrong_is_named_by_its_line_and_the_rest_is_taken(row, place, rule, given_so):
    found, (fault,) = holidays_of([HEAD, row, "b,2026-10-01,2026-10-02"])
    assert len(found) == 2
    assert (fault.path, fault.got) == (place, given_so)
    assert rule in fault.rule


def test_61_days_are_the_most():
    found, faults = holidays_of([HEAD, "a,2026-01-01,2026-03-02"])
    assert (len(found), faults) == (61, [])


@pytest.mark.parametrize("rows", [[], ["name,from,to", "a,2026-05-01,2026-05-02"]])
def test_without_its_columns_it_is_no_calendar(rows):
    found, (fault,) = holidays_of(rows)
    assert (found, fault.path) == (frozenset(), "line 1")


def test_a_file_of_one_s_own(tmp_path):
    path = tmp_path / "days.csv"
    path.write_text(f"{HEAD}\n庙会,2026-03-01,2026-03-02\n", "utf-8-sig")
    assert holidays_from(str(path)) == {date(2026, 3, 1), date(2026, 3, 2)}


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b"name,first,last\na,b,c\n"])
def test_a_file_that_is_none_is_refused(tmp_path, content):
    path = tmp_path / "days.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError) as error:
        holidays_from(str(path))
    assert str(path) in str(error.value)


@given(st.text(max_size=120) | st.lists(st.text('0123456789-,"x\n', max_size=40)).map("\n".join))
def test_any_text_gives_days_and_faults(text):
    found, faults = holidays_of([HEAD, *text.splitlines()])
    assert all(isinstance(day, date) for day in found)
    assert all(fault.path.startswith("line ") and fault.rule for fault in faults)
