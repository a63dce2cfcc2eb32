import pickle
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.city import CityStation, city, past_start_s
from simulator.city_truth import day_truth
from simulator.course import Course
from simulator.errors import ParameterError
from simulator.places import COUNTIES, OUTAGE_TOWN

BEGUN = {
    "an ordinary day": datetime(2026, 11, 22, 2, 0, tzinfo=UTC),
    "first of a month, 00:10": datetime(2026, 10, 31, 16, 10, tzinfo=UTC),
    "after a short february": datetime(2027, 3, 2, 15, 59, tzinfo=UTC),
    "leap day's eve": datetime(2028, 2, 28, 5, 30, tzinfo=UTC),
    "new year": datetime(2026, 12, 31, 16, 0, 1, tzinfo=UTC),
}
CASES = [(instant.timestamp(), name) for name, instant in BEGUN.items()]
begun_of_the_century = st.floats(
    datetime(2025, 1, 1, tzinfo=UTC).timestamp(), datetime(2040, 1, 1, tzinfo=UTC).timestamp()
)
three_begun = pytest.mark.parametrize("begun_s", [begun_s for begun_s, _ in CASES[:3]], ids=list(BEGUN)[:3])
every_begun = pytest.mark.parametrize("begun_s", [begun_s for begun_s, _ in CASES], ids=list(BEGUN))


def china(time_s: float) -> datetime:
    return datetime.fromtimestamp(time_s, UTC) + timedelta(hours=8)


def months(begun_s: float) -> tuple[list[date], list[date]]:
    """The days of the month before last and of the last one, by a calendar of the test's own."""
    this = china(begun_s).date().replace(day=1)
    last = (this - timedelta(days=1)).replace(day=1)
    before = (last - timedelta(days=1)).replace(day=1)
    return (
        [before + timedelta(days=n) for n in range((last - before).days)],
        [last + timedelta(days=n) for n in range((this - last).days)],
    )


def excluded(station: CityStation, day: date) -> bool:
    closed = {
        stop: (stop.end.replace(day=1) + timedelta(days=32)).replace(day=10) for stop in station.planned_stops
    }
    return any(
        stop.start <= day <= stop.end and stop.entered <= closed[stop] for stop in station.planned_stops
    )


def judged(station: CityStation, days: list[date]) -> str:
    """The month of a station, counted simply: 10 % of the days, or four in a row."""
    course = Course(station)
    counted = [day for day in days if not excluded(station, day)]
    if station.class_change is not None:
        counted = [day for day in counted if day < station.class_change[0]]
    verdicts = [day_truth(course, day).verdict for day in counted]
    known = [verdict for verdict in verdicts if verdict != "unknown"]
    if 4 * (len(verdicts) - len(known)) > len(verdicts):
        return "not assessable"
    row = max(map(len, re.findall("s+", "".join(verdict[0] for verdict in verdicts))), default=0)
    return "normal" if 10 * known.count("running") >= 9 * len(known) and row < 4 else "not normal"


@every_begun
def test_cities_of_any_size_are_plausible(begun_s):
    for count in (3, 8, 40, 200):
        plausible(begun_s, count)


def plausible(begun_s: float, count: int) -> None:
    stations = city(begun_s, count)
    assert len(stations) == len({station.id for station in stations}) == count
    assert len({station.name for station in stations}) == count
    first, second = stations[:2]
    assert (first.id, first.name, first.process) == ("410882-demo1", "演示站一（虚构）", "A2O")
    assert (second.id, second.name, second.process) == (
        "410882-demo2",
        "演示站二（虚构）",
        "contact_oxidation",
    )
    assert [(each.design_m3_per_day, each.population) for each in (first, second)] == [(20, 250), (30, 380)]
    assert [station.is_live for station in stations] == [True, True] + [False] * (count - 2)
    for station in stations:
        county = COUNTIES[station.county_code]
        assert station.id.startswith(f"{station.county_code}-")
        assert (station.county_name, station.town in county.towns) == (county.name, True)
        assert station.name.endswith("（虚构）")
        assert station.company.endswith("（虚构）")
        assert 5 <= station.design_m3_per_day <= 500
        assert station.tier == ("town" if station.design_m3_per_day >= 200 else "village")
        assert 112.6 < station.longitude < 113.6
        assert 34.8 < station.latitude < 35.5
        assert station.meters in (("power", "flow"), ("power",), ("flow",))
        assert 0.3 <= station.population * 0.0685 / station.design_m3_per_day <= 0.9
        assert station.commissioned.isoformat() < china(station.past_start_s).date().isoformat()
        assert station.past_start_s == past_start_s(begun_s)
        for event in station.events:
            assert past_start_s(begun_s) < event.start_s < min(event.end_s, begun_s)
            assert event.start_s % 900 == event.end_s % 900 == 0 or event.end_s == float("inf")
        for stop in station.planned_stops:
            assert stop.start <= stop.end < china(begun_s).date().replace(day=1)
            assert stop.entered <= china(begun_s).date()
            assert all((stop.applicant, stop.approver))


@every_begun
def test_the_past_begins_with_the_month_before_last(begun_s):
    before, last = months(begun_s)
    assert china(past_start_s(begun_s)).isoformat() == f"{before[0].isoformat()}T00:00:00+00:00"
    assert past_start_s(last[-1].toordinal() * 86_400.0 - 719_163 * 86_400) < past_start_s(begun_s)


