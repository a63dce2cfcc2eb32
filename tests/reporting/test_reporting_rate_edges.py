"""Edges of the rows of `report rate`, and a rate that nothing known stands behind."""

from datetime import date
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from reporting_centre import OCTOBER, letters

from reporting.days import Span
from reporting.due import Excluded, Facility
from reporting.given_table import GivenRow, GivenTable
from reporting.rate import known, rate, rates_by, station_month
from reporting.rate_columns import DAYS, EXCLUSIONS, INSPECTIONS, STATIONS
from reporting.rate_rows import abnormal_days_of, exclusions_of, stations_of, verdicts_of

ZONE = ZoneInfo("Asia/Shanghai")
SINCE_EVER = date.min


def table(columns, *rows):
    names = tuple(columns)
    lines = [GivenRow(number, cells) for number, cells in enumerate(rows, 2)]
    return GivenTable("given.csv", names, frozenset(names), lines, [])


def facilities(*rows):
    """What rows of the list of stations say, with its faults and warnings."""
    given, warnings = table(STATIONS, *rows), []
    return list(stations_of(given, ZONE, warnings).values()), given.faults, warnings


def month_of(text, **facts):
    facility = Facility("A-1", "A", "", 20.0, None, **facts)
    return station_month(facility, OCTOBER, letters(text, OCTOBER.first))


# a rate


def test_a_rate_of_which_no_day_is_known_is_none():
    silent, running = rate([month_of("")]), rate([month_of("R" + "U" * 30)])
    assert (silent.by_number_strict, silent.completeness) == (0, 0)
    assert (known(None), known(silent), known(rate([]))) == (None, None, None)
    assert known(running) is running


def test_the_share_of_running_days_is_of_those_known():
    assert month_of("R" * 20 + "S" * 5 + "U" * 6).running_share == Fraction(20, 25)


def test_groups_stand_by_name():
    months = [month_of("R" * 31), month_of("R" * 31)._replace(facility=Facility("B", "B", "", 1.0, None))]
    assert list(rates_by(lambda each: each.facility.county, reversed(months))) == ["A", "B"]


# the list of stations


@pytest.mark.parametrize(
    ("class_", "retired", "classes"),
    [
        ("", "", ((SINCE_EVER, "in_use"),)),
        ("rebuilding", "", ((SINCE_EVER, "rebuilding"),)),
        ("", "2026-10-15", ((date(2026, 10, 15), "retired"),)),
        ("in_use", "2026-10-15", ((date(2026, 10, 15), "retired"),)),
        ("to_sewer", "2026-10-15", ((date(2026, 10, 15), "to_sewer"),)),
    ],
)
def test_the_class_holds_from_the_day_of_retirement_or_since_ever(class_, retired, classes):
    found, faults, _ = facilities(("A-1", "A", "", class_, "", retired))
    assert (found, faults) == ([Facility("A-1", "A", "", None, None, classes)], [])


@pytest.mark.parametrize(("retired", "is_told"), [("2026-10-15", False), ("2026-10-14", True)])
def test_a_station_that_retired_on_the_day_it_was_commissioned_is_no_mistake(retired, is_told):
    _, _, warnings = facilities(("A-1", "A", "", "", "2026-10-15", retired))
    assert any("before it was commissioned" in line for line in warnings) == is_told


def test_a_list_without_a_row_names_no_station():
    _, faults, _ = facilities()
    assert [(fault.path, fault.rule) for fault in faults] == [("", "names no station")]


# verdicts


SPAN = Span(date(2026, 9, 20), date(2026, 11, 9))


@pytest.mark.parametrize(
    ("day", "is_in"),
    [("2026-09-19", False), ("2026-09-20", True), ("2026-11-09", True), ("2026-11-10", False)],
)
def test_the_first_and_the_last_day_of_the_span_are_in_it(day, is_in):
    given = table(DAYS, ("A-1", day, "停运"))
    found = verdicts_of(given, {"A-1"}, SPAN, [])
    assert found == ({"A-1": {date.fromisoformat(day): "stopped"}} if is_in else {})


def test_only_what_is_wrong_with_a_row_is_told():
    given = table(
        DAYS, ("A-1", "32 October", "running"), ("", "2026-10-01", "running"), ("A-1", "2026-10-01", "x")
    )
    verdicts_of(given, {"A-1"}, SPAN, [])
    assert [fault.path for fault in given.faults] == ["line 2: date", "line 3: station", "line 4: verdict"]


@pytest.mark.parametrize(
    ("strangers", "last"),
    [
        (20, "given.csv: station Z-20 is not in the list: 1 row is left out."),
        (21, "given.csv: 1 more station is not in the list: its rows are left out."),
        (22, "given.csv: 2 more stations are not in the list: their rows are left out."),
    ],
)
def test_twenty_strangers_are_named(strangers, last):
    rows = [(f"Z-{number}", "2026-10-01", "running") for number in range(1, strangers + 1)]
    warnings = []
    assert verdicts_of(table(DAYS, *rows), {"A-1"}, SPAN, warnings) == {}
    assert len(warnings) == min(strangers, 21)
    assert warnings[-1] == last


# approved stops and inspections


def stop(*papers, station="A-1", entered="2026-10-01"):
    return (station, "2026-10-01", "2026-10-02", *papers, entered)


def test_all_papers_that_a_stop_lacks_are_named():
    warnings = []
    given = table(EXCLUSIONS, stop("", "", "李"), stop("检修", "张", "李"))
    assert exclusions_of(given, {"A-1"}, ZONE, warnings) == {
        "A-1": [Excluded(date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 1))]
    }
    (told,) = warnings
    assert "lacks reason, applicant, so it is no approved one" in told


def test_all_rows_of_a_stranger_are_counted():
    warnings = []
    assert (
        exclusions_of(table(EXCLUSIONS, *[stop("a", "b", "c", station="Z-9")] * 3), {"A-1"}, ZONE, warnings)
        == {}
    )
    visits = table(INSPECTIONS, *[("Z-9", "非正常", "2026-10-01")] * 2)
    assert abnormal_days_of(visits, {"A-1"}, ZONE, warnings) == {}
    assert warnings == [
        "given.csv: station Z-9 is not in the list: 3 rows are left out.",
        "given.csv: station Z-9 is not in the list: 2 rows are left out.",
    ]
