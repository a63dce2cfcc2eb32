"""A port at one setting, and the questions of a scan on it: every octet that comes back is listened to."""

import time
from collections.abc import Callable
from typing import Protocol

from edge_agent.bus import BITS_A_CHARACTER, SILENT_CHARACTERS
from edge_agent.commissioning.ear import Ear
from edge_agent.config import BusSettings

GAP_S = 0.05
GAP_CHARACTERS = 20
"""A pause so long ends a frame; USB adapters hand octets over in lumps."""
QUIET_GAPS = 3
"""After garbage and so many of those nothing is waited for any more."""
LONGEST_CHARACTERS = 40
"""Where octets come without end a question ends so much behind its time-out."""
TURN_S = 0.004
"""At least so much silence before a question; some meters need a little more than the standard's."""


class OpenPort(Protocol):
    """What a probe needs of an open port; `edge_agent.port.Port` is one."""

    def send(self, octets: bytes) -> None:
        """Write all octets, or raise PortGone."""

    def receive(self, until_s: float) -> bytes:
        """Octets that come until an instant, or raise PortGone."""

    def close(self) -> None:
        """Give the port back."""


class Probe:
    """Asks on a port at one setting; the port is opened at the first need, and held until `close`.

    Attributes:
        sent_s: when the last question had passed, on the monotonic clock.
    """

    def __init__(self, settings: BusSettings, open_port: Callable[[BusSettings], OpenPort]) -> None:
        self._settings = settings
        self._open_port = open_port
        self._port: OpenPort | None = None
        self._free_from_s = 0.0
        self._character_s = BITS_A_CHARACTER / settings.baudrate
        self._pause_s = max(TURN_S, SILENT_CHARACTERS * self._character_s)
        self._gap_s = max(GAP_S, GAP_CHARACTERS * self._character_s)
        self._questions: set[bytes] = set()
        self.sent_s = 0.0

    def open(self, settle_s: float) -> Ear:
        """Open the port and let it settle so many seconds; tells what was heard unasked.

        Raises:
            PortGone: it cannot be opened so, or is gone.
        """
        if self._port is None:
            self._port = self._open_port(self._settings)
        return self.listen(settle_s)

    def close(self) -> None:
        """Give the port back."""
        if self._port is not None:
            self._port.close()
            self._port = None

    def listen(self, seconds: float) -> Ear:
        """Hear what comes in so many seconds, unasked.

        Raises:
            PortGone: the port cannot be opened, or is gone.
        """
        ear = Ear(earlier=self._questions)
        self._hear(ear, time.monotonic() + seconds, lambda _: False, 0.0)
        return ear

    def ask(
        self, question: bytes, timeout_s: float, is_answered: Callable[[Ear], bool], *, linger_s: float = 0.0
    ) -> Ear:
        """Send a question and listen until it is answered, or the time is over.

        Args:
            question: the whole frame.
            timeout_s: from the end of the question to the first octet of the answer.
            is_answered: ends the wait.
            linger_s: so long is listened after an answer, for a second one.

        Raises:
            PortGone: the port cannot be opened, or is gone.
        """
        ear = Ear(question, self._questions)
        self._questions.add(question)
        self._wait(ear)
        self._opened().send(question)
        self.sent_s = time.monotonic() + len(question) * self._character_s
        self._hear(ear, self.sent_s + timeout_s, is_answered, linger_s)
        return ear

    def _opened(self) -> OpenPort:
        if self._port is None:
            self._port = self._open_port(self._settings)
            self._free_from_s = time.monotonic() + self._pause_s
        return self._port

    def _wait(self, ear: Ear) -> None:
        """Keep the silence before a question; who talks without end is talked over."""
        port = self._opened()
        last_s = time.monotonic() + self._gap_s
        until_s = self._free_from_s
        while octets := port.receive(until_s):
            now_s = time.monotonic()
            ear.take(octets, now_s)
            until_s = now_s + self._pause_s
            if now_s >= last_s:
                break

    def _hear(self, ear: Ear, until_s: float, is_done: Callable[[Ear], bool], linger_s: float) -> None:
        port = self._opened()
        least_s = until_s
        last_s = until_s + self._gap_s + LONGEST_CHARACTERS * self._character_s
        was_done = False
        while octets := port.receive(until_s):
            now_s = time.monotonic()
            self._free_from_s = now_s + self._pause_s
            ear.take(octets, now_s)
            if not was_done and is_done(ear):
                was_done = True
                least_s = last_s = now_s + linger_s
            if now_s >= last_s:
                break
            until_s = least_s
            if ear.is_mid_frame:
                until_s = min(last_s, max(least_s, now_s + self._gap_s), now_s + QUIET_GAPS * self._gap_s)
        ear.close()
