import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.chance import Wander, fraction
from simulator.errors import ParameterError
from simulator.life import Snapshot, Station
from simulator.parameters import StationParameters
from simulator.village import DAY_S, inflow_m3h, mean_inflow_m3h

START_S = 1_760_000_000.0

seeds = st.integers(0, 2**32)
paces = st.sampled_from([1.0, 7.5, 60.0])
gaps_s = st.lists(st.floats(0, 3000), min_size=1, max_size=8)


def live(station: Station, now_s: float) -> Snapshot:
    station.advance(now_s)
    return station.snapshot()


@given(seed=seeds, pace=paces, gaps=st.lists(st.floats(-4000, 20_000), max_size=6), switches=st.data())
@settings(deadline=None, max_examples=40)
def test_counters_never_fall_whatever_happens(seed, pace, gaps, switches):
    station = Station(StationParameters(pace=pace), seed=seed, start_s=START_S)
    now_s, before = START_S, station.snapshot()
    for gap in gaps:
        station.running = switches.draw(st.booleans())
        station.mains = switches.draw(st.booleans())
        now_s += gap
        after = live(station, now_s)
        assert after.energy_kwh >= before.energy_kwh
        assert after.volume_m3 >= before.volume_m3
        assert all(
            new >= old for new, old in zip(after.phase_energy_kwh, before.phase_energy_kwh, strict=True)
        )
        before = after


@given(seed=seeds, pace=paces, gaps=gaps_s)
@settings(deadline=None, max_examples=40)
def test_a_life_does_not_depend_on_how_often_it_is_looked_at(seed, pace, gaps):
    parameters = StationParameters(pace=pace, population=400)
    watched = Station(parameters, seed=seed, start_s=START_S)
    alone = Station(parameters, seed=seed, start_s=START_S)
    now_s = START_S
    for gap in gaps:
        now_s += gap
        seen = live(watched, now_s)
    other = live(alone, now_s)
    assert seen.energy_kwh == pytest.approx(other.energy_kwh, abs=1e-6)
    assert seen.volume_m3 == pytest.approx(other.volume_m3, abs=1e-6)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_energy_is_the_integral_of_power_and_volume_that_of_flow(seed):
    station = Station(seed=seed, start_s=START_S)
    before = first = station.snapshot()
    kwh = m3 = 0.0
    for second in range(1, 2 * 3600 + 1):
        after = live(station, START_S + second)
        kwh += (before.electricity.active_power_kw + after.electricity.active_power_kw) / 2 / 3600
        m3 += (before.flow_m3h + after.flow_m3h) / 2 / 3600
        before = after
    switchings = 40  # each is known to the second only
    assert after.energy_kwh - first.energy_kwh == pytest.approx(kwh, abs=switchings * 2 / 2 / 3600)
    assert after.volume_m3 - first.volume_m3 == pytest.approx(m3, abs=switchings * 7 / 2 / 3600)


def test_energy_is_exactly_the_integral_between_two_switchings():
    constant = StationParameters(population=0, blower_off_s=0, energy_kwh=0)
    station = Station(constant, seed=5, start_s=START_S)
    station.advance(START_S + 100)
    before = station.snapshot()
    steps = 2000
    kwh = 0.0
    for step in range(steps):  # midpoint rule, error of the order of the step squared
        now_s = START_S + 100 + (step + 0.5) * 50 / steps
        kwh += live(station, now_s).electricity.active_power_kw * 50 / steps / 3600
    assert live(station, START_S + 150).energy_kwh - before.energy_kwh == pytest.approx(kwh, rel=1e-9)


@given(seed=seeds, pace=st.floats(0.1, 86_400), lived_s=st.floats(1, 3600))
@settings(deadline=None, max_examples=40)
def test_pace_does_not_change_the_kwh_of_a_constant_load(seed, pace, lived_s):
    constant = StationParameters(population=0, blower_off_s=0, energy_kwh=0)
    usual = live(Station(constant, seed=seed, start_s=START_S), START_S + lived_s)
    paced = live(Station(replace(constant, pace=pace), seed=seed, start_s=START_S), START_S + lived_s)
    leaps = pace * lived_s > 30 * DAY_S  # then the motor's wander is averaged away
    assert paced.energy_kwh == pytest.approx(usual.energy_kwh, rel=0.02 if leaps else 1e-6)


