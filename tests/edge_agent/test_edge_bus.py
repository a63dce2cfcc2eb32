import os
import threading
from contextlib import closing

import pytest
import serial
from edge_line import TIMEOUT_S, Spoiler, asked, line, told, word
from hypothesis import given, settings
from hypothesis import strategies as st
from servers import wait_until

from edge_agent.bus import MUTE_QUESTIONS, Bus
from edge_agent.config import BusSettings
from edge_agent.listener import BusError
from simulator.line import PtyLine
from simulator.slave import Line, Slave, seal
from simulator.wire import Piece

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
        assert told(lambda: bus.read(1, 3, 0x10, 2), GOOD) == GOOD
        spoiler.fault = fault
        assert told(lambda: bus.read(1, 3, 0x10, 2), why) == why
        assert told(lambda: bus.read(1, 3, 0x10, 2), why) == why
        spoiler.fault = lambda q, a: a
        other = [word(0x20), word(0x21)]
        assert told(lambda: bus.read(1, 3, 0x20, 2), other) == other


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
        with pytest.raises(
            BusError, match=r"^the device refuses: exception 2 \(illegal data address\)$"
        ) as caught:
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
            spoiler.fault = lambda q, a: a
            bus.read(1, 3, 0x10, 2)
    assert texts == [
        "unit 1 is silent: check power, wiring, unit_id, line settings",
        "4 bytes but no valid frame: check A/B, termination, line settings",
        "the adapter echoes what it sends: set echo = true",
        "asked unit 1, unit 7 answered: duplicate or wrong unit_id",
        "asked for function 3, 2 registers, got function 3, 1 registers",
    ]


class Late:
    """Answers of unit 1 to the first questions come so many time-outs late; other units answer at once."""

    def __init__(self, *time_outs: float) -> None:
        self._waits_s = [each * TIMEOUT_S for each in time_outs]

    def __call__(self, request: bytes, answer: bytes) -> bytes | list[Piece]:
        if request[0] == 1 and self._waits_s:
            return [Piece(self._waits_s.pop(0), answer)]
        return answer


@pytest.mark.parametrize("lateness", [1.3, 1.7, 2.3, 3.2, 5.2, 8.6])
def test_a_late_answer_is_never_taken_for_the_next_one(lateness):
    """One meter alone on the line, asked again and again; the questions have one shape."""
    with line(Late(lateness)) as (bus, _):
        assert asked(lambda: bus.read(1, 3, 0x10, 2)) == "no_response"
        answers = [asked(lambda at=at: bus.read(1, 3, at, 2)) for at in range(0x20, 0xA0, 0x10)]
        rights = [[word(at), word(at + 1)] for at in range(0x20, 0xA0, 0x10)]
        silences = answers.count("no_response")
        assert answers == ["no_response"] * silences + rights[silences:]
        assert silences <= lateness / 2


@pytest.mark.parametrize("lateness", [1.3, 2.3, 3.2])
def test_a_late_answer_does_not_spoil_the_neighbours(lateness):
    with line(Late(lateness)) as (bus, _):
        assert asked(lambda: bus.read(1, 3, 0x10, 2)) == "no_response"
        for address in (0x20, 0x30, 0x40):
            assert asked(lambda at=address: bus.read(2, 3, at, 2)) == [word(address), word(address + 1)]
        assert asked(lambda: bus.read(1, 3, 0x50, 2)) == [word(0x50), word(0x51)]


def test_a_meter_that_is_always_too_late_is_told_so_and_never_believed():
    with line(Late(*[1.5] * 9)) as (bus, _):
        texts = set()
        for address in range(0x100, 0x190, 0x10):
            with pytest.raises(BusError) as caught:
                bus.read(1, 3, address, 4)
            texts.add((caught.value.why, str(caught.value)))
        assert {why for why, _ in texts} == {"no_response"}
        assert asked(lambda: bus.read(1, 3, 0x200, 4)) == [word(0x200 + place) for place in range(4)]


