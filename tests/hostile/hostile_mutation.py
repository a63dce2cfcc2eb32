"""Spoils valid messages as an enemy would: whoever knows the form finds more than random bytes do.

Everything is drawn from one `Random`, so that a seed repeats a spoilt message exactly.
"""

import json
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from hostile_archives import repacked

NUMBERS = (
    b"0", b"-0", b"-1", b"1e999", b"-1e999", b"1e-999", b"NaN", b"nan", b"Infinity", b"inf", b"1e308",
    b"9007199254740992", b"9223372036854775808", b"18446744073709551616", b"1" + b"0" * 400, b"7" * 5_000,
    b"0x10", b"1_000", b"01", b"1.", b".5", b"+1", b"1e5", b"32768", b"65536", b"-32769", b"2026-02-30",
    "１２".encode(), "٣".encode(),
)  # fmt: skip
"""Numbers on edges, and what some readers take for numbers."""
TEXTS = (
    b"", b"\x00", b"\\u0000", b"\\ud800", b"\xed\xa0\x80", b"\xff\xfe", b"\xef\xbb\xbf", b"a\nb", b"a\r\nb",
    b"\x1b[31m", "\u2028".encode(), "\u202e".encode(), "\ufeff".encode(), b"../../etc/passwd", b"%2e%2e%2f",
    b"=1+1", b"@SUM(A1)", b"'; DROP TABLE station;--", b"<script>", b"{{7*7}}", b"%s%n", b"a" * 5_000,
    b"true", b"null", "e\u0301".encode(), "站".encode(), "𠮷".encode(), b"\\", b'"', b'"""', b"'''", b"$(id)",
)  # fmt: skip
"""Texts that mean something to somebody further down."""
BRACKETS = (b"[", b"{", b'{"a":', b"(", b"[[", b"a.", b"{a=", b'"')
DEEP = (3, 40, 1_200, 30_000)
JUNK: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 2**53, -(2**63), 2**64, 10**300, 1e308, "", "x", "1.8", "\x00", "\ud7ff",
    [], {}, [[]], [None], {"": 0}, {"v": 1}, "a" * 5_000,
)  # fmt: skip

Operation = Callable[[bytes, Random], bytes]


def mutated(data: bytes, chance: Random, others: Sequence[bytes] = ()) -> bytes:
    """A message spoilt in one to four places; what is packed is mostly spoilt inside and packed again."""
    inner = repacked(data, chance, lambda plain: mutated(plain, chance)) if chance.random() < 0.85 else None
    if inner is not None:
        return inner
    for _ in range(chance.choice((1, 1, 1, 2, 2, 4))):
        if others and chance.random() < 0.1:
            data = _spliced(data, chance.choice(others), chance)
        else:
            data = chance.choice(OPERATIONS)(data, chance)
    return data


def _place(data: bytes, chance: Random) -> int:
    return chance.randrange(len(data) + 1)


def _span(data: bytes, chance: Random) -> tuple[int, int]:
    start = _place(data, chance)
    return start, min(len(data), start + chance.choice((1, 1, 2, 4, 8, 40, 400)))


def _bit(data: bytes, chance: Random) -> bytes:
    if not data:
        return b"\x00"
    place = chance.randrange(len(data))
    return data[:place] + bytes((data[place] ^ 1 << chance.randrange(8),)) + data[place + 1 :]


def _octet(data: bytes, chance: Random) -> bytes:
    start, _ = _span(data, chance)
    return (
        data[:start] + bytes((chance.choice((0, 1, 0x0A, 0x22, 0x2C, 0x7F, 0x80, 0xFF)),)) + data[start + 1 :]
    )


def _cut(data: bytes, chance: Random) -> bytes:
    return data[: _place(data, chance)]


def _without(data: bytes, chance: Random) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + data[end:]


def _twice(data: bytes, chance: Random) -> bytes:
    start, end = _span(data, chance)
    return data[:end] + data[start:end] * chance.choice((1, 2, 50)) + data[end:]


def _line_twice(data: bytes, chance: Random) -> bytes:
    lines = data.split(b"\n")
    lines.insert(chance.randrange(len(lines) + 1), chance.choice(lines))
    return b"\n".join(lines)


def _with_text(data: bytes, chance: Random) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + chance.choice(TEXTS) + data[chance.choice((start, end)) :]


def _replaced(pattern: bytes, words: Sequence[bytes]) -> Operation:
    compiled = re.compile(pattern)

    def operation(data: bytes, chance: Random) -> bytes:
        places = [match.span() for match in compiled.finditer(data[:20_000])]
        if not places:
            return data + chance.choice(words)
        start, end = chance.choice(places)
        return data[:start] + chance.choice(words) + data[end:]

    return operation


def _deep(data: bytes, chance: Random) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + chance.choice(BRACKETS) * chance.choice(DEEP) + data[chance.choice((start, end)) :]


def _json(data: bytes, chance: Random) -> bytes:
    """Change one node of a JSON text; a key may come twice."""
    try:
        root = json.loads(data)
    except (ValueError, RecursionError):
        return _bit(data, chance)
    nodes = [(None, None), *_nodes(root)]
    parent, key = chance.choice(nodes)
    if parent is None:
        root = chance.choice(JUNK)
    elif chance.random() < 0.2:
        del parent[key]
    elif isinstance(parent, dict) and chance.random() < 0.3:
        parent[chance.choice(("", "\x00", "a" * 300, "v", "seq", "x", "q", str(key).upper()))] = parent[key]
    else:
        parent[key] = chance.choice((*JUNK, root, root))
    try:
        text = json.dumps(root, ensure_ascii=chance.random() < 0.5)
    except ValueError:  # it was put into itself
        return _deep(data, chance)
    if chance.random() < 0.1:
        text = text.replace("{", '{"v":1,"v":2,', 1)
    return text.encode("utf-8", "surrogatepass")


def _nodes(value: Any) -> list[tuple[Any, Any]]:
    found, waiting = [], [value]
    while waiting:
        node = waiting.pop()
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, inner in items:
            found.append((node, key))
            waiting.append(inner)
    return found


def _spliced(data: bytes, other: bytes, chance: Random) -> bytes:
    return data[: _place(data, chance)] + other[_place(other, chance) :]


OPERATIONS: tuple[Operation, ...] = (
    _bit, _octet, _cut, _without, _twice, _line_twice, _with_text, _deep, _json, _json, _json,
    _replaced(rb"-?\d[\d.eE+-]*", NUMBERS), _replaced(rb"-?\d[\d.eE+-]*", NUMBERS),
    _replaced(rb'"[^"\n]*"', [b'"' + text + b'"' for text in TEXTS]), _replaced(rb"[^,;\t\n]+", TEXTS),
    _replaced(rb"[^,;\t\n]+", NUMBERS),
)  # fmt: skip
