"""What a service tells the service manager: ready, alive, stopping, in the words of sd_notify(3).

One datagram to the socket that the manager names; without a manager nothing happens.
"""

import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress

READY = "READY=1"
STOPPING = "STOPPING=1"
ALIVE = "WATCHDOG=1"
_TIMEOUT_S = 1.0


def notify(text: str) -> None:
    """Send assignments such as `READY=1`, one a line, to `$NOTIFY_SOCKET`; never raises.

    Only a process that the manager knows is heard (`NotifyAccess=` of the unit).
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    name = os.fsencode(address)
    if name.startswith(b"@"):  # an abstract socket, whose name begins with a zero byte
        name = b"\0" + name[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.settimeout(_TIMEOUT_S)
        sender.sendto(text.encode(errors="replace"), name)


def watchdog_period_s() -> float | None:
    """How often, in seconds, the manager wants to hear `WATCHDOG=1`: half of the time it waits for it.

    None if it does not watch this process.
    """
    if os.environ.get("WATCHDOG_PID") not in {None, "", str(os.getpid())}:
        return None
    try:
        wait_us = int(os.environ.get("WATCHDOG_USEC", ""))
    except ValueError:
        return None
    return wait_us / 2_000_000 if wait_us > 0 else None


class Heart:
    """Tells the manager once that the process is ready, and from then on that it works.

    `beat` belongs into the loop whose standstill would mean that the service does nothing any more.
    """

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self._period_s = watchdog_period_s()
        self._due_s: float | None = None

    def beat(self) -> None:
        """Say what is due; costs next to nothing where nothing is."""
        now_s = self._monotonic_s()
        if self._due_s is None:
            notify(READY)
        elif self._period_s is None or now_s < self._due_s:
            return
        else:
            notify(ALIVE)
        self._due_s = now_s + (self._period_s or 0.0)


def no_manager() -> None:
    """Beat for nobody."""
