"""Which span a chart's address asks for: ranges, days, instants; nobody's typing breaks it."""

from zoneinfo import ZoneInfo

import pytest
from console_centre import DAY_MS, HOUR_MS, NOW_MS

from console.station_span import LONGEST_MS, RANGES, STEP_MS, span_of

ZONE = ZoneInfo("Asia/Shanghai")
MIDNIGHT = NOW_MS - 14 * HOUR_MS - 5 * 60_000
"""At which 2026-11-21 began in Shanghai."""


def asked(**question):
    return span_of(question, NOW_MS, ZONE)


@pytest.mark.parametrize(
    ("code", "detail"),
    [("1h", "raw"), ("6h", "raw"), ("24h", "raw"), ("7d", "readings"), ("31d", "quarters"), ("90d", "days"),
     ("1y", "days"), ("2y", "days")],
)  # fmt: skip
def test_a_range_ends_now_on_a_whole_step_and_is_read_as_finely_as_it_needs(code, detail):
    span = asked(range=code)
    assert (span.length_ms, span.code, span.detail) == (RANGES[code], code, detail)
    assert 0 <= span.end_ms - NOW_MS < STEP_MS
    assert span_of({"range": code}, NOW_MS + 1, ZONE).end_ms == NOW_MS + STEP_MS


def test_a_day_is_the_centre_s_civil_day_however_it_is_asked_for():
    day = asked(day="2026-11-20")
    assert (day.start_ms, day.end_ms, day.detail) == (MIDNIGHT - DAY_MS, MIDNIGHT, "raw")
    assert asked(**{"from": "2026-11-20", "to": "2026-11-20"}) == day
    assert asked(**{"from": "2026-11-20T00:00", "to": "2026-11-21T00:00:00+08:00"}) == day
    assert day.day.isoformat() == "2026-11-20"


def test_instants_stand_in_the_centre_s_zone_unless_they_say_their_own():
    span = asked(**{"from": "2026-11-20T10:00", "to": "2026-11-20T04:30:00+00:00"})
    assert (span.start_ms, span.end_ms) == (MIDNIGHT - 14 * HOUR_MS, MIDNIGHT - 11.5 * HOUR_MS)
    assert (span.code, span.day, span.ends_now) == ("", None, False)
    to_now = asked(**{"from": "2026-11-21"})
    assert (to_now.start_ms, to_now.end_ms) == (MIDNIGHT, NOW_MS)


def test_no_span_is_longer_than_two_years_nor_ends_after_today():
    span = asked(**{"from": "2001-01-01", "to": "2099-12-31"})
    assert (span.end_ms, span.length_ms) == (MIDNIGHT + DAY_MS, LONGEST_MS)


@pytest.mark.parametrize(
    "question",
    [{}, {"range": "3w"}, {"from": "x"}, {"from": "2026-11-20", "to": "2026-11-01"}, {"day": "2027-01-01"},
     {"from": "0001-01-01", "to": "2026-11-01"}, {"from": "9999-12-31", "to": "9999-12-31"},
     {"from": "2026-13-01"}, {"from": "2026-11-20T10:00", "to": "2026-11-20T10:01"}, {"day": "<b>"},
     {"days": "9" * 40}, {"from": "2026-11-20\x00"}, {"to": "2026-11-20"},
     {"from": "0001-01-01T00:00:00+14:00"}, {"from": "2026-11-30"}],
)  # fmt: skip
def test_what_cannot_be_meant_is_the_last_week(question):
    assert span_of(question, NOW_MS, ZONE) == asked(range="7d")


def test_days_are_at_most_a_month():
    assert asked(days="3").length_ms == 3 * DAY_MS
    assert asked(days="400").length_ms == 31 * DAY_MS
    assert (asked(days="31").code, asked(days="0").length_ms) == ("31d", DAY_MS)
