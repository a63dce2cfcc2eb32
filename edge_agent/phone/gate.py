"""Who may use the installer's site, and for how long; pure: instants are of the monotonic clock, in seconds.

The PIN has six digits and stands on the box's console or on a label in the cabinet. Wrong ones cost all
visitors a growing wait, so that nobody guesses it while the site is open.
"""

import hmac
import secrets
import threading
from typing import NamedTuple

FREE_GUESSES = 5
FIRST_WAIT_S = 10.0
LONGEST_WAIT_S = 300.0
MOST_SESSIONS = 8
PIN_DIGITS = 6
_RANDOM_BYTES = 16


class Session(NamedTuple):
    """One visitor who knew the PIN.

    Attributes:
        key: the cookie's value.
        token: stands in every form; a change without it is refused.
    """

    key: str
    token: str


class Gate:
    """The PIN, the sessions and the closing time; may be used from any thread."""

    def __init__(self, pin: str, *, open_s: float, now_s: float) -> None:
        self._pin = pin.encode()
        self._open_s = open_s
        self._closes_s = now_s + open_s
        self._wrong = 0
        self._free_from_s = now_s
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    def enter(self, pin: str, now_s: float) -> Session | None:
        """A new session for the right PIN; None if it is wrong, or if a wait is not over."""
        with self._lock:
            if now_s < self._free_from_s:
                return None
            if not hmac.compare_digest(pin.encode(), self._pin):
                self._wrong += 1
                self._free_from_s = now_s + wait_after(self._wrong)
                return None
            self._wrong = 0
            session = Session(secrets.token_hex(_RANDOM_BYTES), secrets.token_hex(_RANDOM_BYTES))
            while len(self._sessions) >= MOST_SESSIONS:
                del self._sessions[next(iter(self._sessions))]
            self._sessions[session.key] = session
            return session

    def wait_s(self, now_s: float) -> float:
        """How long no PIN is taken, the right one neither."""
        with self._lock:
            return max(0.0, self._free_from_s - now_s)

    def session(self, key: str) -> Session | None:
        """The session of a cookie, if there is one."""
        with self._lock:
            return self._sessions.get(key)

    def left_s(self, now_s: float) -> float:
        """How long the site stays open."""
        with self._lock:
            return max(0.0, self._closes_s - now_s)

    def prolong(self, now_s: float) -> None:
        """Keep the site open for another full span from now on; what is closed stays closed."""
        with self._lock:
            if now_s < self._closes_s:
                self._closes_s = now_s + self._open_s


def wait_after(wrong: int) -> float:
    """How long all have to wait after so many wrong PINs in a row, in seconds."""
    if wrong < FREE_GUESSES:
        return 0.0
    doublings = min(wrong - FREE_GUESSES, 10)
    return float(min(FIRST_WAIT_S * 2**doublings, LONGEST_WAIT_S))


def is_token(session: Session, given: str) -> bool:
    """Whether a form's token is the session's."""
    return hmac.compare_digest(given.encode(), session.token.encode())


def new_pin() -> str:
    """Six digits that nobody can foresee."""
    return f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}}"


def is_pin(text: str) -> bool:
    """Whether a text can be a PIN."""
    return len(text) == PIN_DIGITS and text.isascii() and text.isdecimal()
