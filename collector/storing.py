"""Lots of work on their way into the stores, in a thread of their own, one after the other."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from collector.figures import Figures
from collector.ingest import Work, beginnings, late_quarter_hours, reject
from history.port import History, HistoryError
from registry.database import Registry
from registry.devices import note_devices
from registry.dirty import mark_dirty
from registry.quarantine import put_aside
from registry.stations import note_pending
from service.broker import Connection
from service.conditions import Conditions
from service.process import first_line

logger = logging.getLogger("collector")

LATE_AFTER_MS = 30 * 60_000
"""The worker recomputes the last 45 minutes anyway; older readings mark their quarter hours."""
WORTH_READINGS = 5_000
"""A lot this large may wait its turn; smaller ones had better grow."""
FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 30.0


class Lot(NamedTuple):
    """Some work, over which connection its messages came, and when the first of them did (monotonic, s)."""

    work: Work
    connection: Connection
    since_s: float


class Storer:
    """Writes one lot at a time; one that fails is tried again without limit, ever more slowly.

    While one is being written a second, large one may wait its turn, so that the store never stands still.
    All but the writing happens in the thread of the caller.
    """

    def __init__(
        self,
        history: History,
        registry: Registry,
        figures: Figures,
        conditions: Conditions,
        clock_ms: Callable[[], int],
    ) -> None:
        self._history = history
        self._registry = registry
        self._figures = figures
        self._conditions = conditions
        self._clock_ms = clock_ms
        self._thread = ThreadPoolExecutor(1, "storing")
        self._lot: Lot | None = None
        self._writing: Future[None] | None = None
        self._second: tuple[Lot, Future[None]] | None = None
        self._retry_s = 0.0
        self._retry_wait_s = FIRST_RETRY_S

    def takes(self, work: Work) -> bool:
        """Whether another lot may be given."""
        if self._lot is None:
            return time.monotonic() >= self._retry_s
        is_worth_it = len(work.readings) >= WORTH_READINGS and self._second is None
        return is_worth_it and self._writing is not None and "store" not in self._conditions.current()

    @property
    def messages(self) -> int:
        """How many messages the lots given were made of."""
        lots = (self._lot, self._second[0] if self._second is not None else None)
        return sum(lot.work.messages for lot in lots if lot is not None)

    def give(self, lot: Lot) -> None:
        """Begin to write a lot, or have it wait its turn; its connection is woken when that has ended."""
        if self._lot is None:
            self._lot, self._writing = lot, self._begun(lot)
        else:
            self._second = lot, self._begun(lot)

    def stored(self, within_s: float = 0.0) -> Lot | None:
        """The lot, once all of it is safe; waits for that no longer than said."""
        if self._lot is None:
            return None
        if self._writing is None:
            if time.monotonic() >= self._retry_s:
                self._writing = self._begun(self._lot)
            return None
        if within_s:
            wait([self._writing], within_s)
        return self._ended() if self._writing.done() else None

    def wait(self, within_s: float) -> bool:
        """Wait no longer than said for the write under way; False if none is, or the last one failed."""
        if self._writing is None or "store" in self._conditions.current():
            return False
        wait([self._writing], within_s)
        return True

    def close(self) -> None:
        """Wait for the write under way, and end the thread."""
        self._thread.shutdown()

    def _begun(self, lot: Lot) -> Future[None]:
        now_ms = self._clock_ms()
        writing = self._thread.submit(_store, lot.work, self._history, self._registry, self._figures, now_ms)
        writing.add_done_callback(lambda _: lot.connection.wake())
        return writing

    def _ended(self) -> Lot | None:
        assert self._writing is not None  # noqa: S101 - narrows the type
        lot, error, self._writing = self._lot, self._writing.exception(), None
        if error is None:
            self._conditions.end("store")
            self._retry_wait_s = FIRST_RETRY_S
            self._go_on()
            return lot
        self._figures.store_failures += 1
        if not isinstance(error, (HistoryError, SQLAlchemyError)):
            self._figures.exceptions += 1
            self._go_on()  # its stations send it again, in other company
            logger.error("unexpected failure while storing", exc_info=error)
        self._conditions.begin("store", first_line(error))
        asked_s = getattr(error, "retry_after_s", None) or 0.0
        self._retry_s = time.monotonic() + max(self._retry_wait_s, asked_s)
        self._retry_wait_s = min(2 * self._retry_wait_s, LONGEST_RETRY_S)
        return None

    def _go_on(self) -> None:
        """The lot is done with; the second one is the first now, however far it is."""
        self._lot, self._writing = self._second or (None, None)
        self._second = None


def _store(work: Work, history: History, registry: Registry, figures: Figures, now_ms: int) -> None:
    """Write readings, marks of late ones, quarantine and newly admitted stations; twice does no harm.

    The meters of late readings are registered with the marks: the worker judges no day before the first.
    """
    if work.readings:
        began_s = time.monotonic()
        reject(work, history.write(work.readings), now_ms)
        figures.wrote(len(work.readings), time.monotonic() - began_s)
    late = [each for each in work.readings if each.reading.t < now_ms - LATE_AFTER_MS]
    if late or work.quarantine or work.admitted:
        with registry.writing() as session:
            for station in sorted(work.admitted):
                note_pending(session, station)
            session.flush()
            note_devices(session, beginnings(late))
            mark_dirty(session, late_quarter_hours(late, now_ms))
            put_aside(session, work.quarantine)