def test_standby_alone_is_one_figure_at_any_pace():
    for pace in (1.0, 60.0, 86_400.0):
        station = Station(StationParameters(pace=pace, energy_kwh=0), start_s=START_S)
        station.running = False
        assert live(station, START_S + 10 * DAY_S).energy_kwh == pytest.approx(2.4)


@pytest.mark.parametrize("days", [5, 500])
def test_an_average_day_is_the_same_with_and_without_a_leap(days):
    parameters = StationParameters(energy_kwh=0, volume_m3=0)
    after = live(Station(parameters, seed=9, start_s=START_S), START_S + days * DAY_S)
    assert after.volume_m3 / days == pytest.approx(250 * 0.0685, rel=0.15)
    assert after.energy_kwh / days == pytest.approx(1.1 * 12 + 0.01 * 24 + 0.75 * 17.1 / 6, rel=0.05)


def test_a_fast_pace_passes_more_cycles_but_counts_real_hours():
    slow = Station(StationParameters(energy_kwh=0, volume_m3=0), seed=2, start_s=START_S)
    fast = Station(StationParameters(energy_kwh=0, volume_m3=0, pace=60), seed=2, start_s=START_S)
    calm, busy = live(slow, START_S + 5 * DAY_S), live(fast, START_S + 5 * DAY_S)
    assert busy.energy_kwh == pytest.approx(calm.energy_kwh, rel=0.05)
    assert busy.volume_m3 == pytest.approx(calm.volume_m3, rel=0.15)


def test_at_pace_60_the_blower_cycles_within_thirty_seconds():
    station = Station(StationParameters(pace=60, population=0), seed=1, start_s=START_S)
    on = [live(station, START_S + second / 10).blower_on for second in range(6000)]
    assert on.count(True) == pytest.approx(3000, abs=2)
    assert sum(a != b for a, b in pairwise(on)) == pytest.approx(40, abs=1)


@given(seed=seeds, at_s=st.floats(0, 3 * DAY_S))
@settings(deadline=None, max_examples=60)
def test_the_electrical_picture_is_consistent(seed, at_s):
    seen = live(Station(seed=seed, start_s=START_S), START_S + at_s).electricity
    assert all(220 <= voltage <= 235 for voltage in seen.voltage_v)
    assert 49.9 < seen.frequency_hz < 50.1
    for volts, amperes, factor, power_kw in zip(
        seen.voltage_v, seen.current_a, seen.phase_power_factor, seen.power_kw, strict=True
    ):
        assert volts * amperes * factor / 1000 == pytest.approx(power_kw)
    assert 0.75 <= seen.power_factor <= 1
    assert seen.active_power_kw >= 0.01 - 1e-12


def test_stopped_means_standby_only_and_no_effluent():
    station = Station(StationParameters(population=400), seed=4, start_s=START_S)
    before = live(station, START_S + 5000)
    station.running = False
    for hour in range(1, 30):
        after = live(station, START_S + 5000 + 3600 * hour)
        assert after.electricity.active_power_kw == pytest.approx(0.01)
        assert after.electricity.power_factor == pytest.approx(0.98)
        assert after.flow_m3h == 0
    assert after.volume_m3 == before.volume_m3
    assert after.energy_kwh - before.energy_kwh == pytest.approx(0.29)
    station.running = True
    assert live(station, START_S + 5000 + 3600 * 29.01).pump_on, "the sump filled meanwhile"


