"""A serial line that the running agent lends to a command of the installer, until that falls silent.

A borrower asks again and again, by a token of its own. As long as it does, the line is its; when it gives the
line back, or dies, or is cut off, the sampler goes on. Thread-safe: asked from the control socket's thread,
obeyed by the sampler's. All instants are of the monotonic clock, in ms.
"""

import threading
from typing import Literal, NamedTuple

LEASE_MS = 8_000
"""So long after its last word a borrower counts as gone."""
LONGEST_LOAN_MS = 1_800_000
"""Nobody keeps a line for longer: the station's readings matter more."""

Loan = Literal["yours", "soon", "taken", "over"]
"""What a borrower is told: the line is free for it; it will be, once the round under way is done; somebody
else has it; it had it for too long."""


class Borrower(NamedTuple):
    """Who has a line, or waits for it."""

    token: str
    name: str
    since_ms: int
    until_ms: int


class Lending:
    """The state of one line's lending."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._borrower: Borrower | None = None
        self._is_lent = False
        self._over = ""

    def ask(self, token: str, name: str, now_ms: int) -> Loan:
        """A borrower wants the line, or wants to keep it for another `LEASE_MS`."""
        with self._lock:
            self._forget_the_dead(now_ms)
            borrower = self._borrower
            if token == self._over:
                return "over"
            if borrower is not None and borrower.token != token:
                return "taken"
            since_ms = now_ms if borrower is None else borrower.since_ms
            if now_ms - since_ms >= LONGEST_LOAN_MS:
                self._end()
                self._over = token
                return "over"
            self._borrower = Borrower(token, name, since_ms, now_ms + LEASE_MS)
            return "yours" if self._is_lent else "soon"

    def give_back(self, token: str) -> None:
        """The borrower is done; what somebody else has stays theirs."""
        with self._lock:
            if self._borrower is not None and self._borrower.token == token:
                self._end()

    def borrower(self, now_ms: int) -> str | None:
        """Who wants or has the line, by name; None if nobody does."""
        with self._lock:
            self._forget_the_dead(now_ms)
            return None if self._borrower is None else self._borrower.name

    def lend(self) -> None:
        """The sampler has closed the port: it is free for who asked."""
        with self._lock:
            self._is_lent = self._borrower is not None

    def _forget_the_dead(self, now_ms: int) -> None:
        if self._borrower is not None and now_ms >= self._borrower.until_ms:
            self._end()

    def _end(self) -> None:
        self._borrower, self._is_lent = None, False
