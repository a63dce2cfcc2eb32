"""Power cuts and meters that do not answer, do not move or make no sense; every boundary from both sides."""

import pytest
from synthetic_station import DAY, HOUR, LIMITS, LITTLE, MINUTE, NOW, Q, fill, judged, known, quarters, state

from alerting.baseline import Baseline
from alerting.known import Last
from alerting.ledger import Ledger

RUNS = {"power": [(72, 0.5)], "flow": [(72, 0.8)]}


def last(device="power-1", *, ago=0.0, missing=False, counted=None, voltage=None):
    """What a device told last, minutes ago; and when it last counted."""
    kind = device.partition("-")[0]
    at_ms = NOW - round(ago * MINUTE)
    counted_ms = at_ms if counted is None else NOW - round(counted * MINUTE)
    return device, Last(kind, at_ms, missing, counted_ms, voltage)


def with_devices(*devices, **facts):
    return known(**(RUNS | facts), devices=dict(devices))


# power cuts


@pytest.mark.parametrize(
    ("devices", "wanted"),
    [
        ([last(voltage=False)], ("power_cut", "no_voltage", 0)),
        ([last(voltage=True)], ("running", "as_expected", 0)),
        ([last(voltage=None)], ("running", "as_expected", 0)),
        ([last(voltage=False, ago=20), last("flow-1")], ("power_cut", "no_voltage", 20 / 60)),
        ([last(voltage=False), last("power-2", voltage=True)], ("running", "as_expected", 0)),
        ([last(voltage=False, ago=30), last("power-2", ago=30)], ("power_cut", "no_voltage", 0.5)),
        ([last(voltage=False, ago=31), last("flow-1")], ("meter_fault", "meter_mute", 31 / 60)),
    ],
)
def test_no_phase_has_voltage(devices, wanted):
    assert judged(with_devices(*devices)) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("since", "wanted"),
    [((9, 5), ("power_cut", "all_meters_mute", 5 / 60)), ((9, 4.9), ("running", "as_expected", 0)),
     ((5, 40), ("power_cut", "all_meters_mute", 5 / 60))],
)  # fmt: skip
def test_all_meters_mute_while_the_box_is_heard(since, wanted):
    devices = [
        last(name, missing=True, counted=minutes)
        for name, minutes in zip(("power-1", "flow-1"), since, strict=True)
    ]
    assert judged(with_devices(*devices)) == pytest.approx(wanted)


def test_one_meter_alone_tells_no_power_cut():
    facts = with_devices(last(missing=True, counted=29), flow=())
    assert state(facts) == "running"
    facts = with_devices(last(missing=True, counted=30), flow=())
    assert judged(facts) == ("meter_fault", "meter_mute", 0.5)


def test_a_power_cut_goes_before_a_stop():
    devices = [last(name, missing=True, counted=300) for name in ("power-1", "flow-1")]
    facts = with_devices(*devices, power=[(40, 0.5), (5, 0.0)], flow=[(40, 0.8), (5, 0.0)])
    assert state(facts) == "power_cut"


# meters that do not answer


@pytest.mark.parametrize(
    ("minutes", "wanted"), [(29.9, "running"), (30, "meter_fault"), (300, "meter_fault")]
)
@pytest.mark.parametrize("device", ["power-1", "flow-1", "other-1"])
def test_one_of_several_meters_is_mute_for_half_an_hour(device, minutes, wanted):
    others = [last(name) for name in ("power-1", "flow-1", "power-2") if name != device]
    mute = last(device if device != "other-1" else "flow-2", missing=True, counted=minutes)
    assert state(with_devices(*others, mute)) == wanted


def test_the_fault_tells_which_meter_and_since_when():
    mute = [last(name, missing=True, counted=ago) for name, ago in (("flow-2", 50), ("flow-1", 70))]
    facts = with_devices(last(), *mute)
    assert judged(facts) == ("meter_fault", "meter_mute", pytest.approx(70 / 60))


def test_a_meter_that_never_counted_is_mute_since_its_poll_failed():
    device = Last("flow", NOW - 40 * MINUTE, is_missing=True, counted_ms=None, has_voltage=None)
    facts = with_devices(last(), ("flow-1", device))
    assert judged(facts) == ("meter_fault", "meter_mute", pytest.approx(40 / 60))


@pytest.mark.parametrize(("minutes", "wanted"), [(30, "running"), (30.1, "meter_fault")])
def test_a_meter_of_which_nothing_comes_any_more(minutes, wanted):
    assert state(with_devices(last(), last("flow-1", ago=minutes))) == wanted


def test_meters_that_are_read_by_the_hour_are_given_three_hours():
    ledger = Ledger()
    for hour in range(72):
        at_ms = NOW - (72 - hour) * HOUR
        for place in range(4):
            sampled = int(place == 0)
            ledger.power.put(at_ms + place * Q, 0.125, 0.5 if sampled else None, (sampled, 0, not sampled))
            ledger.flow.put(at_ms + place * Q, 0.2, 0.8 if sampled else None, (sampled, 0, not sampled))
    for minutes, wanted in ((180, "running"), (180.1, "meter_fault")):
        facts = known(ledger=ledger, devices=dict([last(), last("flow-1", ago=minutes)]))
        assert state(facts) == wanted


