"""Packed readings: what repeats is a shape, stored once; a row holds the values alone, as JSON numbers."""

import sqlite3
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from edge_agent.meter import Poll

UNDATED_MS = 1 << 46
"""Taken off the monotonic time of an undated reading: below zero, and as wide in its row as a date."""


class Shape(NamedTuple):
    """What readings have in common.

    Attributes:
        names: of the quantities, in the order of the values; None if the reading is `missing`.
    """

    device: str
    kind: str
    quality: str
    why: str | None
    names: tuple[str, ...] | None

    def template(self) -> bytes:
        """The JSON of a reading as it goes into a batch, with places for seq, t and each value."""
        head: dict[str, str] = {"d": self.device, "k": self.kind}
        if self.quality != "good":
            head["q"] = self.quality
        if self.why is not None:
            head["why"] = self.why
        fixed = msgspec.json.encode(head)[1:-1].replace(b"%", b"%%")
        if self.names is None:
            return b'{"seq":%%d,"t":%%d,%s}' % fixed
        names = [msgspec.json.encode(name).replace(b"%", b"%%") for name in self.names]
        return b'{"seq":%%d,"t":%%d,%s,"x":{%s}}' % (fixed, b",".join(name + b":%b" for name in names))


def shape_of(poll: Poll) -> Shape:
    """The shape of a poll's reading."""
    names = None if poll.quality == "missing" else tuple(poll.values)
    return Shape(poll.device, poll.kind, poll.quality, poll.why, names)


def pack(poll: Poll) -> bytes:
    """The values of a poll's reading; each float comes back bit for bit."""
    if poll.quality == "missing":
        return b""
    return msgspec.json.encode(list(poll.values.values()))[1:-1]


class UnpackError(ValueError):
    """A row does not go with its shape."""


class Shapes:
    """The shapes of an outbox, by number."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Begin with the rows of the table."""
        self._numbers: dict[Shape, int] = {}
        self._shapes: dict[int, Shape] = {}
        self._templates: dict[int, tuple[bytes, int]] = {}
        for number, device, kind, quality, why, names in rows:
            listed = None if names is None else tuple(names.split())
            self._note(number, Shape(device, kind, quality, why, listed))

    def __len__(self) -> int:
        return len(self._shapes)

    def number(self, db: sqlite3.Connection, shape: Shape) -> int:
        """The shape's number; a new shape is stored."""
        number = self._numbers.get(shape)
        if number is None:
            names = None if shape.names is None else " ".join(shape.names)
            row = (shape.device, shape.kind, shape.quality, shape.why, names)
            number = db.execute("INSERT INTO shape VALUES (NULL, ?, ?, ?, ?, ?)", row).lastrowid or 0
            self._note(number, shape)
        return number

    def forget_beyond(self, count: int) -> None:
        """Keep only the first `count` shapes: the others were not committed."""
        for number in list(self._shapes)[count:]:
            del self._numbers[self._shapes.pop(number)]
            del self._templates[number]

    def device(self, number: int) -> str:
        """Whose readings have this shape.

        Raises:
            UnpackError: there is no such shape.
        """
        if number not in self._shapes:
            raise UnpackError(f"there is no shape {number}")
        return self._shapes[number].device

    def of_device(self, device: str) -> list[int]:
        """The numbers of a device's shapes."""
        return [number for number, shape in self._shapes.items() if shape.device == device]

    def unpack(self, seq: int, t: int, number: int, body: bytes) -> bytes:
        """A row as JSON, ready for a batch.

        Raises:
            UnpackError: the row does not go with its shape, or has none.
        """
        try:
            template, count = self._templates[number]
            values = body.split(b",") if count else ()
            return template % (seq, t, *values)
        except (KeyError, TypeError) as error:
            raise UnpackError(f"reading {seq} does not go with its shape {number}") from error

    def _note(self, number: int, shape: Shape) -> None:
        self._numbers[shape] = number
        self._shapes[number] = shape
        self._templates[number] = (shape.template(), len(shape.names or ()))
