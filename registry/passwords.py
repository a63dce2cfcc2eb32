"""Passwords: which are good enough, and how they are kept (argon2id, with the library's parameters)."""

import unicodedata
from threading import BoundedSemaphore
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

FEWEST_LETTERS = 10
MOST_LETTERS = 200
FEWEST_DIFFERENT = 3
AT_ONCE = 2
"""A hash takes 64 MiB and a core: more at once would slow down everything else."""
_COMMON = frozenset(
    """
    0123456789 1234567890 12345678910 123456789a 1234567890a 0987654321 1111111111 0000000000 8888888888
    6666666666 1122334455 1234512345 1212121212 a123456789 aa123456789 abc1234567 abcd123456 abcdefghij
    abc123456789 123456abcdef qwertyuiop qwerty12345 qwerty1234 qwerty123456 1qaz2wsx3edc 1q2w3e4r5t
    q1w2e3r4t5 asdfghjkl1 password00 password01 password11 password12 password123 password1234 passw0rd123
    p@ssw0rd12 p@ssword123 iloveyou12 woaini1314520 woaini1314 5201314520 administrator admin12345
    admin123456 admin1234567 admin@123456 admin888888 root123456 letmein123 welcome123 changeme123 test123456
    qingliu123 qingliu1234 qingliu123456 huanbao123 wushui1234 wushui123456 jiaozuo123 jiaozuo123456
    """.split()  # noqa: SIM905 - a list of words is easier to read so
)


class Outcome(NamedTuple):
    """Whether a password is right, and its hash anew if it was kept with parameters of before."""

    is_right: bool
    fresh_hash: str | None = None


class Passwords:
    """Hashes and checks passwords, two at once; safe to use from several threads."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._working = BoundedSemaphore(AT_ONCE)
        self._nobodys: str | None = None

    def hashed(self, password: str) -> str:
        """What is kept of a password; takes a tenth of a second."""
        with self._working:
            return self._hasher.hash(_as_typed(password))

    def check(self, kept: str | None, password: str) -> Outcome:
        """Hold a password against what is kept; where nothing is kept it takes the same time.

        Args:
            kept: the hash; None for a user that is not there.
            password: what was typed.
        """
        if self._nobodys is None:
            self._nobodys = self.hashed("nobody's password")
        with self._working:
            try:
                self._hasher.verify(kept or self._nobodys, _as_typed(password))
            except (VerificationError, InvalidHashError):
                return Outcome(is_right=False)
        if kept is None:
            return Outcome(is_right=False)
        return Outcome(
            is_right=True, fresh_hash=self.hashed(password) if self._hasher.check_needs_rehash(kept) else None
        )


def weakness(password: str, user: str) -> str | None:
    """Why a password is not good enough, as a code of `registry.account_errors`; None if it is."""
    typed, name = _as_typed(password).casefold(), _as_typed(user).casefold()
    if len(password) > MOST_LETTERS:
        return "password_long"
    if len(typed) < FEWEST_LETTERS:
        return "password_short"
    if typed in (name, name * 2, name[::-1]):
        return "password_name"
    return "password_common" if typed in _COMMON or len(set(typed)) < FEWEST_DIFFERENT else None


def _as_typed(text: str) -> str:
    """The same letters whichever keyboard they came from."""
    return unicodedata.normalize("NFC", text)
