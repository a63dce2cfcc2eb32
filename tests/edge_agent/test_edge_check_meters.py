"""Each meter as the installer sees it, on lines that are well, that are not, and that somebody else holds."""

import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial
from edge_check import codes, config, seen

from edge_agent.commissioning import wiring_words
from edge_agent.commissioning.check import checks
from edge_agent.commissioning.check_meters import in_short
from edge_agent.loan import LineNotLentError
from simulator.fault_words import named
from simulator.meters import SimulatedStation


def test_meters_that_are_well_show_their_values(tmp_path):
    with SimulatedStation(seed=2, clock=lambda: 1_760_000_000.0) as station:
        found = seen(config(tmp_path, port=station.port), "meter")
    assert codes(found) == ["meter ok meter_good"] * 2
    assert found[0].text == in_short(
        {name: value for name, value in found[0].figures.items() if not isinstance(value, str)}
    )
    assert " V  50.0 Hz  " in found[0].text
    assert found[1].text.endswith(" m³")
    assert (found[0].figures["profile"], found[0].figures["line"]) == ("chint-dtsu666", "9600 8N1")


def test_values_in_short():
    assert in_short({"voltage_l1_v": 231.24, "energy_kwh": 8412.64}) == "231.2 V  8,412.6 kWh"
    phases = {"voltage_l1_v": 231.24, "voltage_l2_v": 0.0, "voltage_l3_v": 229.9, "active_power_kw": 1.8449}
    assert in_short(phases) == "231/0/230 V  1.84 kW"
    assert in_short({}) == ""


@pytest.mark.parametrize(
    ("fault", "code", "text"),
    [
        ("silence", "no_response", "no answer"),
        ("bad_crc", "garbled", "garbled answer"),
        ("echo", "echo", "our own echo"),
        ("other_unit 9", "other_unit", "another meter answers"),
        ("wrong_length 1", "wrong_shape", "answer of the wrong length"),
        ("exception 6", "device_exception", "the meter refuses"),
    ],
)
def test_a_meter_that_is_not_well_has_its_cause_and_advice(fault, code, text, tmp_path):
    with SimulatedStation(fault=named(fault)) as station:
        found = seen(config(tmp_path, port=station.port), "meter")
    assert codes(found) == [f"meter fail {code}"] * 2
    assert [each.text for each in found] == [text] * 2
    assert all(each.remedy and each.figures["detail"] for each in found)
    advice = "\n".join(wiring_words.WORDS["en"].advice)
    assert [advice in each.remedy for each in found] == [
        code in {"no_response", "garbled", "other_unit"},
        False,
    ]


def test_one_that_answers_at_the_second_try_only(tmp_path):
    with SimulatedStation() as station:
        station.faults.set(named("bad_crc"), unit_id=1, requests=1)
        found = seen(config(tmp_path, port=station.port), "meter")
    assert codes(found) == ["meter warn meter_second_try", "meter ok meter_good"]
    assert found[0].text.endswith("; at the second try only (garbled answer)")


def test_a_port_that_is_not_there_spares_its_meters(tmp_path):
    found = seen(config(tmp_path), "meter")
    assert codes(found) == ["port fail port_missing", "meter skipped skipped", "meter skipped skipped"]
    assert found[1].text == "not checked: see port above"


def test_a_port_that_somebody_here_holds(tmp_path):
    with SimulatedStation() as station, serial.Serial(station.port, exclusive=True):
        found = seen(config(tmp_path, port=station.port), "meter")
    assert codes(found) == ["meter fail meter_port_busy"] * 2
    assert "another program uses it" in found[0].text


def test_a_line_is_borrowed_for_as_long_as_it_is_polled(tmp_path):
    lent: list[str] = []

    @contextmanager
    def lend(bus):
        lent.append(f"lent {bus.port}")
        yield
        lent.append("back")

    with SimulatedStation() as station:
        found = seen(config(tmp_path, port=station.port), "meter", lend=lend)
        assert lent == [f"lent {station.port}", "back"]
    assert codes(found) == ["meter ok meter_good"] * 2


def test_a_line_that_is_not_lent(tmp_path):
    def lend(bus):
        raise LineNotLentError("taken", Path("/run/outbox.sock"), bus.port, "agent scan (process 12)")

    with SimulatedStation() as station:
        port = station.port
        found = list(checks(config(tmp_path, port=port), "zh-CN", only=["meter"], lend=lend))
    assert codes(found) == ["meter fail meter_unlent"] * 2
    assert found[0].text == f"串口 {port}：正被 agent scan (process 12) 借用，请等其结束。"


def test_giving_up_midway_gives_the_line_back(tmp_path):
    back = threading.Event()

    @contextmanager
    def lend(_bus):
        try:
            yield
        finally:
            back.set()

    with SimulatedStation() as station:
        found = checks(config(tmp_path, port=station.port), "en", only=["meter"], lend=lend)
        assert next(found).code == "meter_good"
        assert not back.is_set()
        found.close()
        assert back.is_set()
