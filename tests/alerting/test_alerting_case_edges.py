"""How long is waited for what: the windows of a case, from the station's own habits and thresholds."""

import pytest
from synthetic_station import HOUR, LIMITS, MINUTE, NOW, USUAL, Q, known, least_clear_from, own

from alerting.case import Case
from alerting.known import Last
from alerting.ledger import Ledger


def case(limits=LIMITS, **facts):
    return Case(known([(1, 1.0)], [(1, 1.0)], **facts), limits, NOW)


def pausing(hours, days=28):
    """A station whose energy and effluent pause for so many hours at most."""
    least = least_clear_from(hours)
    return USUAL._replace(days=days, least_kwh=least, least_m3=least)


@pytest.mark.parametrize(("clear_from", "hours"), [(4, 2), (8, 2), (16, 6), (24, 9), (48, 12)])
def test_a_return_takes_two_hours_or_a_quarter_of_the_window(clear_from, hours):
    assert case(usual=pausing(clear_from)).return_window_ms == hours * HOUR


def test_a_return_takes_no_longer_than_the_window():
    assert case(own(stop_window_s=3_600)).return_window_ms == HOUR
    assert case(own(stop_window_s=7_260)).return_window_ms == 2 * HOUR


@pytest.mark.parametrize(("window_s", "half_day_h"), [(3_600, 12), (3_599, 3_599 / 3_600), (600, 1 / 6)])
def test_what_hovers_is_judged_by_half_a_day_unless_the_window_is_below_an_hour(window_s, half_day_h):
    assert case(own(stop_window_s=window_s)).half_day_ms == round(half_day_h * HOUR)


@pytest.mark.parametrize(
    ("clear_from", "days", "hours"),
    [
        (4, 28, 10),
        (10, 28, 10),
        (12, 28, 12),
        (20, 28, 20),
        (20, 13, 10),
        (20, 14, 20),
        (36, 28, 24),
        (99, 28, 10),
    ],
)
def test_a_by_pass_may_pause_as_long_as_the_station_s_effluent_does(clear_from, days, hours):
    assert case(usual=pausing(clear_from, days)).night_ms == hours * HOUR


def test_in_a_festival_it_may_pause_for_two_days():
    assert case(usual=pausing(36), is_holiday=True).night_ms == 36 * HOUR


@pytest.mark.parametrize(("window_s", "minutes"), [(14_400, 120), (7_200, 60), (600, 5), (28_800, 120)])
def test_pipes_drain_for_two_hours_or_half_the_window(window_s, minutes):
    assert case(own(stop_window_s=window_s)).drain_ms == minutes * MINUTE


@pytest.mark.parametrize(
    ("steps", "window_s", "minutes"),
    [(1, 14_400, 60), (1, 1_800, 30), (4, 14_400, 60), (5, 14_400, 0), (96, 14_400, 0)],
)
def test_a_stop_waits_an_hour_with_ringing_unless_it_is_read_more_seldom(steps, window_s, minutes):
    ledger = Ledger()
    for number in range(0, 20 * steps, steps):
        ledger.power.put(NOW - (20 * steps - number) * Q, 1.0, 1.0, (1, 0, False))
    judged = Case(known(ledger=ledger), own(stop_window_s=window_s), NOW)
    assert judged.listening_ms == minutes * MINUTE


@pytest.mark.parametrize(
    ("facts", "limits", "hours"),
    [
        ({}, LIMITS, 24),
        ({"usual": USUAL._replace(days=14)}, LIMITS, 24),
        ({"usual": USUAL._replace(days=13)}, LIMITS, None),
        ({"usual": pausing(24)}, LIMITS, 36),
        ({}, own(stop_window_s=14_400), None),
        ({}, own(stop_floor_kwh_per_day=0.5), None),
        ({}, own(coverage=0.5), 24),
    ],
)
def test_little_of_both_is_told_by_a_whole_day_at_least(facts, limits, hours):
    assert case(limits, **facts).witnessed_window_ms == (None if hours is None else hours * HOUR)


@pytest.mark.parametrize(
    ("late_min", "told_min"), [((0, 30), 0), ((30, 90), 30), ((120, 180), 120), ((121, 180), 0), ((), 0)]
)
def test_readings_that_come_late_are_judged_as_of_the_newest(late_min, told_min):
    devices = {
        f"power-{number}": Last("power", NOW - minutes * MINUTE, False, NOW, None)  # noqa: FBT003 - by place
        for number, minutes in enumerate(late_min)
    }
    assert case(devices=devices).told_ms == NOW - told_min * MINUTE


def test_readings_of_a_clock_that_is_ahead_are_judged_as_of_now():
    devices = {"power-1": Last("power", NOW + 1, False, NOW, None)}  # noqa: FBT003 - by place
    assert case(devices=devices).told_ms == NOW


def test_a_meter_that_is_not_on_the_register_tells_nothing():
    facts = case()
    assert (facts.energy_until_ms, facts.effluent_until_ms) == (NOW, NOW)
    facts = case(has_power_meter=False, has_flow_meter=False)
    assert (facts.energy_until_ms, facts.effluent_until_ms) == (None, None)


def test_a_meter_is_overdue_when_it_was_silent_for_longer_than_the_limit():
    assert not case().is_overdue("power", 1_800_000)
    assert case().is_overdue("power", 1_800_001)
