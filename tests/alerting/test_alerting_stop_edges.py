"""Edges of stops: what hovers about the floor, what comes back, what drains, and the figures told."""

import pytest
from synthetic_station import (
    HOUR,
    LIMITS,
    LITTLE,
    MINUTE,
    NOW,
    USUAL,
    Q,
    fill,
    judged,
    known,
    own,
    quarters,
    state,
)

from alerting.baseline import Baseline
from alerting.detect import decide
from alerting.known import LISTENING, Memory
from alerting.ledger import Ledger

WAS_STOPPED = Memory("stopped", NOW - 30 * HOUR, NOW)
WAS_BY_PASSED = Memory("flow_without_power", NOW - 30 * HOUR, NOW)
OFTEN_BREAKS = USUAL._replace(standby_kwh=2.4)
"""Its stop floor is 2.88 kWh a day."""


def evidence(facts, limits=LIMITS):
    return dict(decide(facts, limits, NOW).evidence)


# what hovers about the floor


def hovering(ended_h, lately=0.05, **facts):
    """Six hours of so much, then four below the floor of 0.1 kWh; a stop ended so many hours ago."""
    memory = Memory("running", NOW - 60 * HOUR, None if ended_h is None else NOW - round(ended_h * HOUR))
    return known([(40, 0.5), (30, 0.0), (6, lately), (4, 0.02)], memory=memory, **facts)


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        (hovering(None), "stopped"),
        (hovering(10), "running"),  # 0.38 kWh in half a day, whose floor is 0.3 kWh
        (hovering(4), "running"),
        (hovering(10, lately=0.036), "stopped"),  # 0.296 kWh
        (hovering(10, lately=0.037), "running"),
        (hovering(10, lately=0.236), "running"),  # 1.496 kWh in 10 h, of which 1.5 are 30 % of the usual
        (hovering(10, lately=0.237), "stopped"),  # it had come back, and stops again
        (hovering(24), "stopped"),
        (hovering(23.99), "running"),
        (hovering(10, usual=Baseline(12.0, 20.0)), "stopped"),  # nothing is learnt
    ],
)
def test_a_station_that_barely_came_back_from_a_stop_is_judged_by_half_a_day(facts, wanted):
    assert state(facts) == wanted


def test_a_station_above_the_floor_of_its_window_is_not_judged_by_half_a_day():
    memory = Memory("running", NOW - 60 * HOUR, NOW - 10 * HOUR)
    assert state(known([(40, 0.5), (38, 0.0), (4, 0.05)], memory=memory)) == "running"


def test_eight_samples_are_enough_to_show_a_machine():
    ledger = Ledger()
    fill(ledger.power, quarters((40, 0.5)), NOW - 4 * HOUR)
    fill(ledger.power, quarters((4, 0.15 / 4)), levels=[0.0, 0.1] * 4 + [None] * 8)
    assert state(known(ledger=ledger, usual=USUAL._replace(standby_kwh=1.0))) == "running"


# it works again


@pytest.mark.parametrize(("stood_h", "wanted"), [(12, "running"), (11.75, "stopped")])
def test_a_little_energy_ends_a_stop_only_when_all_of_half_a_day_lies_in_it(stood_h, wanted):
    memory = Memory("stopped", NOW - round(stood_h * HOUR), NOW)
    assert state(known([(24, 0.0), (4, 0.12)], memory=memory)) == wanted


def test_a_window_of_an_hour_is_long_enough_for_that():
    memory, limits = Memory("stopped", NOW - 6 * HOUR, NOW), own(stop_window_s=3_600)
    assert state(known([(24, 0.0), (5, 0.1)], memory=memory), limits) == "stopped"
    earlier = memory._replace(start_ms=NOW - 12 * HOUR)
    assert state(known([(24, 0.0), (5, 0.1)], memory=earlier), limits) == "running"


def test_energy_of_the_last_hours_alone_is_not_enough():
    """0.2 kWh in the window are twice its floor, but 0.36 in half a day are not half as much again."""
    assert state(known([(24, 0.0), (8, 0.02), (4, 0.05)], memory=WAS_STOPPED)) == "stopped"


@pytest.mark.parametrize(("m3", "wanted"), [(0.2 - 1e-6, "stopped"), (0.2 + 1e-6, "running")])
def test_a_little_energy_without_effluent_is_the_standby_load(m3, wanted):
    facts = known([(24, 0.0), (12, 0.05)], [(24, 0.0), (12, m3 / 12)], memory=WAS_STOPPED)
    assert state(facts) == wanted


