"""Payloads that nobody can read, each with the code with which the collector must answer."""

import json
import zlib
from functools import cache
from typing import NamedTuple


class Poison(NamedTuple):
    """A payload, and the `error` that it must draw."""

    code: str
    payload: bytes


READING = '{"seq":7,"t":1763740800210,"d":"power-1","k":"power","x":{"energy_kwh":666.5}}'
HEAVY = b"x" * 10_000_000
BATCH = '{"v":1,"outbox":"66666666","sent":1763740805123,"readings":[' + READING + "]}"


def _with(old: str, new: str) -> bytes:
    assert old in BATCH
    return BATCH.replace(old, new).encode()


@cache
def poisons() -> tuple[Poison, ...]:
    """One of each kind; all but the large ones look much like a batch."""
    packed = zlib.compress(BATCH.encode())
    deep = "[" * 50_000 + "]" * 50_000
    not_json = (
        b"",
        b" ",
        b"hello",
        b"\x00",
        b"\xff\xfe\x80 not UTF-8",
        BATCH.encode()[:-3],
        BATCH.encode() + b"{}",
        b"\xef\xbb\xbf" + BATCH.encode(),
        _with("666.5", "NaN"),
        _with("666.5", "Infinity"),
        _with("666.5", "-Infinity"),
        _with("666.5", "0x1F"),
        _with("power-1", "\\ud8zz"),
        _with("power-1", "#").replace(b"#", b"\xff\xfe"),
        _with("666.5", deep),
        (BATCH[:-1] + f',"z":{deep}' + "}").encode(),
        zlib.compress(b"hello " * 9),
    )
    wrong_version = (
        b"[]",
        b"null",
        b"17",
        b'"x"',
        _with('"v":1', '"v":2'),
        _with('"v":1', '"v":"1"'),
        _with('"v":1', '"v":true'),
        _with('"v":1,', ""),
    )
    malformed = (
        _with('"outbox":"66666666",', ""),
        _with('"66666666"', '"6666"'),
        _with('"66666666"', "66666666"),
        _with('"66666666"', '"6666666G"'),
        _with('"sent":1763740805123,', ""),
        _with("1763740805123", "1" + "0" * 400),
        _with("1763740805123", '"1763740805123"'),
        _with("1763740805123", "true"),
        _with("[" + READING + "]", READING),
        _with("[" + READING + "]", "null"),
        _with(READING, "[]"),
        _with('"seq":7,', ""),
        _with('"seq":7', '"seq":1' + "0" * 40),
        _with('"seq":7', '"seq":-7'),
        _with('"seq":7', '"seq":true'),
        _with('"seq":7', '"seq":"7"'),
    )
    bad_zlib = (b"x", packed[:-5], packed[: len(packed) // 2], packed + b"tail", b"x\x9c" + b"\xff" * 90)
    too_large = (
        BATCH.encode().ljust(256_001),
        json.dumps({"v": 1, "readings": ["9" * 10_000_000]}).encode(),  # 10 MB
        HEAVY,
        zlib.compress(BATCH.encode().ljust(1_000_001), 9),
        zlib.compress(bytes(150_000_000), 9),  # 150 MB in 150 kB
    )
    found = {
        "not_json": not_json,
        "wrong_version": wrong_version,
        "malformed": malformed,
        "bad_zlib": bad_zlib,
        "too_large": too_large,
    }
    return tuple(Poison(code, payload) for code, payloads in found.items() for payload in payloads)
