import json
import math
import zlib
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.batch import (
    MAX_INFLATED_BYTES,
    MAX_PAYLOAD_BYTES,
    UnreadableBatchError,
    compress,
    decode_batch,
    encode_batch,
    ranges,
)
from telemetry.quantities import NAMES_BY_KIND
from telemetry.reading import WHYS, NumberedReading, fault_of

finite = st.floats(allow_nan=False, allow_infinity=False)
instants = st.integers(0, 2**53 - 1)
outboxes = st.text("0123456789abcdef", min_size=8, max_size=8)


@st.composite
def valid_readings(draw) -> NumberedReading:
    kind = draw(st.sampled_from(["power", "flow"]))
    quality = draw(st.sampled_from(["good", "suspect", "missing"]))
    least = 1 if quality == "good" else 0
    values = st.dictionaries(st.sampled_from(NAMES_BY_KIND[kind]), finite, min_size=least)
    return NumberedReading(
        seq=draw(instants),
        t=draw(st.integers()),
        d=draw(st.text("abc019-", min_size=1, max_size=24)),
        k=kind,
        q=quality,
        why=None if quality == "good" else draw(st.sampled_from(sorted(WHYS))),
        x={} if quality == "missing" else draw(values),
    )


@given(outboxes, instants, st.lists(valid_readings(), max_size=8), st.booleans())
def test_what_is_sent_is_what_arrives(outbox, sent, readings, packed):
    payload = encode_batch(outbox, sent, readings)
    received = decode_batch(compress(payload) if packed else payload)
    assert received == (outbox, sent, readings, [], [])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(valid_readings(), max_size=4), json_values, st.integers(0, 4))
def test_one_bad_reading_does_not_spoil_its_batch(readings, junk, place):
    bodies = [msgspec.to_builtins(reading) for reading in readings]
    bodies.insert(min(place, len(bodies)), junk)
    payload = json.dumps({"v": 1, "outbox": "00000000", "sent": 0, "readings": bodies}).encode()
    try:
        received = decode_batch(payload)
    except UnreadableBatchError:
        assert not readings
        return
    assert received.readings == readings
    assert len(received.refused) + len(received.unnumbered) == 1


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_in_words(payload):
    with pytest.raises(UnreadableBatchError) as caught:
        decode_batch(payload)
    assert caught.value.code in {"not_json", "bad_zlib", "wrong_version", "malformed"}
    assert caught.value.text


@given(st.lists(valid_readings(), min_size=1, max_size=3))
def test_what_decodes_keeps_the_contract(readings):
    for reading in readings:
        assert fault_of(reading) is None
        assert all(math.isfinite(value) for value in reading.x.values())


def test_a_payload_beyond_the_limit_is_refused_unread():
    with pytest.raises(UnreadableBatchError, match="too_large"):
        decode_batch(b" " * (MAX_PAYLOAD_BYTES + 1))


def test_a_zlib_bomb_is_refused_before_it_unfolds():
    bomb = zlib.compress(b" " * (50 * MAX_INFLATED_BYTES), 9)
    assert len(bomb) < MAX_PAYLOAD_BYTES
    with pytest.raises(UnreadableBatchError, match="too_large"):
        decode_batch(bomb)


def test_a_tail_behind_the_compressed_stream_is_refused():
    payload = zlib.compress(encode_batch("00000000", 1, [])) + b"tail"
    with pytest.raises(UnreadableBatchError, match="bad_zlib"):
        decode_batch(payload)


def test_a_small_batch_is_not_blown_up_by_compression():
    assert compress(b"{}") == b"{}"


@given(st.lists(st.integers(0, 60)))
def test_ranges_name_exactly_the_numbers(numbers):
    joined = ranges(numbers)
    assert [n for first, last in joined for n in range(first, last + 1)] == sorted(set(numbers))
    assert all(after[0] - before[1] > 1 for before, after in pairwise(joined))