@pytest.mark.parametrize(
    ("heard_min", "wanted"),
    [(None, "stopped"), (14.9, "stopped"), (15, "running"), (30, "running"), (121, "stopped")],
)
def test_a_stopped_station_that_runs_since_it_is_heard_again_is_believed(heard_min, wanted):
    """Half an hour of the usual load; two hours of it are asked for otherwise."""
    heard_ms = None if heard_min is None else NOW - round(heard_min * MINUTE)
    memory = WAS_STOPPED._replace(heard_since_ms=heard_ms)
    assert state(known([(24, 0.0), (0.5, 0.5)], memory=memory)) == wanted


@pytest.mark.parametrize(("ago_ms", "wanted"), [(2 * HOUR, "running"), (2 * HOUR + 1, "stopped")])
def test_it_is_believed_for_as_long_as_a_return_takes(ago_ms, wanted):
    memory = WAS_STOPPED._replace(heard_since_ms=NOW - ago_ms)
    assert state(known([(24, 0.0), (2, 0.25)], memory=memory, usual=OFTEN_BREAKS)) == wanted


def test_standby_load_after_a_silence_is_no_return():
    memory = WAS_STOPPED._replace(heard_since_ms=NOW - 30 * MINUTE)
    assert state(known([(24, 0.0), (0.5, 0.1)], memory=memory)) == "stopped"


# where it began


@pytest.mark.parametrize(("kwh", "hours"), [(0.0125 - LITTLE, 9.25), (0.015, 4)])
def test_a_stop_begins_after_the_last_step_above_twice_the_floor(kwh, hours):
    """Of a quarter hour, 0.0125 kWh."""
    assert judged(known([(40, 0.5), (5, 0.0), (0.25, 4 * kwh), (4, 0.0)]))[2] == hours


@pytest.mark.parametrize(("usual_kwh", "hours"), [(12.0, 9.0), (3.0, 3.75)])
def test_a_tick_of_a_coarse_counter_means_nothing_where_a_usual_step_holds_many(usual_kwh, hours):
    facts = known(
        [(40, usual_kwh / 24), (5, 0.0), (0.25, 0.04), (3.75, 0.0)],
        usual=USUAL._replace(energy_kwh=usual_kwh),
    )
    assert judged(facts, own(stop_floor_kwh_per_day=0.3)) == ("stopped", "no_energy", hours)


@pytest.mark.parametrize(("quiet_h", "hours"), [(2, 2), (1.75, 4)])
def test_an_end_in_the_window_s_first_half_is_believed(quiet_h, hours):
    facts = known(
        [(40, 0.5), (3.75 - quiet_h, 0.0), (0.25, 0.2), (quiet_h, 0.0)], usual=USUAL._replace(energy_kwh=40.0)
    )
    assert judged(facts)[2] == hours


def test_a_short_window_s_beginning_is_told_to_the_minute():
    fine = Ledger(step_ms=MINUTE)
    fill(fine.power, [0.01] * 47 + [0.0] * 13)
    found = judged(known([(40, 0.5)], fine=fine), own(stop_window_s=600))
    assert found == ("stopped", "no_energy", pytest.approx(13 / 60))


@pytest.mark.parametrize(("m3", "hours"), [(0.0083, 24.25), (0.01, 14)])
def test_a_flow_meter_s_stop_begins_after_the_last_step_above_twice_the_share(m3, hours):
    """2 % of a usual quarter hour are 0.0042 m³."""
    facts = known(flow=[(40, 0.8), (10, 0.0), (0.25, 4 * m3), (14, 0.0)])
    assert judged(facts) == ("stopped", "no_effluent", hours)


@pytest.mark.parametrize(("quiet_h", "hours"), [(6, 6), (5.75, 12)])
def test_an_end_of_the_effluent_in_the_window_s_first_half_is_believed(quiet_h, hours):
    facts = known(flow=[(40, 0.8), (11.75 - quiet_h, 0.0), (0.25, 0.16), (quiet_h, 0.0)])
    assert judged(facts) == ("stopped", "no_effluent", hours)


# after a silence, after a by-pass


@pytest.mark.parametrize(("ago_ms", "listens"), [(HOUR - 1, True), (HOUR, False)])
def test_a_stop_seen_within_an_hour_of_a_silence_waits_with_ringing(ago_ms, listens):
    memory = Memory("running", NOW - 60 * HOUR, heard_since_ms=NOW - ago_ms)
    told = evidence(known([(40, 0.5), (9, 0.0)], memory=memory))
    assert told.get(LISTENING) == (NOW if listens else None)


