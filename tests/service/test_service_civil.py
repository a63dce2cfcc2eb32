"""Civil days and months."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.civil import ONE_DAY, Month, day_of, days_between, start_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
zones = st.sampled_from([SHANGHAI, ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Urumqi"), ZoneInfo("UTC")])
some_days = st.dates(date(1990, 1, 2), date(2090, 1, 1))


def test_a_month_is_read_and_written():
    month = Month.parse("2026-10")
    assert (month, str(month)) == (Month(2026, 10), "2026-10")
    assert (month.first, month.last, len(month.days())) == (date(2026, 10, 1), date(2026, 10, 31), 31)
    assert Month.parse("2024-02").last == date(2024, 2, 29)
    assert Month.parse("2026-12") > Month.parse("2026-11")


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "2026-1", "26-10", "2026-10 ", "0000-01", "２０２６-10"]
)
def test_what_is_no_month_is_refused_with_its_text(text):
    with pytest.raises(ValueError, match="must be a month such as 2026-10"):
        Month.parse(text)


@given(some_days, st.integers(-500, 500))
def test_months_are_counted_over_years(day, months):
    month = Month.of(day)
    assert month.first <= day <= month.last
    assert month.after(months).after(-months) == month
    assert (month.after(1).first - month.last) == ONE_DAY
    assert [each.month for each in month.days()] == [month.number] * len(month.days())


@given(some_days, zones)
def test_a_day_begins_at_its_midnight(day, zone):
    start_ms = start_of(day, zone)
    assert (day_of(start_ms, zone), day_of(start_ms - 1, zone)) == (day, day - ONE_DAY)


def test_shanghai_is_eight_hours_ahead():
    assert start_of(date(2026, 11, 1), SHANGHAI) == datetime(2026, 10, 31, 16, tzinfo=UTC).timestamp() * 1000


def test_days_between_are_both_included():
    first = date(2026, 2, 27)
    assert list(days_between(first, date(2026, 3, 1))) == [first, date(2026, 2, 28), date(2026, 3, 1)]
    assert list(days_between(first, first - ONE_DAY)) == []
