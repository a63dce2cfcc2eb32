"""The worker that drafts, freezes and revises the reports; under a lease, so that two never do the same."""

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from registry.config import CentreSettings
from registry.database import Registry
from registry.services import HEALTH_EVERY_MS, report_health, take_lease
from registry.working import give_back, work_until
from reporting.life import Done, DueStep, due_steps, take_step
from reporting.report_rows import SERVICE, waiting
from service.conditions import Conditions
from service.process import UnavailableError
from service.settings import SettingsError
from service.systemd import no_manager

logger = logging.getLogger("reporting")

LEASE_MS = 120_000
LOOK_EVERY_MS = 20_000
TICK_S = 5.0


class Worker:
    """Looks for months whose report is due to be drafted, frozen or held against the figures of today."""

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
        self._waiting: list[str] = []

    def run(self, stop: threading.Event, beat: Callable[[], None] = no_manager) -> None:
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
            beat=beat,
        )
        give_back(self._registry, SERVICE, self._holder, logger)

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
        with self._registry.reading() as session:
            steps = due_steps(session, self._settings, now_ms)
        self._due = len(steps)
        failed: dict[str, str] = {}
        for step in steps:
            if stop is not None and stop.is_set():
                return
            try:
                self._take(step)
            except (UnavailableError, SettingsError) as error:
                failed.setdefault("files", str(error))
            except SQLAlchemyError:
                raise
            except Exception as error:
                if "months" not in self._conditions.current():
                    logger.exception("report of %s: unexpected failure, going on with the next", step.month)
                failed.setdefault("months", f"report of {step.month}: unexpected failure: {error!r}")
            now_ms = self._clock_ms()  # a report takes seconds, and many of them longer than a lease
            self._report(now_ms)
            if not self._hold(now_ms):
                return
        for name in ("files", "months"):
            if name in failed:
                self._conditions.begin(name, failed[name])
            else:
                self._conditions.end(name)
        with self._registry.reading() as session:
            self._waiting = [f"{report.month} r{report.revision}" for report in waiting(session)]

    def _take(self, step: DueStep) -> None:
        done = take_step(self._registry, self._settings, step, self._clock_ms(), SERVICE)
        self._due -= 1
        _say(step, done)

    def _hold(self, now_ms: int) -> bool:
        with self._registry.writing() as session:
            is_ours = take_lease(session, SERVICE, self._holder, now_ms, LEASE_MS)
        if is_ours:
            self._conditions.end("lease")
        else:
            self._conditions.begin("lease", "another worker holds it; waiting")
        return is_ours

    def _report(self, now_ms: int) -> None:
        self._health_due_ms = now_ms + HEALTH_EVERY_MS
        figures = {"due": self._due, "waiting": self._waiting}
        with self._registry.writing() as session:
            report_health(session, SERVICE, now_ms, self._conditions.current(), figures)


def _say(step: DueStep, done: Done) -> None:
    if done.report is None:
        return
    revision = done.report.revision
    if done.what == "revised":
        logger.warning(
            "report of %s: the figures are no longer those of revision %s; revision %s waits for "
            "`qingliu report freeze %s --by NAME`",
            step.month,
            revision - 1,
            revision,
            step.month,
        )
    else:
        logger.info("report of %s %s, revision %s", step.month, done.what, revision)
