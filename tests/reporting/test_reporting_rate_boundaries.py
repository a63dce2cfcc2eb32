"""The rate from files and from the registry at every edge of the definition, against a second reading."""

import csv
from datetime import date, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rate_oracle import Facility, Office, drawn_office, expected, in_letters, station_row, written

from registry.tables import County, DayVerdict, Inspection, Station, StationClass
from reporting.rate_files import RateFiles, month_of_files
from reporting.rate_results import county_rows, write_rates
from reporting.records import station_months
from service.civil import Month, start_of

ZONE = ZoneInfo("Asia/Shanghai")
SEPTEMBER, OCTOBER, FEBRUARY, LEAP = (2026, 9), (2026, 10), (2026, 2), (2024, 2)
LONG_AGO = date(2026, 1, 5)


def results_of(office, folder, dice=None):
    """The rows of both results as they stand in the files."""
    files = written(office, folder, dice)
    month = Month(office.year, office.month)
    found = month_of_files(RateFiles(**files), month, ZONE)
    read = []
    for file in write_rates(folder / "out", found.stations, county_rows(found.stations)):
        with file.open(encoding="utf-8", newline="") as opened:
            read.append([tuple(row) for row in csv.reader(opened)][1:])
    return tuple(read)


def day(number, month=OCTOBER):
    return date(*month, 1) + timedelta(days=number - 1)


def case(month, text, counts, verdict, start=1, **facts):
    return (month, start, text, facts, (*counts, verdict))


def stop(first, last, entered=LONG_AGO, month=OCTOBER):
    return (day(first, month), day(last, month), entered)