def test_a_stop_goes_before_a_mute_flow_meter():
    devices = [last(), last("flow-1", missing=True, counted=600)]
    facts = with_devices(*devices, power=[(40, 0.5), (4, 0.0)], flow=[(40, 0.8), (4, 0.0)])
    assert state(facts) == "stopped"


# counters that do not move


def resting(hours, counted, sampled, **facts):
    """A power counter that moved by so much in the last hours, and what its samples say; kWh."""
    ledger = Ledger()
    fill(ledger.power, quarters((48, 0.5)), NOW - hours * HOUR)
    amounts = quarters((hours, counted / hours))
    fill(ledger.power, amounts, levels=[sampled / hours] * len(amounts))
    return known(ledger=ledger, **facts)


@pytest.mark.parametrize(
    ("counted", "sampled", "wanted"),
    [
        (0.0, 2.0, "meter_fault"),
        (0.0, 0.2 + LITTLE, "meter_fault"),  # twice the floor and a tenth of the usual
        (0.0, 0.2 - LITTLE, "stopped"),
        (0.0, 0.0, "stopped"),
        (0.09, 0.9 + LITTLE, "meter_fault"),
        (0.09, 0.9 - 1e-6, "stopped"),  # it moved by a tenth of what the samples say
    ],
)
def test_a_counter_that_rests_against_its_own_samples(counted, sampled, wanted):
    assert state(resting(4, counted, sampled)) == wanted


def test_which_counter_rests():
    assert judged(resting(4, 0.0, 2.0)) == ("meter_fault", "power_counter_frozen", 4)


def test_too_few_samples_contradict_nothing():
    ledger = Ledger()
    fill(ledger.power, quarters((48, 0.5)), NOW - 4 * HOUR)
    fill(ledger.power, [0.0] * 16, levels=[0.5] * 10 + [None] * 6)
    assert state(known(ledger=ledger)) == "stopped"


def test_a_short_window_of_its_own_is_not_long_enough_to_tell():
    limits = LIMITS._replace(stop_window_s=7_200, own=frozenset({"stop_window_s"}))
    assert state(resting(4, 0.0, 2.0), limits) == "stopped"


@pytest.mark.parametrize(("sampled", "wanted"), [(2.0 + LITTLE, "meter_fault"), (2.0 - LITTLE, "idling")])
def test_a_flow_counter_that_rests_is_no_idling(sampled, wanted):
    """A tenth of the usual effluent."""
    ledger = Ledger()
    fill(ledger.power, quarters((72, 0.5)))
    fill(ledger.flow, quarters((48, 0.8)), NOW - DAY)
    fill(ledger.flow, [0.0] * 96, levels=[sampled / 24] * 96)
    facts = known(ledger=ledger)
    assert state(facts) == wanted
    if wanted == "meter_fault":
        assert judged(facts) == ("meter_fault", "flow_counter_frozen", 24)


def test_a_flow_counter_that_rests_is_no_stop_of_a_station_with_nothing_else():
    ledger = Ledger()
    fill(ledger.flow, quarters((48, 0.8)), NOW - DAY)
    fill(ledger.flow, [0.0] * 96, levels=[0.8] * 96)
    assert judged(known(ledger=ledger))[:2] == ("meter_fault", "flow_counter_frozen")


# counters that make no sense


def unreadable(hours, kind="power", *, samples_ago=0):
    """Samples come, but for hours the counter could not be believed."""
    ledger = Ledger()
    ended_ms = NOW - round(hours * HOUR)
    fill(ledger.power, quarters((48, 0.5)), ended_ms if kind == "power" else NOW)
    fill(ledger.flow, quarters((48, 0.8)), ended_ms if kind == "flow" else NOW)
    places = round(4 * hours) - samples_ago
    meter = ledger.power if kind == "power" else ledger.flow
    fill(meter, [None] * places, NOW - samples_ago * Q, levels=[1.0] * places)
    return known(ledger=ledger)


@pytest.mark.parametrize("kind", ["power", "flow"])
@pytest.mark.parametrize(("hours", "wanted"), [(3.75, "running"), (4, "meter_fault"), (9, "meter_fault")])
def test_a_counter_without_one_believable_difference(kind, hours, wanted):
    facts = unreadable(hours, kind)
    assert state(facts) == wanted
    if wanted == "meter_fault":
        assert judged(facts) == ("meter_fault", "counter_unreadable", hours)


def test_an_unreadable_counter_whose_samples_ended_is_left_to_the_other_rules():
    assert state(unreadable(9, "power", samples_ago=2)) == "meter_fault"
    assert state(unreadable(9, "power", samples_ago=3)) == "running"


def test_while_nothing_is_learnt_only_clear_samples_contradict_a_counter():
    """Twice the floor, 1 kWh a day."""
    usual = Baseline(12.0, 20.0)
    assert state(resting(4, 0.0, 1 / 6 + LITTLE, usual=usual)) == "meter_fault"
    assert state(resting(4, 0.0, 1 / 6 - LITTLE, usual=usual)) == "stopped"
