"""When a station is called stopped or by-passed, and when no longer; every boundary from both sides."""

import pytest
from synthetic_station import (
    DAY,
    HOUR,
    LIMITS,
    LITTLE,
    MINUTE,
    NOW,
    USUAL,
    Q,
    book,
    fill,
    judged,
    known,
    least_clear_from,
    own,
    quarters,
    state,
)

from alerting.baseline import Baseline
from alerting.case import Case
from alerting.detect import decide
from alerting.known import Memory
from alerting.ledger import Ledger

FLOOR_KWH = 0.6
"""A day, of the usual station; its stop window is 4 h, so 0.1 kWh is the floor of a window."""
WAS_STOPPED = Memory("stopped", NOW - 30 * HOUR, NOW)
WAS_BY_PASSED = Memory("flow_without_power", NOW - 30 * HOUR, NOW)
DRY = (24, 0.0)
DRAINED_H = 4 - 2 - 5 / 60
"""What is left of a window of 4 h after 2 h and a sampling interval."""


def window_h(limits=LIMITS, **facts):
    return Case(known([(1, 1.0)], **facts), limits, NOW).stop_window_ms / HOUR


@pytest.mark.parametrize(
    ("process", "hours"),
    [
        ("A2O", 4),
        ("MBR", 4),
        ("SBR", 8),
        ("biofilter", 4),
        ("other", 4),
        ("", 4),
        ("wetland", 48),
        ("pond", 48),
    ],
)
def test_the_window_of_a_station_of_which_nothing_is_learnt(process, hours):
    assert window_h(process=process, usual=Baseline(12.0, 20.0)) == hours
    assert window_h(process=process, usual=USUAL._replace(days=4)) == hours
    assert window_h(LIMITS._replace(stop_window_s=50 * 3_600), process=process) == 50


@pytest.mark.parametrize(
    ("clear_from", "hours"),
    [(1, 4), (4, 4), (5, 5), (6, 6), (8, 8), (10, 15), (16, 24), (24, 36), (36, 48), (48, 48), (99, 48)],
)
def test_the_window_is_longer_than_the_station_s_own_pauses(clear_from, hours):
    usual = USUAL._replace(least_kwh=least_clear_from(clear_from))
    assert window_h(usual=usual) == hours
    assert window_h(usual=usual._replace(days=14), process="wetland") == hours


@pytest.mark.parametrize(("clear_from", "hours"), [(8, 8), (10, 20), (16, 32), (24, 48), (36, 48)])
def test_in_a_festival_long_windows_count_twice(clear_from, hours):
    assert window_h(usual=USUAL._replace(least_kwh=least_clear_from(clear_from)), is_holiday=True) == hours


def test_a_window_is_clear_if_good_days_kept_twice_the_floor():
    four_h_floor = FLOOR_KWH * 4 / 24
    assert window_h(usual=USUAL._replace(least_kwh=least_clear_from(4, 2 * four_h_floor + LITTLE))) == 4
    assert window_h(usual=USUAL._replace(least_kwh=[0.0, 2 * four_h_floor - LITTLE, *[9.0] * 10])) == 5


def test_five_days_of_its_own_tell_more_than_the_process():
    some_days = USUAL._replace(days=5, least_kwh=least_clear_from(12))
    assert window_h(usual=some_days, process="SBR") == 18
    assert window_h(usual=some_days._replace(days=4), process="SBR") == 8


def test_a_window_of_its_own_waives_what_was_learnt():
    usual = USUAL._replace(least_kwh=least_clear_from(16))
    assert window_h(own(stop_window_s=3_600), usual=usual, process="SBR", is_holiday=True) == 1


# the floor


@pytest.mark.parametrize(("pause_h", "wanted"), [(3.75, "running"), (4, "stopped")])
def test_energy_must_lack_for_the_whole_window(pause_h, wanted):
    assert state(known([(40, 0.5), (pause_h, 0.0)], [(40, 0.8), (pause_h, 0.0)])) == wanted