GOOD, BAD, DARK, NONE = ("normal", "not_normal", "not_assessable", "not_counted")
R31, R30 = "R" * 31, "R" * 30
BOUNDARIES = {
    "all running": case(OCTOBER, R31, (31, 0, 31, 31, 0, 0), GOOD),
    "no row at all": case(OCTOBER, "", (31, 0, 31, 0, 0, 31), DARK),
    "nothing countable": case(OCTOBER, R31, (31, 31, 0, 0, 0, 0), NONE, stops=[stop(1, 31)]),
    "nothing countable, marked": case(
        OCTOBER, R31, (31, 31, 0, 0, 0, 0), NONE, stops=[stop(1, 31)], visits=[("abnormal", day(3))]
    ),
    "exactly 90 %": case(SEPTEMBER, "SRRRRRRRRR" * 3, (30, 0, 30, 27, 3, 0), GOOD),
    "just below 90 %": case(OCTOBER, "SRRRRRRR" * 3 + "SRRRRRR", (31, 0, 31, 27, 4, 0), BAD),
    "90 % of what is known": case(SEPTEMBER, "SRRRRRRRRR" * 2 + "U" * 7 + "RRR", (30, 0, 30, 21, 2, 7), GOOD),
    "a quarter unknown": case(FEBRUARY, "U" * 7 + "R" * 21, (28, 0, 28, 21, 0, 7), GOOD),
    "one more unknown": case(FEBRUARY, "U" * 8 + "R" * 20, (28, 0, 28, 20, 0, 8), DARK),
    "a quarter without a row": case(FEBRUARY, "R" * 21, (28, 0, 28, 21, 0, 7), GOOD),
    "leap day running": case(LEAP, "R" * 29, (29, 0, 29, 29, 0, 0), GOOD),
    "leap day unknown": case(LEAP, "U" * 7 + "R" * 21, (29, 0, 29, 21, 0, 8), DARK),
    "too dark, whatever else": case(
        OCTOBER, "S" * 23, (31, 0, 31, 0, 23, 8), DARK, visits=[("abnormal", day(1))]
    ),
    "four stopped": case(OCTOBER, "RSSSS" + "R" * 36, (31, 0, 31, 27, 4, 0), BAD),
    "three stopped": case(OCTOBER, "RSSS" + "R" * 27, (31, 0, 31, 28, 3, 0), GOOD),
    "four over the first edge": case(OCTOBER, "SSSS" + R30, (31, 0, 31, 30, 1, 0), BAD, -2),
    "three over the first edge": case(OCTOBER, "SSS" + R30, (31, 0, 31, 30, 1, 0), GOOD, -1),
    "four before the first edge": case(OCTOBER, "SSSS" + R31, (31, 0, 31, 31, 0, 0), GOOD, -3),
    "four over the last edge": case(OCTOBER, R30 + "SSSS", (31, 0, 31, 30, 1, 0), BAD),
    "three over the last edge": case(OCTOBER, R30 + "SSS", (31, 0, 31, 30, 1, 0), GOOD),
    "four after the last edge": case(OCTOBER, R31 + "SSSS", (31, 0, 31, 31, 0, 0), GOOD),
    "broken by an unknown day": case(OCTOBER, "SSUSS" + "R" * 28, (31, 0, 31, 28, 2, 1), GOOD, -1),
    "broken by a day without a row": case(OCTOBER, "SSS.SS" + "R" * 27, (31, 0, 31, 27, 3, 1), GOOD, -1),
    "broken by an excluded day before": case(
        OCTOBER, "SSSS" + R30, (31, 0, 31, 30, 1, 0), GOOD, -2, stops=[stop(0, 0)]
    ),
    "excluded too late before": case(
        OCTOBER, "SSSS" + R30, (31, 0, 31, 30, 1, 0), BAD, -2, stops=[stop(0, 0, day(11))]
    ),
    "excluded in time before": case(
        OCTOBER, "SSSS" + R30, (31, 0, 31, 30, 1, 0), GOOD, -2, stops=[stop(0, 0, day(10))]
    ),
    "entered on the 10th": case(
        OCTOBER, "SSSSS" + "R" * 26, (31, 5, 26, 26, 0, 0), GOOD, stops=[stop(1, 5, date(2026, 11, 10))]
    ),
    "entered on the 11th": case(
        OCTOBER, "SSSSS" + "R" * 26, (31, 0, 31, 26, 5, 0), BAD, stops=[stop(1, 5, date(2026, 11, 11))]
    ),
    "over two months, the first closed": case(
        OCTOBER, R31, (31, 5, 26, 26, 0, 0), GOOD, stops=[stop(-20, 5, date(2026, 10, 20))]
    ),
    "over two months, both closed": case(
        OCTOBER, R31, (31, 0, 31, 31, 0, 0), GOOD, stops=[stop(-20, 5, date(2026, 11, 20))]
    ),
    "over the year's end": case(
        (2026, 12), R31, (31, 2, 29, 29, 0, 0), GOOD, stops=[stop(30, 40, date(2027, 1, 10), (2026, 12))]
    ),
    "overlapping exclusions": case(OCTOBER, R31, (31, 8, 23, 23, 0, 0), GOOD, stops=[stop(1, 6), stop(4, 8)]),
    "one of two in time": case(
        OCTOBER, R31, (31, 6, 25, 25, 0, 0), GOOD, stops=[stop(1, 6), stop(4, 8, date(2027, 1, 1))]
    ),
    "excluded off the register": case(
        OCTOBER, R31, (21, 2, 19, 19, 0, 0), GOOD, commissioned=day(11), stops=[stop(5, 12)]
    ),
    "commissioned on the first": case(OCTOBER, R31, (31, 0, 31, 31, 0, 0), GOOD, commissioned=day(1)),
    "commissioned on the last": case(OCTOBER, R31, (1, 0, 1, 1, 0, 0), GOOD, commissioned=day(31)),
    "commissioned after": case(OCTOBER, R31, (0, 0, 0, 0, 0, 0), NONE, commissioned=day(32)),
    "a stop before commissioning": case(
        OCTOBER, "SSSS" + R30, (31, 0, 31, 30, 1, 0), GOOD, -2, commissioned=day(0)
    ),
    "retired on the first": case(OCTOBER, R31, (0, 0, 0, 0, 0, 0), NONE, retired=day(1)),
    "retired on the second": case(OCTOBER, R31, (1, 0, 1, 1, 0, 0), GOOD, retired=day(2)),
    "retired on the last": case(OCTOBER, R31, (30, 0, 30, 30, 0, 0), GOOD, retired=day(31)),
    "retired on the day after": case(OCTOBER, R31, (31, 0, 31, 31, 0, 0), GOOD, retired=day(32)),
    "retired long ago": case(OCTOBER, R31, (0, 0, 0, 0, 0, 0), NONE, retired=LONG_AGO),
    "a stop that retirement ends": case(OCTOBER, R30 + "SSSS", (31, 0, 31, 30, 1, 0), GOOD, retired=day(34)),
    "commissioned and retired within": case(
        OCTOBER, R31, (10, 0, 10, 10, 0, 0), GOOD, commissioned=day(6), retired=day(16)
    ),
    "retired before it was commissioned": case(
        OCTOBER, R31, (0, 0, 0, 0, 0, 0), NONE, commissioned=day(16), retired=day(6)
    ),
    "rebuilding counts": case(OCTOBER, "S" * 31, (31, 0, 31, 0, 31, 0), BAD, class_="rebuilding"),
    "to sewer, no day given": case(OCTOBER, R31, (0, 0, 0, 0, 0, 0), NONE, class_="to_sewer"),
    "shut, no day given": case(OCTOBER, R31, (0, 0, 0, 0, 0, 0), NONE, class_="shut"),
    "to sewer within": case(OCTOBER, R31, (14, 0, 14, 14, 0, 0), GOOD, class_="to_sewer", retired=day(15)),
    "in use, and a day of retirement": case(
        OCTOBER, R31, (14, 0, 14, 14, 0, 0), GOOD, class_="in_use", retired=day(15)
    ),
    "marked on the first": case(OCTOBER, R31, (31, 0, 31, 31, 0, 0), BAD, visits=[("abnormal", day(1))]),
    "marked on the last": case(OCTOBER, R31, (31, 0, 31, 31, 0, 0), BAD, visits=[("abnormal", day(31))]),
    "marked the day before": case(OCTOBER, R31, (31, 0, 31, 31, 0, 0), GOOD, visits=[("abnormal", day(0))]),
    "marked the day after": case(OCTOBER, R31, (31, 0, 31, 31, 0, 0), GOOD, visits=[("abnormal", day(32))]),
    "marked a year before": case(
        OCTOBER, R31, (31, 0, 31, 31, 0, 0), GOOD, visits=[("abnormal", date(2025, 10, 3))]
    ),
    "found normal": case(OCTOBER, R31, (31, 0, 31, 31, 0, 0), GOOD, visits=[("normal", day(3))]),
    "verdicts of excluded": case(OCTOBER, "X" * 7 + "R" * 24, (31, 0, 31, 24, 0, 7), GOOD),
    "one day known of one": case(OCTOBER, "", (1, 0, 1, 0, 0, 1), DARK, commissioned=day(31)),
}  # fmt: skip


