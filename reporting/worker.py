"""The worker that makes the reports that are due; under a lease, so that two never make the same."""

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from registry.config import CentreSettings
from registry.database import Registry
from registry.services import HEALTH_EVERY_MS, report_health, take_lease
from registry.working import give_back, work_until
from reporting.monthly import ReportError, due_months, make_report
from service.civil import Month
from service.conditions import Conditions

logger = logging.getLogger("reporting")

NAME = "reporting"
LEASE_MS = 120_000
LOOK_EVERY_MS = 20_000
TICK_S = 5.0


class Worker:
    """Looks for months that are over and have no report, and makes it."""

    def __init__(
        self, settings: CentreSettings, registry: Registry, clock_ms: Callable[[], int], holder: str
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._clock_ms = clock_ms
        self._holder = holder
        self._conditions = Conditions(logger)
        self._look_due_ms = 0
        self._health_due_ms = 0
        self._due = 0

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop; what fails is told and tried again."""

        def step() -> bool:
            self.tick(self._clock_ms(), stop)
            return False

        work_until(
            stop,
            step,
            self._conditions,
            logger,
            wait_s=TICK_S,
            say=lambda: self._report(self._clock_ms()),
        )
        give_back(self._registry, NAME, self._holder, logger)

    def tick(self, now_ms: int, stop: threading.Event | None = None) -> None:
        """Make what is due if it is time to look, and say how things are.

        Raises:
            SQLAlchemyError: the registry cannot be used just now; the next tick does it all again.
        """
        if not self._hold(now_ms):
            return
        is_time = now_ms >= self._look_due_ms or now_ms < self._look_due_ms - LOOK_EVERY_MS
        if is_time:
            self._look(now_ms, stop)
            self._look_due_ms = now_ms + LOOK_EVERY_MS  # not before: a look that failed is due at once
        if is_time or now_ms >= self._health_due_ms:
            self._report(now_ms)

    def _look(self, now_ms: int, stop: threading.Event | None) -> None:
        zone, hour = self._settings.zone, self._settings.reporting.draft_hour
        with self._registry.reading() as session:
            months = due_months(session, zone, now_ms, hour)
        self._due = len(months)
        failed: dict[str, str] = {}
        for month in months:
            if stop is not None and stop.is_set():
                return
            try:
                self._make(month)
            except ReportError as error:  # the next one would fare no better
                failed["files"] = str(error)
                break
            except SQLAlchemyError:
                raise
            except Exception as error:
                if "months" not in self._conditions.current():
                    logger.exception("report of %s: unexpected failure, going on with the next", month)
                failed.setdefault("months", f"report of {month}: unexpected failure: {error!r}")
            now_ms = self._clock_ms()  # a report takes seconds, and many of them longer than a lease
            self._report(now_ms)
            if not self._hold(now_ms):
                return
        for name in ("files", "months"):
            if name in failed:
                self._conditions.begin(name, failed[name])
            else:
                self._conditions.end(name)

    def _make(self, month: Month) -> None:
        report = make_report(self._registry, self._settings, month, self._clock_ms(), NAME)
        self._due -= 1
        logger.info("report of %s made, revision %s", month, report.revision)

    def _hold(self, now_ms: int) -> bool:
        with self._registry.writing() as session:
            is_ours = take_lease(session, NAME, self._holder, now_ms, LEASE_MS)
        if is_ours:
            self._conditions.end("lease")
        else:
            self._conditions.begin("lease", "another worker holds it; waiting")
        return is_ours

    def _report(self, now_ms: int) -> None:
        self._health_due_ms = now_ms + HEALTH_EVERY_MS
        with self._registry.writing() as session:
            report_health(session, NAME, now_ms, self._conditions.current(), {"due": self._due})
