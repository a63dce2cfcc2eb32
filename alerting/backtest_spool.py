"""A back-test's readings on disk, a file for each station, so that memory holds one station at a time."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from alerting.backtest_readings import MISSING, POWER_FACTOR, QUALITIES, VOLTAGES, Row
from telemetry.quantities import LEVEL_BY_KIND, TOTAL_BY_KIND, Kind
from telemetry.reading import Reading

_RECORD = struct.Struct("<qqHB6d")
HELD_ROWS = 400_000
"""So many rows are held in memory before they are written, about 30 MB."""
OTHERS = (*VOLTAGES, POWER_FACTOR)
NOTHING = (float("nan"),) * len(OTHERS)
DAY_MS = 86_400_000


class Arrival(NamedTuple):
    """A reading and the back-test's clock when it arrived, ms since the epoch."""

    clock_ms: int
    reading: Reading


class _Pile:
    """One station's rows."""

    __slots__ = ("behind", "buffer", "count", "devices", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.buffer = bytearray()
        self.devices: list[tuple[str, Kind]] = []
        self.count = self.behind = 0


class Spool:
    """Takes rows and gives them back by station.

    Attributes:
        first_ms, last_ms: first and last clock; None without rows.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._piles: dict[str, _Pile] = {}
        self._places: dict[tuple[str, str, Kind], tuple[_Pile, int]] = {}
        self._held = 0
        self.first_ms: int | None = None
        self.last_ms: int | None = None

    @property
    def stations(self) -> dict[str, int]:
        """Those that had rows, with how many."""
        return {name: pile.count for name, pile in self._piles.items()}

    @property
    def behind(self) -> list[str]:
        """Stations most of whose rows stand more than a day behind the clock, though they do not say so.

        A file that is sorted by station looks like that.
        """
        return [name for name, pile in self._piles.items() if 2 * pile.behind > pile.count]

    def add(self, row: Row) -> None:
        """Keep a row."""
        station, device, kind, clock_ms, time_ms, quality, values, is_told = row
        pile, place = self._places.get((station, device, kind)) or self._new_place(row)
        if kind != "power":
            values = (*values, *NOTHING)
        pile.buffer += _RECORD.pack(clock_ms, time_ms, place, quality, *values)
        pile.count += 1
        if clock_ms - time_ms > DAY_MS and not is_told:
            pile.behind += 1
        self.last_ms = clock_ms
        self._held += 1
        if self._held >= HELD_ROWS:
            self.close()

    def close(self) -> None:
        """Write all that is still held."""
        for pile in self._piles.values():
            if pile.buffer:
                with pile.path.open("ab") as file:
                    file.write(pile.buffer)
                pile.buffer.clear()
        self._held = 0

    def arrivals(self, station: str) -> Iterator[Arrival]:
        """A station's readings in order of arrival."""
        pile = self._piles.get(station)
        if pile is None:
            return
        devices = [(name, kind, LEVEL_BY_KIND[kind], TOTAL_BY_KIND[kind]) for name, kind in pile.devices]
        with pile.path.open("rb") as file:
            while block := file.read(_RECORD.size * 4096):
                for clock_ms, time_ms, place, quality, level, total, *others in _RECORD.iter_unpack(block):
                    name, kind, level_name, total_name = devices[place]
                    x: dict[str, float] = {}
                    if quality != MISSING:
                        if level == level:  # noqa: PLR0124 - a number
                            x[level_name] = level
                        if total == total:  # noqa: PLR0124 - likewise
                            x[total_name] = total
                        if kind == "power":
                            named = zip(OTHERS, others, strict=True)
                            x |= {what: value for what, value in named if value == value}  # noqa: PLR0124
                    yield Arrival(clock_ms, Reading(t=time_ms, d=name, k=kind, q=QUALITIES[quality], x=x))

    def _new_place(self, row: Row) -> tuple[_Pile, int]:
        """Where a device's rows go; what tells of both kinds under one name is two devices."""
        pile = self._piles.get(row.station)
        if pile is None:
            pile = self._piles[row.station] = _Pile(self._folder / f"{len(self._piles)}.rows")
            if self.first_ms is None:
                self.first_ms = row.clock_ms
        is_other = any(name == row.device for name, _ in pile.devices)
        pile.devices.append((f"{row.device} {row.kind}" if is_other else row.device, row.kind))
        found = self._places[row.station, row.device, row.kind] = pile, len(pile.devices) - 1
        return found
