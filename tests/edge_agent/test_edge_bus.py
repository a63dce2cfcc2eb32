import random
import threading
import time
from contextlib import closing

import pytest
import serial
from edge_line import TIMEOUT_S, Spoiler, asked, line, word
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.bus import Bus, BusError
from edge_agent.config import BusSettings
from simulator.line import PtyLine
from simulator.slave import Line, Slave, seal

GOOD = [word(address) for address in (0x10, 0x11)]

FAULTS = {
    "silence": (lambda q, a: None, "no_response"),
    "half a frame": (lambda q, a: a[:4], "garbled"),
    "all but the last byte": (lambda q, a: a[:-1], "garbled"),
    "one byte": (lambda q, a: a[:1], "garbled"),
    "a bad checksum": (lambda q, a: a[:-1] + bytes([a[-1] ^ 1]), "garbled"),
    "a flipped bit in a value": (lambda q, a: a[:4] + bytes([a[4] ^ 0x80]) + a[5:], "garbled"),
    "junk 00 before": (lambda q, a: b"\x00" + a, "garbled"),
    "junk FF before": (lambda q, a: b"\xff" + a, "garbled"),
    "noise": (lambda q, a: bytes(range(60, 100)), "garbled"),
    "a long noise": (lambda q, a: b"\xaa" * 600, "garbled"),
    "echo alone": (lambda q, a: q, "echo"),
    "echo, then the answer": (lambda q, a: q + a, "echo"),
    "another unit": (lambda q, a: seal(b"\x07" + a[1:-2]), "other_unit"),
    "another unit refuses": (lambda q, a: seal(b"\x07\x83\x02"), "other_unit"),
    "one register too few": (lambda q, a: seal(b"\x01\x03\x02" + a[3:5]), "wrong_shape"),
    "one register too many": (lambda q, a: seal(b"\x01\x03\x06\x00\x00" + a[3:-2]), "wrong_shape"),
    "no register": (lambda q, a: seal(b"\x01\x03\x00"), "wrong_shape"),
    "half a register": (lambda q, a: seal(b"\x01\x03\x03" + a[3:6]), "wrong_shape"),
    "a register and a half more": (lambda q, a: seal(b"\x01\x03\x05" + a[3:7] + b"\x00"), "wrong_shape"),
    "the other read function": (lambda q, a: seal(b"\x01\x04" + a[2:-2]), "wrong_shape"),
    "a write's answer": (lambda q, a: seal(b"\x01\x06\x00\x10\x00\x02"), "wrong_shape"),
    "a function nobody knows": (lambda q, a: seal(b"\x01\x41" + a[2:-2]), "wrong_shape"),
    "an exception to another function": (lambda q, a: seal(b"\x01\x86\x02"), "wrong_shape"),
    "exception 1": (lambda q, a: seal(b"\x01\x83\x01"), "device_exception"),
    "exception 6": (lambda q, a: seal(b"\x01\x83\x06"), "device_exception"),
}


@pytest.mark.parametrize(("fault", "why"), FAULTS.values(), ids=FAULTS)
def test_no_fault_passes_for_an_answer_and_the_next_question_is_answered(fault, why):
    spoiler = Spoiler()
    with line(spoiler) as (bus, _):
        assert asked(lambda: bus.read(1, 3, 0x10, 2)) == GOOD
        spoiler.fault = fault
        assert asked(lambda: bus.read(1, 3, 0x10, 2)) == why
        assert asked(lambda: bus.read(1, 3, 0x10, 2)) == why
        spoiler.fault = lambda q, a: a
        assert asked(lambda: bus.read(1, 3, 0x20, 2)) == [word(0x20), word(0x21)]


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("address", [0x0300, 0x03FF])
def test_an_echo_that_looks_like_an_answer_is_none(address, count):
    """From 0x0300 to 0x03FF a request is, byte for byte, an answer of three bytes."""
    with line(lambda q, a: q) as (bus, _):
        assert asked(lambda: bus.read(1, 3, address, count)) == "echo"
    with line(lambda q, a: q + a) as (bus, _):
        assert asked(lambda: bus.read(1, 3, address, count)) == "echo"


