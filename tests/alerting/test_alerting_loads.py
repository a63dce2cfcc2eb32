"""Idling, low load, running, and nothing to be said; every boundary from both sides."""

import pytest
from synthetic_station import (
    DAY,
    HOUR,
    LIMITS,
    NOW,
    USUAL,
    Q,
    judged,
    known,
    least_clear_from,
    own,
    state,
)

from alerting.baseline import Baseline
from alerting.detect import decide
from alerting.known import Memory

STEADY, WET = (72, 0.5), (72, 0.8)
LITTLE_M3 = 1e-6


def dry_for(hours, energy=STEADY, **facts):
    return known([energy], [WET, (hours, 0.0)], **facts)


def test_all_is_well():
    facts = known([STEADY], [WET])
    assert judged(facts) == ("running", "as_expected", 0)
    assert dict(decide(facts, LIMITS, NOW).evidence) == pytest.approx(
        {"window_s": 14_400, "energy_kwh": 2.0, "volume_m3": 3.2, "coverage": 1.0}
    )


# idling


@pytest.mark.parametrize(("dry_h", "wanted"), [(23.25, "running"), (23.5, "idling"), (24, "idling")])
def test_energy_without_effluent_for_a_day_is_idling(dry_h, wanted):
    """Half an hour of effluent is 2 % of the usual."""
    assert state(known([STEADY], [(72, 0.79), (dry_h, 0.0)])) == wanted


@pytest.mark.parametrize(("m3", "wanted"), [(0.4 - LITTLE_M3, "idling"), (0.4 + LITTLE_M3, "running")])
def test_effluent_that_counts_as_none(m3, wanted):
    assert state(known([STEADY], [WET, (24, m3 / 24)])) == wanted


def test_the_share_that_counts_as_none_is_a_threshold():
    facts = known([STEADY], [WET, (24, 0.05)])
    assert (state(facts), state(facts, own(effluent_share=0.1))) == ("running", "idling")


@pytest.mark.parametrize(("dry_h", "wanted"), [(47, "running"), (48, "idling")])
@pytest.mark.parametrize(
    ("limits", "is_holiday"),
    [(LIMITS, True), (LIMITS._replace(idle_window_s=172_800), False), (own(idle_window_s=172_800), True)],
)
def test_a_small_station_or_a_festival_is_given_two_days(limits, is_holiday, dry_h, wanted):
    assert state(dry_for(dry_h, is_holiday=is_holiday), limits) == wanted


def test_a_small_station_is_given_four_days_in_a_festival():
    limits = LIMITS._replace(idle_window_s=172_800)
    for hours, wanted in ((94, "running"), (96, "idling")):
        facts = known([(120, 0.5)], [WET, (hours, 0.0)], is_holiday=True)
        assert state(facts, limits) == wanted


def test_idling_began_where_the_effluent_ended():
    assert judged(dry_for(40)) == ("idling", "energy_without_effluent", 40)
    since_ms = NOW - 30 * HOUR
    assert judged(dry_for(40, memory=Memory("running", since_ms, since_ms)))[2] == 30


@pytest.mark.parametrize(("since_ms", "wanted"), [(NOW - DAY, "idling"), (NOW - DAY + Q, "running")])
def test_a_station_that_started_again_is_given_time(since_ms, wanted):
    assert state(dry_for(40, memory=Memory("running", since_ms, since_ms))) == wanted


@pytest.mark.parametrize(("kwh", "wanted"), [(3.6 + LITTLE_M3, "idling"), (3.6 - LITTLE_M3, "stopped")])
def test_idling_uses_three_tenths_of_the_usual(kwh, wanted):
    assert state(dry_for(24, (48, kwh / 24))) == wanted


def test_while_nothing_is_learnt_any_energy_above_the_floor_idles():
    usual = Baseline(12.0, 20.0)
    assert state(dry_for(24, (48, 0.06), usual=usual)) == "idling"
    assert state(dry_for(24, (48, 0.5 / 24 - LITTLE_M3), usual=usual)) == "stopped"


def test_a_window_in_which_a_stop_lies_is_no_idling():
    """Even one that nobody could see when it was."""
    assert state(known([(50, 0.5), (4, 0.0), (10, 0.9)], [WET, (24, 0.0)])) == "running"
    assert state(known([(50, 0.5), (3, 0.0), (10, 0.9)], [WET, (24, 0.0)])) == "idling"
    assert state(known([(50, 0.5), (4, 0.0), (1, 1.7), (16, 0.1)], [WET])) == "running"
    assert state(known([(50, 0.5), (3, 0.0), (1, 1.7), (20, 0.06)], [WET])) == "low_load"


@pytest.mark.parametrize(("unknown_h", "wanted"), [(6, "idling"), (6.25, "running")])
def test_three_quarters_of_the_idle_window_must_be_known(unknown_h, wanted):
    flow = [WET, (10, 0.0), (unknown_h, None), (14 - unknown_h, 0.0)]
    assert state(known([STEADY], flow)) == wanted


