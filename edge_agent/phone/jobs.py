"""What runs behind the pages, one job at a time: a scan or the checks, with what came of it so far."""

import logging
import threading
from collections.abc import Callable
from typing import Literal

from edge_agent.phone.faults import EXPECTED

logger = logging.getLogger(__name__)

JobName = Literal["scan", "checks"]
_END_S = 15.0


class Job:
    """One run in a thread of its own; everything may be read meanwhile.

    Attributes:
        name: what it is.
        found: what it has brought so far, in order; whoever runs appends.
        share: how much is done, 0 to 1.
        now: what is done just now, for people.
        failure: what ended it early.
    """

    def __init__(self, name: JobName, work: "Callable[[Job], None]") -> None:
        self.name = name
        self.found: list[object] = []
        self.share = 0.0
        self.now = ""
        self.failure: Exception | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(work,), name=f"job {name}", daemon=True)

    @property
    def is_running(self) -> bool:
        """Whether it goes on."""
        return self._thread.is_alive()

    def is_stopped(self) -> bool:
        """Whether somebody wants it to end."""
        return self._stop.is_set()

    def start(self) -> None:
        """Begin; once."""
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end; it does so when it next looks."""
        self._stop.set()

    def wait(self, within_s: float = _END_S) -> None:
        """Wait for its end."""
        if self._thread.ident is not None:
            self._thread.join(within_s)

    def _run(self, work: "Callable[[Job], None]") -> None:
        try:
            work(self)
        except EXPECTED as error:
            self.failure = error
        except Exception as error:
            logger.exception("job %s: unexpected failure", self.name)
            self.failure = error


class Jobs:
    """The job that runs, and the last one of each name; may be used from any thread."""

    def __init__(self) -> None:
        self._last: dict[JobName, Job] = {}
        self._lock = threading.Lock()

    def start(self, name: JobName, work: Callable[[Job], None]) -> bool:
        """Begin a job; False if another runs."""
        with self._lock:
            if self._running() is not None:
                return False
            job = Job(name, work)
            self._last[name] = job
            job.start()
            return True

    def running(self) -> Job | None:
        """The one that runs."""
        with self._lock:
            return self._running()

    def last(self, name: JobName) -> Job | None:
        """The last one of a name, whether it runs or has ended."""
        with self._lock:
            return self._last.get(name)

    def end(self) -> None:
        """Stop what runs and wait for it."""
        job = self.running()
        if job is not None:
            job.stop()
            job.wait()

    def _running(self) -> Job | None:
        return next((job for job in self._last.values() if job.is_running), None)
