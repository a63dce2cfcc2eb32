"""The port: what every back end of the history can do. One behaviour suite runs over all of them."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct

from service.process import UnavailableError
from telemetry.reading import Reading

QUARTER_HOUR_MS = 900_000
NEAR_MS = 2 * 86_400_000
"""So far from a span its edges are looked for first."""


class StationReading(Struct, frozen=True, gc=False):
    """A reading and whose it is; quick to make, and no work for the garbage collector."""

    station: str
    reading: Reading


class QuarterHour(NamedTuple):
    """What a station used and let go in one span, normally a quarter hour.

    Every field is always written; None means not known.

    Attributes:
        start_ms: beginning of the span, ms since the epoch, UTC.
        energy_kwh: counter difference, or None where no counter reading on both sides tells it.
        volume_m3: likewise of the flow meter.
        power_bridged: the energy was spread over a gap that the counter bridged.
        flow_bridged: likewise the volume.
        power_good, power_missing: samples of power meters with values, and polls without.
        flow_good, flow_missing: likewise of flow meters.
    """

    station: str
    start_ms: int
    energy_kwh: float | None = None
    volume_m3: float | None = None
    power_mean_kw: float | None = None
    power_max_kw: float | None = None
    flow_mean_m3h: float | None = None
    flow_max_m3h: float | None = None
    power_bridged: bool = False
    flow_bridged: bool = False
    power_good: int = 0
    power_missing: int = 0
    flow_good: int = 0
    flow_missing: int = 0


class Rejected(NamedTuple):
    """A reading that the store will never take.

    Attributes:
        reading: as it was given.
        text: the store's own words, one line.
    """

    reading: StationReading
    text: str


class HistoryError(UnavailableError):
    """The store cannot be used just now; nothing was lost, trying again may help.

    Attributes:
        retry_after_s: how long the store asked us to wait, in seconds; None if it did not say.
    """

    def __init__(self, text: str, retry_after_s: float | None = None) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


class HistoryMisconfiguredError(HistoryError):
    """The store refuses us until somebody mends the settings, the rights or the database."""


class History(Protocol):
    """The time series of all stations."""

    def write(self, readings: Sequence[StationReading]) -> list[Rejected]:
        """Store durably before returning; the same (station, device, t) overwrites itself.

        Returns:
            The readings that can never be stored, in order; all others are safe now.

        Raises:
            HistoryError: nothing of it counts as stored, though a part may be. Write all of it again: that
                changes nothing about what was stored already.
        """

    def raw(self, station: str, device: str | None, start_ms: int, end_ms: int) -> list[Reading]:
        """Readings of one device (or of all) with start <= t < end, by time."""

    def counts(
        self, start_ms: int, end_ms: int, stations: Collection[str] | None = None
    ) -> dict[str, list[Reading]]:
        """Readings of many stations with start <= t < end, by station and time, without needless quantities.

        Each has only its kind's total and level, of which consumption is made. Of each device there is also
        the last counter reading before start, unless it lies more than `NEAR_MS` back. Much quicker than
        `raw` and `edges` for each station; a station of which nothing is found is left out.
        """

    def edges(self, station: str, start_ms: int, end_ms: int) -> list[Reading]:
        """For each device the last reading with a counter before start, and the first from end on.

        They let counters bridge a gap that reaches over the span. A device has the kind of its last reading.
        """

    def latest(self, stations: Collection[str] | None = None) -> dict[str, list[Reading]]:
        """The last reading of each device, by station."""

    def write_quarter_hours(self, rows: Iterable[QuarterHour]) -> None:
        """Store rows whole; the same (station, start) overwrites itself."""

    def quarter_hours(
        self, start_ms: int, end_ms: int, stations: Collection[str] | None = None
    ) -> list[QuarterHour]:
        """Rows with start <= start_ms < end, by station and time."""

    def drop(self, raw_before_ms: int, quarter_hours_before_ms: int) -> Iterator[None]:
        """Delete readings and quarter hours that are older, a portion for each step of the iteration.

        Raises:
            HistoryError: while iterating; what was deleted stays deleted, the rest may be tried again.
        """

    def close(self) -> None:
        """Give all resources back."""