def test_without_a_flow_meter_nothing_idles():
    assert state(known([STEADY])) == "running"


# low load


@pytest.mark.parametrize(("kwh", "wanted"), [(3.6 - LITTLE_M3, "low_load"), (3.6 + LITTLE_M3, "running")])
def test_less_than_three_tenths_of_the_usual_in_a_day_is_a_low_load(kwh, wanted):
    assert state(known([STEADY, (24, kwh / 24)], [WET])) == wanted
    assert state(known([STEADY, (24, kwh / 24)])) == wanted


def test_a_low_load_within_the_day_is_none():
    assert state(known([STEADY, (16, 0.04)], [WET])) == "running"


def test_a_low_load_and_its_figures():
    facts = known([STEADY, (24, 0.1)], [WET])
    assert judged(facts) == ("low_load", "low_energy", 24)
    assert dict(decide(facts, LIMITS, NOW).evidence) == pytest.approx(
        {"window_s": 86_400, "energy_kwh": 2.4, "coverage": 1.0, "expected_kwh": 12.0}
    )


@pytest.mark.parametrize(
    ("clear_from", "hours"), [(4, 24), (24, 24), (36, 36), (48, 48)]
)  # fmt: skip
def test_a_station_that_pauses_long_is_given_a_longer_window(clear_from, hours):
    usual = USUAL._replace(least_kwh=least_clear_from(clear_from))
    facts = {"usual": usual, "process": "wetland", "works_without_power": True}
    ends = judged(known([(72, 0.5), (hours, 0.1)], [(120, 0.8)], **facts))
    assert ends == ("low_load", "low_energy", hours)
    assert state(known([(72, 0.5), (0.66 * hours, 0.1)], [(120, 0.8)], **facts)) == "running"


def test_a_pump_that_runs_every_other_day_has_no_low_load():
    usual = USUAL._replace(least_kwh=least_clear_from(99))
    facts = known([(72, 0.5), (48, 0.1)], [(120, 0.8)], usual=usual)
    assert state(facts) == "running"
    assert state(facts, own(low_load_window_s=86_400)) == "low_load"


def test_a_window_of_its_own():
    facts = known([STEADY, (6, 0.1)], [WET])
    assert (state(facts), state(facts, own(low_load_window_s=21_600))) == ("running", "low_load")


def test_a_guess_tells_no_low_load():
    facts = known([STEADY, (48, 0.1)], [WET])
    assert state(facts._replace(usual=Baseline(12.0, 20.0))) == "running"
    assert state(facts._replace(usual=USUAL._replace(days=13))) == "running"
    assert state(facts._replace(usual=USUAL._replace(days=14))) == "low_load"


@pytest.mark.parametrize(("since_ms", "wanted"), [(NOW - DAY, "low_load"), (NOW - DAY + Q, "running")])
def test_a_station_that_started_again_is_given_a_day(since_ms, wanted):
    facts = known([STEADY, (24, 0.1)], [WET], memory=Memory("running", since_ms, since_ms))
    assert state(facts) == wanted


@pytest.mark.parametrize(("unknown_h", "wanted"), [(6, "low_load"), (6.25, "running")])
def test_three_quarters_of_that_day_must_be_known(unknown_h, wanted):
    energy = [STEADY, (10, 0.1), (unknown_h, None), (14 - unknown_h, 0.1)]
    assert state(known(energy, [WET])) == wanted


# neither


@pytest.mark.parametrize(
    ("power", "flow", "wanted"),
    [
        ([(40, 0.5), (0.9, None)], [(40, 0.8)], ("running", "as_expected", 0)),
        ([(40, 0.5), (0.5, None), (2, None)], [WET], ("running", "as_expected", 0)),
        ([(40, 0.5)], [(40, 0.8), (3, None)], ("running", "as_expected", 0)),
        ([(40, 0.5), (3, None)], (), ("unknown", "too_little_data", 0)),
        ((), [(40, 0.8), (3, None)], ("unknown", "too_little_data", 0)),
        ([(1, 0.5)], [(1, 0.8)], ("unknown", "too_little_data", 0)),
        ([(3, 0.5)], (), ("running", "as_expected", 0)),
        ([(2.75, 0.5)], (), ("unknown", "too_little_data", 0)),
        ((), [(9, 0.8)], ("running", "as_expected", 0)),
        ((), [(8.75, 0.8)], ("unknown", "too_little_data", 0)),
    ],
)
def test_enough_of_one_meter_must_be_known(power, flow, wanted):
    facts = known(power, flow)
    if not flow:
        facts = facts._replace(has_flow_meter=False)
    assert judged(facts, LIMITS._replace(learn_s=1)) == wanted


def test_how_little_is_known():
    evidence = decide(known([(1, 0.5)], [(2, 0.8)]), LIMITS, NOW).evidence
    assert dict(evidence) == {"window_s": 14_400, "coverage": pytest.approx(0.5)}


def test_a_station_without_meters():
    assert judged(known()) == ("unknown", "too_little_data", 0)
