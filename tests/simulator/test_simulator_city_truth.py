from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from simulator.city import CityStation, Event, city
from simulator.city_truth import day_truth
from simulator.course import Course, counters_at

STATIONS = city(datetime(2026, 11, 22, 2, 0, tzinfo=UTC).timestamp())
ORDINARY = STATIONS[4]
SMALL = replace(ORDINARY, design_m3_per_day=19)
FIRST = date(2026, 9, 1)
INF = float("inf")


def befallen(*events: tuple[str, float, float], of: CityStation = ORDINARY, **changed) -> CityStation:
    """A station with events, given in days since the past began."""
    start_s = of.past_start_s
    told = tuple(Event(kind, start_s + 86_400 * a, start_s + 86_400 * b) for kind, a, b in events)
    return replace(of, events=told, **changed)


def verdicts(station: CityStation, days: int = 12) -> str:
    course = Course(station)
    return "".join(day_truth(course, FIRST + timedelta(days=day)).verdict[0] for day in range(days))


def hours(day: int, hour: float) -> float:
    return day + hour / 24


def test_an_undisturbed_station_runs():
    assert verdicts(ORDINARY) == "r" * 12
    assert {verdicts(station, 3) for station in STATIONS[:2]} == {"rrr"}


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (hours(3, 0), hours(5, 0), "rrrssrrrrrrr"),
        (hours(3, 16), hours(5, 8), "rrrrsrrrrrrr"),
        (hours(3, 6), hours(5, 8), "rrrrsrrrrrrr"),  # a quarter of the energy, no effluent: low load
        (hours(3, 0.25), hours(5, 23.75), "rrrsssrrrrrr"),  # below the stop floor on both days
        (hours(3, 8), hours(3, 12), "rrrrrrrrrrrr"),
        (hours(3, 14), INF, "rrrrssssssss"),
    ],
)
def test_a_stop(start, end, expected):
    assert verdicts(befallen(("stop", start, end))) == expected


def test_low_load_runs_and_little_energy_with_all_the_effluent_does_not():
    assert verdicts(befallen(("low_load", 2, INF))) == "r" * 12
    assert verdicts(befallen(("under_powered", 2, 8))) == "rrssssssrrrr"
    assert verdicts(befallen(("bypass", 2, 8))) == "rrssssssrrrr"
    only_power = befallen(("under_powered", 2, 8), meters=("power",))
    assert verdicts(only_power) == "r" * 12


def test_the_stop_floor_of_a_small_station_is_half_a_kilowatt_hour():
    plant = ORDINARY.plant
    small = replace(plant, blower_kw=plant.blower_kw / 6, pump_kw=plant.pump_kw / 6, standby_kw=0.001)
    station = befallen(("low_load", 2, 5), plant=small)
    assert 0.2 < 0.5 / day_truth(Course(station), FIRST).energy_kwh < 0.3
    assert verdicts(station) == "rrsssrrrrrrr"


@pytest.mark.parametrize(
    ("station", "expected"),
    [(ORDINARY, "rrrrsssrrrrr"), (SMALL, "rrrrrssrrrrr")],
)
def test_blowing_without_effluent_is_no_treatment_after_the_limit(station, expected):
    """From noon of day 3 to noon of day 7; 24 h reach back from the end of day 4, 48 h from that of day 5."""
    assert verdicts(befallen(("idle", 3.5, 7.5), of=station)) == expected
    assert verdicts(befallen(("idle", 3.5, 7.5), of=station, meters=("power",))) == "r" * 12


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (3.5, 7.5, "rrrrrrrrrrrr"),  # the counters bridge it
        (hours(3, 22), hours(7, 3), "rrrrrrrrrrrr"),
        (hours(3, 14), INF, "rrruuuuuuuuu"),
        (hours(3, 22), INF, "rrrruuuuuuuu"),
        (3.0, INF, "rrruuuuuuuuu"),
    ],
)
def test_a_dead_box(start, end, expected):
    assert verdicts(befallen(("box_dead", start, end))) == expected


def test_counters_that_stood_still_over_a_gap_say_stopped():
    assert verdicts(befallen(("stop", 3.5, 8.5), ("box_dead", 3.6, 8.4))) == "rrrssssssrrr"
    assert verdicts(befallen(("stop", 2.5, 9.5), ("box_dead", 3.6, 7.4))) == "rrrssssssrrr"


def test_counters_that_moved_a_little_over_a_gap_say_nothing():
    assert verdicts(befallen(("stop", 4, 8.5), ("box_dead", 3.5, 8.5))) == "rrruuuuuurrr"


def test_a_mast_that_is_down_hides_nothing_for_good():
    assert verdicts(befallen(("stop", 4, 6), ("mast_down", 3, 8))) == "rrrrssrrrrrr"


def test_a_power_cut_of_some_hours_is_no_stopped_day():
    assert verdicts(befallen(("power_cut", 3.4, 3.65))) == "r" * 12
    assert verdicts(befallen(("power_cut", 3, 5))) == "rrrssrrrrrrr"


def test_a_mute_meter_hides_the_day_if_it_is_the_main_one():
    assert verdicts(befallen(("power_meter_mute", hours(3, 12), INF))) == "rrruuuuuuuuu"
    assert verdicts(befallen(("power_meter_mute", hours(3, 12), 6))) == "r" * 12
    assert verdicts(befallen(("power_meter_mute", 3.5, INF), meters=("flow",))) == "r" * 12


def test_a_flow_meter_alone_judges_by_effluent():
    wetland = next(station for station in STATIONS if station.meters == ("flow",))
    assert verdicts(wetland) == "r" * 12
    assert verdicts(befallen(("stop", 3.5, 6.5), of=wetland)) == "rrrrssrrrrrr"
    assert verdicts(befallen(("stop", 3.5, 6.5), ("box_dead", 3.7, 6.2), of=wetland)) == "rrrsssrrrrrr"
    assert day_truth(Course(wetland), FIRST).energy_kwh == 0


def test_a_day_without_a_box_is_unknown_but_has_its_figures():
    connected, gone = FIRST + timedelta(days=3), FIRST + timedelta(days=8)
    station = replace(ORDINARY, connected_from=connected, class_change=(gone, "to_sewer"))
    assert verdicts(station) == "uuurrrrruuuu"
    assert verdicts(replace(ORDINARY, connected_from=None)) == "u" * 12
    assert day_truth(Course(station), FIRST)[1:] == day_truth(Course(ORDINARY), FIRST)[1:]


def test_energy_and_volume_are_what_the_counters_moved():
    for station in STATIONS[:12]:
        course = Course(station)
        for number in (0, 12, 45):
            truth = day_truth(course, FIRST + timedelta(days=number))
            start, end = (
                counters_at(course, station.past_start_s + 86_400 * n) for n in (number, number + 1)
            )
            assert truth.energy_kwh == pytest.approx(end[0] - start[0], abs=1e-6)
            assert truth.volume_m3 == pytest.approx(end[1] - start[1], abs=1e-6)
