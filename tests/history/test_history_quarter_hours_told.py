"""What people tell about meters: exchanges, corrections, counts by eye; and devices that succeed others."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from history.meter_events import CtCorrection, Exchange, ManualReading, MeterEvents
from history.port import QUARTER_HOUR_MS
from history.quarter_hours import consumption, contradictions, floor_to_quarter, quarter_hours
from telemetry.reading import Reading

Q = QUARTER_HOUR_MS
MINUTE_MS = 60_000
DAY_MS = 86_400_000
START_MS = 1_795_000_500_000


def count(t, value, device="power-1", level=None):
    kind = device.split("-")[0]
    x = {"energy_kwh" if kind == "power" else "volume_m3": float(value)}
    if level is not None:
        x["active_power_kw" if kind == "power" else "flow_m3h"] = level
    return Reading(t=t, d=device, k=kind, x=x)


def total(life, events, kind="power"):
    """The sum of all quarter hours around a life and its events."""
    times = [each.t for each in life] + [each.at_ms for each in (*events.exchanges, *events.manual)]
    starts = range(floor_to_quarter(min(times)), max(times) + Q, Q)
    rows = quarter_hours("a", life, starts, events)
    found = [row.energy_kwh if kind == "power" else row.volume_m3 for row in rows]
    assert all(amount is None or amount >= 0 for amount in found)
    return sum(amount or 0 for amount in found)


@st.composite
def risings(draw, least=2, most=12, first=5_000):
    """Instants and values of a counter that rises, at any interval with jitter and gaps."""
    interval = draw(st.sampled_from([1, 5, 15, 60, 1440])) * MINUTE_MS
    t, value, found = START_MS + draw(st.integers(0, DAY_MS)), float(first), []
    for _ in range(draw(st.integers(least, most))):
        found.append((t, value))
        t += interval * draw(st.sampled_from([1, 1, 1, 2, 9])) + draw(st.integers(-20_000, 20_000))
        value += draw(st.floats(0, 50))
    return found


@pytest.mark.parametrize("device", ["power-1", "flow-1"])
@settings(max_examples=30)
@given(risings(), risings(first=0), st.integers(1, DAY_MS), st.integers(1, DAY_MS), st.data())
def test_with_an_exchange_the_sum_is_what_both_meters_counted(device, old, new, before_ms, after_ms, data):
    at_ms = old[-1][0] + before_ms
    moved = at_ms + after_ms - new[0][0]
    final, initial = old[-1][1] + data.draw(st.floats(0, 100)), new[0][1] - data.draw(st.floats(0, 100))
    life = [count(t, value, device) for t, value in old]
    life += [count(t + moved, value, device) for t, value in new]
    events = MeterEvents(exchanges=(Exchange(device, at_ms, final, initial),))
    wanted = (final - old[0][1]) + (new[-1][1] - initial)
    mixed = data.draw(st.permutations(life)) + data.draw(st.lists(st.sampled_from(life)))
    assert total(mixed, events, device.split("-")[0]) == pytest.approx(wanted, abs=1e-6)


def test_each_part_beside_an_exchange_stands_alone():
    life = [count(0, 100), count(4 * Q, 3)]
    for final, initial, rows in [
        (101, 1, [0.5, 0.5, 1, 1]),
        (99, 1, [None, None, 1, 1]),
        (101, 5, [0.5, 0.5, None, None]),
        (99, 5, [None] * 4),
    ]:
        events = MeterEvents(exchanges=(Exchange("power-1", 2 * Q, final, initial),))
        found = quarter_hours("a", life, range(0, 4 * Q, Q), events)
        assert [row.energy_kwh for row in found] == rows


def test_several_exchanges_in_one_gap():
    exchanges = (Exchange("power-1", 3 * Q, 12, 500), Exchange("power-1", Q, 101, 10))
    found = quarter_hours("a", [count(0, 100), count(4 * Q, 504)], range(0, 4 * Q, Q), MeterEvents(exchanges))
    assert [row.energy_kwh for row in found] == [1, 1, 1, 4]


@settings(max_examples=30)
@given(risings(), st.floats(0.1, 100), st.floats(0, 1), st.floats(0.1, 100))
def test_from_a_correction_on_all_is_multiplied(life, factor, place, later):
    first, last = life[0][0], life[-1][0]
    since_ms = first + round((last - first) * place)
    end_ms = floor_to_quarter(since_ms)
    readings = [count(t, value, level=2.0) for t, value in life]
    plain = consumption(readings, "power", first, since_ms).amount if since_ms > first else 0
    rest = consumption(readings, "power", since_ms, last).amount if since_ms < last else 0
    events = MeterEvents(
        corrections=(CtCorrection("power-1", last + 1, later), CtCorrection("power-1", since_ms, factor))
    )
    assert total(readings, events) == pytest.approx(plain + factor * rest, rel=1e-9, abs=1e-6)
    for row in quarter_hours("a", readings, range(end_ms + Q, last, Q), events):
        assert row.power_mean_kw in (None, pytest.approx(2 * factor))
        assert row.power_max_kw in (None, pytest.approx(2 * factor))


def test_a_correction_is_for_energy_of_its_device_and_the_next_one_replaces_it():
    life = [count(n * Q, n, device, 1.0) for n in range(5) for device in ("power-1", "flow-1")]
    corrections = (
        CtCorrection("power-1", Q, 10),
        CtCorrection("power-1", 3 * Q, 1),
        CtCorrection("power-2", 0, 7),
        CtCorrection("flow-1", 0, 7),
    )
    rows = quarter_hours("a", life, range(0, 4 * Q, Q), MeterEvents(corrections=corrections))
    assert [row.energy_kwh for row in rows] == [1, 10, 10, 1]
    assert [row.power_max_kw for row in rows] == [1, 10, 10, 1]
    assert [row.volume_m3 for row in rows] == [1] * 4
    assert [row.flow_max_m3h for row in rows] == [1] * 4


def test_counts_by_eye_bridge_where_the_box_was_dead():
    life = [count(n * MINUTE_MS, 100) for n in range(5)] + [count(60 * DAY_MS, 400)]
    events = MeterEvents(manual=(ManualReading("power-1", 30 * DAY_MS, 350),))
    first = consumption(life, "power", 0, 30 * DAY_MS, events)
    second = consumption(life, "power", 30 * DAY_MS, 60 * DAY_MS, events)
    assert (first.amount, first.coverage, first.bridged) == (250, 1, True)
    assert (second.amount, second.coverage, second.bridged) == (50, 1, True)
    assert contradictions(life, events) == []


def test_a_row_that_rests_on_a_count_by_eye_is_bridged_however_short():
    life = [count(n * MINUTE_MS, n) for n in range(31) if n != 20]
    events = MeterEvents(manual=(ManualReading("power-1", 20 * MINUTE_MS, 20),))
    rows = quarter_hours("a", life, [0, Q], events)
    assert [(row.energy_kwh, row.power_bridged) for row in rows] == [(15, False), (15, True)]


def test_counts_by_eye_alone_tell_the_consumption():
    events = MeterEvents(manual=tuple(ManualReading("power-1", n * DAY_MS, 4 * n) for n in range(9)))
    used = consumption([], "power", 0, 8 * DAY_MS, events)
    assert (used.amount, used.coverage, used.bridged, used.good) == (32, 1, True, 0)
    assert consumption([], "flow", 0, 8 * DAY_MS, events).amount is None


@pytest.mark.parametrize(("value", "believed"), [(99, False), (100, True), (110, True), (111, False)])
def test_a_count_by_eye_that_contradicts_the_box_is_ignored_and_said_so(value, believed):
    life = [count(0, 90), count(Q, 100), count(3 * Q, 110), count(4 * Q, 120)]
    manual = ManualReading("power-1", 2 * Q, value)
    events = MeterEvents(manual=(manual,))
    assert contradictions(life, events) == ([] if believed else [manual])
    assert total(life, events) == 30
    rows = quarter_hours("a", life, [Q, 2 * Q], events)
    wanted = [value - 100, 110 - value] if believed else [5, 5]
    assert [row.energy_kwh for row in rows] == wanted


def test_a_count_by_eye_is_judged_by_what_the_box_shows_not_by_its_odd_samples():
    life = [count(0, 90), count(Q, 1e6), count(3 * Q, 110), count(4 * Q, 120)]
    events = MeterEvents(manual=(ManualReading("power-1", 2 * Q, 105),))
    assert contradictions(life, events) == []
    assert total(life, events) == 30


def test_of_counts_by_eye_the_one_that_fits_no_other_is_ignored():
    manual = tuple(
        ManualReading("power-1", n * DAY_MS, value) for n, value in enumerate([10, 20, 3000, 40, 50])
    )
    assert contradictions([], MeterEvents(manual=manual)) == [manual[2]]
    assert total([], MeterEvents(manual=manual)) == pytest.approx(40)


@settings(max_examples=30)
@given(risings(), risings(first=3))
def test_a_device_that_takes_the_place_of_another_counts_on_from_there(old, new):
    moved = old[-1][0] + 5 * MINUTE_MS - new[0][0]
    life = [count(t, value, "power-1") for t, value in old]
    life += [count(t + moved, value, "power-2") for t, value in new]
    wanted = old[-1][1] - old[0][1] + new[-1][1] - new[0][1]
    assert total(life, MeterEvents()) == pytest.approx(wanted, abs=1e-6)
    told = MeterEvents(exchanges=(Exchange("power-2", old[-1][0] + 60_000, old[-1][1] + 2, new[0][1] - 1),))
    assert total(life, told) == pytest.approx(wanted + 3, abs=1e-6)


def test_a_sub_meter_never_counts_even_if_the_main_meter_dies():
    life = [count(n * Q, n, "power-1", 1.0) for n in range(4)]
    life += [count(n * Q, 10 * n, "power-2", 9.0) for n in range(8)]
    rows = quarter_hours("a", life, range(0, 7 * Q, Q))
    assert [row.energy_kwh for row in rows] == [1, 1, 1, None, None, None, None]
    assert [row.power_mean_kw for row in rows] == [1, 1, 1, 1, None, None, None]


def test_an_exchange_hands_over_though_the_old_device_goes_on_as_a_sub_meter():
    life = [count(n * Q, n, "power-1", 1.0) for n in range(8)]
    life += [count(n * Q, 10 * n, "power-2", 9.0) for n in range(5, 8)]
    events = MeterEvents(exchanges=(Exchange("power-2", 4 * Q, 4.0, 40.0),))
    rows = quarter_hours("a", life, range(0, 7 * Q, Q), events)
    assert [row.energy_kwh for row in rows] == [1, 1, 1, 1, 10, 10, 10]
    assert [row.power_mean_kw for row in rows] == [1, 1, 1, 1, None, 9, 9]


def test_a_short_window_does_not_take_a_sub_meter_for_a_successor():
    """Only the edges of the window are given: since when the second device counts is not known."""
    life = [count(0, 1, "power-1"), count(DAY_MS, 5, "power-2"), count(DAY_MS + 2 * Q, 9, "power-2")]
    assert consumption(life, "power", DAY_MS + Q, DAY_MS + 2 * Q).amount is None


def test_a_device_without_any_count_does_not_stand_in_the_way():
    life = [Reading(t=0, d="power-1", k="power", q="missing", why="no_response")]
    life += [count(n * Q, n, "power-2") for n in range(3)]
    assert [row.energy_kwh for row in quarter_hours("a", life, [0, Q])] == [1, 1]
