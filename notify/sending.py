"""The loop that keeps sending, under a lease, so that two never send the same."""

import logging
import threading
from collections.abc import Callable

from notify.sender import Sender
from registry.database import Registry
from registry.services import HEALTH_EVERY_MS, report_health, take_lease
from registry.working import give_back, work_until
from service.conditions import Conditions

logger = logging.getLogger("notify")

NAME = "notify"
LEASE_MS = 60_000
STEP_S = 2.0


class Sending:
    """Sends until told to stop; whatever fails is tried again."""

    def __init__(self, sender: Sender, registry: Registry, clock_ms: Callable[[], int], holder: str) -> None:
        self._sender = sender
        self._registry = registry
        self._clock_ms = clock_ms
        self._holder = holder
        self._conditions = Conditions(logger)
        self._said_ms = 0

    def run(self, stop: threading.Event) -> None:
        """Send what is due, every other second."""

        def step() -> bool:
            self._step(self._clock_ms())
            return False

        def say() -> None:
            self._say(self._clock_ms())

        work_until(stop, step, self._conditions, logger, wait_s=STEP_S, say=say)
        self._sender.close()
        give_back(self._registry, NAME, self._holder, logger)

    def _step(self, now_ms: int) -> None:
        with self._registry.writing() as session:
            if not take_lease(session, NAME, self._holder, now_ms, LEASE_MS):
                self._conditions.begin("lease", "another sender holds it; waiting")
                return
        self._conditions.end("lease")
        self._sender.step(now_ms)
        if not 0 <= now_ms - self._said_ms < HEALTH_EVERY_MS:
            self._say(now_ms)

    def _say(self, now_ms: int) -> None:
        self._said_ms = now_ms
        said = self._conditions.current() | self._sender.conditions()
        with self._registry.writing() as session:
            report_health(session, NAME, now_ms, said)
