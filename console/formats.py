"""Numbers, times, ages and foreign text made readable; pure, with now and zone as arguments."""

import math
import re
from datetime import date, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_skeleton, format_timedelta
from babel.numbers import format_decimal

from service.civil import Month, clock_of

DASH = "–"
"""Stands where a value is not known; never a zero."""

_BESIDE_CHINESE = re.compile(r"(?<=\d)(?=[\u4e00-\u9fff])")
_SMALL = 0.01
_TWO_OF_A_UNIT = 2
"""A larger unit of time is used from two of it on: 119 minutes, not "2 hours"."""


def number(value: float | None, locale: Locale, digits: int = 2) -> str:
    """A figure with so many decimals, or a dash."""
    if value is None or not math.isfinite(value):
        return DASH
    return format_decimal(value, format="#,##0" + ("." + "0" * digits if digits else ""), locale=locale)


def amount(value: float, locale: Locale) -> str:
    """An amount with two decimals, or three significant figures where two decimals would say too little."""
    if 0 < abs(value) < _SMALL:
        return format_decimal(value, format="@@#", locale=locale)
    return number(value, locale)


def percent(value: Fraction | None, locale: Locale, digits: int = 2, border: Fraction | None = None) -> str:
    """A share in per cent, or a dash.

    Near a border it gets as many decimals as it needs to be seen on its own side: what fails 90 % is never
    printed as 90 %.
    """
    if value is None:
        return DASH
    if border is not None:
        while value != border and round(100 * value, digits) == 100 * border:
            digits += 1
    return f"{number(float(100 * value), locale, digits)} %"


def plain(value: float | None, locale: Locale) -> str:
    """A figure with as many decimals as it has, three at most, or a dash."""
    if value is None or not math.isfinite(value):
        return DASH
    return format_decimal(value, format="#,##0.###", locale=locale)


def instant(ms: int | None, zone: ZoneInfo) -> str:
    """Local date and time to the minute, in ISO order, which both languages read alike."""
    try:
        return f"{clock_of(ms, zone):%Y-%m-%d %H:%M}" if ms is not None else DASH
    except (ValueError, OverflowError, OSError):  # a figure that is no instant of our calendar
        return str(ms)


def day(value: date | None) -> str:
    """A civil day, or a dash."""
    return value.isoformat() if value is not None else DASH


def month(value: Month, locale: Locale) -> str:
    """A month by its name, such as "October 2026"."""
    return format_skeleton("yMMMM", value.first, locale=locale)


def age(ms: int, now_ms: int, locale: Locale) -> str:
    """How long ago, or how soon, in whole minutes at the finest."""
    gone = timedelta(milliseconds=ms - now_ms)
    text = format_timedelta(
        gone, granularity="minute", threshold=_TWO_OF_A_UNIT, add_direction=True, locale=locale
    )
    return _spaced(text)


def span(seconds: float, locale: Locale) -> str:
    """A length of time, such as "4 hours"."""
    text = format_timedelta(timedelta(seconds=seconds), threshold=_TWO_OF_A_UNIT, locale=locale)
    return _spaced(text)


def size(count: int, locale: Locale) -> str:
    """A number of bytes."""
    return f"{number(count, locale, 0)} B" if count < 10_000 else f"{number(count / 1000, locale, 1)} kB"


def visible(payload: bytes | str, limit: int = 200) -> str:
    """The beginning of something foreign, with everything a screen might obey turned into escapes."""
    head = payload[:limit]
    text = head if isinstance(head, str) else head.decode("utf-8", "backslashreplace")
    shown = "".join(sign if sign.isprintable() else _escaped(sign) for sign in text)
    return shown + "…" if len(payload) > limit else shown


def _escaped(sign: str) -> str:
    code = ord(sign)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _spaced(text: str) -> str:
    return _BESIDE_CHINESE.sub(" ", text)