@pytest.mark.parametrize(
    ("kwh", "wanted"), [(0.1 - LITTLE, "stopped"), (0.1, "running"), (0.1 + LITTLE, "running")]
)
def test_the_floor_of_a_window(kwh, wanted):
    assert state(known([(40, 0.5), (4, kwh / 4)], [(40, 0.8), (4, 0.0)])) == wanted


def test_while_nothing_is_learnt_the_floor_is_that_of_the_settings():
    for kwh, wanted in ((0.5 / 6 - LITTLE, "stopped"), (0.5 / 6 + LITTLE, "running")):
        assert state(known([(40, 0.5), (4, kwh / 4)], usual=Baseline(12.0, 20.0))) == wanted


def test_a_floor_of_its_own_waives_what_was_learnt():
    facts = known([(40, 0.5), (4, 0.03)])
    assert (state(facts), state(facts, own(stop_floor_kwh_per_day=1.0))) == ("running", "stopped")


def test_a_stop_begins_where_the_energy_ended():
    assert judged(known([(40, 0.5), (7, 0.0)])) == ("stopped", "no_energy", 7)
    assert judged(known([(40, 0.5), (7, 0.0)], [(43, 0.8), (5, 0.0)])) == (
        "stopped", "no_energy_no_effluent", 7)  # fmt: skip


def test_a_stop_begins_with_its_window_where_the_end_is_not_to_be_seen():
    """What a coarse counter counted long after it was used."""
    facts = known([(40, 0.5), (2.5, 0.0), (0.25, 0.2), (1.25, 0.0)], usual=USUAL._replace(energy_kwh=40.0))
    assert judged(facts) == ("stopped", "no_energy", 4)


def test_the_figures_are_those_that_it_rests_on():
    facts = known([(40, 0.5), (4, 0.02)], [(40, 0.8), (4, 0.01)])
    assert dict(decide(facts, LIMITS, NOW).evidence) == {
        "window_s": 14_400,
        "energy_kwh": pytest.approx(0.08),
        "coverage": pytest.approx(1.0),
        "energy_floor_kwh": pytest.approx(0.1),
        "expected_kwh": pytest.approx(2.0),
        "volume_m3": pytest.approx(0.01 * DRAINED_H),
        "volume_floor_m3": pytest.approx(0.1 * 20 * DRAINED_H / 24),
    }
    assert "expected_kwh" not in decide(
        known([(9, 0.0)], usual=Baseline(12.0, 20.0)), LIMITS, NOW).evidence  # fmt: skip


@pytest.mark.parametrize(("unknown_h", "wanted"), [(1, "stopped"), (1.25, "unknown")])
def test_three_quarters_of_the_window_must_be_known(unknown_h, wanted):
    assert state(known([(40, 0.5), (1, 0.0), (unknown_h, None), (3 - unknown_h, 0.0)])) == wanted


def test_a_short_window_of_its_own_is_summed_in_fine_steps():
    fine = Ledger(step_ms=MINUTE)
    fill(fine.power, [0.01] * 50 + [0.0] * 10)
    facts = known([(40, 0.5)], fine=fine)
    assert state(facts, own(stop_window_s=600)) == "stopped"
    assert state(facts, own(stop_window_s=660)) == "running"


# effluent without energy


@pytest.mark.parametrize(
    ("m3_per_day", "wanted"), [(2.0 - 1e-6, "stopped"), (2.0 + 1e-6, "flow_without_power"), (0.0, "stopped")]
)
def test_more_than_a_tenth_of_the_usual_effluent_is_a_by_pass(m3_per_day, wanted):
    facts = known([(40, 0.5), (8, 0.0)], [(40, 0.8), (8, m3_per_day / 24)])
    assert state(facts) == wanted


@pytest.mark.parametrize(("wet_h", "wanted"), [(2, "stopped"), (2.5, "flow_without_power")])
def test_what_drains_in_the_first_two_hours_is_no_by_pass(wet_h, wanted):
    facts = known([(40, 0.5), (4, 0.0)], [(40 + wet_h, 0.8), (4 - wet_h, 0.0)])
    assert state(facts) == wanted


