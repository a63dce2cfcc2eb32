"""The usual day, the stop floor and the pauses that are learnt from good days."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_station import least_clear_from

from alerting.baseline import KWH_PER_M3, WINDOWS_H, Baseline, DayTraits, learn

LEAST = [float(hours) for hours in WINDOWS_H]
LITTLE = 1e-9


def days(count, energy=10.0, volume=20.0, **traits):
    return [DayTraits(energy, volume, **({"least_kwh": LEAST, "least_m3": LEAST} | traits))] * count


def test_before_five_days_process_and_scale_are_the_guess():
    assert learn(days(4), "MBR", 40.0) == Baseline(20.0 * KWH_PER_M3["MBR"], 20.0, 0)
    assert learn(days(4), "", 40.0).energy_kwh == 20.0 * KWH_PER_M3["other"]
    assert learn([], "A2O", None) == Baseline(None, None, 0)
    assert learn(days(5), "MBR", 40.0)[:3] == (10.0, 20.0, 5)


@pytest.mark.parametrize(
    ("process", "is_frugal"), [("wetland", True), ("pond", True), ("A2O", False), ("", False)]
)
def test_a_wetland_is_frugal_while_nothing_is_learnt(process, is_frugal):
    assert learn(days(4), process, 40.0).is_frugal == is_frugal
    assert not learn(days(5), process, 40.0).is_frugal


@pytest.mark.parametrize(("count", "is_learnt"), [(13, False), (14, True), (28, True)])
def test_fourteen_days_are_enough(count, is_learnt):
    assert learn(days(count), "A2O", 20.0).is_learnt == is_learnt


def test_only_the_last_28_days_count_and_their_odd_ones_weigh_nothing():
    some = days(20, 99.0, 99.0) + days(15) + days(13, 500.0, 500.0)
    assert learn(some, "A2O", 20.0)[:3] == (10.0, 20.0, 28)


def test_a_meter_that_is_not_there_is_not_learnt():
    found = learn(days(20, energy=None, least_kwh=[]), "A2O", None)
    assert (found.energy_kwh, found.volume_m3, set(found.least_kwh)) == (None, 20.0, {None})
    assert learn(days(20, volume=None), "A2O", 50.0).volume_m3 == 25.0  # the guess


@pytest.mark.parametrize(("count", "odd", "wanted"), [(13, 1, 0.0), (14, 1, 4.0), (28, 2, 4.0), (28, 3, 0.0)])
def test_one_odd_day_in_a_fortnight_is_left_out_of_the_pauses(count, odd, wanted):
    some = days(count - odd) + days(odd, least_kwh=[0.0] * len(WINDOWS_H))
    assert learn(some, "A2O", 20.0).least_kwh[1] == wanted


@pytest.mark.parametrize(("doubtful", "wanted"), [(8, 4.0), (9, 0.0)])
def test_days_in_doubt_are_left_out_while_they_are_few(doubtful, wanted):
    """What looks like a stop on more than two days of five is a habit."""
    some = days(20 - doubtful) + days(doubtful, least_kwh=[0.0] * len(WINDOWS_H), is_doubtful=True)
    found = learn(some, "A2O", 20.0)
    assert (found.least_kwh[1], found.days) == (wanted, 20)


def test_a_window_known_on_too_few_days_tells_nothing():
    some = days(10, least_kwh=[1.0, *[None] * 11]) + days(4)
    least_kwh = learn(some, "A2O", 20.0).least_kwh
    assert (least_kwh[0], least_kwh[1]) == (1.0, None)
    assert learn([*some, *days(1)], "A2O", 20.0).least_kwh[1] == 4.0


# the standby load


@pytest.mark.parametrize(
    ("hour_kwh", "standby"), [(0.0, 0.0), (0.05, 1.2), (2.0 / 24, 2.0), (2.0 / 24 + LITTLE, None)]
)
def test_the_quietest_hour_tells_the_standby_load_up_to_a_fifth_of_the_usual(hour_kwh, standby):
    found = learn(days(14, least_kwh=[hour_kwh] * 12), "A2O", 20.0).standby_kwh
    assert found == (None if standby is None else pytest.approx(standby))


def test_days_on_which_it_stood_tell_the_standby_load_better():
    assert learn(days(14), "A2O", 20.0, [9.0, 9.0, 0.9, 0.8, 1.0, 1.1, 0.7]).standby_kwh == 0.9
    assert learn(days(14), "A2O", 20.0, [0.3]).standby_kwh == 0.3


# the floor


@pytest.mark.parametrize(
    ("usual", "floor"),
    [
        (Baseline(), 0.5),
        (Baseline(100.0), 0.5),  # a guess tells nothing
        (Baseline(100.0, days=5), 5.0),
        (Baseline(10.0, days=5), 0.5),
        (Baseline(1.0, days=5), 0.3),  # 30 % of the usual at most
        (Baseline(0.0, days=5), 0.0),
        (Baseline(10.0, days=14, standby_kwh=0.0), 0.5),
        (Baseline(10.0, days=14, standby_kwh=0.1), 0.5),
        (Baseline(10.0, days=14, standby_kwh=0.3), 0.6),
        (Baseline(10.0, days=14, standby_kwh=1.0), 1.2),
        (Baseline(10.0, days=14, standby_kwh=2.5), 3.0),
        (Baseline(10.0, days=14, standby_kwh=2.6), 3.0),
        (Baseline(10.0, days=14, standby_kwh=0.24), 0.576),  # a day's steps of a counter: 0.24 kWh
        (Baseline(0.4, 20.0, is_frugal=True), 0.02),
        (Baseline(0.4, 20.0, days=5), 0.12),
    ],
)
def test_the_floor_leaves_room_for_box_and_lamp_where_it_can(usual, floor):
    assert usual.floor_kwh(0.5) == pytest.approx(floor)


@given(st.floats(0, 1e4), st.none() | st.floats(0, 1e4), st.floats(0.01, 5))
def test_the_floor_lies_between_a_twentieth_and_three_tenths_of_the_usual(usual_kwh, standby_kwh, unlearnt):
    floor = Baseline(usual_kwh, days=14, standby_kwh=standby_kwh).floor_kwh(unlearnt)
    assert 0.05 * usual_kwh - LITTLE <= floor <= 0.3 * usual_kwh + LITTLE


# windows


def test_the_shortest_clear_window_is_taken():
    usual = Baseline(10.0, 20.0, 28, least_kwh=least_clear_from(6), least_m3=least_clear_from(12))
    assert (usual.stop_window_h(0.5), usual.dry_window_h(0.4)) == (6, 12)
    assert Baseline(10.0, days=28, least_kwh=[99.0] * 12).stop_window_h(0.5) == 4  # an hour is for standby
    assert Baseline(10.0, days=28, least_kwh=[0.0] * 12).stop_window_h(0.5) is None
    assert Baseline(10.0, days=28).stop_window_h(0.5) is None


@pytest.mark.parametrize(("amount", "hours"), [(1.0, 36), (1.0 + LITTLE, 24), (None, 36)])
def test_a_window_is_clear_above_twice_the_floor(amount, hours):
    least = [0.0] * 12
    least[WINDOWS_H.index(24)], least[WINDOWS_H.index(36)] = amount, 9.0
    assert Baseline(10.0, days=28, least_kwh=least).stop_window_h(0.5) == hours


@pytest.mark.parametrize(("amount", "hours"), [(3.0, 36), (3.0 + LITTLE, 24)])
def test_a_low_load_needs_a_window_that_never_was_low(amount, hours):
    least = [99.0] * 12
    least[WINDOWS_H.index(24)] = amount
    usual = Baseline(10.0, days=28, least_kwh=least)
    assert (usual.low_window_h(24), usual.low_window_h(12)) == (hours, 12)
    assert usual._replace(least_kwh=[0.0] * 12).low_window_h(24) is None
