"""What a device's failures mean: when a `missing` reading is due, and when to leave the device alone."""

from telemetry.reading import Why

REPEAT_MS = 3_600_000
"""A `missing` reading is repeated hourly while the failure lasts."""
FAILURES_BEFORE_BACKING_OFF = 10
LONGEST_BACK_OFF_MS = 300_000


class Silence:
    """The failures of one device; instants are of the monotonic clock, in ms."""

    def __init__(self, interval_ms: int) -> None:
        self._interval_ms = interval_ms
        self._forget()

    def _forget(self) -> None:
        self._failures = 0
        self._told: Why | None = None
        self._told_at_ms = 0
        self._wait_ms = 0
        self._next_try_ms = 0

    @property
    def lasts(self) -> bool:
        """Whether the last poll failed."""
        return self._failures > 0

    @property
    def backing_off(self) -> bool:
        """Whether the device is polled less often than the others."""
        return self._wait_ms > 0

    def may_poll(self, now_ms: int) -> bool:
        """Whether the device's turn has come."""
        return now_ms >= self._next_try_ms

    def succeeded(self) -> bool:
        """Note an answer; True if it ends a silence."""
        ended = self.lasts
        self._forget()
        return ended

    def failed(self, why: Why, now_ms: int) -> Why | None:
        """Note a failed poll; the cause to report in a `missing` reading, or None if none is due.

        A port that is gone costs nobody any time and may be back the next moment, so it is no cause to back
        off.
        """
        if why == "port_gone":
            self._failures, self._wait_ms = 1, 0
            return self._due(why, now_ms)
        self._failures += 1
        if self._failures >= FAILURES_BEFORE_BACKING_OFF:
            longest = max(LONGEST_BACK_OFF_MS, self._interval_ms)
            self._wait_ms = min(2 * (self._wait_ms or self._interval_ms), longest)
            self._next_try_ms = now_ms + self._wait_ms
        return self._due("backing_off" if self._failures > FAILURES_BEFORE_BACKING_OFF else why, now_ms)

    def passed_over(self, now_ms: int) -> Why | None:
        """Note that the device was left alone this time; the cause to report, or None if none is due."""
        return self._due("backing_off", now_ms)

    def _due(self, why: Why, now_ms: int) -> Why | None:
        if why == self._told and now_ms - self._told_at_ms < REPEAT_MS:
            return None
        self._told = why
        self._told_at_ms = now_ms
        return why