def test_where_effluent_is_not_known_energy_decides():
    facts = known([(40, 0.5), (4, 0.0)], [(40, 0.8), (2.25, None), (1.75, 0.8)])
    assert judged(facts)[:2] == ("flow_without_power", "effluent_without_energy")
    facts = known([(40, 0.5), (4, 0.0)], [(40, 0.8), (3, None), (1, 0.8)])
    assert judged(facts)[:2] == ("stopped", "no_energy")


@pytest.mark.parametrize("process", ["wetland", "pond"])
def test_a_wetland_lets_out_water_without_energy(process):
    usual = Baseline(0.4, 20.0, 28, least_kwh=least_clear_from(99))
    facts = {"process": process, "works_without_power": True, "usual": usual}
    assert state(known([(72, 0.0)], [(72, 0.8)], **facts)) == "running"
    assert state(known([(72, 0.0)], [(24, 0.8), (48, 0.0)], **facts)) == "stopped"
    assert state(known([(72, 0.0)], **facts)) == "stopped"


def test_a_by_pass_that_pauses_at_night_goes_on_being_one():
    facts = {"memory": WAS_BY_PASSED}
    begun = [(20, 0.5), (30, 0.0)]
    for dry_h, wanted in ((8, "flow_without_power"), (8.75, "flow_without_power"), (9.25, "stopped")):
        assert state(known(begun, [(50 - dry_h, 0.8), (dry_h, 0.0)], **facts)) == wanted
    ended = judged(known(begun, [(24, 0.8), (26, 0.0)], **facts))
    assert ended == ("stopped", "no_energy_no_effluent", 26)  # not before the last of the effluent


def test_a_stop_that_becomes_a_by_pass_begins_anew():
    facts = known([(10, 0.5), (30, 0.0)], [(10, 0.8), (26, 0.0), (4, 0.8)], memory=WAS_STOPPED)
    found = judged(facts)
    assert found[:2] == ("flow_without_power", "effluent_without_energy")
    assert 4 <= found[2] < 30


# it works again


@pytest.mark.parametrize(("back_h", "wanted"), [(0.25, "stopped"), (0.75, "running"), (2, "running")])
def test_a_short_test_run_does_not_end_a_stop(back_h, wanted):
    assert state(known([(24, 0.0), (back_h, 0.5)], memory=WAS_STOPPED)) == wanted


@pytest.mark.parametrize(("kwh", "wanted"), [(0.3 + LITTLE, "running"), (0.3 - 1e-6, "stopped")])
def test_a_stop_ends_when_for_two_hours_three_tenths_of_the_usual_were_used(kwh, wanted):
    usual = USUAL._replace(standby_kwh=1.0)  # the window holds more than its floor, less than twice that
    facts = known([(24, 0.0), (2, kwh / 2)], memory=WAS_STOPPED, usual=usual)
    assert state(facts) == wanted


@pytest.mark.parametrize(("kwh", "wanted"), [(0.45 + 1e-6, "running"), (0.45 - 1e-6, "stopped")])
def test_or_half_as_much_again_as_the_floor_over_half_a_day(kwh, wanted):
    assert state(known([(24, 0.0), (12, kwh / 12)], memory=WAS_STOPPED)) == wanted


def test_a_station_that_did_not_stop_needs_no_return():
    facts = [(24, 0.5), (4, 0.11 / 4)]
    assert state(known(facts)) == "running"
    assert state(known(facts, memory=WAS_STOPPED)) == "stopped"
    assert state(known(facts, memory=Memory("running", NOW - 30 * HOUR))) == "running"


def test_a_stop_goes_on_from_where_it_began():
    assert judged(known([(30, 0.0), (0.25, 0.5)], memory=WAS_STOPPED)) == ("stopped", "no_energy", 30)


def test_it_runs_since_it_began_to_use_energy_again():
    assert judged(known([(24, 0.0), (1.5, 0.5)], memory=WAS_STOPPED)) == ("running", "as_expected", 1.5)


# a power cut is no stop