@settings(max_examples=15)
@given(st.lists(st.sampled_from([0, 0, 0.5, 1.2, 2.3, 3.4, 6.1]), max_size=16), st.integers(1, 5))
def test_however_late_no_answer_is_believed_for_another_question(lateness, count):
    """All questions have one shape; whatever is believed is what stands at the address asked for."""
    with line(Late(*lateness), timeout_s=0.02) as (bus, _):
        for address in range(0x100, 0x500, 0x40):
            right = [word(each) for each in range(address, address + count)]
            assert asked(lambda at=address: bus.read(1, 3, at, count)) in (right, "no_response", "garbled")


def test_the_rest_of_a_frame_that_comes_late_is_no_beginning():
    spoiler = Spoiler()
    with line(spoiler) as (bus, _):
        for rest_s in (1.5 * TIMEOUT_S, 2.5 * TIMEOUT_S):
            spoiler.fault = lambda q, a, late_s=rest_s: [Piece(0, a[:5]), Piece(late_s, a[5:])]
            assert asked(lambda: bus.read(1, 3, 0x10, 2)) == "garbled"
            spoiler.fault = lambda q, a: a
            assert asked(lambda: bus.read(1, 3, 0x20, 2)) in ([word(0x20), word(0x21)], "garbled")
            assert asked(lambda: bus.read(1, 3, 0x30, 2)) == [word(0x30), word(0x31)]


def test_a_refusal_that_comes_late_is_not_taken_for_the_next_answer():
    """The exception to the first question arrives after the second was asked, and tells no length."""
    refusals = [seal(b"\x01\x83\x06")]

    def fault(_request: bytes, answer: bytes) -> bytes | list[Piece]:
        return [Piece(3.5 * TIMEOUT_S, refusals.pop())] if refusals else answer

    with line(fault) as (bus, _):
        assert asked(lambda: bus.read(1, 3, 0x10, 2)) == "no_response"
        for address in (0x20, 0x30, 0x40):
            assert asked(lambda at=address: bus.read(1, 3, at, 2)) in (
                *([word(address), word(address + 1)], "device_exception", "no_response"),
            )


def test_a_meter_that_refuses_the_other_shape_is_not_locked_out():
    """After a silence it is asked for less first; it refuses that, which proves as much."""
    spoiler = Spoiler()
    with line(spoiler) as (bus, _):
        spoiler.fault = lambda q, a: None
        assert asked(lambda: bus.read(1, 3, 0x10, 4)) == "no_response"
        spoiler.fault = lambda q, a: a if q[5] == 4 else seal(b"\x01\x83\x03")
        assert asked(lambda: bus.read(1, 3, 0x20, 4)) == [word(0x20 + place) for place in range(4)]


def test_bytes_between_the_questions_are_thrown_away():
    """A stray frame that looks like the answer to the next question lies there before it is asked."""
    stray = seal(b"\x01\x03\x04\xde\xad\xbe\xef")
    with line(lambda q, a: a + stray if q[3] == 0x10 else a) as (bus, _):
        for address in (0x10, 0x20, 0x10, 0x30):
            assert asked(lambda at=address: bus.read(1, 3, at, 2)) == [word(address), word(address + 1)]


def test_another_unit_that_talks_in_between_is_passed_over():
    foreign = seal(b"\x09\x03\x02\x12\x34")
    with line(lambda q, a: foreign + a) as (bus, _):
        assert asked(lambda: bus.read(1, 3, 0x10, 2)) == GOOD


def test_a_paced_line_is_waited_for():
    """100 registers at 1200 baud take two seconds, forty times the time-out."""
    with line(baudrate=19_200, pace=19_200, timeout_s=0.05) as (bus, _):
        assert asked(lambda: bus.read(1, 3, 0x100, 100)) == [word(0x100 + place) for place in range(100)]


def test_a_line_that_is_never_quiet_is_not_waited_for_without_end():
    """Somebody talks all the time; the question ends all the same."""
    babble = [Piece(place * 0.004, b"\xaa\x55") for place in range(1000)]
    with line(lambda q, a: babble, timeout_s=0.02, baudrate=115_200) as (bus, _):
        assert asked(lambda: bus.read(1, 3, 0x10, 2)) == "garbled"
        assert asked(lambda: bus.read(2, 3, 0x10, 2)) == "garbled"