def test_in_a_power_cut_nothing_is_counted_and_no_voltage_is_left():
    station = Station(seed=4, start_s=START_S)
    before = live(station, START_S + 5000)
    station.mains = False
    after = live(station, START_S + DAY_S)
    assert (after.energy_kwh, after.volume_m3) == (before.energy_kwh, before.volume_m3)
    assert after.electricity.voltage_v == (0, 0, 0)
    assert after.electricity.active_power_kw == after.flow_m3h == 0


def test_flow_is_that_of_the_pump():
    station = Station(StationParameters(pace=60), seed=8, start_s=START_S)
    seen = [live(station, START_S + second) for second in range(1440)]
    assert {after.flow_m3h > 0 for after in seen} == {True, False}
    assert all((after.flow_m3h > 0) == after.pump_on for after in seen)
    assert all(abs(after.flow_m3h / 6 - 1) <= 0.04 for after in seen if after.pump_on)


def test_the_village_sleeps_at_night_and_has_three_peaks():
    midnight_s = 1_760_025_600 - 1_760_025_600 % DAY_S - 8 * 3600
    day = [inflow_m3h(250, 3, midnight_s + 3600 * hour) for hour in range(24)]
    mean = mean_inflow_m3h(250)
    assert max(day[0:5]) < 0.2 * mean
    peaks = [hour for hour in range(1, 23) if day[hour - 1] < day[hour] > day[hour + 1] and day[hour] > mean]
    assert peaks == [7, 12, 19]
    days = [sum(inflow_m3h(250, 3, midnight_s + DAY_S * d + 3600 * h) for h in range(24)) for d in range(200)]
    assert sum(days) / 200 == pytest.approx(250 * 0.0685, rel=0.03)


def test_a_flooded_station_pumps_without_end_and_does_not_hang():
    station = Station(StationParameters(population=10_000), start_s=START_S)
    assert live(station, START_S + 1.5 * DAY_S).volume_m3 > 15_230.4 + 100


@pytest.mark.parametrize("start_s", [0.0, START_S])
def test_same_seed_same_life_other_seed_other_life(start_s):
    def life(seed: int) -> Snapshot:
        return live(Station(seed=seed, start_s=start_s), start_s + 40_000.5)

    assert life(1) == life(1)
    assert life(1) != life(2)


@given(seed=seeds, start_s=st.floats(0, 1e5), length_s=st.floats(0, 1e4))
def test_a_wander_keeps_its_bounds_and_its_integral(seed, start_s, length_s):
    wander = Wander.of(seed, "any")
    assert -1 <= wander.at(start_s) <= 1
    assert abs(wander.integral(start_s, start_s + length_s)) <= length_s + 1e-6
    width = 1e-3
    slope = wander.integral(start_s, start_s + width) / width
    assert slope == pytest.approx(wander.at(start_s + width / 2), abs=1e-6)


def test_chance_is_even_and_repeatable():
    drawn = [fraction(1, "day", day) for day in range(2000)]
    assert drawn == [fraction(1, "day", day) for day in range(2000)]
    assert sum(drawn) / 2000 == pytest.approx(0.5, abs=0.03)
    assert all(0 <= value < 1 for value in drawn)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"population": -1}, "population: a finite number, zero or more (got -1). Correct it."),
        ({"blower_kw": math.nan}, "blower_kw: a finite number, zero or more (got nan). Correct it."),
        ({"pace": 0}, "pace: more than zero (got 0). Correct it."),
        ({"pace": 1e6}, "pace: at most 86400 (got 1000000.0). A day a second is the fastest."),
        ({"pump_power_factor": 1.2}, "pump_power_factor: above 0, at most 1 (got 1.2). Correct it."),
        ({"blower_on_s": 0}, "blower_on_s: at least 1 second (got 0). Use blower_kw = 0 for none."),
    ],
)
def test_impossible_parameters_are_refused(wrong, message):
    with pytest.raises(ParameterError) as caught:
        StationParameters(**wrong)
    assert str(caught.value) == message


def test_a_time_that_is_no_time_is_refused():
    with pytest.raises(ParameterError, match=r"now_s: a finite time \(got nan\)"):
        Station().advance(math.nan)
