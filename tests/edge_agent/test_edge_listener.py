import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.listener import BusError, Listener
from edge_agent.rtu import Question, Shape, is_intact
from edge_agent.unanswered import Unanswered
from simulator.slave import seal

QUESTION = Question(1, 3, 0x2006, 2)
ANSWER = seal(b"\x01\x03\x04\x12\x34\x56\x78")
REGISTERS = [0x1234, 0x5678]


def hear(*pieces: bytes, late: tuple[Shape, ...] = (), echo: bool = False) -> list[int] | str:
    """What the pieces mean, and silence after them."""
    unanswered = Unanswered()
    for shape in late:
        unanswered.add(shape, 0)
    listener = Listener(QUESTION, unanswered, echo=echo)
    try:
        for piece in pieces:
            registers = listener.take(piece)
            if registers is not None:
                return registers
        raise listener.silence()
    except BusError as error:
        return f"{error.why}: {error}"


def test_an_answer_whose_first_eight_bytes_are_a_frame_by_chance_is_waited_for():
    """One answer in 65,536 begins so, and a meter that stands still says the same each time."""
    question = Question(51, 3, 47, 47)
    registers = [47 + 31 * place for place in range(47)]
    answer = seal(struct.pack(">BBB47H", 51, 3, 94, *registers))
    assert is_intact(answer[:8])
    listener = Listener(question, Unanswered(), echo=False)
    heard = [listener.take(answer[place : place + 1]) for place in range(len(answer))]
    assert heard == [None] * (len(answer) - 1) + [registers]


CASES = {
    "the answer": (ANSWER, REGISTERS),
    "nothing": (b"", "no_response: unit 1 is silent: check power, wiring, unit_id, line settings"),
    "a stray byte before": (
        b"\xff" + ANSWER,
        "garbled: stray bytes FF before the answer: check bias resistors, termination",
    ),
    "half a frame": (
        ANSWER[:5],
        "garbled: 5 bytes but no valid frame: check A/B, termination, line settings",
    ),
    "our own words": (QUESTION.frame, "echo: the adapter echoes what it sends: set echo = true"),
    "our own words, then the answer": (
        QUESTION.frame + ANSWER,
        "echo: the adapter echoes what it sends: set echo = true",
    ),
    "another unit": (
        seal(b"\x07\x03\x02\x00\x01"),
        "other_unit: asked unit 1, unit 7 answered: duplicate or wrong unit_id",
    ),
    "another unit's unknown function": (
        seal(b"\x07\x41\x02\x00\x01"),
        "other_unit: asked unit 1, unit 7 answered: duplicate or wrong unit_id",
    ),
    "another unit, then the answer": (seal(b"\x07\x03\x02\x00\x01") + ANSWER, REGISTERS),
    "another unit, then noise": (
        seal(b"\x07\x03\x02\x00\x01") + b"\x01\x03",
        "garbled: 2 bytes but no valid frame: check A/B, termination, line settings",
    ),
    "too few registers": (
        seal(b"\x01\x03\x02\x12\x34"),
        "wrong_shape: asked for function 3, 2 registers, got function 3, 1 registers",
    ),
    "another function": (
        seal(b"\x01\x04\x04\x12\x34\x56\x78"),
        "wrong_shape: asked for function 3, 2 registers, got function 4, 2 registers",
    ),
    "an unknown function": (
        seal(b"\x01\x41\x04\x12\x34"),
        "wrong_shape: asked for function 3, 2 registers, got function 65 in 7 bytes",
    ),
    "a refusal": (seal(b"\x01\x83\x06"), "device_exception: the device refuses: exception 6 (device busy)"),
    "a refusal nobody knows": (seal(b"\x01\x83\x63"), "device_exception: the device refuses: exception 99"),
    "a refusal of something else": (
        seal(b"\x01\x84\x06"),
        "wrong_shape: asked for function 3, 2 registers, got function 132 in 5 bytes",
    ),
}


@given(cuts=st.lists(st.integers(0, 20), max_size=6))
@pytest.mark.parametrize(("heard", "expected"), CASES.values(), ids=CASES)
def test_it_does_not_matter_in_which_lumps_the_bytes_come(heard, expected, cuts):
    edges = [0, *sorted(min(cut, len(heard)) for cut in cuts), len(heard)]
    pieces = [heard[start:end] for start, end in pairwise(edges)]
    assert hear(*pieces) == expected


@pytest.mark.parametrize("code", range(1, 12))
def test_each_exception_is_told_by_its_code(code):
    listener = Listener(QUESTION, Unanswered(), echo=False)
    with pytest.raises(BusError) as caught:
        listener.take(seal(bytes((1, 0x83, code))))
    assert (caught.value.why, caught.value.exception_code) == ("device_exception", code)


def test_an_echo_that_was_announced_is_cut_off():
    for cut in range(len(QUESTION.frame) + len(ANSWER)):
        whole = QUESTION.frame + ANSWER
        assert hear(whole[:cut], whole[cut:], echo=True) == REGISTERS
    assert hear(QUESTION.frame, echo=True).startswith("no_response")
    assert hear(QUESTION.frame[:4], echo=True).startswith("garbled")


def test_an_echo_that_was_announced_and_does_not_come_is_not_missed():
    assert hear(ANSWER, echo=True) == REGISTERS


LATE = seal(b"\x01\x03\x06\xde\xad\xbe\xef\xde\xad")


def test_late_answers_are_passed_over():
    late = (Shape(1, 3, 3), Shape(2, 4, 1))
    assert hear(LATE + ANSWER, late=late) == REGISTERS
    assert hear(seal(b"\x02\x04\x02\x00\x01"), LATE, ANSWER, late=late) == REGISTERS
    assert hear(LATE, late=late) == "no_response: unit 1 answers too late: set a longer timeout_s"
    assert hear(LATE).startswith("wrong_shape")
    assert hear(LATE + LATE + ANSWER, late=late).startswith("wrong_shape")


def test_an_answer_that_may_be_a_late_one_is_not_believed():
    assert hear(ANSWER, late=(QUESTION.shape,)).startswith("no_response")
    assert hear(ANSWER + ANSWER, late=(QUESTION.shape,)) == REGISTERS


def test_a_refusal_by_a_neighbour_that_was_given_up_is_passed_over():
    refusal = seal(b"\x02\x83\x06")
    assert hear(refusal + ANSWER, late=(Shape(2, 3, 9),)) == REGISTERS
    assert hear(refusal, late=(Shape(2, 3, 9),)).startswith("no_response")
    assert hear(refusal).startswith("other_unit")


@given(
    st.lists(st.binary(max_size=12) | st.just(ANSWER) | st.just(QUESTION.frame), max_size=6), st.booleans()
)
def test_whatever_is_heard_registers_are_believed_only_from_an_intact_answer(pieces, echo):
    heard = hear(*pieces, echo=echo)
    if isinstance(heard, list):
        octets = bytes.fromhex("010304") + b"".join(word.to_bytes(2, "big") for word in heard)
        assert seal(octets) in b"".join(pieces)
        assert is_intact(seal(octets))
    else:
        assert heard.partition(":")[0] in (
            *("no_response", "garbled", "echo", "other_unit", "wrong_shape", "device_exception"),
        )
