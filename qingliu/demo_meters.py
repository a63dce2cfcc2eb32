"""The counters of the live stations' meters, which go on where the city's past ends.

They lie in the file that `qingliu simulate meters --memory` keeps; its time of change is when they stood so.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from qingliu.demo_files import Paths
from service.whole_file import write_whole
from simulator.city import CityStation
from simulator.course import Course, counters_at


class Counters(msgspec.Struct):
    """What the meters of a live station have counted."""

    energy_kwh: float
    volume_m3: float


def begin(file: Path, course: Course, at_ms: int) -> None:
    """Set the counters to where they stand at the end of the past."""
    _write(file, Counters(*counters_at(course, at_ms / 1000)), at_ms)


def count_on(paths: Paths, stations: Iterable[CityStation], now_ms: int) -> None:
    """Let the meters count what their treatment would have used since they were last written down.

    Without this the time in which the demo was off would look like a stop.
    """
    for station in stations:
        file, course = paths.counters(station.id), Course(station)
        then_kwh, then_m3 = counters_at(course, file.stat().st_mtime)
        now_kwh, now_m3 = counters_at(course, now_ms / 1000)
        known = msgspec.json.decode(file.read_bytes(), type=Counters)
        grown = Counters(known.energy_kwh + now_kwh - then_kwh, known.volume_m3 + now_m3 - then_m3)
        _write(file, grown, now_ms)


def _write(file: Path, counters: Counters, at_ms: int) -> None:
    write_whole(file, msgspec.json.encode(counters))
    os.utime(file, (at_ms / 1000, at_ms / 1000))
