import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.rtu import Question, Shape, crc16, first_frame, is_intact, registers_of, shape_of
from simulator.slave import Slave, seal


def test_the_checksum_of_the_published_examples():
    """The check value of CRC-16/MODBUS, and the worked frame of "Modbus over Serial Line"."""
    assert crc16(b"123456789") == 0x4B37
    assert crc16(b"\x02\x07") == 0x1241
    assert crc16(b"") == 0xFFFF


@pytest.mark.parametrize(
    ("question", "frame"),
    [
        (Question(1, 3, 0, 10), "01 03 00 00 00 0A C5 CD"),
        (Question(17, 3, 0x6B, 3), "11 03 00 6B 00 03 76 87"),
        (Question(1, 4, 0x0034, 2), "01 04 00 34 00 02 30 05"),
    ],
)
def test_known_questions_are_known_bytes(question, frame):
    assert question.frame.hex(" ").upper() == frame


@given(
    st.integers(1, 247),
    st.sampled_from([3, 4]),
    st.integers(0, 0xFF80),
    st.integers(1, 125),
    st.binary(max_size=40),
)
def test_an_answer_is_found_at_the_beginning_whatever_follows(unit_id, function, address, size, after):
    question = Question(unit_id, function, address, size)
    image = {address + place: (address + place * 31) & 0xFFFF for place in range(size)}
    answer = Slave(unit_id, lambda: image).answer(question.frame)
    assert is_intact(answer)
    frame = first_frame(answer + after)
    assert frame == answer
    assert shape_of(frame) == question.shape == Shape(unit_id, function, size)
    assert registers_of(frame) == [image[address + place] for place in range(size)]
    early = {first_frame(answer[:end]) for end in range(len(answer))}
    assert early <= {b"", answer[:8] if is_intact(answer[:8]) else b""}  # as another master's request


@pytest.mark.parametrize(
    "body",
    [
        b"\x05\x83\x02",
        b"\x05\x03\x00\x10\x00\x02",
        b"\x05\x06\x00\x10\x00\x02",
        b"\x05\x10\x00\x01\x00\x02",
    ],
)
def test_frames_that_are_no_answers_to_reads_are_found_too(body):
    frame = seal(body)
    assert first_frame(frame + b"\x01") == frame
    assert shape_of(frame) is None


@given(st.binary(max_size=300))
def test_any_bytes_are_a_frame_or_none(octets):
    frame = first_frame(octets)
    assert octets.startswith(frame)
    if frame:
        assert is_intact(frame)
        shape_of(frame)


@given(st.binary(min_size=1, max_size=250), st.integers(0, 2000), st.integers(1, 16))
def test_a_burst_of_up_to_sixteen_bits_never_passes_the_checksum(body, place, length):
    frame = bytearray(seal(body))
    first = place % (8 * len(frame))
    for bit in range(first, min(first + length, 8 * len(frame))):
        frame[bit // 8] ^= 1 << bit % 8
    assert not is_intact(bytes(frame))