def test_forty_stations_stand_in_all_eleven_counties():
    stations = city(CASES[0][0])
    assert {station.county_code for station in stations} == set(COUNTIES)
    assert COUNTIES["410871"].name == "高新区（代码待核）"
    assert {station.process for station in stations} == {
        *("A2O", "AO", "contact_oxidation", "MBR", "SBR", "biofilter", "wetland", "pond"),
    }
    assert sum(station.connected_from is None for station in stations) == 2
    assert sum(station.class_change is not None for station in stations) == 1
    dark = [station for station in stations if (station.county_code, station.town) == OUTAGE_TOWN]
    assert len(dark) == 4
    assert {station.events for station in dark} == {dark[0].events}
    assert dark[0].events[0].kind == "power_cut"
    assert dark[0].events[0].end_s - dark[0].events[0].start_s == 6 * 3600


def test_a_larger_city_begins_with_the_smaller_one_and_nothing_is_left_to_chance():
    begun_s = CASES[0][0]
    large = city(begun_s, 500)
    assert large == city(begun_s, 500)
    assert city(begun_s, 40) == large[:40]
    assert city(begun_s, 3) == large[:3]
    assert pickle.loads(pickle.dumps(large)) == large
    assert 0.03 < sum(bool(station.events) for station in large[40:]) / 460 < 0.09
    assert [station.seed for station in city(begun_s + 1e7, 40)] == [station.seed for station in large[:40]]


@pytest.mark.parametrize("count", [-1, 2, 501])
def test_a_city_has_three_to_five_hundred_stations(count):
    with pytest.raises(ParameterError) as caught:
        city(CASES[0][0], count)
    assert str(caught.value) == f"count: 3 to 500 stations (got {count}). Choose a number of these."


@pytest.mark.parametrize("begun_s", [-1.0, float("nan"), float("inf"), 1e18])
def test_an_instant_of_another_century_is_refused(begun_s):
    with pytest.raises(ParameterError, match="begun_s: an instant of this century"):
        city(begun_s)


@three_begun
def test_five_of_forty_are_not_normal_in_each_finished_month(begun_s):
    stations = city(begun_s)
    for days, not_assessable in zip(months(begun_s), (3, 4), strict=True):
        results = [judged(station, days) for station in stations]
        assert results.count("not normal") == 5
        assert results.count("not assessable") == not_assessable
        assert results[:2] == ["normal", "normal"]


@pytest.mark.parametrize("count", [8, 200])
def test_both_months_show_both_results_in_a_city_of_any_size(count):
    stations = [station for station in city(CASES[0][0], count) if station.events or station.is_live]
    for days in months(CASES[0][0]):
        assert {"normal", "not normal"} <= {judged(station, days) for station in stations}


@given(begun_s=begun_of_the_century)
@settings(max_examples=12)
def test_three_stations_are_enough_for_both_results(begun_s):
    for days in months(begun_s):
        assert [judged(station, days) for station in city(begun_s, 3)] == ["normal", "normal", "not normal"]


@given(begun_s=begun_of_the_century)
@settings(max_examples=40)
def test_what_goes_on_began_about_as_long_ago_as_the_script_says(begun_s):
    going_on = {
        (event.kind, number): (begun_s - event.start_s) / 3600
        for number, station in enumerate(city(begun_s))
        for event in station.events
        if event.end_s == float("inf") and number != 27
    }
    assert len(going_on) == 7
    for (kind, number), hours in going_on.items():
        expected = {"idle": (62, 76), "low_load": (192, 193), "box_dead": (5, 13), "bypass": (24, 37)}
        stop = (9, 15) if number == 5 else (55, 67)
        low, high = expected.get(kind) or {"stop": stop, "power_meter_mute": (7, 15)}[kind]
        assert low <= hours < high, kind


def near_a_limit(station: CityStation, course: Course, day: date) -> bool:
    """Whether the design's limits, somewhat higher or lower, would give another verdict of the day."""
    whole = course.day(day.toordinal() - 719_163)
    motor, usual, volume = sum(whole.motor_kwh), sum(whole.usual_kwh), sum(whole.volume_m3)
    effluent = volume / sum(whole.usual_m3)
    if "power" not in station.meters:
        return effluent < 0.2
    low, floor = effluent < 0.42, (0.05 * usual, max(0.05 * usual, 0.5))
    if motor > 0.38 * usual or (low and floor[1] * 1.3 < motor < 0.8 * usual):
        return False
    return motor > 0.22 * usual or 0.42 <= effluent <= 0.6 or motor > (0.3 * floor[0] if low else motor)


@three_begun
def test_nothing_lies_near_a_limit(begun_s):
    before, last = months(begun_s)
    for station in city(begun_s, 60):
        if not station.events:
            continue
        course, idle_limit_h = Course(station), 24 if station.design_m3_per_day >= 20 else 48
        for days in (before, last):
            stopped = 0
            for day in days:
                verdict = day_truth(course, day).verdict
                if verdict == "unknown" or excluded(station, day):
                    continue
                stopped += verdict == "stopped"
                assert not near_a_limit(station, course, day), (station.id, day)
            assert not 0.08 < stopped / len(days) < 0.12, station.id
        for event in station.events:
            hour = china(event.start_s).hour + china(event.start_s).minute / 60
            if event.kind == "idle":
                assert 8 <= hour <= 21
                assert event.end_s == float("inf") or 8 <= china(event.end_s).hour <= 18
                assert begun_s - event.start_s > (idle_limit_h + 12) * 3600
            if event.kind in ("box_dead", "power_meter_mute"):
                assert not 15 < hour < 21


@every_begun
def test_a_stopped_station_is_told_from_a_running_one(begun_s):
    for station in city(begun_s, 200):
        usual = day_truth(Course(replace(station, events=(), class_change=None)), months(begun_s)[0][9])
        if "power" in station.meters:
            standby_kwh = 24 * station.plant.standby_kw
            assert standby_kwh < 0.06 * usual.energy_kwh
            assert usual.energy_kwh > 3.5
        assert 0.25 < usual.volume_m3 / station.design_m3_per_day < 1.1
