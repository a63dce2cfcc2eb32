"""What stations counted lately, kept beside the history for the windows of every round.

A round looks at several windows of every station. The worker is the only one who writes quarter hours, so it
need not read them again: they are read once, for all stations together, and kept up with what it writes.
"""

from collections.abc import Iterable

from alerting.ledger import HOUR_MS, Ledger
from history.port import QUARTER_HOUR_MS, History, QuarterHour

KEPT_MS = 50 * HOUR_MS
KEPT_IF_SPARSE_MS = 12 * 24 * HOUR_MS
"""Stations that are read a few times a day are judged by their last days."""
SPARSE = 8
"""Fewer sampled quarter hours than these in what is kept of a station are sparse."""
LONG_MS = 40 * 24 * HOUR_MS
SPARE_MS = 8 * HOUR_MS
"""More than is kept, so that old rows are given back a few at a time."""


class RecentUse:
    """The last two days of all stations, longer of those that are read seldom."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._ledgers: dict[str, Ledger] = {}
        self._sparse: set[str] = set()
        self._since_ms: int | None = None
        """Since when all stations are known."""

    def begin(self, now_ms: int) -> None:
        """Read what is to be kept, if that was not done; give back what is old.

        Raises:
            HistoryError: the store cannot be read just now.
        """
        if self._since_ms is None:
            since_ms = (now_ms - KEPT_MS) // QUARTER_HOUR_MS * QUARTER_HOUR_MS
            self.note(self._history.quarter_hours(since_ms, now_ms + QUARTER_HOUR_MS))
            self._since_ms = since_ms
        elif now_ms - self._since_ms > KEPT_MS + SPARE_MS:
            self._since_ms = (now_ms - KEPT_MS) // QUARTER_HOUR_MS * QUARTER_HOUR_MS
            for station, ledger in self._ledgers.items():
                kept_ms = KEPT_IF_SPARSE_MS if station in self._sparse else KEPT_MS
                ledger.forget_before(now_ms - kept_ms)

    def forget(self) -> None:
        """Read all anew next time, because somebody else may have written meanwhile."""
        self._since_ms = None
        self._ledgers.clear()
        self._sparse.clear()

    def note(self, rows: Iterable[QuarterHour]) -> None:
        """Keep rows that are in the history."""
        for row in rows:
            ledger = self._ledgers.get(row.station)
            if ledger is None:
                ledger = self._ledgers[row.station] = Ledger()
            if self._since_ms is None or row.start_ms >= self._since_ms or row.station in self._sparse:
                ledger.put(row)

    def ledger(self, station: str, now_ms: int) -> Ledger:
        """A station's last days.

        Raises:
            HistoryError: the store cannot be read just now.
        """
        ledger = self._ledgers.get(station)
        if ledger is None:
            return Ledger()
        if station not in self._sparse and ledger.power.sampled_steps + ledger.flow.sampled_steps < SPARSE:
            ledger = self._ledgers[station] = self.read(station, now_ms, KEPT_IF_SPARSE_MS)
            self._sparse.add(station)
        return ledger

    def long(self, station: str, now_ms: int) -> Ledger:
        """A station's last weeks, for a state that began before what is kept.

        Raises:
            HistoryError: the store cannot be read just now.
        """
        return self.read(station, now_ms, LONG_MS)

    def read(self, station: str, now_ms: int, length_ms: int) -> Ledger:
        """Read a station's quarter hours up to now.

        Raises:
            HistoryError: the store cannot be read just now.
        """
        since_ms = (now_ms - length_ms) // QUARTER_HOUR_MS * QUARTER_HOUR_MS
        return Ledger(self._history.quarter_hours(since_ms, now_ms + QUARTER_HOUR_MS, [station]))