def test_an_echoing_adapter_works_once_it_is_said():
    with line(lambda q, a: q + a, echo=True) as (bus, _):
        assert asked(lambda: bus.read(1, 3, 0x10, 2)) == GOOD
        assert asked(lambda: bus.read(1, 3, 0x300, 1)) == [word(0x300)]


def test_the_device_says_which_exception():
    with line() as (bus, _):
        with pytest.raises(BusError, match=r"^the device refuses: exception 2$") as caught:
            bus.read(1, 3, 0x0FFF, 2)
        assert (caught.value.why, caught.value.exception_code) == ("device_exception", 2)
        assert asked(lambda: bus.read(1, 4, 0x10, 2)) == GOOD


def test_messages_tell_the_installer_what_to_look_at():
    names = ("silence", "half a frame", "echo alone", "another unit", "one register too few")
    spoiler = Spoiler()
    with line(spoiler) as (bus, _):
        texts = []
        for name in names:
            spoiler.fault = FAULTS[name][0]
            with pytest.raises(BusError) as caught:
                bus.read(1, 3, 0x10, 2)
            texts.append(str(caught.value))
    assert texts == [
        "unit 1 is silent: check power, wiring, unit_id, line settings",
        "4 bytes but no valid frame: check A/B, termination, line settings",
        "the adapter echoes what it sends: set echo = true",
        "asked unit 1, unit 7 answered: duplicate or wrong unit_id",
        "asked for function 3, 2 registers, got function 3, 1 registers",
    ]


@pytest.mark.parametrize("units", [(1, 1), (1, 2)])
@pytest.mark.parametrize("lateness", [1.3, 1.7, 2.3, 3.2])
def test_a_late_answer_is_never_taken_for_the_next_one(units, lateness):
    """With one meter on the line as with two; the second question has the shape of the first."""
    late = [True, False, False]

    def delayed(_request: bytes, answer: bytes) -> bytes:
        if late and late.pop(0):
            time.sleep(lateness * TIMEOUT_S)
        return answer

    with line(delayed) as (bus, _):
        assert asked(lambda: bus.read(units[0], 3, 0x10, 2)) == "no_response"
        assert asked(lambda: bus.read(units[1], 3, 0x20, 2)) == [word(0x20), word(0x21)]
        assert asked(lambda: bus.read(units[0], 3, 0x30, 2)) == [word(0x30), word(0x31)]


def test_a_meter_that_is_late_now_and_then_is_never_believed_for_another_question():
    """All questions have one shape; before the drain waited long enough, nearly all answers were wrong."""
    chance = random.Random(3)

    def late(_request: bytes, answer: bytes) -> bytes:
        time.sleep(chance.choice([0, 0, 0.5, 1.2, 2.3, 3.4]) * TIMEOUT_S)
        return answer

    with line(late) as (bus, _):
        for address in range(0x100, 0x900, 0x40):
            right = [word(address), word(address + 1)]
            assert asked(lambda at=address: bus.read(1, 3, at, 2)) in (right, "no_response")


@settings(max_examples=40)
@given(st.binary(max_size=12), st.booleans(), st.integers(0, 9), st.integers(0, 7))
def test_noise_of_any_kind_is_never_a_value(noise, before, place, bit):
    """Bytes before or after, and one flipped bit: either the true registers come, or none."""

    def spoil(_request: bytes, answer: bytes) -> bytes:
        octets = bytearray(answer)
        if place < len(octets):
            octets[place] ^= 1 << bit
        return noise + bytes(octets) if before else bytes(octets) + noise

    with line(spoil, timeout_s=0.02) as (bus, _):
        assert asked(lambda: bus.read(1, 3, 0x10, 2)) in (
            *(GOOD, "garbled", "other_unit", "wrong_shape", "device_exception"),
        )


