"""Instants as a chart has them: the centre's wall clock, written as if it were UTC. Pure."""

from console.reader import Reader
from service.civil import clock_of


def wall(reader: Reader, ms: int) -> int:
    """An instant, ms since the epoch, moved by the zone's offset."""
    offset = clock_of(ms, reader.zone).utcoffset()
    return ms + (int(offset.total_seconds() * 1000) if offset else 0)
