"""Every fault of the catalogue against frames written by hand; and what it leaves of an exception."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import faults
from simulator.errors import ParameterError
from simulator.slave import is_intact
from simulator.wire import Piece

READ = bytes.fromhex("01 03 00 00 00 02 C4 0B")
ANSWER = bytes.fromhex("01 03 04 00 07 00 09 8B F4")
REFUSAL = bytes.fromhex("01 83 02 C0 F1")

SPOILT = {
    "none": (faults.none(), "01 03 04 00 07 00 09 8B F4"),
    "half_frame": (faults.half_frame(), "01 03 04 00"),
    "bad_crc": (faults.bad_crc(), "01 03 04 00 07 00 09 8B 0B"),
    "flipped_bit": (faults.flipped_bit(), "01 03 04 00 87 00 09 8B F4"),
    "flipped_bit 0": (faults.flipped_bit(0), "00 03 04 00 07 00 09 8B F4"),
    "flipped_bit round": (faults.flipped_bit(9 * 8 + 1), "03 03 04 00 07 00 09 8B F4"),
    "junk_before": (faults.junk_before(), "FF 01 03 04 00 07 00 09 8B F4"),
    "junk_before 00 00": (faults.junk_before(b"\0\0"), "00 00 01 03 04 00 07 00 09 8B F4"),
    "junk_after": (faults.junk_after(), "01 03 04 00 07 00 09 8B F4 00"),
    "junk_after FF": (faults.junk_after(b"\xff"), "01 03 04 00 07 00 09 8B F4 FF"),
    "other_unit": (faults.other_unit(), "02 03 04 00 07 00 09 B8 F4"),
    "other_unit 7": (faults.other_unit(7), "07 03 04 00 07 00 09 ED F4"),
    "exception 6": (faults.exception(6), "01 83 06 C1 32"),
    "exception 11": (faults.exception(11), "01 83 0B 00 F7"),
    "one register too few": (faults.wrong_length(-1), "01 03 02 00 07 F9 86"),
    "one register too many": (faults.wrong_length(1), "01 03 06 00 07 00 09 00 00 44 B7"),
    "never less than none": (faults.wrong_length(-100), "01 03 00 20 F0"),
    "wrong_function": (faults.wrong_function(), "01 04 04 00 07 00 09 8A 43"),
    "wrong_function 65": (faults.wrong_function(65), "01 41 04 00 07 00 09 84 D6"),
}
REFUSED = {
    "other_unit": (faults.other_unit(), "02 83 02 30 F1"),
    "exception": (faults.exception(6), "01 83 06 C1 32"),
    "wrong_length": (faults.wrong_length(1), "01 83 02 C0 F1"),
    "wrong_function": (faults.wrong_function(), "01 84 02 C2 C1"),
    "wrong_function 65": (faults.wrong_function(65), "01 C1 02 F0 51"),
    "half_frame": (faults.half_frame(), "01 83"),
    "flipped_bit": (faults.flipped_bit(32), "01 83 02 C0 F0"),
}
TIMED = {
    "late": (faults.late(0.7), [(0.7, "01 03 04 00 07 00 09 8B F4", False)]),
    "late_half": (
        faults.late_half(0.5),
        [(0.0, "01 03 04 00", False), (0.5, "07 00 09 8B F4", False)],
    ),
    "echo": (
        faults.echo(),
        [(0.0, "01 03 00 00 00 02 C4 0B", True), (0.0, "01 03 04 00 07 00 09 8B F4", False)],
    ),
    "echo_only": (faults.echo_only(), [(0.0, "01 03 00 00 00 02 C4 0B", True)]),
    "slow": (
        faults.slow(2.0),
        [
            *[(0.0, "01", False), (2.0, "03", False), (4.0, "04", False)],
            *[(6.0, "00", False), (8.0, "07", False), (10.0, "00", False)],
            *[(12.0, "09", False), (14.0, "8B", False), (16.0, "F4", False)],
        ],
    ),
}


def test_silence():
    assert faults.silence()(READ, ANSWER) is None


@pytest.mark.parametrize(("fault", "wanted"), SPOILT.values(), ids=SPOILT)
def test_what_becomes_of_an_answer(fault, wanted):
    assert fault(READ, ANSWER) == bytes.fromhex(wanted)


@pytest.mark.parametrize(("fault", "wanted"), REFUSED.values(), ids=REFUSED)
def test_what_becomes_of_an_exception(fault, wanted):
    assert fault(READ, REFUSAL) == bytes.fromhex(wanted)


@pytest.mark.parametrize(("fault", "wanted"), TIMED.values(), ids=TIMED)
def test_what_comes_when(fault, wanted):
    assert list(fault(READ, ANSWER)) == [
        Piece(delay_s, bytes.fromhex(octets), by_adapter=by_adapter) for delay_s, octets, by_adapter in wanted
    ]


def test_the_usual_other_unit_is_the_next_one_and_an_address():
    answer = bytes.fromhex("F7 03 04 00 07 00 09 1D FB")
    assert faults.other_unit()(READ, answer) == ANSWER


def test_function_4_is_answered_as_function_3():
    request = bytes.fromhex("01 04 00 00 00 02 71 CB")
    answer = bytes.fromhex("01 04 04 00 07 00 09 8A 43")
    assert faults.wrong_function()(request, answer) == ANSWER


def test_an_answer_that_is_too_long_fits_into_its_count():
    longest = bytes((1, 3, 250)) + bytes(252)
    assert faults.wrong_length(100)(READ, longest)[:3] == bytes((1, 3, 254))


def test_noise_repeats_itself_by_its_seed_and_is_new_each_time():
    first, same, other = faults.noise(40, 3), faults.noise(40, 3), faults.noise(40, 4)
    said = [first(READ, ANSWER) for _ in range(20)]
    assert said == [same(READ, ANSWER) for _ in range(20)]
    assert len({*said, other(READ, ANSWER)}) == 21
    assert {len(octets) for octets in said} == {40}
    assert len(faults.noise()(READ, ANSWER)) == 32


@given(st.integers(4, 6), st.integers())
def test_noise_is_never_a_frame(octets, seed):
    assert not is_intact(faults.noise(octets, seed)(READ, ANSWER))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: faults.late(-1), "seconds: 0 to 3600 (got -1). Choose one of this range."),
        (lambda: faults.late(math.nan), "seconds: 0 to 3600 (got nan). Choose one of this range."),
        (lambda: faults.late_half(math.inf), "seconds: 0 to 3600 (got inf). Choose one of this range."),
        (lambda: faults.slow(3601), "seconds: 0 to 3600 (got 3601). Choose one of this range."),
        (lambda: faults.flipped_bit(-1), "bit: 0 to 2047 (got -1). Choose one of this range."),
        (lambda: faults.other_unit(256), "unit_id: 0 to 255 (got 256). Choose one of this range."),
        (lambda: faults.exception(0), "code: 1 to 11 (got 0). Choose one of this range."),
        (lambda: faults.exception(12), "code: 1 to 11 (got 12). Choose one of this range."),
        (lambda: faults.wrong_function(128), "function: 1 to 127 (got 128). Choose one of this range."),
        (lambda: faults.noise(0), "octets: 1 to 1024 (got 0). Choose one of this range."),
        (
            lambda: faults.wrong_length(0),
            "by: -127 to 127 and not 0 (got 0). Say -1 for one register too few.",
        ),
    ],
)
def test_what_no_line_does_is_refused(make, message):
    with pytest.raises(ParameterError) as caught:
        make()
    assert str(caught.value) == message
