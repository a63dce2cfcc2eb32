"""Which meter is said to be at fault, since when, and by whose sampling interval."""

import pytest
from synthetic_station import DAY, HOUR, LIMITS, MINUTE, NOW, USUAL, Q, fill, known, own, quarters, state

from alerting.baseline import Baseline
from alerting.case import Case
from alerting.detect import decide
from alerting.known import Last
from alerting.ledger import Ledger

RUNS = {"power": [(72, 0.5)], "flow": [(72, 0.8)]}


def mute(**minutes):
    """Devices that answer no more since so many minutes; `power_1` for power-1."""
    return {
        name.replace("_", "-"): Last(
            name[:-2], NOW, is_missing=True, counted_ms=NOW - ago * MINUTE, has_voltage=None
        )
        for name, ago in minutes.items()
    }


@pytest.mark.parametrize(
    ("minutes", "device", "ago"),
    [
        ({"flow_2": 70, "flow_1": 50}, "flow-2", 70),
        ({"flow_2": 50, "flow_1": 70}, "flow-1", 70),
        ({"flow_2": 60, "flow_1": 60}, "flow-1", 60),
    ],
)
def test_of_several_mute_meters_the_first_to_fall_silent_is_told(minutes, device, ago):
    answers = {"power-1": Last("power", NOW, is_missing=False, counted_ms=NOW, has_voltage=None)}
    found = decide(known(**RUNS, devices=answers | mute(**minutes)), LIMITS, NOW)
    since_ms = NOW - ago * MINUTE
    assert (found.state, found.reason, found.start_ms) == ("meter_fault", "meter_mute", since_ms)
    assert found.evidence == {"device": device, "since_ms": since_ms}


def test_while_a_power_cut_is_not_yet_told_mute_meters_are_no_fault():
    assert state(known(**RUNS, devices=mute(power_1=40, flow_1=4))) == "running"
    assert state(known(**RUNS, devices=mute(power_1=40, flow_1=5))) == "power_cut"


def test_a_power_cut_is_told_with_its_instant_by_the_meters_that_told_it():
    found = decide(known(**RUNS, devices=mute(power_1=40, flow_1=10)), LIMITS, NOW)
    assert (found.start_ms, found.evidence) == (NOW - 10 * MINUTE, {"since_ms": NOW - 10 * MINUTE})
    dead = {"power-1": Last("power", NOW, is_missing=False, counted_ms=NOW, has_voltage=False)}
    found = decide(known(**RUNS, devices=dead), LIMITS, NOW)
    assert (found.reason, found.start_ms, found.evidence) == ("no_voltage", NOW, {})


def read_by_the_hour(kind, until_ms=NOW):
    """A ledger with a meter that is read once an hour, and another every five minutes."""
    ledger = Ledger()
    meter, other = (ledger.power, ledger.flow) if kind == "power" else (ledger.flow, ledger.power)
    fill(other, quarters((72, 0.5)))
    for place in range(4 * 72):
        at_ms = NOW - (4 * 72 - place) * Q
        amount = 0.125 if at_ms < until_ms else None
        sampled = int(place % 4 == 0)
        meter.put(at_ms, amount, 0.5 if sampled else None, (sampled, 0, False))
    return ledger


@pytest.mark.parametrize("kind", ["power", "flow"])
def test_a_meter_is_late_by_its_own_interval(kind):
    devices = {
        f"{each}-1": Last(each, NOW, is_missing=False, counted_ms=NOW, has_voltage=None)
        for each in ("power", "flow")
    }
    for minutes, wanted in ((170, "running"), (181, "meter_fault")):
        late = devices[f"{kind}-1"]._replace(at_ms=NOW - minutes * MINUTE, counted_ms=NOW - minutes * MINUTE)
        facts = known(ledger=read_by_the_hour(kind), devices=devices | {f"{kind}-1": late})
        assert state(facts) == wanted


@pytest.mark.parametrize("kind", ["power", "flow"])
def test_an_unreadable_counter_is_told_with_its_meter(kind):
    """Its last sample came 45 minutes ago, which is not late for a meter that is read by the hour."""
    ended_ms = NOW - 9 * HOUR
    found = decide(known(ledger=read_by_the_hour(kind, ended_ms)), LIMITS, NOW)
    assert (found.reason, found.start_ms) == ("counter_unreadable", ended_ms)
    assert found.evidence == {"device": f"{kind}-1", "since_ms": ended_ms}


def test_an_idle_window_of_its_own_is_taken_as_it_is_by_a_flow_meter_alone():
    for limits, hours in ((own(idle_window_s=172_800), 48), (LIMITS, 12)):
        assert Case(known(flow=[(1, 1.0)]), limits, NOW).dry_window_ms == hours * HOUR


def test_a_station_of_which_no_window_is_learnt_has_no_low_load():
    usual = Baseline(12.0, 20.0, 28)
    assert usual.low_window_h(24) is None
    assert state(known([(72, 0.5), (48, 0.1)], [(120, 0.8)], usual=usual)) == "running"
    assert USUAL.low_window_h(24) == DAY / HOUR


def test_an_absurd_sample_does_not_hide_a_stop_behind_a_frozen_counter():
    ledger = Ledger()
    levels = [0.5] * 160 + [0.0] * 80
    levels[-5] = 6_553.5
    fill(ledger.power, quarters((40, 0.5), (20, 0.0)), levels=levels)
    assert state(known(ledger=ledger)) == "stopped"
