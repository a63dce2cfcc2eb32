"""The figures a judgement rests on: consumption in a window, from quarter hours or straight from raw."""

from collections.abc import Sequence
from typing import NamedTuple

from history.port import QUARTER_HOUR_MS, History, QuarterHour
from history.quarter_hours import Consumption, consumption, floor_to_quarter

SHORT_WINDOW_MS = 4 * QUARTER_HOUR_MS
"""Shorter windows are summed from raw readings, because a quarter hour is too coarse for them."""


class Usage(NamedTuple):
    """What one meter counted in a window.

    Attributes:
        amount: kWh or m³ that are known to have passed.
        coverage: share of the window in which that is known, 0 to 1.
    """

    amount: float
    coverage: float

    def reaches(self, coverage: float) -> bool:
        """Whether enough of the window is known to judge it."""
        return self.coverage >= coverage


NOTHING_KNOWN = Usage(0.0, 0.0)


class Window(NamedTuple):
    """A window and what power and flow meter counted in it."""

    start_ms: int
    end_ms: int
    energy: Usage
    volume: Usage

    @property
    def seconds(self) -> int:
        """Its length."""
        return (self.end_ms - self.start_ms) // 1000


def gather(history: History, station: str, window_s: int, now_ms: int) -> Window:
    """Sum a station's window that ends now.

    Raises:
        HistoryError: the store cannot be read just now.
    """
    start_ms = now_ms - window_s * 1000
    if window_s * 1000 >= SHORT_WINDOW_MS:
        rows = history.quarter_hours(floor_to_quarter(start_ms), now_ms, [station])
        return from_quarter_hours(rows, start_ms, now_ms)
    readings = history.edges(station, start_ms, now_ms) + history.raw(station, None, start_ms, now_ms)
    readings.sort(key=lambda reading: reading.t)
    energy = consumption(readings, "power", start_ms, now_ms)
    volume = consumption(readings, "flow", start_ms, now_ms)
    return Window(start_ms, now_ms, _usage(energy), _usage(volume))


def from_quarter_hours(rows: Sequence[QuarterHour], start_ms: int, end_ms: int) -> Window:
    """Sum the quarter hours of one station.

    The first counts in proportion to what lies in the window; the last, still running, counts whole.
    """
    energy, volume = NOTHING_KNOWN, NOTHING_KNOWN
    for row in rows:
        overlap_ms = min(row.start_ms + QUARTER_HOUR_MS, end_ms) - max(row.start_ms, start_ms)
        if overlap_ms <= 0:
            continue
        share = (row.start_ms + QUARTER_HOUR_MS - max(row.start_ms, start_ms)) / QUARTER_HOUR_MS
        of_window = overlap_ms / (end_ms - start_ms)
        if row.energy_kwh is not None:
            energy = Usage(energy.amount + row.energy_kwh * share, energy.coverage + of_window)
        if row.volume_m3 is not None:
            volume = Usage(volume.amount + row.volume_m3 * share, volume.coverage + of_window)
    return Window(start_ms, end_ms, energy, volume)


def _usage(used: Consumption) -> Usage:
    return NOTHING_KNOWN if used.amount is None else Usage(used.amount, used.coverage)
