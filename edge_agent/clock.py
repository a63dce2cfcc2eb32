"""The box's clock: whether the time is known, from where, and what it was at a monotonic moment.

A box without a real-time clock wakes in the past, and many SIM cards block NTP. So the time is trusted only
if the kernel says that NTP has set it, or if the centre has told it in its answer to a hello.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from edge_agent.meter import boot_ms
from service.process import now_ms
from service.system_clock import ntp_synchronised

Trust = Literal["ntp", "centre"]

LONGEST_ROUND_TRIP_MS = 5_000
EARLIEST_MS, LATEST_MS = 1_577_836_800_000, 4_102_444_800_000
"""A centre that says a time before 2020 or after 2099 is wrong itself."""


def boot_id() -> str:
    """The kernel's name for this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


class Clock:
    """Maps the monotonic clock to wall time, once that is known; thread-safe."""

    def __init__(
        self,
        *,
        monotonic_ms: Callable[[], int] = boot_ms,
        wall_ms: Callable[[], int] = now_ms,
        synchronised: Callable[[], bool] = ntp_synchronised,
    ) -> None:
        self._monotonic_ms = monotonic_ms
        self._wall_ms = wall_ms
        self._synchronised = synchronised
        self._lock = threading.Lock()
        self._told_offset_ms: int | None = None

    @property
    def trust(self) -> Trust | None:
        """From where the time is known; None if it is not."""
        if self._synchronised():
            return "ntp"
        return None if self._told_offset_ms is None else "centre"

    def offset_ms(self) -> int | None:
        """Wall time minus monotonic time, or None while the time is not known; NTP goes before the centre."""
        if self._synchronised():
            return self._wall_ms() - self._monotonic_ms()
        with self._lock:
            return self._told_offset_ms

    def now_ms(self) -> int:
        """The best guess of the time: known, or what the system says."""
        offset = self.offset_ms()
        return self._wall_ms() if offset is None else self._monotonic_ms() + offset

    def centre_says(self, now_ms: int, asked_ms: int, heard_ms: int) -> bool:
        """Take the time from the centre's answer to a hello.

        False if the round trip was too long to tell, or if the centre cannot be right.

        Args:
            now_ms: the centre's clock in the ack.
            asked_ms: monotonic time when the hello went out.
            heard_ms: monotonic time when the ack came in.
        """
        if heard_ms - asked_ms > LONGEST_ROUND_TRIP_MS or not EARLIEST_MS < now_ms < LATEST_MS:
            return False
        with self._lock:
            self._told_offset_ms = now_ms - (asked_ms + heard_ms) // 2
        return True

    def distrust(self) -> None:
        """Forget what the centre told; the next hello tells it anew."""
        with self._lock:
            self._told_offset_ms = None