def test_a_port_that_is_not_there():
    with closing(Bus(BusSettings(port="/dev/ttyNONE"))) as bus:
        for _ in range(2):
            with pytest.raises(BusError) as caught:
                bus.read(1, 3, 0, 1)
            assert (caught.value.why, str(caught.value)) == (
                "port_gone",
                "port /dev/ttyNONE: there is no such device: is the adapter plugged in?",
            )


def test_a_port_that_is_no_port(tmp_path):
    path = tmp_path / "file"
    path.touch()
    with closing(Bus(BusSettings(port=str(path)))) as bus, pytest.raises(BusError) as caught:
        bus.read(1, 3, 0, 1)
    assert (caught.value.why, str(caught.value)) == (
        "port_gone",
        f"port {path}: cannot be opened: another program uses it, or it is no serial port",
    )


def test_a_busy_port_is_said_and_taken_when_it_is_free():
    with line() as (bus, pty):
        with serial.Serial(pty.port, exclusive=True), pytest.raises(BusError) as caught:
            bus.read(1, 3, 0x10, 2)
        assert (caught.value.why, str(caught.value)) == (
            "port_gone",
            f"port {pty.port}: cannot be opened: another program uses it, or it is no serial port",
        )
        assert asked(lambda: bus.read(1, 3, 0x10, 2)) == GOOD


def test_a_port_that_goes_and_comes_back(tmp_path):
    slaves = Line([Slave(1, lambda: {0: 7})])
    pty = PtyLine(slaves, link=tmp_path / "port")
    with closing(Bus(BusSettings(port=str(tmp_path / "port"), timeout_s=TIMEOUT_S))) as bus:
        for _ in range(2):
            with pty:
                assert asked(lambda: bus.read(1, 3, 0, 1)) == [7]
            assert asked(lambda: bus.read(1, 3, 0, 1)) == "port_gone"
            assert asked(lambda: bus.read(1, 3, 0, 1)) == "port_gone"
        with pty:
            assert asked(lambda: bus.read(1, 3, 0, 1)) == [7]


@pytest.mark.parametrize("words", [b"", b"\x01\x03"])
def test_a_port_that_goes_during_the_question(tmp_path, words):
    """The adapter is pulled while we wait, or while the line is drained after half a frame."""
    pulled = threading.Event()

    def pull(_request: bytes, _answer: bytes) -> bytes:
        pulled.set()
        return words

    pty = PtyLine(Line([Slave(1, lambda: {0: 7})]), link=tmp_path / "port", fault=pull)
    pty.start()
    threading.Thread(target=lambda: (pulled.wait(), pty.close())).start()
    with closing(Bus(BusSettings(port=str(tmp_path / "port"), timeout_s=TIMEOUT_S))) as bus:
        assert asked(lambda: bus.read(1, 3, 0, 1)) == "port_gone"
        assert asked(lambda: bus.read(1, 3, 0, 1)) == "port_gone"


def test_a_port_that_goes_while_the_line_is_drained(tmp_path):
    pty = PtyLine(Line([Slave(1, lambda: {0: 7})]), link=tmp_path / "port", fault=lambda q, a: None)
    pty.start()
    pulling = threading.Timer(1.5 * TIMEOUT_S, pty.close)
    pulling.start()
    with closing(Bus(BusSettings(port=str(tmp_path / "port"), timeout_s=TIMEOUT_S))) as bus:
        assert asked(lambda: bus.read(1, 3, 0, 1)) == "port_gone"
        assert asked(lambda: bus.read(1, 3, 0, 1)) == "port_gone"
    pulling.join()


def test_the_line_settings_reach_the_port():
    with line(baudrate=2400, stopbits=2) as (bus, _):
        bus.read(1, 3, 0x10, 2)
        port = bus._client.socket
        assert (port.baudrate, port.parity, port.stopbits) == (2400, "N", 2)  # a pty knows no parity
        assert port.exclusive