@pytest.mark.parametrize(("since_h", "wanted"), [(3.75, "unknown"), (4, "stopped")])
def test_windows_begin_anew_when_the_mains_are_back(since_h, wanted):
    mains_ms = NOW - round(since_h * HOUR)
    facts = known([(20, 0.5), (24, 0.0)], memory=Memory("running", NOW - 40 * HOUR, mains_ms, mains_ms))
    assert state(facts) == ("running" if wanted == "unknown" else wanted)


@pytest.mark.parametrize(("since_h", "wanted"), [(0.75, "running"), (1, "stopped")])
def test_a_station_that_was_stopped_before_the_power_cut_still_is_after_an_hour(since_h, wanted):
    memory = WAS_STOPPED._replace(mains_since_ms=NOW - round(since_h * HOUR))
    assert state(known([(20, 0.5), (30, 0.0)], memory=memory)) == wanted


# machines and lamps


WITH_STANDBY = USUAL._replace(standby_kwh=1.0)
"""Its floor is 0.2 kWh in 4 h; 5 % of the usual are 0.1 kWh."""


def low_use(*levels, kwh=0.15):
    """Four hours of energy below the floor, with such momentary values."""
    ledger = Ledger()
    fill(ledger.power, quarters((40, 0.5)), NOW - 4 * HOUR)
    fill(ledger.power, quarters((4, kwh / 4)), levels=(levels * 16)[:16])
    return known(ledger=ledger, usual=WITH_STANDBY)


@pytest.mark.parametrize(
    ("levels", "wanted"),
    [
        ((0.02,) * 16, "stopped"),  # a modem
        ((0.0,) * 8 + (0.08,) * 8, "stopped"),  # a lamp in the evening
        ((0.0,) * 4 + (0.04,) * 4 + (0.0,) * 4 + (0.04,) * 4, "stopped"),  # three switches
        ((0.0,) * 3 + (0.04,) * 3 + (0.0,) * 3 + (0.04,) * 3 + (0.0,) * 4, "running"),  # four
        ((0.0, 0.0, 0.0, 0.08), "running"),  # a small pump by float switch
        ((0.018, 0.022), "stopped"),  # a load that wavers
    ],
)
def test_a_machine_that_switches_on_and_off_is_no_standby(levels, wanted):
    assert state(low_use(*levels)) == wanted


@pytest.mark.parametrize(("kwh", "wanted"), [(0.1 - LITTLE, "stopped"), (0.1 + LITTLE, "running")])
def test_a_machine_that_uses_less_than_a_twentieth_of_the_usual_is_none(kwh, wanted):
    assert state(low_use(0.0, 0.1, kwh=kwh)) == wanted


def test_few_samples_show_no_machine():
    ledger = Ledger()
    fill(ledger.power, quarters((40, 0.5)), NOW - 4 * HOUR)
    levels = [0.0, 0.1, 0.0, 0.1, 0.0, 0.1, 0.0]
    fill(ledger.power, quarters((4, 0.15 / 4)), levels=levels + [None] * 9)
    assert state(known(ledger=ledger, usual=WITH_STANDBY)) == "stopped"


def test_a_machine_that_switches_does_not_bring_a_stopped_station_back():
    assert state(low_use(0.0, 0.0, 0.0, 0.08)._replace(memory=WAS_STOPPED)) == "stopped"


# a standby load above the floor


BIG_STANDBY = (24, 0.12)
"""2.88 kWh a day: above the floor, below 30 % of the usual."""


def of_little(energy=BIG_STANDBY, flow=DRY, **other):
    return known([(24, 0.5), energy], [(24, 0.8), flow], **other)


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        (of_little(), ("stopped", "little_energy_no_effluent", 24)),
        (of_little((24, 0.15 + LITTLE)), ("idling", "energy_without_effluent", 24)),
        (of_little((24, 0.15 - LITTLE)), ("stopped", "little_energy_no_effluent", 24)),
        (of_little((20, 0.12)), ("idling", "energy_without_effluent", 24)),
        (of_little(flow=(24, 0.4 / 24)), ("stopped", "little_energy_no_effluent", 24)),
        (of_little(flow=(24, 0.4 / 24 + LITTLE)), ("low_load", "low_energy", 24)),
        (of_little(usual=USUAL._replace(days=13)), ("running", "as_expected", 0)),
        (of_little(memory=Memory("running", 0, None, NOW - 23 * HOUR)), ("low_load", "low_energy", 24)),
        (
            of_little(memory=Memory("running", 0, None, NOW - DAY)),
            ("stopped", "little_energy_no_effluent", 24),
        ),
        (of_little(memory=Memory("running", 0, NOW - DAY + Q)), ("running", "as_expected", 0)),
    ],
)  # fmt: skip
def test_little_energy_and_no_effluent_all_day_is_a_stop(facts, wanted):
    assert judged(facts) == wanted


