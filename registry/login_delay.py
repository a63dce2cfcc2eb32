"""Logins that failed make the next one wait: by the name typed, and more gently by the address.

A try is counted before its password is checked and taken back if it was right, so that tries made at once
do not all slip through. A name that no user has waits as long as any other.
"""

import hashlib
from typing import Literal, NamedTuple

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from registry.tables import LoginFailure

Kind = Literal["name", "address"]
FORGOTTEN_AFTER_MS = 24 * 3_600_000
_LOCK_OF_LOGINS = 0x71_6C_6C_67


class Delay(NamedTuple):
    """After so many failures the next try waits 2 s, then twice as long each time, up to `most_s`."""

    failures: int
    most_s: int

    def wait_ms(self, failures: int) -> int:
        """How long after the last failure the next try has to wait, ms."""
        over = failures - self.failures
        return 0 if over < 0 else 1000 * min(2 ** min(over + 1, 30), self.most_s)


DELAYS: dict[Kind, Delay] = {"name": Delay(3, 900), "address": Delay(20, 60)}


def begin_try(session: Session, name: str, address: str, at_ms: int) -> int:
    """Count a try as failed and return 0, or how long it has to wait yet, ms: then it is not counted.

    Args:
        session: a writing one.
        name: as `registry.accounts.clean_name` leaves what was typed.
        address: of the browser.
        at_ms: now, ms since the epoch, UTC.
    """
    _take_turns(session)
    session.execute(delete(LoginFailure).where(LoginFailure.last_ms < at_ms - FORGOTTEN_AFTER_MS))
    wait = wait_ms(session, name, address, at_ms)
    if wait:
        return wait
    keys = _keys(name, address)
    rows = {kind: session.get(LoginFailure, (kind, key)) for kind, key in keys.items()}
    for kind, row in rows.items():
        if row is None:
            session.add(LoginFailure(kind=kind, key_sha256=keys[kind], failures=1, last_ms=at_ms))
        else:
            row.failures, row.last_ms = row.failures + 1, at_ms
    session.flush()
    return 0


def wait_ms(session: Session, name: str, address: str, at_ms: int) -> int:
    """How long a try has to wait now, ms."""
    rows = [session.get(LoginFailure, pair) for pair in _keys(name, address).items()]
    waits = (_left_ms(row, at_ms) for row in rows if row is not None)
    return max(0, *waits, 0)


def end_try(session: Session, name: str, address: str) -> None:
    """Take a try back whose password was right: the name is free again, the address one failure less."""
    _take_turns(session)
    keys = _keys(name, address)
    session.execute(
        delete(LoginFailure).where(LoginFailure.kind == "name", LoginFailure.key_sha256 == keys["name"])
    )
    row = session.get(LoginFailure, ("address", keys["address"]))
    if row is not None:
        row.failures -= 1
        if row.failures <= 0:
            session.delete(row)


def _take_turns(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer anyway
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_OF_LOGINS})


def _left_ms(row: LoginFailure, at_ms: int) -> int:
    whole = next(delay.wait_ms(row.failures) for kind, delay in DELAYS.items() if kind == row.kind)
    return min(whole, row.last_ms + whole - at_ms)  # never more than the whole, if the clock was set back


def _keys(name: str, address: str) -> dict[Kind, str]:
    return {"name": _digest(name.casefold()), "address": _digest(address)}


def _digest(typed: str) -> str:
    return hashlib.sha256(typed.encode("utf-8", "surrogatepass")).hexdigest()
