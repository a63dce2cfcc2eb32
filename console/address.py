"""What an address asks for; nobody's typing may break a page."""

from datetime import date
from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.exceptions import HTTPException

from service.civil import Month, day_of

EARLIEST = date(2000, 1, 1)
_YEARS = range(2000, 2100)
NO_STATION = "no_station"
"""Why nothing is at an address that looks like a station's."""
_DIGITS = 9


def whole_number(request: Request, name: str, default: int) -> int:
    """A whole number from the address's question; whatever cannot be read is the default."""
    number = read_number(request.query_params.get(name, ""))
    return default if number is None else number


def read_number(text: str) -> int | None:
    """A whole number of a few digits, or None."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < _DIGITS else None


def civil_day(request: Request, name: str, last: date) -> date | None:
    """A civil day from the address's question, from the year 2000 up to `last`; None for anything else."""
    try:
        day = date.fromisoformat(request.query_params.get(name, ""))
    except ValueError:
        return None
    return day if EARLIEST <= day <= last else None


def month_of(text: str) -> Month:
    """The month that an address names.

    Raises:
        HTTPException: it names none; nothing is there.
    """
    try:
        month = Month.parse(text)
    except ValueError as error:
        raise HTTPException(404) from error
    if month.year not in _YEARS:
        raise HTTPException(404)
    return month


def month_beside(month: Month, months: int, now_ms: int, zone: ZoneInfo) -> Month | None:
    """The month so many months later, earlier for a negative number; None in the future or too far back."""
    other = month.after(months)
    return other if other.year in _YEARS and other <= Month.of(day_of(now_ms, zone)) else None
