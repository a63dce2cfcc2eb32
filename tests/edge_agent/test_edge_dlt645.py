"""Frames of DL/T 645-2007: known bytes, and all else by chance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.commissioning.dlt645 import READ_ADDRESS, Frame, addresses_in, frames_in

ANSWER = bytes.fromhex("FE FE FE FE 68 01 00 22 11 26 20 68 93 06 34 33 55 44 59 53 8F 16")
ADDRESSES = st.text("0123456789", min_size=12, max_size=12)
FRAMES = st.builds(Frame, ADDRESSES, st.integers(0, 255), st.binary(max_size=200))


def test_the_question_for_the_address_is_the_standards():
    assert READ_ADDRESS.hex(" ").upper() == "FE FE FE FE 68 AA AA AA AA AA AA 68 13 00 DF 16"
    assert list(frames_in(READ_ADDRESS)) == [Frame("A" * 12, 0x13)]
    assert addresses_in(READ_ADDRESS) == []


def test_an_answer_tells_the_address():
    assert list(frames_in(ANSWER)) == [Frame("202611220001", 0x93, bytes.fromhex("010022112620"))]
    assert addresses_in(ANSWER) == ["202611220001"]


@given(FRAMES)
def test_what_is_written_is_read(frame):
    assert list(frames_in(frame.octets)) == [frame]


@given(FRAMES, FRAMES, st.binary(max_size=30).filter(lambda noise: 0x68 not in noise))
def test_frames_are_found_between_noise(first, second, noise):
    octets = noise + first.octets + noise + second.octets + noise
    assert list(frames_in(octets)) == [first, second]


@given(FRAMES, st.data())
def test_a_spoilt_octet_spoils_the_frame(frame, data):
    octets = bytearray(frame.octets)
    place = data.draw(st.integers(0, len(octets) - 1))
    octets[place] ^= data.draw(st.integers(1, 255))
    assert frame not in frames_in(bytes(octets))


@given(FRAMES, st.data())
def test_a_frame_cut_off_is_none(frame, data):
    assert frame not in frames_in(frame.octets[: data.draw(st.integers(0, len(frame.octets) - 1))])


@given(st.binary(max_size=600))
def test_noise_is_read_without_a_fault(octets):
    for frame in frames_in(octets):
        assert frame.octets in octets


@pytest.mark.parametrize("address", ["AAAAAAAAAAAA", "99999999999A"])
def test_an_address_that_is_no_number_is_nobodys(address):
    assert addresses_in(Frame(address, 0x93).octets) == []
