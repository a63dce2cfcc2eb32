"""What stations counted in the last two days, kept beside the history for the windows of every round.

A round sums two windows of every station. The worker is the only one who writes quarter hours, so it need not
read them again: they are read once, for all stations together, and kept up with what it writes.
"""

import math
from array import array
from collections.abc import Iterable

from alerting.ledger import Ledger, MeterLedger, Window
from history.port import QUARTER_HOUR_MS, History, QuarterHour
from history.quarter_hours import floor_to_quarter

PLACES = 200
"""Quarter hours kept of a station: 50 hours."""


class _Ring:
    """One station's: place after place, the oldest overwritten; what is not known is not a number."""

    def __init__(self) -> None:
        self.numbers = array("q", [-1]) * PLACES
        self.energy_kwh = array("d", [math.nan]) * PLACES
        self.volume_m3 = array("d", [math.nan]) * PLACES

    def put(self, row: QuarterHour) -> None:
        number = row.start_ms // QUARTER_HOUR_MS
        place = number % PLACES
        if number >= self.numbers[place]:
            self.numbers[place] = number
            self.energy_kwh[place] = math.nan if row.energy_kwh is None else row.energy_kwh
            self.volume_m3[place] = math.nan if row.volume_m3 is None else row.volume_m3

    def amounts(self, values: "array[float]", first: int, last: int) -> list[float | None]:
        found: list[float | None] = []
        for number in range(first, last):
            value = values[number % PLACES] if self.numbers[number % PLACES] == number else math.nan
            found.append(None if math.isnan(value) else value)
        return found


class RecentUse:
    """Windows over the last 50 hours of all stations; longer ones are read from the history."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._rings: dict[str, _Ring] = {}
        self._since: int | None = None
        """The first quarter hour that is known of all stations, by its number."""

    def begin(self, now_ms: int) -> None:
        """Read what is to be kept, if that was not done.

        Raises:
            HistoryError: the store cannot be read just now.
        """
        if self._since is None:
            since = now_ms // QUARTER_HOUR_MS - PLACES + 2
            self.note(self._history.quarter_hours(since * QUARTER_HOUR_MS, now_ms + QUARTER_HOUR_MS))
            self._since = since

    def forget(self) -> None:
        """Read all anew next time, because somebody else may have written meanwhile."""
        self._since = None
        self._rings.clear()

    def note(self, rows: Iterable[QuarterHour]) -> None:
        """Keep rows that are in the history."""
        for row in rows:
            ring = self._rings.get(row.station)
            if ring is None:
                ring = self._rings[row.station] = _Ring()
            ring.put(row)

    def window(self, station: str, start_ms: int, now_ms: int) -> Window:
        """Sum a station's window that ends now, as `Ledger.window` does.

        Raises:
            HistoryError: it is not kept, and the store cannot be read just now.
        """
        first, last = start_ms // QUARTER_HOUR_MS, -(-now_ms // QUARTER_HOUR_MS)
        if self._since is None or first < max(self._since, last - PLACES):
            rows = self._history.quarter_hours(floor_to_quarter(start_ms), now_ms, [station])
            return Ledger(rows).window(start_ms, now_ms)
        ring = self._rings.get(station) or _Ring()
        samples = [0] * (last - first)
        energy, volume = (
            MeterLedger(first * QUARTER_HOUR_MS, ring.amounts(values, first, last), samples, samples)
            for values in (ring.energy_kwh, ring.volume_m3)
        )
        return Window(start_ms, now_ms, energy.usage(start_ms, now_ms), volume.usage(start_ms, now_ms))
