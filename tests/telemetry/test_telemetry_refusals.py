"""What the centre says to what it cannot take: in these words it reaches a station's log and the console."""

import json
import tracemalloc
import zlib

import pytest

from telemetry.ack import UnreadableAckError, decode_ack
from telemetry.batch import (
    MAX_INFLATED_BYTES,
    MAX_PAYLOAD_BYTES,
    UnreadableBatchError,
    compress,
    decode_batch,
    encode_batch,
    ranges,
)
from telemetry.reading import Reading, fault_of
from telemetry.status import MAX_STATUS_BYTES, UnreadableStatusError, decode_status

HELLO = b'{"v":1,"outbox":"9f3c21ab","sent":7,"readings":[]}'


def batch(*bodies: str) -> bytes:
    return b'{"v":1,"outbox":"9f3c21ab","sent":7,"readings":[%s]}' % ",".join(bodies).encode()


def body(seq, x: str, kind="power") -> str:
    return f'{{"t":1,"d":"p-1","k":"{kind}","seq":{json.dumps(seq)},"x":{x}}}'


@pytest.mark.parametrize(
    ("payload", "code", "text"),
    [
        (b" " * (MAX_PAYLOAD_BYTES + 1), "too_large", "payload: at most 256000 bytes (got 256001)"),
        (
            zlib.compress(b" " * (MAX_INFLATED_BYTES + 1)),
            "too_large",
            "payload: at most 1000000 bytes inflated",
        ),
        (
            b"\x78zzzz",
            "bad_zlib",
            "Error -3 while decompressing data: incorrect header check",
        ),
        (
            zlib.compress(HELLO)[:-1],
            "bad_zlib",
            "payload: the compressed stream is cut or has a tail",
        ),
        (b"nope", "not_json", "JSON is malformed: invalid character (byte 1)"),
        (b'{"v":2,"readings":[]}', "wrong_version", "Invalid enum value 2 - at `$.v`"),
        (b'{"v":1,"outbox":7}', "malformed", "Expected `str`, got `int` - at `$.outbox`"),
        (
            batch(body("a", "{}"), body("b", "{}")),
            "malformed",
            "$.readings[0].seq: Expected `int`, got `str`",
        ),
    ],
)
def test_why_a_payload_is_unreadable(payload, code, text):
    with pytest.raises(UnreadableBatchError) as caught:
        decode_batch(payload)
    if code == "not_json":  # the decoder's words, which differ from version to version
        text = caught.value.text
        assert text.startswith("JSON is malformed: ")
    assert (caught.value.code, caught.value.text, str(caught.value)) == (code, text, f"{code}: {text}")


def test_a_payload_may_be_as_long_as_the_limits_say():
    plain = HELLO + b" " * (MAX_PAYLOAD_BYTES - len(HELLO))
    assert decode_batch(plain).outbox == "9f3c21ab"
    inflated = HELLO + b" " * (MAX_INFLATED_BYTES - len(HELLO))
    assert decode_batch(zlib.compress(inflated)).outbox == "9f3c21ab"


def test_a_zlib_bomb_costs_no_memory():
    bomb = zlib.compress(b" " * (20 * MAX_INFLATED_BYTES), 9)
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableBatchError):
            decode_batch(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * MAX_INFLATED_BYTES


def test_a_large_batch_travels_compressed():
    payload = encode_batch("9f3c21ab", 7, [Reading(t=1, d="p-1", k="power", x={"energy_kwh": 1.0})] * 50)
    packed = compress(payload)
    assert len(packed) < len(payload) // 10
    assert zlib.decompress(packed) == payload


def test_a_batch_is_sorted_reading_by_reading():
    received = decode_batch(
        batch(
            body(1, '{"energy_kwh":1.5}'),
            body(2, '{"energy_kwh":"1.5"}'),
            body(3, '{"flow_m3h":1.5}'),
            body(-4, '{"energy_kwh":1.5}'),
            body(5, "{}"),
            body(6, '{"flow_m3h":2.5}', "flow"),
        )
    )
    assert [(reading.seq, reading.x) for reading in received.readings] == [
        (1, {"energy_kwh": 1.5}),
        (6, {"flow_m3h": 2.5}),
    ]
    assert received.refused == [
        (2, ("malformed", "$.readings[1].x.energy_kwh: Expected `float`, got `str`")),
        (3, ("unknown_quantity", "quantity 'flow_m3h' does not belong to a power meter")),
        (5, ("malformed", "$.x: a good reading has at least one value")),
    ]
    assert received.unnumbered == [("malformed", "$.readings[3].seq: Expected `int` >= 0")]


@pytest.mark.parametrize(
    ("x", "place"),
    [
        ('{"energy_kwh":1,"power_factor":null}', ".x.power_factor"),
        ('{"no name":""}', ".x.'no name'"),
        ('{"站 1":""}', ".x.'\\u7ad9 1'"),
        ('{"%s":""}' % ("n" * 41), f".x.{'n' * 40}"),
        ('{"%s":""}' % ("-" * 41), f".x.'{'-' * 40}'"),
        ('{"energy_kwh":"","energy_kwh":1}', ".x.?"),
        ("[]", ".x"),
    ],
)
def test_the_offending_quantity_is_named(x, place):
    (refusal,) = decode_batch(batch(body(3, x))).refused
    path, _, rule = refusal.fault.text.partition(": ")
    assert path == f"$.readings[0]{place}"
    assert rule.startswith("Expected `")


def test_no_text_is_longer_than_200_letters():
    (refusal,) = decode_batch(batch(body(3, "{}", "k" * 300))).refused
    assert refusal.fault.text == f"$.readings[0].k: Invalid enum value '{'k' * 300}'"[:200]
    with pytest.raises(UnreadableStatusError) as caught:
        decode_status(b'{"online":true,"clock":"%s"}' % (b"c" * 300))
    assert str(caught.value) == f"Invalid enum value '{'c' * 300}'"[:200]


def test_a_long_name_is_cut_in_its_fault():
    fault = fault_of(Reading(t=1, d="p-1", k="power", x={"n" * 41: 1.0}))
    assert fault == ("unknown_quantity", f"unknown quantity '{'n' * 40}'")


def test_what_is_wrong_with_an_ack_is_said():
    with pytest.raises(UnreadableAckError) as caught:
        decode_ack(b'{"v":1,"now":"x"}')
    assert str(caught.value) == "Expected `int`, got `str` - at `$.now`"


def test_a_status_may_be_as_long_as_the_limit_says():
    word = b'{"online":true}'
    assert decode_status(word + b" " * (MAX_STATUS_BYTES - len(word))).online
    with pytest.raises(UnreadableStatusError) as caught:
        decode_status(word + b" " * (MAX_STATUS_BYTES + 1 - len(word)))
    assert str(caught.value) == "status: at most 64000 bytes (got 64001)"


def test_neighbours_are_joined_from_the_first_to_the_last():
    assert ranges([3, 1, 2, 4, 4, 9, 6, 7]) == [(1, 4), (6, 7), (9, 9)]
