"""A payload made readable, whatever it is."""

import json
import zlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from collector.payload_view import beginning, view
from telemetry.batch import MAX_INFLATED_BYTES

BATCH = {"v": 1, "outbox": "9f3c21ab", "readings": [{"seq": 1, "d": "清", "x": {}}, []]}
PLAIN = json.dumps(BATCH, ensure_ascii=False).encode()
PRETTY = """{
  "v": 1,
  "outbox": "9f3c21ab",
  "readings": [
    {
      "seq": 1,
      "d": "清",
      "x": {}
    },
    []
  ]
}"""


@pytest.mark.parametrize("payload", [PLAIN, PLAIN.replace(b" ", b"\n\t"), zlib.compress(PLAIN)])
def test_json_is_laid_out_and_inflated_before(payload):
    seen = view(payload, len(payload))
    assert (seen.form, seen.text, seen.is_cut) == ("json", PRETTY, False)
    assert (seen.inflated_bytes is None) == (payload[0] != 0x78)


def test_figures_and_escapes_stay_as_they_were_written():
    text = r'[1e999, 0.10, 123456789012345678901234567890, "\u0000\"]"]'
    assert view(text.encode(), len(text)).text == "[\n  " + text[1:-1].replace(", ", ",\n  ") + "\n]"


@pytest.mark.parametrize(
    ("payload", "letters"),
    [
        (b"poison\x00\x1b[31m <b>", "poison..[31m <b>"),
        (b'{"v":1,}', '{"v":1,}'),
        (b"\xff\xfe", ".."),
        (b"x\x9cjunk", "x.junk"),
        (zlib.compress(b"no json at all"), "no json at all"),
    ],
)
def test_anything_else_is_a_dump(payload, letters):
    seen = view(payload, len(payload))
    assert seen.form == "hex"
    assert seen.text.startswith("000000  ")
    assert seen.text.rstrip().endswith(letters)


def test_a_dump_has_sixteen_bytes_a_row():
    first, second, third = view(bytes(range(0x21, 0x49)), 40).text.split("\n")
    assert first == "000000  21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f 30  !\"#$%&'()*+,-./0"
    assert second.startswith("000010  31 32 ")
    assert third.startswith("000020  41 42 43 44 45 46 47 48 ")
    assert third.index("ABCDEFGH") == first.index("!")


@pytest.mark.parametrize("size", range(6, len(PLAIN)))
def test_a_capped_copy_of_json_is_laid_out_as_far_as_it_goes(size):
    """Also where the cut goes through a Chinese letter."""
    seen = view(PLAIN[:size], len(PLAIN))
    assert (seen.form, seen.is_cut) == ("json", True)
    assert PRETTY.startswith(seen.text)


def test_a_capped_copy_of_a_compressed_payload_too():
    packed = zlib.compress(PLAIN, 0)
    seen = view(packed[: len(packed) // 2], len(packed))
    assert (seen.form, seen.is_cut) == ("json", True)
    assert PRETTY.startswith(seen.text)
    assert len(seen.text) > 20


@pytest.mark.parametrize(
    "inside",
    [
        b"\0" * 50_000_000,
        b"[" * 1_000_000,
        b"[" * 900 + b"1," * 490_000 + b"1" + b"]" * 900,
        b'["' + "\u202e".encode() * 300_000 + b'"]',
        b'"' + b'\\"' * 400_000,
    ],
    ids=["zeros", "deep", "deep and wide", "turned letters", "quotes"],
)
def test_a_bomb_bursts_nobody(inside):
    bomb = zlib.compress(inside, 9)
    seen = view(bomb, len(bomb))
    assert len(seen.text) <= 200_000
    assert seen.is_cut
    assert seen.inflated_bytes <= MAX_INFLATED_BYTES
    assert len(beginning(bomb, 240)) == 240


PIECES = st.sampled_from(
    [b"{", b"}", b"[", b"]", b":", b",", b'"', b"\\", b"1", b" ", b"\x9b", "清".encode()]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.binary() | st.lists(PIECES).map(b"".join), st.booleans(), st.integers(0, 40), st.integers(0, 300))
@example(data=b"", is_packed=True, longer=0, longest=0)
def test_any_bytes_can_be_seen(data, is_packed, longer, longest):
    payload = zlib.compress(data) if is_packed else data
    for copy in (payload, payload[:-longer]):
        seen = view(copy, len(payload), longest)
        assert len(seen.text) <= longest
        assert all(line.isprintable() for line in seen.text.split("\n"))
        assert len(beginning(copy, 20)) <= 20
    assert view(payload, len(payload) + 1).is_cut


@settings(max_examples=50)
@given(JSON)
def test_json_laid_out_is_the_same_json(value):
    payload = json.dumps(value, ensure_ascii=True).encode()
    seen = view(payload, len(payload))
    assert (seen.form, seen.is_cut) == ("json", False)
    assert json.loads(seen.text) == value
