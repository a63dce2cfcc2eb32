"""Logged-in browsers for tests: users made straight in the registry, and their cookie."""

from typing import NamedTuple

from argon2 import PasswordHasher
from console_centre import NOW_MS

from console.person import Person
from registry.accounts import By, Rights, add_user, find_user
from registry.login_sessions import Lifetime, begin_session
from registry.passwords import Passwords
from registry.scope import EVERYTHING
from registry.tables import Company, User

ETERNAL_MS = NOW_MS + 400 * 86_400_000
"""A login of then is never over, however far a test moves its clock."""
PASSWORDS = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
"""Quick ones."""
PASSWORD = "静水流深 flows deep"
SEES_ALL = Person(None, "test", "admin", EVERYTHING, "")
NO_PASSWORD = "!"
"""In place of a hash: fits no password, and costs no time."""


class Limits(NamedTuple):
    """What somebody is in a test."""

    role: str = "admin"
    counties: tuple[str, ...] = ()
    company: str = ""


ADMIN = Limits()


def user_of(registry, limits: Limits, name: str = "", password: str = "") -> User:
    """A user of that kind, made if there is none yet."""
    name = name or "-".join(part for part in (limits.role, *limits.counties, limits.company) if part)
    with registry.writing() as session:
        known = find_user(session, name)
        if known is not None:
            return known
        if limits.company and session.query(Company).filter_by(name=limits.company).first() is None:
            session.add(Company(name=limits.company))
            session.flush()
        hashed = PASSWORDS.hashed(password) if password else NO_PASSWORD
        return add_user(session, name, Rights(*limits), hashed, By("test", NOW_MS))


def token_of(registry, limits: Limits = ADMIN, at_ms: int = NOW_MS) -> str:
    """The token of a fresh login."""
    user = user_of(registry, limits)
    with registry.writing() as session:
        return begin_session(session, user, "192.0.2.7", at_ms, Lifetime(1_800_000, 43_200_000))


def log_in(client, registry, limits: Limits = ADMIN, at_ms: int = NOW_MS) -> None:
    """Give a TestClient the cookie of a login; logins that are over at `at_ms` are deleted by it."""
    client.cookies.set("session", token_of(registry, limits, at_ms))
