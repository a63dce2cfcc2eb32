"""Logged-in browsers: begun, found, touched and ended. Of a token only its SHA-256 is kept."""

import hashlib
import secrets
from typing import NamedTuple

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from registry.tables import LoginSession, User

TOUCH_AFTER_MS = 60_000
"""The last use is written at most once in that time."""
LONGEST_ADDRESS = 64


class Lifetime(NamedTuple):
    """How long a login holds, ms: without a request, and at most."""

    idle_ms: int
    whole_ms: int


def begin_session(session: Session, user: User, address: str, at_ms: int, lifetime: Lifetime) -> str:
    """Log a browser in and return its token of 256 random bits; sessions that are over are deleted.

    Args:
        session: a writing one.
        user: who logged in.
        address: of the browser.
        at_ms: now, ms since the epoch, UTC.
        lifetime: of sessions.
    """
    session.execute(delete(LoginSession).where(_is_over(at_ms, lifetime)))
    token = secrets.token_urlsafe(32)
    session.add(
        LoginSession(
            token_sha256=token_key(token), user_id=user.id, created_ms=at_ms, last_used_ms=at_ms,
            address=address[:LONGEST_ADDRESS],
        )
    )  # fmt: skip
    session.flush()
    return token


def find_session(
    session: Session, token: str, at_ms: int, lifetime: Lifetime
) -> tuple[LoginSession, User] | None:
    """The session of a token with its user, unless it is over or the user disabled; one question."""
    row = session.execute(
        select(LoginSession, User)
        .join(User, User.id == LoginSession.user_id)
        .where(LoginSession.token_sha256 == token_key(token), User.disabled_ms.is_(None))
    ).one_or_none()
    if row is None or not is_alive(row[0], at_ms, lifetime):
        return None
    return row[0], row[1]


def is_alive(own: LoginSession, at_ms: int, lifetime: Lifetime) -> bool:
    """Whether a session still holds."""
    return at_ms - own.last_used_ms < lifetime.idle_ms and at_ms - own.created_ms < lifetime.whole_ms


def touch_session(session: Session, key: str, at_ms: int) -> None:
    """Write that a session is in use; one that has ended stays so."""
    session.execute(update(LoginSession).where(LoginSession.token_sha256 == key).values(last_used_ms=at_ms))


def sessions_of(session: Session, user_id: int, at_ms: int, lifetime: Lifetime) -> list[LoginSession]:
    """A user's sessions that hold, the newest first."""
    found = select(LoginSession).where(LoginSession.user_id == user_id)
    rows = session.scalars(found.order_by(LoginSession.created_ms.desc(), LoginSession.token_sha256))
    return [each for each in rows if is_alive(each, at_ms, lifetime)]


def end_session(session: Session, user_id: int, key: str) -> bool:
    """Log one of a user's browsers out; False if there is no such session of that user."""
    own = (LoginSession.token_sha256 == key) & (LoginSession.user_id == user_id)
    if session.scalars(select(LoginSession.user_id).where(own)).one_or_none() is None:
        return False
    session.execute(delete(LoginSession).where(own))
    return True


def token_key(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _is_over(at_ms: int, lifetime: Lifetime) -> ColumnElement[bool]:
    return or_(
        LoginSession.last_used_ms <= at_ms - lifetime.idle_ms,
        LoginSession.created_ms <= at_ms - lifetime.whole_ms,
    )
