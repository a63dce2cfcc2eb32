"""What is due when, without a port and without a clock."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import ParameterError
from simulator.wire import BITS_PER_OCTET, CHUNK_S, Piece, Wire

OCTET_S = 0.01
BAUDRATE = 1100
"""Ten milliseconds for each octet."""


def heard(wire: Wire) -> list[tuple[float, bytes]]:
    """All that is still to come, with its time."""
    said = []
    while wire.next_s is not None:
        at_s = wire.next_s
        said.append((pytest.approx(at_s), wire.due(at_s)))
    return said


def test_nothing_is_due_before_its_time():
    wire = Wire()
    wire.hear(8, 5.0)
    wire.say((Piece(0.5, b"late"),), 8, 5.0)
    assert (wire.next_s, wire.due(5.49), wire.due(5.5), wire.next_s) == (5.5, b"", b"late", None)


def test_a_late_piece_lets_other_answers_pass():
    wire = Wire()
    wire.say((Piece(0.7, b"one"),), 8, 0.0)
    wire.say((Piece(0.0, b"two"),), 8, 0.1)
    assert heard(wire) == [(0.1, b"two"), (0.7, b"one")]


def test_pieces_without_delay_stand_one_behind_the_other():
    wire = Wire()
    wire.say((Piece(0.0, b"a"), Piece(-1.0, b"b"), Piece(math.nan, b"c"), Piece(0.0, b"")), 8, 1.0)
    assert heard(wire) == [(1.0, b"abc")]


def test_pieces_come_by_their_time_not_by_their_place():
    wire = Wire()
    wire.say((Piece(2.0, b"b"), Piece(1.0, b"a")), 8, 0.0)
    assert heard(wire) == [(1.0, b"a"), (2.0, b"b")]


def test_the_answer_delay_holds_the_slave_up_but_not_the_adapter():
    wire = Wire(answer_delay_s=0.3)
    wire.say((Piece(0.0, b"echo", by_adapter=True), Piece(0.2, b"answer")), 8, 1.0)
    assert heard(wire) == [(1.0, b"echo"), (1.5, b"answer")]


def test_with_a_baud_rate_request_and_answer_take_their_time():
    wire = Wire(baudrate=BAUDRATE)
    wire.hear(8, 0.0)
    wire.say((Piece(0.0, b"abc"),), 8, 0.0)
    assert heard(wire) == [(0.09, b"a"), (0.10, b"b"), (0.11, b"c")]


def test_a_request_that_comes_in_parts_is_complete_with_its_last_octet():
    wire = Wire(baudrate=BAUDRATE)
    wire.hear(4, 0.0)
    wire.hear(4, 0.01)
    wire.say((Piece(0.0, b"a"),), 8, 0.01)
    assert heard(wire) == [(0.09, b"a")]
    wire.hear(4, 1.0)
    wire.hear(4, 2.0)
    wire.say((Piece(0.0, b"a"),), 8, 2.0)
    assert heard(wire) == [(2.05, b"a")]


def test_an_echo_comes_while_the_request_passes():
    wire = Wire(baudrate=BAUDRATE)
    wire.hear(3, 0.0)
    wire.say((Piece(0.0, b"REQ", by_adapter=True), Piece(0.0, b"ok")), 3, 0.0)
    assert heard(wire) == [(0.01, b"R"), (0.02, b"E"), (0.03, b"Q"), (0.04, b"o"), (0.05, b"k")]


def test_octets_of_one_answer_do_not_overtake_those_before():
    wire = Wire(baudrate=BAUDRATE)
    wire.say((Piece(0.0, b"abc"), Piece(0.01, b"de")), 8, 0.0)
    assert b"".join(octets for _, octets in heard(wire)) == b"abcde"


def test_a_slave_answers_in_the_order_in_which_it_was_asked():
    wire = Wire()
    wire.say((Piece(3.0, b"one"),), 8, 0.0, speaker=1)
    wire.say((Piece(0.0, b"ech", by_adapter=True), Piece(0.0, b"two")), 8, 1.0, speaker=1)
    wire.say((Piece(0.0, b"other"),), 8, 1.5, speaker=2)
    assert heard(wire) == [(1.0, b"ech"), (1.5, b"other"), (3.0, b"onetwo")]


def test_two_speakers_speak_into_each_other():
    wire = Wire(baudrate=BAUDRATE)
    wire.say((Piece(0.0, b"aaa"),), 8, 0.0)
    wire.say((Piece(0.005, b"bbb"),), 8, 0.0)
    assert b"".join(octets for _, octets in heard(wire)) == b"ababab"


@given(st.sampled_from([300, 1200, 9600, 19200, 115_200]), st.binary(min_size=1, max_size=260))
def test_a_paced_answer_is_whole_in_small_portions_and_never_early(baudrate, octets):
    wire = Wire(baudrate=baudrate)
    wire.say((Piece(0.0, octets),), 8, 0.0)
    octet_s, said = BITS_PER_OCTET / baudrate, b""
    while wire.next_s is not None:
        at_s = wire.next_s
        portion = wire.due(at_s)
        said += portion
        assert at_s == pytest.approx(len(said) * octet_s)
        assert len(portion) == 1 or len(portion) * octet_s <= CHUNK_S
    assert said == octets


def test_what_is_forgotten_is_never_said():
    wire = Wire(baudrate=BAUDRATE)
    wire.hear(1000, 0.0)
    wire.say((Piece(0.0, b"abc"),), 8, 0.0)
    wire.clear()
    assert wire.next_s is None
    wire.say((Piece(0.0, b"a"),), 8, 1.0)
    assert heard(wire) == [(1.01, b"a")]


@pytest.mark.parametrize("baudrate", [0, -9600])
def test_a_baud_rate_is_more_than_zero(baudrate):
    with pytest.raises(ParameterError) as caught:
        Wire(baudrate=baudrate)
    assert str(caught.value) == f"baudrate: more than zero (got {baudrate}). Say 9600, or leave it out."
