"""What a scan makes of the octets after a question: frames, echo, other masters, the rest."""

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.commissioning.ear import Ear
from edge_agent.rtu import Question, Shape, crc16
from simulator.slave import seal

QUESTION = Question(1, 3, 0, 2).frame
ANSWERS = st.builds(
    lambda unit_id, words: seal(bytes((unit_id, 3, len(words))) + words),
    st.integers(1, 247),
    st.integers(1, 60).flatmap(lambda words: st.binary(min_size=2 * words, max_size=2 * words)),
)
REFUSALS = st.builds(
    lambda unit_id, code: seal(bytes((unit_id, 0x83, code))), st.integers(1, 247), st.integers(1, 11)
)


def heard(*lumps: bytes, question: bytes = QUESTION, earlier=()) -> Ear:
    ear = Ear(question, earlier)
    for at_s, lump in enumerate(lumps):
        ear.take(lump, float(at_s))
    ear.close()
    return ear


def test_an_answer_names_its_unit_and_its_size():
    ear = heard(seal(b"\x01\x03\x04\x00\x01\x00\x02"))
    assert [(each.unit_id, each.function, each.shape) for each in ear.answers] == [(1, 3, Shape(1, 3, 2))]
    assert (ear.junk, ear.echoed, ear.requests) == (0, 0, [])


def test_a_refusal_names_its_unit_and_function():
    ear = heard(seal(b"\x07\x84\x02"))
    assert [(each.unit_id, each.function, each.shape) for each in ear.answers] == [(7, 4, None)]


def test_the_echo_is_cut_off_also_in_pieces_and_late():
    answer = seal(b"\x01\x03\x04\x00\x01\x00\x02")
    other = Question(9, 3, 0, 2).frame
    for lumps in [(QUESTION + answer,), (QUESTION[:3], QUESTION[3:] + answer[:2], answer[2:])]:
        ear = heard(*lumps)
        assert (ear.echoed, ear.junk, len(ear.answers), ear.octets.count(QUESTION)) == (1, 0, 1, 0)
    assert heard(QUESTION).answers == []
    late = heard(other + QUESTION, earlier={other})
    assert (late.echoed, late.requests, late.junk) == (2, [], 0)


def test_half_an_echo_is_garbage():
    ear = heard(QUESTION[:5])
    assert (ear.echoed, ear.junk) == (0, 5)


def test_another_masters_question_is_one():
    other = Question(9, 3, 0x2000, 6).frame
    assert heard(other).requests == [other]


def test_frames_of_units_that_cannot_be_are_noise():
    for frame in (seal(b"\x00\x03\x02\x00\x01"), seal(b"\xf8\x83\x02"), seal(b"\x01\x83\x50")):
        ear = heard(frame)
        assert (ear.answers, ear.junk) == ([], len(frame))


@given(st.lists(ANSWERS | REFUSALS, max_size=4), st.data())
def test_frames_are_heard_whole_however_they_come(frames, data):
    octets = b"".join(frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=6)))
    ear = heard(*(octets[a:b] for a, b in zip([0, *cuts], [*cuts, len(octets)], strict=True)))
    assert [each.unit_id for each in ear.answers] == [frame[0] for frame in frames]
    assert ear.junk == 0


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_every_octet_is_a_frames_or_junk(lumps):
    ear = heard(*lumps, question=b"")
    frames = sum(5 if each.shape is None else 5 + 2 * each.shape.size for each in ear.answers)
    assert ear.junk + frames + 8 * len(ear.requests) == sum(map(len, lumps))
    assert not ear.is_mid_frame


@given(ANSWERS, st.integers(0, 2**16))
def test_a_spoilt_answer_is_no_answer(frame, chance):
    place, bit = chance % len(frame), 1 << chance // len(frame) % 8
    spoilt = frame[:place] + bytes((frame[place] ^ bit,)) + frame[place + 1 :]
    assert crc16(spoilt[:-2]) != int.from_bytes(spoilt[-2:], "little")
    assert all(each.shape is None or each.shape.size < len(frame) // 2 for each in heard(spoilt).answers)