@pytest.mark.parametrize(
    ("begun_h", "wanted"), [(6, "flow_without_power"), (12, "flow_without_power"), (12.25, "stopped")]
)
def test_a_by_pass_may_pause_for_a_night_after_the_pipes_have_drained(begun_h, wanted):
    """Two hours and a sampling interval after it began; then ten hours."""
    begun_ms = NOW - round(begun_h * HOUR)
    memory = WAS_BY_PASSED._replace(start_ms=begun_ms)
    facts = known([(20, 0.5), (30, 0.0)], [(24, 0.8), (30, 0.0)], memory=memory)
    found = decide(facts, LIMITS, NOW)
    assert found.state == wanted
    if wanted != "stopped":
        assert (found.start_ms, found.reason) == (begun_ms, "effluent_without_energy")
        assert found.evidence["energy_kwh"] == 0.0
        assert "volume_m3" not in found.evidence


@pytest.mark.parametrize(("was", "wanted"), [(WAS_STOPPED, "stopped"), (WAS_BY_PASSED, "flow_without_power")])
def test_effluent_that_comes_back_with_energy_makes_no_by_pass_of_a_stop(was, wanted):
    """An hour of half the usual load: too short a return, but nothing runs past a station that stands."""
    facts = known([(24, 0.0), (1, 0.25)], [(24, 0.0), (12, 0.8)], memory=was)
    assert state(facts) == wanted
    assert state(known([(24, 0.0)], [(24, 0.0), (12, 0.8)], memory=was)) == "flow_without_power"


@pytest.mark.parametrize("before", [(4, 0.0), (4, 0.06)])
def test_a_stop_becomes_a_by_pass_when_more_than_a_tenth_of_the_usual_comes(before):
    flow = [(10, 0.8), (22, 0.0), before, (4, 0.8)]
    facts = known([(10, 0.5), (30, 0.0)], flow, memory=WAS_STOPPED)
    assert judged(facts) == ("flow_without_power", "effluent_without_energy", 4)


@pytest.mark.parametrize(("memory", "wanted"), [(WAS_STOPPED, "stopped"), (Memory(), "flow_without_power")])
def test_the_effluent_of_half_a_day_tells_whether_a_stop_became_a_by_pass(memory, wanted):
    """0.6 m³ in the last two hours: a tenth of the usual are 0.33 in a window, 1.0 in half a day."""
    facts = known([(40, 0.5), (30, 0.0)], [(40, 0.8), (28, 0.0), (2, 0.3)], memory=memory)
    assert state(facts) == wanted


@pytest.mark.parametrize(("m3", "wanted"), [(0.08, "stopped"), (0.085, "flow_without_power")])
def test_at_least_the_last_quarter_of_the_window_is_looked_at(m3, wanted):
    """Of a flow meter that is read every two hours, whose pipes would have drained just now."""
    ledger = Ledger()
    fill(ledger.power, quarters((40, 0.5), (4, 0.0)))
    for place, amount in enumerate([*quarters((40, 0.8), (3.75, 0.0)), m3]):
        at_ms = NOW - (176 - place) * Q
        ledger.flow.put(at_ms, amount, 4 * amount, (int(place % 8 == 6), 0, False))
    found = decide(known(ledger=ledger), LIMITS, NOW)
    assert (found.state, found.evidence["volume_floor_m3"]) == (wanted, pytest.approx(2 / 24))


def test_of_a_station_of_whose_effluent_nothing_is_known_a_drop_is_a_by_pass():
    usual = USUAL._replace(volume_m3=None)
    for m3, wanted in ((0.0, "stopped"), (0.001, "flow_without_power")):
        facts = known([(40, 0.5), (8, 0.0)], [(40, 0.0), (8, m3)], usual=usual, design_m3_per_day=None)
        assert state(facts) == wanted


def test_before_effluent_is_learnt_the_design_scale_stands_for_it():
    """A tenth of 40 m³ a day."""
    usual = USUAL._replace(volume_m3=None)
    for m3_per_day, wanted in ((4.0 - 1e-6, "stopped"), (4.0 + 1e-6, "flow_without_power")):
        facts = known([(40, 0.5), (8, 0.0)], [(40, 0.8), (8, m3_per_day / 24)], usual=usual)
        assert state(facts) == wanted