@pytest.mark.parametrize("key", ["stop_window_s", "stop_floor_kwh_per_day"])
def test_thresholds_of_its_own_leave_no_room_for_that(key):
    limits = own(**{key: getattr(LIMITS, key)})
    assert state(of_little(), limits) == "low_load"
    assert state(of_little(), own(coverage=0.75)) == "stopped"


def test_a_station_with_long_pauses_is_given_its_window_for_that():
    usual = USUAL._replace(least_kwh=least_clear_from(24))  # 36 h
    for hours, wanted in ((35, "running"), (36, "stopped")):
        facts = known([(40, 0.5), (hours, 0.12)], [(40, 0.8), (hours, 0.0)], usual=usual)
        assert (state(facts) == "stopped") == (wanted == "stopped")


# a flow meter alone


def dry_h(**facts):
    limits = facts.pop("limits", LIMITS)
    return Case(known(flow=[(1, 1.0)], **facts), limits, NOW).dry_window_ms / HOUR


@pytest.mark.parametrize(
    ("clear_from", "hours"), [(1, 12), (4, 12), (6, 12), (8, 16), (10, 20), (12, 24), (24, 24), (99, 24)]
)
def test_a_flow_meter_alone_is_believed_after_twice_its_longest_pause(clear_from, hours):
    usual = USUAL._replace(least_m3=least_clear_from(clear_from))
    assert dry_h(usual=usual) == hours
    assert dry_h(usual=usual._replace(days=13)) == 24
    assert dry_h(usual=usual, limits=own(idle_window_s=7_200)) == 2
    small = LIMITS._replace(idle_window_s=172_800)
    assert dry_h(usual=usual, limits=small) == max(12, min(2 * clear_from, 48))


@pytest.mark.parametrize(("pause_h", "wanted"), [(11.5, "running"), (12, "stopped")])
def test_no_effluent_for_the_whole_window(pause_h, wanted):
    assert state(known(flow=[(40, 0.8), (pause_h, 0.0)])) == wanted


@pytest.mark.parametrize(("m3", "wanted"), [(0.2 - 1e-6, "stopped"), (0.2 + 1e-6, "running")])
def test_effluent_that_counts_as_none(m3, wanted):
    assert state(known(flow=[(40, 0.8), (12, m3 / 12)])) == wanted


@pytest.mark.parametrize(("unknown_h", "wanted"), [(3, "stopped"), (3.25, "unknown")])
def test_enough_of_it_must_be_known(unknown_h, wanted):
    assert state(known(flow=[(40, 0.8), (1, 0.0), (unknown_h, None), (11 - unknown_h, 0.0)])) == wanted


def test_it_stopped_where_the_effluent_ended():
    assert judged(known(flow=[(40, 0.8), (20, 0.0)])) == ("stopped", "no_effluent", 20)


def test_a_station_whose_power_meter_went_silent_is_judged_by_its_effluent():
    ledger = book(flow=[(40, 0.8), (24, 0.0)])
    fill(ledger.power, quarters((12, 0.5)), NOW - 4 * HOUR)
    assert judged(known(ledger=ledger))[:2] == ("stopped", "no_effluent")


def test_an_approved_stop_of_a_flow_meter_alone_does_not_go_on_by_itself():
    facts = known((), [(200, 0.8), (60, 0.0)], process="")
    assert state(facts) == "stopped"
    assert state(facts._replace(memory=Memory("running", 0, NOW))) != "stopped"
    assert state(facts._replace(memory=Memory("stopped", 0, NOW))) == "stopped"