def test_a_silent_line_is_opened_anew_now_and_then():
    """Some adapters stop until their port is reopened."""
    spoiler = Spoiler()
    spoiler.fault = lambda q, a: None
    with line(spoiler, timeout_s=0.001) as (bus, _):
        ports = set()
        for _ in range(2 * MUTE_QUESTIONS):
            assert asked(lambda: bus.read(1, 3, 0x10, 1)) == "no_response"
            ports.add(id(bus._port))
        assert id(None) in ports
        spoiler.fault = lambda q, a: a
    with line(spoiler) as (bus, _):
        assert asked(lambda: bus.read(1, 3, 0x10, 2)) == GOOD


def test_a_port_that_vanishes_while_nobody_asks_is_closed_at_once(tmp_path):
    pty = PtyLine(Line([Slave(1, lambda: {0: 7})]), link=tmp_path / "port")
    wake_fd = os.eventfd(0)
    with closing(Bus(BusSettings(port=str(tmp_path / "port"), timeout_s=TIMEOUT_S))) as bus:
        with pty:
            assert asked(lambda: bus.read(1, 3, 0, 1)) == [7]
            assert not bus.rest(wake_fd, 0.01)
            resting = threading.Thread(target=bus.rest, args=(wake_fd, 60))
            resting.start()
        wait_until(lambda: bus._port is None, "the port is closed")
        with pty:
            os.eventfd_write(wake_fd, 1)
            resting.join()
            assert bus.rest(wake_fd, 60)
            assert asked(lambda: bus.read(1, 3, 0, 1)) == [7]
    os.close(wake_fd)


def test_an_adapter_that_came_back_between_two_questions_is_found_at_once(tmp_path):
    """Nobody rested meanwhile, so the old port is still open when the next question comes."""
    pty = PtyLine(Line([Slave(1, lambda: {0: 7})]), link=tmp_path / "port")
    with closing(Bus(BusSettings(port=str(tmp_path / "port"), timeout_s=TIMEOUT_S))) as bus:
        for _ in range(3):
            with pty:
                assert asked(lambda: bus.read(1, 3, 0, 1)) == [7]


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


@pytest.mark.parametrize("parity", ["E", "O"])
def test_a_pseudo_terminal_is_read_whatever_the_parity(parity):
    with line(parity=parity) as (bus, _):
        for _ in range(3):
            assert bus.read(1, 3, 5, 1) == [word(5)]
            bus.close()


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
        f"port {path}: is no serial port: name the adapter's device file",
    )


def test_a_busy_port_is_said_and_taken_when_it_is_free():
    with line() as (bus, pty):
        with serial.Serial(pty.port, exclusive=True), pytest.raises(BusError) as caught:
            bus.read(1, 3, 0x10, 2)
        assert (caught.value.why, str(caught.value)) == (
            "port_gone",
            f"port {pty.port}: another program uses it: stop that program",
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
    with closing(Bus(BusSettings(port=str(tmp_path / "port"), timeout_s=TIMEOUT_S))) as bus:
        assert asked(lambda: bus.read(1, 3, 0, 1)) == "no_response"
        pulling = threading.Timer(0.5 * TIMEOUT_S, pty.close)
        pulling.start()
        answers = [asked(lambda: bus.read(1, 3, 0, 1)) for _ in range(2)]  # a busy machine may pull late
        pulling.join()
        assert answers in (["port_gone", "port_gone"], ["no_response", "port_gone"])
        assert asked(lambda: bus.read(1, 3, 0, 1)) == "port_gone"


def test_the_line_settings_reach_the_port():
    with line(baudrate=2400, stopbits=2) as (bus, _):
        bus.read(1, 3, 0x10, 2)
        port = bus._port._serial
        assert (port.baudrate, port.parity, port.stopbits) == (2400, "N", 2)  # a pty knows no parity
        assert port.exclusive