UNMEASURED = {"usual": USUAL._replace(volume_m3=None), "design_m3_per_day": None}


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        (known([(24, 0.5), (24, 0.12)], [(48, 0.0)], **UNMEASURED), "stopped"),
        (known(flow=[(48, 0.0)], **UNMEASURED), "stopped"),
        (known([(24, 0.0), (12, 0.05)], [(48, 0.0)], memory=WAS_STOPPED, **UNMEASURED), "stopped"),
        (known([(72, 0.5)], [(72, 0.0)], **UNMEASURED), "idling"),
        (known([(72, 0.5)], [(71, 0.0), (1, 0.01)], **UNMEASURED), "running"),
    ],
)
def test_where_no_effluent_is_usual_none_at_all_counts_as_none(facts, wanted):
    """Neither learnt nor designed; and a counter that rests as its samples do is no frozen one."""
    assert state(facts) == wanted


def test_a_short_window_s_by_pass_begins_to_the_minute():
    fine = Ledger(step_ms=MINUTE)
    fill(fine.power, [0.0] * 60)
    fill(fine.flow, [0.0] * 53 + [0.02] * 7)
    facts = known([(40, 0.0)], [(40, 0.0)], fine=fine, memory=WAS_STOPPED)
    found = judged(facts, own(stop_window_s=600))
    assert found == ("flow_without_power", "effluent_without_energy", pytest.approx(7 / 60))


def test_a_trickle_of_which_no_step_stands_out_is_a_by_pass_of_half_a_day():
    """Just below a tenth of the usual in each quarter hour; the last is not over, and counts whole."""
    now_ms, ledger = NOW + 5 * MINUTE, Ledger()
    fill(ledger.power, [0.0] * 160, NOW + Q)
    fill(ledger.flow, [0.99 * 0.1 * 20 / 96] * 160, NOW + Q)
    found = judged(known(ledger=ledger, memory=WAS_STOPPED), now_ms=now_ms)
    assert found == ("flow_without_power", "effluent_without_energy", 12)


# the figures that are told


def test_the_figures_of_a_stop_whose_effluent_is_not_known():
    facts = known([(40, 0.5), (4, 0.0)], [(40, 0.8), (3, None), (1, 0.8)])
    assert evidence(facts) == {
        "window_s": 14_400, "energy_kwh": 0.0, "coverage": 1.0, "energy_floor_kwh": pytest.approx(0.1),
        "expected_kwh": pytest.approx(2.0),
    }  # fmt: skip


def test_the_figures_of_a_by_pass():
    told = evidence(known([(40, 0.5), (8, 0.0)], [(48, 0.8)]))
    assert told["energy_kwh"] == 0.0
    assert told["volume_m3"] == pytest.approx(0.8 * 4)
    assert told["volume_floor_m3"] == pytest.approx(0.1 * 20 * 4 / 24)


def test_a_wetland_that_treats_without_energy_runs_as_expected():
    usual = Baseline(0.4, 20.0, 28, least_kwh=USUAL.least_kwh)
    facts = known([(72, 0.0)], [(72, 0.8)], process="wetland", works_without_power=True, usual=usual)
    assert judged(facts) == ("running", "as_expected", 0)
    assert evidence(facts)["energy_kwh"] == 0.0
    assert evidence(facts)["volume_m3"] > 0


def test_the_figures_of_a_day_of_little_energy_and_no_effluent():
    facts = known([(24, 0.5), (24, 0.12)], [(24, 0.8), (24, 0.01)])
    assert evidence(facts) == {
        "window_s": 86_400, "energy_kwh": pytest.approx(2.88), "volume_m3": pytest.approx(0.24),
        "coverage": pytest.approx(1.0), "expected_kwh": pytest.approx(12.0),
        "volume_floor_m3": pytest.approx(0.4),
    }  # fmt: skip


@pytest.mark.parametrize("short", ["power", "flow"])
def test_both_meters_must_be_known_for_that(short):
    pieces = {"power": [(24, 0.5), (24, 0.12)], "flow": [(24, 0.8), (24, 0.0)]}
    level = pieces[short][1][1]
    pieces[short] = [pieces[short][0], (4, level), (7, None), (13, level)]
    assert state(known(**pieces)) != "stopped"


def test_the_figures_of_a_flow_meter_s_stop():
    facts = known(flow=[(40, 0.8), (20, 0.01)])
    assert evidence(facts) == {
        "window_s": 43_200, "volume_m3": pytest.approx(0.12), "coverage": pytest.approx(1.0),
        "volume_floor_m3": pytest.approx(0.2),
    }  # fmt: skip


@pytest.mark.parametrize(("hours", "wanted"), [(12, "stopped"), (11.99, "running")])
def test_a_flow_meter_is_given_its_window_after_an_approved_stop(hours, wanted):
    memory = Memory("running", 0, NOW - round(hours * HOUR))
    assert state(known(flow=[(200, 0.8), (60, 0.0)], memory=memory)) == wanted


