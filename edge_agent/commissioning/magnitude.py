"""How much a number in a register says by its size, in bits: each makes chance half as likely. Pure.

Registers are mostly small numbers and zeros. So a zero says nothing, a small number little, and of a number
it is the order of magnitude, not the number, that is taken as evenly spread over what its type can hold.
"""

import math

from edge_agent.profile import Bounds, CellType

FLOATS: tuple[CellType, ...] = ("f32", "f64")
ABSURD = 1e-30
"""A float nearer to zero, but not zero, is a whole number read as a float."""
FLOAT_BITS: dict[CellType, float] = {"f32": 3, "f64": 6}
"""What it says that registers hold a float of a usual size: most patterns are absurd ones."""
MOST_FLOAT_BITS = 6.0
"""Who sends one float sends others of that type, so more of them say no more."""

_BINADES: dict[CellType, float] = {
    "u16": 16, "i16": 30, "u32": 32, "i32": 62, "u64": 64, "i64": 126, "f32": 80, "f64": 80,
    "bcd16": 13.3, "bcd32": 26.6, "bcd48": 39.9, "bcd64": 53.2,
}  # fmt: skip
"""Orders of magnitude, in powers of two, that a type holds, signs counted twice; of floats the usual ones,
from 2^-12 to 2^28."""
_MOST_BITS = 16.0
"""No single number says more: registers are not drawn by lot."""
_NARROWEST = 1e-3


def code_bits(code: float) -> float:
    """How much a register that must hold this whole number says by holding it."""
    return min(_MOST_BITS, 2 * math.log2(abs(code)) + 1) if code else 0.0


def magnitude_bits(kind: CellType, number: float, bounds: Bounds, least: float) -> float:
    """How much a number says that lies within these bounds.

    Args:
        kind: what its registers can hold.
        number: what they hold; nearer to zero than `least` it says nothing.
        bounds: where it should lie, in the registers' own unit.
        least: the smallest that is a measurement.
    """
    low, high = bounds
    if kind not in FLOATS:
        least = max(least, 1.0)
    if abs(number) < least or not low <= number <= high:
        return 0.0
    span = sum(
        math.log2(end / max(start, least))
        for start, end in ((low, high), (-high, -low))
        if end > max(start, least)
    )
    bits = max(0.0, math.log2(_BINADES[kind] / max(span, _NARROWEST)))
    return min(bits, _MOST_BITS if kind in FLOATS else code_bits(number))
