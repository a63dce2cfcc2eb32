"""What an address asks for; nobody's typing may break a page."""

from fastapi import Request

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
