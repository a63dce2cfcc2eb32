"""Instants as people at the station read them: in the time zone that the box is set to."""

from contextlib import suppress
from datetime import datetime


def civil(at: datetime) -> datetime:
    """An instant in the zone of this box; as it is where the zone does not reach (year 9999)."""
    with suppress(OverflowError, ValueError):
        return at.astimezone()
    return at
