"""Registers to values: byte orders, unit registers, composed totals, and what is not to be believed."""

import math
import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from edge_agent.profile import ByteOrder, Cell, Profile, Value
from telemetry.reading import Why

_FORMATS = {
    "u16": ">H", "i16": ">h", "u32": ">I", "i32": ">i", "u64": ">Q", "i64": ">q", "f32": ">f", "f64": ">d",
}  # fmt: skip


class Decoded(NamedTuple):
    """What one poll says: the believable values, and why something was left out (None if nothing was)."""

    values: dict[str, float]
    why: Why | None


def decode(profile: Profile, factors: Mapping[str, float], registers: Mapping[int, int]) -> Decoded:
    """Decode all quantities of a profile.

    Args:
        profile: the meter's.
        factors: the installer's parameters as factors, by name.
        registers: wire address to 16-bit word; must hold every cell of the profile.
    """
    values: dict[str, float] = {}
    why: Why | None = None
    for name, value in profile.quantity.items():
        number = _number(value, factors, registers)
        low, high = value.plausible
        if number is None:
            why = why or "implausible"
        elif not math.isfinite(number):
            why = why or "not_a_number"
        elif not low <= number <= high:
            why = why or "implausible"
        else:
            values[name] = number
    return Decoded(values, why)


def words_to_bytes(words: Sequence[int], order: ByteOrder) -> bytes:
    """Bring the words of one number into big-endian byte order; A is its most significant byte."""
    if order in ("CDAB", "DCBA"):
        words = words[::-1]
    swapped = order in ("BADC", "DCBA")
    return b"".join(word.to_bytes(2, "little" if swapped else "big") for word in words)


def _number(value: Value, factors: Mapping[str, float], registers: Mapping[int, int]) -> float | None:
    """A quantity in our unit; None if its unit register holds a code that the profile does not know."""
    factor = value.scale
    for word in value.times:
        factor *= factors[word]
    if value.unit is not None:
        unit = value.unit.table.get(f"{_cell(value.unit, registers):.0f}")
        if unit is None:
            return None
        factor *= unit
    return sum(part.factor * _cell(part, registers) for part in value.parts) * factor


def _cell(cell: Cell, registers: Mapping[int, int]) -> float:
    words = [registers[address] for address in range(cell.address, cell.end)]
    number: float = struct.unpack(_FORMATS[cell.type], words_to_bytes(words, cell.order))[0]
    return number
