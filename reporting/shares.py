"""Shares as people read them, in per cent. Compared is the exact fraction, never what is printed. Pure."""

from fractions import Fraction

from reporting.due import RULES

_DIGITS = 2


def per_cent(share: Fraction, border: Fraction | None = RULES.target) -> str:
    """A share in per cent without the sign: two decimals, halves rounded up, thousands apart.

    Near a border it gets as many decimals as it needs to be seen on its own side: what fails 90 % is never
    printed as 90.00.
    """
    digits = _DIGITS
    while border is not None and share != border and _units(share, digits) == 100 * border * 10**digits:
        digits += 1
    units = _units(share, digits)
    return f"{units // 10**digits:,}.{units % 10**digits:0{digits}}"


def _units(share: Fraction, digits: int) -> int:
    return int(100 * share * 10**digits + Fraction(1, 2))
