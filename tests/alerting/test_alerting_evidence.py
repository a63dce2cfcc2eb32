"""What a judgement rests on just now: who was heard, and consumption in fine steps from raw readings."""

from contextlib import closing
from datetime import date

import pytest
from synthetic_station import DAY, HOUR, MINUTE, USUAL, ZONE, A, approved_stop, own, station_file

from alerting.evidence import FINE_STEPS, fine_ledger, known_now
from alerting.fleet_view import FleetView
from alerting.freshness import recompute
from alerting.known import Last, Memory, Thresholds
from history.embedded import EmbeddedHistory
from history.port import StationReading
from registry.tables import Presence
from telemetry.reading import Reading

NOW = 1_795_000_200_000
LIMITS = Thresholds(1_800, 14_400, 86_400, 86_400, 0.5, 0.75)


@pytest.fixture
def history(tmp_path):
    with closing(EmbeddedHistory(tmp_path / "history.db")) as opened:
        yield opened


def reading(t, kind, **values):
    return Reading(t=t, d=f"{kind}-1", k=kind, x=values)


def mute(t, device):
    return Reading(t=t, d=device, k=device.partition("-")[0], q="missing", why="no_response")


def write(history, *readings):
    history.write([StationReading(A, each) for each in readings])


def counting(history, start_ms, end_ms, every_ms):
    """A kWh and two m³ an hour."""
    counts = [(t, (t - NOW) / HOUR + 1_000) for t in range(start_ms, end_ms + 1, every_ms)]
    write(history, *(reading(t, "power", energy_kwh=kwh) for t, kwh in counts))
    write(history, *(reading(t, "flow", volume_m3=2 * kwh) for t, kwh in counts))


@pytest.mark.parametrize("window_s", [60, 600, 3_599])
def test_a_short_window_comes_from_raw_readings_in_fine_steps(history, window_s):
    counting(history, NOW - 3 * HOUR, NOW, 10_000)
    ledger = fine_ledger(FleetView(history), A, window_s * 1_000, NOW)
    assert ledger.power.step_ms == max(1_000, window_s * 1_000 // FINE_STEPS)
    used = ledger.power.usage(NOW - window_s * 1_000, NOW)
    assert used.amount == pytest.approx(window_s / 3_600, rel=0.02)
    assert used.coverage == pytest.approx(1.0, abs=0.02)
    assert ledger.flow.usage(NOW - window_s * 1_000, NOW).amount == pytest.approx(window_s / 1_800, rel=0.02)
    nobody = fine_ledger(FleetView(history), "nobody", window_s * 1_000, NOW)
    assert nobody.power.usage(NOW - HOUR, NOW) == (0.0, 0.0)


def test_fine_steps_and_quarter_hours_say_the_same(history):
    counting(history, NOW - 3 * HOUR, NOW, 60_000)
    recompute(history, A, NOW - 3 * HOUR, NOW)
    view = FleetView(history)
    view.use.begin(NOW)
    fine = fine_ledger(view, A, 30 * MINUTE, NOW).power.usage(NOW - 30 * MINUTE, NOW)
    whole = view.use.ledger(A, NOW).power.usage(NOW - 30 * MINUTE, NOW)
    assert fine.amount == pytest.approx(whole.amount, rel=0.05)


def known(history, file=None, latest=(), limits=LIMITS):
    view = FleetView(history)
    view.use.begin(NOW)
    return known_now(view, file or station_file(), latest, limits, USUAL, ZONE, NOW)


@pytest.mark.parametrize(
    ("limits", "is_fine"),
    [
        (LIMITS._replace(stop_window_s=600), True),
        (own(stop_window_s=600), True),
        (own(stop_window_s=3_599), True),
        (own(stop_window_s=3_600), False),
        (own(idle_window_s=600), False),
    ],
)
def test_fine_steps_are_made_for_short_windows(history, limits, is_fine):
    assert (known(history, limits=limits).fine is not None) == is_fine


def test_what_was_heard_last(history):
    counting(history, NOW - 3 * HOUR, NOW - 2 * HOUR, 300_000)
    write(history, mute(NOW - MINUTE, "flow-1"))
    power = reading(NOW - 2 * MINUTE, "power", energy_kwh=5.0, voltage_l1_v=0.0)
    facts = known(history, latest=[power, mute(NOW - MINUTE, "flow-1"), mute(NOW - MINUTE, "flow-2")])
    assert facts.last_heard_ms == NOW - MINUTE
    counted_ms = NOW - 2 * MINUTE
    assert facts.devices == {
        "power-1": Last("power", counted_ms, is_missing=False, counted_ms=counted_ms, has_voltage=False),
        "flow-1": Last("flow", NOW - MINUTE, is_missing=True, counted_ms=NOW - 2 * HOUR, has_voltage=None),
        "flow-2": Last("flow", NOW - MINUTE, is_missing=True, counted_ms=None, has_voltage=None),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("seen_ms", "heard_ms"), [(NOW - 5, NOW - 5), (NOW - DAY, NOW - MINUTE), (None, NOW - MINUTE)]
)
def test_the_box_itself_is_a_sign_of_life(history, seen_ms, heard_ms):
    file = station_file()._replace(presence=Presence(station_id=A, last_seen_ms=seen_ms))
    assert known(history, file, [mute(NOW - MINUTE, "flow-1")]).last_heard_ms == heard_ms


def test_nothing_heard(history):
    facts = known(history, station_file(meters=()))
    assert (facts.last_heard_ms, facts.first_heard_ms, facts.devices) == (None, None, {})
    assert (facts.has_power_meter, facts.has_flow_meter) == (False, False)


def test_what_the_file_tells(history):
    stop = approved_stop(date(2020, 1, 1), date(2099, 1, 1), 0, "season")
    memory = Memory("stopped", 1, 2, 3)
    file = station_file("pond", 30.0, exclusions=[stop])._replace(memory=memory)
    facts = known(history, file)
    assert (facts.process, facts.works_without_power, facts.design_m3_per_day) == ("pond", True, 30.0)
    assert (facts.planned.reason, facts.memory, facts.usual) == ("season", memory, USUAL)
    assert facts.left_ms is None


@pytest.mark.parametrize(
    ("readings", "wanted"),
    [
        ([reading(0, "power", voltage_l1_v=49.9)], False),
        ([reading(0, "power", voltage_l1_v=50.0)], True),
        ([reading(0, "power", voltage_l1_v=0.0, voltage_l2_v=0.0, voltage_l3_v=231.0)], True),
        ([reading(0, "power", voltage_l1_v=0.0, voltage_l2_v=0.0, voltage_l3_v=0.0)], False),
        ([reading(0, "power", energy_kwh=1.0)], None),
    ],
)
def test_whether_there_is_voltage(history, readings, wanted):
    assert known(history, latest=readings).devices["power-1"].has_voltage is wanted
