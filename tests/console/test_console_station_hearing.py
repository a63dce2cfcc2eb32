"""How a station was heard: shares of days, gaps, the sampling found out by itself."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from console_centre import DAY_MS, HOUR_MS, NOW_MS

from console.language import load_languages
from console.reader import Reader
from console.station_hearing import DAYS, HeardDay, heard_from, hearing
from history.port import QUARTER_HOUR_MS, QuarterHour

ZONE = ZoneInfo("Asia/Shanghai")
READER = Reader(load_languages()["en"], ZONE, NOW_MS)
FIRST = heard_from(NOW_MS, ZONE)


def quarters(counts, first=FIRST, **more):
    """A row for each count of good samples; None is no row at all."""
    return [
        QuarterHour("s", first + n * QUARTER_HOUR_MS, power_good=count, **more)
        for n, count in enumerate(counts)
        if count is not None
    ]


def whole(count=15, every=1):
    until = (NOW_MS - FIRST) // QUARTER_HOUR_MS
    return [count if n % every == 0 else None for n in range(until)]


@pytest.mark.parametrize(
    ("count", "every", "interval_s"),
    [(15, 1, 60), (3, 1, 300), (1, 1, 900), (1, 4, 3600), (1, 24, 21_600)],
)
def test_a_station_that_never_fails_is_heard_whole_whatever_its_sampling(count, every, interval_s):
    found = hearing(quarters(whole(count, every)), NOW_MS, ZONE)
    assert (found.interval_s, found.gaps) == (interval_s, [])
    assert [day.grade for day in found.days] == ["whole"] * DAYS
    assert found.share > 0.97


def test_a_day_s_share_is_of_what_was_due_and_a_gap_is_told_with_its_length():
    counts = whole()
    for n in range(96 * 3 + 8, 96 * 3 + 8 + 48):  # half of the fourth day
        counts[n] = None
    counts[96 * 5 : 96 * 6] = [0] * 96
    rows = quarters(counts)
    start = FIRST + (96 * 3 + 8) * QUARTER_HOUR_MS
    rows = [row._replace(power_bridged=True) if row.power_good == 0 else row for row in rows]
    found = hearing(rows, NOW_MS, ZONE)
    assert [found.days[n].share for n in (2, 3, 4, 5)] == [1.0, 0.5, 1.0, 0.0]
    assert [found.days[n].grade for n in (3, 5)] == ["part", "none"]
    later, earlier = found.gaps
    assert (earlier.start_ms, earlier.length_s(NOW_MS), earlier.bridged) == (start, 12 * 3600, False)
    assert (later.length_s(NOW_MS), later.bridged) == (24 * 3600, True)
    assert found.days[3].text(READER) == f"{found.days[3].day}: 50 % of the readings"
    assert found.text(READER) == "Readings of the last 31 days: whole on 29 of 31"


def test_a_gap_that_lasts_has_no_end():
    (gap,) = hearing(quarters(whole()[:-8]), NOW_MS, ZONE).gaps
    assert gap.end_ms is None
    assert 2 * 3600 <= gap.length_s(NOW_MS) < 2.5 * 3600


def test_days_before_the_first_reading_are_not_held_against_a_station():
    young = hearing(quarters(whole()[: 96 * 2], FIRST + 29 * DAY_MS), NOW_MS, ZONE)
    assert [day.grade for day in young.days[:29]] == ["before"] * 29
    assert young.days[29].grade == "whole"
    assert young.days[0].text(READER).endswith("not heard of yet")


@pytest.mark.parametrize("rows", [[], quarters([0, 0]), quarters([None])])
def test_a_station_never_heard_has_no_share(rows):
    found = hearing(rows, NOW_MS, ZONE)
    assert (found.interval_s, found.share, len(found.days), found.gaps) == (None, None, DAYS, [])


def test_failed_polls_are_due_but_did_not_come():
    rows = [row._replace(power_missing=5) for row in quarters(whole(10))]
    found = hearing(rows, NOW_MS, ZONE)
    assert found.interval_s == 60
    assert found.share == pytest.approx(10 / 15, abs=0.02)


@pytest.mark.parametrize(
    ("share", "percent", "grade"),
    [(1.0, 100, "whole"), (0.999, 99, "whole"), (0.94, 94, "most"), (0.001, 1, "part"), (0.0, 0, "none")],
)
def test_only_what_is_whole_is_a_hundred_and_only_nothing_is_zero(share, percent, grade):
    day = HeardDay(date(2026, 11, 1), share)
    assert (day.percent, day.grade) == (percent, grade)


def test_the_run_of_the_present_quarter_is_passed_over():
    rows = quarters(whole())
    running = QuarterHour("s", NOW_MS - NOW_MS % QUARTER_HOUR_MS, power_good=1)
    assert hearing([*rows, running], NOW_MS, ZONE) == hearing(rows, NOW_MS, ZONE)
    assert NOW_MS - FIRST > 30 * 24 * HOUR_MS
