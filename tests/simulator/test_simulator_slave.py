import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import ParameterError
from simulator.slave import SILENCE_S, Exchange, Line, Slave, crc16, is_intact, seal

IMAGE = {address: 0x1000 + address for address in range(130)}
READ = bytes.fromhex("01 03 00 00 00 02 C4 0B")
ANSWER = seal(bytes.fromhex("01 03 04 1000 1001"))


def slave(unit_id: int = 1, **options) -> Slave:
    return Slave(unit_id, lambda: IMAGE, **options)


def line() -> Line:
    return Line([slave(1), slave(2, functions={3})])


def read(unit_id: int, function: int, address: int, count: int) -> bytes:
    return seal(struct.pack(">BBHH", unit_id, function, address, count))


@pytest.mark.parametrize(
    "frame",
    [
        "01 03 00 00 00 02 C4 0B",  # the MFE600 manual's own example
        "01 03 00 00 00 0A C5 CD",
        "11 03 00 6B 00 03 76 87",  # the example everybody quotes
        "01 83 02 C0 F1",
    ],
)
def test_known_checksums(frame):
    octets = bytes.fromhex(frame)
    assert seal(octets[:-2]) == octets
    assert is_intact(octets)


def test_the_check_value_of_the_crc_catalogue():
    assert crc16(b"123456789") == 0x4B37


@given(st.binary(min_size=2, max_size=250), st.integers(0, 2000))
def test_one_flipped_bit_is_always_seen(body, bit):
    frame = bytearray(seal(body))
    bit %= 8 * len(frame)
    frame[bit // 8] ^= 1 << bit % 8
    assert not is_intact(bytes(frame))


def test_a_read_is_answered_and_reported():
    served = []
    answered = slave(served=lambda *what: served.append(what)).answer(READ)
    assert answered == ANSWER
    assert served == [(1, 0, 2, (0x1000, 0x1001))]


def test_both_read_functions_and_the_largest_count():
    answered = slave().answer(read(1, 4, 5, 125))
    assert answered is not None
    assert answered[:3] == bytes((1, 4, 250))
    assert struct.unpack(">125H", answered[3:-2]) == tuple(0x1000 + 5 + place for place in range(125))


@pytest.mark.parametrize(
    ("request_frame", "code"),
    [
        (read(1, 6, 0, 1), 1),
        (read(1, 1, 0, 1), 1),
        (seal(bytes.fromhex("01 10 0000 0001 02 0000")), 1),
        (seal(bytes.fromhex("01 2B 0E 01 00")), 1),
        (read(1, 3, 129, 2), 2),
        (read(1, 3, 0xFFFF, 2), 2),
        (read(1, 3, 0, 0), 3),
        (read(1, 3, 0, 126), 3),
        (seal(bytes.fromhex("01 03 00 00")), 3),
    ],
)
def test_wrong_requests_draw_the_standard_exception(request_frame, code):
    assert slave().answer(request_frame) == seal(bytes((1, request_frame[1] | 0x80, code)))


def test_a_function_the_meter_lacks_draws_exception_1():
    assert slave(functions={3}).answer(read(1, 4, 0, 1)) == seal(b"\x01\x84\x01")


@pytest.mark.parametrize(
    "request_frame", [read(9, 3, 0, 2), read(0, 3, 0, 2), READ[:-1] + b"\x0c", b"", b"\x01"]
)
def test_frames_of_others_and_broken_ones_meet_silence(request_frame):
    assert slave().answer(request_frame) is None


def test_a_slave_without_power_is_mute():
    assert Slave(1, lambda: None).answer(READ) is None


def test_line_joins_pieces_of_a_frame():
    wire = line()
    assert wire.receive(READ[:3], 0.0) == []
    assert wire.is_mid_frame
    assert wire.receive(READ[3:7], 0.001) == []
    assert wire.receive(READ[7:], 0.002) == [Exchange(READ, ANSWER)]
    assert not wire.is_mid_frame


def test_line_answers_requests_that_arrive_together():
    second = read(2, 3, 0, 1)
    first, other = line().receive(READ + second, 0.0)
    assert first == (READ, ANSWER)
    assert other.request == second
    assert other.answer == seal(bytes.fromhex("02 03 02 1000"))


@given(garbage=st.binary(max_size=40))
def test_line_finds_the_request_behind_garbage(garbage):
    wire = line()
    exchanges = wire.receive(garbage + READ, 0.0)
    assert exchanges[-1] == Exchange(READ, ANSWER)
    assert wire.receive(READ, 0.001)[-1] == Exchange(READ, ANSWER)


@given(garbage=st.binary(max_size=40))
def test_line_forgets_garbage_after_a_silence(garbage):
    wire = line()
    wire.receive(garbage, 0.0)
    wire.receive(b"", SILENCE_S)
    assert not wire.is_mid_frame
    assert wire.receive(READ, SILENCE_S) == [Exchange(READ, ANSWER)]


def test_half_a_frame_before_a_silence_does_not_spoil_the_next():
    wire = line()
    assert wire.receive(READ[:5], 0.0) == []
    assert wire.receive(READ, SILENCE_S) == [Exchange(READ, ANSWER)]


def test_a_function_of_unknown_length_is_answered_after_the_silence():
    wire = line()
    identify = seal(bytes.fromhex("01 2B 0E 01 00"))
    assert wire.receive(identify, 0.0) == []
    assert wire.receive(b"", SILENCE_S) == [Exchange(identify, seal(b"\x01\xab\x01"))]


def test_a_request_to_a_unit_that_is_not_there_is_seen_but_not_answered():
    request = read(77, 3, 0, 1)
    assert line().receive(request, 0.0) == [Exchange(request, None)]


def test_endless_garbage_does_not_pile_up():
    wire = line()
    for moment in range(200):
        wire.receive(b"\xff" * 100, moment / 1000)
    assert len(wire._buffer) <= 256


def test_addresses_are_checked():
    with pytest.raises(ParameterError, match=r"unit_id: 1 to 247 \(got 0\)"):
        slave(0)
    with pytest.raises(ParameterError, match=r"unit_id: unique on its line \(got 3\)"):
        Line([slave(3), slave(3)])
