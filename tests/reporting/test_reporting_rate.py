"""The boundary cases of the operating rate."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from reporting_centre import OCTOBER, letters

from reporting.rate import RULES, Excluded, Facility, connection, rate, station_month
from service.civil import Month

F = Facility("410882-0001", "410882", "清源水务", 20.0, None)
EARLY = date(2026, 1, 1)


def october(text, facility=F, **facts):
    return station_month(facility, OCTOBER, letters(text, OCTOBER.first), **facts)


def days(found):
    return (
        found.calendar_days,
        found.excluded_days,
        found.countable_days,
        found.running,
        found.stopped,
        found.unknown,
    )


def test_a_month_of_running_is_normal():
    found = october("R" * 31)
    assert days(found) == (31, 0, 31, 31, 0, 0)
    assert (found.judgement, found.longest_stop_days, found.running_share) == ("normal", 0, 1)


def test_a_month_without_a_countable_day_is_not_counted():
    whole = [Excluded(OCTOBER.first, OCTOBER.last, EARLY)]
    found = october("S" * 31, exclusions=whole, abnormal_on=[date(2026, 10, 3)])
    assert days(found) == (31, 31, 0, 0, 0, 0)
    assert (found.judgement, found.longest_stop_days, found.running_share) == ("not_counted", 0, None)
    assert rate([found]) == (0, 0, 0, 0, None, None, None, None, None)


@pytest.mark.parametrize(
    ("text", "judgement"),
    [
        ("SRRRRRRRRR" * 3, "normal"),  # 27 of 30 is 90 % to the dot
        ("SRRRRRRRRR" * 2 + "SSRRRRRRRR", "not_normal"),
    ],
)
def test_exactly_90_percent_passes(text, judgement):
    september = Month(2026, 9)
    found = station_month(F, september, letters(text, september.first))
    assert found.judgement == judgement
    assert (found.running_share >= Fraction(9, 10)) == (judgement == "normal")


def test_a_rate_just_below_90_percent_is_not_rounded_up():
    months = [october("R" * 31)] * 17_999 + [october("S" * 31)] * 2_001
    share = rate(months).by_number_strict
    assert f"{float(share):.1%}" == "90.0%"
    assert share < RULES.target
    assert rate([october("R" * 31)] * 9 + [october("S" * 31)]).by_number_strict == RULES.target


@pytest.mark.parametrize(
    ("unknown", "judgement"),
    [(7, "normal"), (8, "not_assessable")],
)
def test_25_percent_unknown_is_still_assessable(unknown, judgement):
    february = Month(2026, 2)  # 28 days, of which 7 are a quarter
    text = "U" * unknown + "R" * (28 - unknown)
    found = station_month(F, february, letters(text, february.first))
    assert (found.unknown, found.judgement) == (unknown, judgement)


def test_too_much_unknown_is_not_assessable_whatever_else_is_true():
    found = october("U" * 8 + "S" * 23, abnormal_on=[date(2026, 10, 1)])
    assert found.judgement == "not_assessable"
    assert october("").judgement == "not_assessable"
    assert rate([october("")]) == (1, 0, 0, 1, 0, None, None, 0, 0)


@pytest.mark.parametrize("letter", ["U", "X", "."])
def test_a_day_without_a_verdict_of_running_or_stopped_is_unknown(letter):
    assert days(october("R" * 30 + letter)) == (31, 0, 31, 30, 0, 1)


STOPS = [
    (date(2026, 9, 28), "SSS" + "S" + "R" * 30, 4, "not_normal"),  # three before, one in the month
    (date(2026, 9, 28), "SSS" + "R" * 31, 0, "normal"),  # all before
    (date(2026, 9, 29), "SS" + "S" + "R" * 30, 3, "normal"),
    (date(2026, 10, 1), "R" * 30 + "S" + "SSS", 4, "not_normal"),  # three after
    (date(2026, 10, 1), "R" * 30 + "S" + "SS", 3, "normal"),
    (date(2026, 10, 1), "R" * 31 + "SSSS", 0, "normal"),
    (date(2026, 10, 1), "R" * 10 + "SSSS" + "R" * 17, 4, "not_normal"),
    (date(2026, 10, 1), "R" * 10 + "SSS" + "R" * 18, 3, "normal"),
    (date(2026, 10, 1), "R" * 10 + "SSUSR" + "R" * 16, 2, "normal"),  # an unknown day ends it
    (date(2026, 8, 1), "S" * 62 + "R" * 30, 62, "not_normal"),  # as far as verdicts are given
]


def test_a_stop_of_four_days_counts_over_the_edges_of_the_month():
    for first, text, longest, judgement in STOPS:
        found = station_month(F, OCTOBER, letters(text, first))
        assert (found.longest_stop_days, found.judgement) == (longest, judgement), (first, text)


def test_an_excluded_day_ends_a_stop():
    inside = [Excluded(date(2026, 10, 13), date(2026, 10, 13), EARLY)]
    found = october("R" * 10 + "SSSSS" + "R" * 16, exclusions=inside)
    assert (found.stopped, found.longest_stop_days) == (4, 2)
    assert found.judgement == "not_normal"  # 26 of 30 days is too few still
    assert october("R" * 11 + "SSSS" + "R" * 16, exclusions=inside).judgement == "normal"


def test_a_day_before_the_month_that_is_excluded_ends_a_stop_too():
    before = [Excluded(date(2026, 9, 30), date(2026, 9, 30), EARLY)]
    verdicts = letters("SSSS" + "S" + "R" * 30, date(2026, 9, 27))
    assert station_month(F, OCTOBER, verdicts, before).longest_stop_days == 1


def test_the_day_of_commissioning_is_the_first_that_counts():
    found = october("S" * 15 + "R" * 16, F._replace(commissioned=date(2026, 10, 16)))
    assert days(found) == (16, 0, 16, 16, 0, 0)
    assert found.judgement == "normal"
    assert october("", F._replace(commissioned=date(2026, 11, 1))).judgement == "not_counted"


@pytest.mark.parametrize("name", ["to_sewer", "retired", "shut"])
def test_the_day_of_leaving_counts_no_longer(name):
    left = F._replace(classes=((date(2026, 10, 16), name),))
    found = october("R" * 15 + "S" * 16, left)
    assert days(found) == (15, 0, 15, 15, 0, 0)
    assert found.judgement == "normal"


def test_commissioned_and_retired_in_one_month():
    short = F._replace(commissioned=date(2026, 10, 5), classes=((date(2026, 10, 8), "retired"),))
    assert days(october("S" * 4 + "RRR" + "S" * 24, short)) == (3, 0, 3, 3, 0, 0)


def test_a_facility_that_is_rebuilt_counts_on():
    rebuilt = F._replace(classes=((date(2020, 1, 1), "in_use"), (date(2026, 10, 5), "rebuilding")))
    found = october("R" * 4 + "S" * 27, rebuilt)
    assert (found.countable_days, found.stopped, found.judgement) == (31, 27, "not_normal")


def test_a_facility_that_comes_back_counts_again():
    shut = F._replace(classes=((date(2026, 10, 5), "shut"), (date(2026, 10, 11), "in_use")))
    assert days(october("R" * 31, shut)) == (25, 0, 25, 25, 0, 0)


def test_february_of_a_leap_year_has_29_days():
    february = Month(2028, 2)
    found = station_month(F, february, letters("R" * 29, february.first))
    assert (found.countable_days, found.running) == (29, 29)


def test_an_exclusion_spans_months():
    long = [Excluded(date(2026, 8, 20), date(2026, 10, 10), EARLY)]
    assert days(october("S" * 10 + "R" * 21, exclusions=long)) == (31, 10, 21, 21, 0, 0)


@pytest.mark.parametrize(
    ("entered", "excluded"),
    [(date(2026, 11, 10), 5), (date(2026, 11, 11), 0), (date(2026, 10, 1), 5)],
)
def test_an_exclusion_entered_after_the_10th_does_not_count(entered, excluded):
    stop = [Excluded(date(2026, 10, 1), date(2026, 10, 5), entered)]
    assert october("R" * 31, exclusions=stop).excluded_days == excluded


def test_each_day_of_an_exclusion_has_the_closing_day_of_its_own_month():
    stop = [Excluded(date(2026, 9, 25), date(2026, 10, 5), date(2026, 10, 20))]
    assert october("R" * 31, exclusions=stop).excluded_days == 5
    september = Month(2026, 9)
    found = station_month(F, september, letters("R" * 30, september.first), stop)
    assert found.excluded_days == 0


def test_exclusions_that_overlap_take_a_day_once():
    twice = [Excluded(date(2026, 10, 1), date(2026, 10, 5), EARLY)] * 2
    assert october("R" * 31, exclusions=twice).excluded_days == 5


def test_an_inspection_of_the_month_makes_it_not_normal():
    assert october("R" * 31, abnormal_on=[date(2026, 10, 31)]).judgement == "not_normal"
    assert october("R" * 31, abnormal_on=[date(2026, 9, 30), date(2026, 11, 1)]).judgement == "normal"


def test_a_running_month_counts_the_days_that_are_over():
    found = october("R" * 10 + "S" * 21, until=date(2026, 10, 10))
    assert days(found) == (10, 0, 10, 10, 0, 0)
    assert (found.longest_stop_days, found.judgement) == (0, "normal")
    assert october("R" * 31, until=date(2026, 9, 30)).judgement == "not_counted"
    assert october("R" * 30 + "S" + "SSS", until=date(2026, 11, 1)).longest_stop_days == 2


def test_the_rates_of_several_stations():
    normal, stopped = october("R" * 31), october("R" * 21 + "S" * 10, F._replace(design_m3_per_day=0.1))
    silent, gone = october(""), october("", F._replace(commissioned=date(2027, 1, 1)))
    found = rate([normal, normal, stopped, silent, gone])
    assert found[:4] == (4, 2, 1, 1)
    assert (found.by_number_strict, found.by_number_lenient) == (Fraction(2, 4), Fraction(2, 3))
    assert found.by_days == Fraction(31 + 31 + 21, 93)
    assert found.completeness == Fraction(93, 124)
    assert found.by_capacity == Fraction(40) / Fraction("60.1")


def test_designs_are_added_as_they_are_written():
    months = [october("R" * 31, F._replace(design_m3_per_day=0.1)) for _ in range(10)]
    assert rate([*months, october("S" * 31, F._replace(design_m3_per_day=1.0))]).by_capacity == Fraction(1, 2)
    assert rate([october("R" * 31, F._replace(design_m3_per_day=None))]).by_capacity is None


def test_connected_are_those_on_the_register_that_have_a_box_by_then():
    boxes = [None, date(2026, 10, 31), date(2026, 11, 1), date(2025, 1, 1)]
    months = [october("R" * 31, F._replace(connected_from=box)) for box in boxes]
    months.append(october("", F._replace(connected_from=EARLY, commissioned=date(2027, 1, 1))))
    found = connection(months, OCTOBER.last)
    assert (found.connected, found.due, found.share) == (2, 4, Fraction(1, 2))
    assert connection([], OCTOBER.last).share is None


def test_months_of_december_and_january_touch():
    january = Month(2027, 1)
    verdicts = letters("SSS" + "S" + "R" * 30, january.first - timedelta(days=3))
    assert station_month(F, january, verdicts).judgement == "not_normal"
