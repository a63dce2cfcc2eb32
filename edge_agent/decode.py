"""Registers to values: byte orders, unit registers, composed totals, and what is not to be believed."""

import math
import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from edge_agent.profile import REGISTERS, ByteOrder, CellType, Profile, Value
from telemetry.reading import Why

Registers = Mapping[int, Mapping[int, int]]
"""Modbus function to wire address to 16-bit word."""

_FORMATS = {
    "u16": ">H", "i16": ">h", "u32": ">I", "i32": ">i", "u64": ">Q", "i64": ">q", "f32": ">f", "f64": ">d",
}  # fmt: skip

SIGNIFICANT_DIGITS = 15
"""What was multiplied is rounded so: 2301 x 0.1 is 230.1, not 230.10000000000002; digits are paid for."""


class Decoded(NamedTuple):
    """What one poll says.

    Attributes:
        values: what may be believed, by quantity.
        why: why something was left out; None if nothing was.
        alarms: names of the alarms that the meter shows.
    """

    values: dict[str, float]
    why: Why | None
    alarms: tuple[str, ...] = ()


def decode(profile: Profile, factors: Mapping[str, float], registers: Registers) -> Decoded:
    """Decode all quantities of a profile; one that cannot be believed is left out, with the first cause.

    Args:
        profile: the meter's.
        factors: the installer's parameters as factors, by name.
        registers: what was read; a quantity whose registers the meter refused is left out.
    """
    reader = _Reader(profile, registers)
    alarms = tuple(
        name
        for name, alarm in profile.alarm.items()
        if (raw := reader.raw(alarm.address, alarm.type, alarm.order, alarm.function)) is not None
        and alarm.is_set(int(raw))
    )
    spoilt = {name for alarm in alarms for name in profile.alarm[alarm].spoils}
    values: dict[str, float] = {}
    why: Why | None = None
    for name, value in profile.quantity.items():
        number = "implausible" if name in spoilt else _number(value, factors, reader)
        if isinstance(number, float):
            values[name] = number
        else:
            why = why or number
    return Decoded(values, why, alarms)


def words_to_bytes(words: Sequence[int], order: ByteOrder) -> bytes:
    """Bring the words of one number into big-endian byte order; A is its most significant byte."""
    if order in ("CDAB", "DCBA"):
        words = words[::-1]
    swapped = order in ("BADC", "DCBA")
    return b"".join(word.to_bytes(2, "little" if swapped else "big") for word in words)


class _Reader:
    """The registers of a poll, read as the profile says."""

    def __init__(self, profile: Profile, registers: Registers) -> None:
        self._request = profile.request
        self._registers = registers

    def raw(
        self, address: int, kind: CellType, order: ByteOrder | None, function: int | None
    ) -> float | None:
        """A cell's number as it stands there; NaN for digits that are none, None if it was not read."""
        words = self._registers.get(function or self._request.function, {})
        span = range(address, address + REGISTERS[kind])
        if any(each not in words for each in span):
            return None
        octets = words_to_bytes([words[each] for each in span], order or self._request.order)
        if kind.startswith("bcd"):
            digits = octets.hex()
            return int(digits) if digits.isdecimal() else math.nan
        number: float = struct.unpack(_FORMATS[kind], octets)[0]
        return number


def _number(value: Value, factors: Mapping[str, float], reader: _Reader) -> float | Why:
    """A quantity in our unit, or why it cannot be believed."""
    number = _sum(value, reader)
    factor = _unit(value, reader)
    if isinstance(number, str):
        return number
    if isinstance(factor, str):
        return factor
    shown = number * value.scale * factor
    low, high = value.plausible
    if math.isfinite(shown) and not low <= shown <= high:
        return "implausible"
    result = shown * math.prod(factors[word] for word in value.times)
    if not math.isfinite(result):
        return "not_a_number"
    return number if result == number else float(f"{result:.{SIGNIFICANT_DIGITS}g}")


def _sum(value: Value, reader: _Reader) -> float | Why:
    """All parts together, or why one is none."""
    total = 0.0
    for part in value.parts:
        raw = reader.raw(part.address, part.type, part.order, value.function)
        if raw is None:
            return "device_exception"
        if math.isnan(raw) or raw in part.absent:
            return "not_a_number"
        total += part.factor * raw
    return total


def _unit(value: Value, reader: _Reader) -> float | Why:
    """The factor that the unit register stands for; a code the profile does not know is never guessed."""
    if value.unit is None:
        return 1.0
    code = reader.raw(value.unit.address, value.unit.type, value.unit.order, value.function)
    if code is None:
        return "device_exception"
    return value.unit.table.get(f"{code:.0f}", "implausible")