@pytest.mark.parametrize(("kind", "hours", "moved"), [("power", 4, "energy_kwh"), ("flow", 24, "volume_m3")])
def test_the_figures_of_a_counter_that_rests(kind, hours, moved):
    ledger = Ledger()
    fill(ledger.power, quarters((72, 0.5)))
    fill(ledger.flow, quarters((72, 0.8)))
    meter = ledger.power if kind == "power" else ledger.flow
    fill(meter, [0.0] * (4 * hours), levels=[0.8] * (4 * hours))
    assert evidence(known(ledger=ledger)) == {
        "device": f"{kind}-1", "window_s": hours * 3_600, moved: 0.0,
        "sampled": pytest.approx(0.8 * hours),
    }  # fmt: skip


def test_the_figures_of_idling():
    facts = known([(72, 0.5)], [(48, 0.8), (24, 0.01)])
    assert judged(facts)[0] == "idling"
    assert evidence(facts) == {
        "window_s": 86_400, "energy_kwh": pytest.approx(12.0), "volume_m3": pytest.approx(0.24),
        "coverage": pytest.approx(1.0), "volume_floor_m3": pytest.approx(0.4),
    }  # fmt: skip


def test_a_station_runs_since_its_first_step_above_twice_the_floor():
    """0.0125 kWh in a quarter hour; the counter shows a little more than that at first."""
    for kwh, hours in ((0.015, 1.75), (0.012, 1.5)):
        facts = known([(24, 0.0), (0.25, 4 * kwh), (1.5, 0.5)], memory=WAS_STOPPED)
        assert judged(facts) == ("running", "as_expected", hours)


def test_a_station_that_returned_without_one_clear_step_runs_from_now():
    """Just enough over half a day, evenly: no quarter hour of it is above twice the floor."""
    facts = known([(24, 0.0), (12, 0.045)], memory=WAS_STOPPED)
    assert judged(facts) == ("running", "as_expected", 0)


def test_with_a_short_window_it_runs_since_the_minute():
    fine = Ledger(step_ms=MINUTE)
    fill(fine.power, [0.0] * 53 + [0.01] * 7)
    facts = known([(40, 0.0)], fine=fine, memory=WAS_STOPPED)
    assert judged(facts, own(stop_window_s=600)) == ("running", "as_expected", pytest.approx(7 / 60))


def test_hours_of_little_energy_above_the_floor_are_a_low_load_and_no_stop():
    """Half as much again as the floor, in every quarter hour of a day."""
    assert judged(known([(40, 0.5), (24, 0.9 / 24)], [(64, 0.8)])) == ("low_load", "low_energy", 24)


@pytest.mark.parametrize(("kwh", "wanted"), [(0.03, "running"), (0.024, "stopped")])
def test_while_nothing_is_learnt_a_return_takes_a_little_more_than_half_the_floor(kwh, wanted):
    """The usual is taken for twice the floor, and 30 % of that in two hours are 0.025 kWh."""
    memory = Memory("stopped", NOW - 6 * HOUR, NOW)
    facts = known([(24, 0.0), (2, 0.052), (2, kwh / 2)], memory=memory, usual=Baseline(12.0, 20.0))
    assert state(facts) == wanted


def test_how_little_of_either_meter_is_known():
    for power, flow, share in (
        ((1, 0.5), (2, 0.8), 0.5),
        ((2, 0.5), (1, 0.8), 0.5),
        ((1, 0.5), (0, 0), 0.25),
    ):
        told = evidence(known([power], [flow]))
        assert told == {"window_s": 14_400, "coverage": pytest.approx(share)}


def test_a_meter_is_late_when_three_intervals_after_its_last_step_nothing_came():
    """Read every 5 minutes, counted to 09:00 and heard at 09:45: overdue from half an hour after 09:15."""
    for later_min, wanted in ((45, "running"), (46, "unknown")):
        now_ms = NOW + later_min * MINUTE
        facts = known([(40, 0.5)], last_heard_ms=now_ms, devices={})
        assert state(facts, now_ms=now_ms) == wanted


def test_a_stopped_station_whose_machine_runs_while_the_counter_stands_has_a_faulty_meter():
    ledger = Ledger()
    fill(ledger.power, quarters((40, 0.5), (40, 0.0)), levels=[0.5] * 160 + [0.0] * 136 + [0.6, 0.5] * 12)
    found = decide(known(ledger=ledger, memory=WAS_STOPPED), LIMITS, NOW)
    assert (found.state, found.reason) == ("meter_fault", "power_counter_frozen")
    assert found.evidence["device"] == "power-1"