@pytest.mark.parametrize("name", BOUNDARIES)
def test_every_edge_of_the_definition(name, tmp_path):
    month, start, text, facts, row = BOUNDARIES[name]
    facility = in_letters(Facility("A-1", **facts), day(start, month), text)
    assert station_row(facility, *month) == row
    _, stations = results_of(Office(*month, [facility]), tmp_path)
    assert stations == [("A-1", "A", *map(str, row))]


@given(seed=st.integers(0, 2**32))
@settings(max_examples=120)
def test_files_of_random_months_make_the_figures_of_the_second_reading(seed, tmp_path_factory):
    dice = Random(seed)
    office = drawn_office(dice, 25)
    assert results_of(office, tmp_path_factory.mktemp("office"), dice) == expected(office)


def entered_at(each):
    """The facility's rows of a registry."""
    yield Station(
        id=each.id, county_code=each.county or None, commissioned=each.commissioned,
        design_m3_per_day=float(each.design) if each.design else None, review="confirmed",
    )  # fmt: skip
    last = each.class_ or "in_use"
    if each.retired is not None:
        last = "retired" if last in ("in_use", "rebuilding") else last
    yield StationClass(station_id=each.id, class_=last, since=each.retired or date(2000, 1, 1), entered_ms=0)
    for when, verdict in each.days.items():
        yield DayVerdict(
            station_id=each.id,
            day=when,
            verdict=verdict,
            reason="no_data",
            rule_version="1",
            computed_ms=0,
            valid_hours=24.0,
        )
    for when in {when for result, when in each.visits if result == "abnormal"}:
        yield Inspection(
            station_id=each.id, day=when, occasion="unannounced", result="abnormal", entered_ms=0
        )


@pytest.mark.parametrize("seed", [1, 2])
def test_the_registry_s_months_are_those_of_the_second_reading(centre, seed):
    office = drawn_office(Random(seed), 60)
    month = Month(office.year, office.month)
    centre.add(*(County(code=code, name=code) for code in "ABC"))
    rows = [row for each in office.facilities for row in entered_at(each)]
    centre.add(*(row for row in rows if isinstance(row, Station)))
    centre.add(*(row for row in rows if not isinstance(row, Station)))
    for each in office.facilities:
        for first, last, entered in each.stops:
            centre.exclude(
                each.id, first, last, entered_ms=start_of(entered, ZONE), reason="grid_outage"
            )  # which no ceiling holds down
    now_ms = start_of(month.after(3).first, ZONE)
    found = centre.ask(station_months, month, ZONE, now_ms)
    assert [
        (
            each.facility.id, each.facility.county, each.calendar_days, each.excluded_days,
            each.countable_days, each.running, each.stopped, each.unknown, each.judgement,
        )
        for each in found
    ] == [
        (each.id, each.county, *station_row(each, office.year, office.month))
        for each in sorted(office.facilities, key=lambda each: each.id)
    ]  # fmt: skip


def test_the_draw_comes_to_every_verdict_and_meets_the_edges():
    dice = Random(3)
    rows = [
        station_row(each, office.year, office.month)
        for office in (drawn_office(dice, 40) for _ in range(10))
        for each in office.facilities
    ]
    assert {row[6] for row in rows} == {"normal", "not_normal", "not_assessable", "not_counted"}
    assert any(10 * row[3] == 9 * (row[3] + row[4]) > 0 for row in rows)
    assert any(4 * row[5] == row[2] > 0 for row in rows)
    assert any(0 < row[1] < row[0] for row in rows)
