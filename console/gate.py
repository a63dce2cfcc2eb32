"""The gate: tells whose session a request belongs to, and gives and takes the cookie that says so."""

from collections.abc import Callable
from typing import NamedTuple

from fastapi import Request, Response

from console.person import Person, logged_in
from registry.console_settings import ConsoleSettings
from registry.database import Registry
from registry.login_sessions import (
    TOUCH_AFTER_MS,
    Lifetime,
    begin_session,
    end_session,
    find_session,
    touch_session,
)
from registry.tables import User

SESSION, BEFORE_LOGIN = "session", "login"
"""Cookies: of a login, and of the page that asks for one."""


class Gate(NamedTuple):
    """Sessions of one console; safe to use from several threads.

    Attributes:
        settings: how long a login holds.
        registry: where sessions are.
        clock_ms: now, ms since the epoch, UTC.
        demo: everybody is this person; None where a login is needed.
    """

    settings: ConsoleSettings
    registry: Registry
    clock_ms: Callable[[], int]
    demo: Person | None = None

    @property
    def lifetime(self) -> Lifetime:
        """How long a login holds."""
        return Lifetime(self.settings.idle_min * 60_000, self.settings.session_hours * 3_600_000)

    def recognise(self, request: Request) -> Person | None:
        """Who asks; None without a session that holds. Its use is written at most once a minute."""
        if self.demo is not None:
            return self.demo
        token = request.cookies.get(cookie_name(request, SESSION), "")
        if not token:
            return None
        now = self.clock_ms()
        with self.registry.reading() as session:
            found = find_session(session, token, now, self.lifetime)
        if found is None:
            return None
        own, user = found
        if now - own.last_used_ms >= TOUCH_AFTER_MS:
            with self.registry.writing() as session:
                touch_session(session, own.token_sha256, now)
        return logged_in(user, token)

    def begin(self, user: User, address: str) -> str:
        """Log a browser in; the token is for its cookie."""
        with self.registry.writing() as session:
            return begin_session(session, user, address, self.clock_ms(), self.lifetime)

    def end(self, person: Person, key: str) -> bool:
        """Log one of a person's browsers out; False if it is not theirs."""
        if person.user_id is None:
            return False
        with self.registry.writing() as session:
            return end_session(session, person.user_id, key)


def cookie_name(request: Request, name: str) -> str:
    """Over https a browser takes the cookie of this name only from this host, and only over https."""
    return f"__Host-{name}" if is_https(request) else name


def give_cookie(request: Request, response: Response, name: str, token: str) -> None:
    """Give a cookie that ends with the browser, that no script reads and no other site's form sends."""
    response.set_cookie(
        cookie_name(request, name), token, path="/", httponly=True, samesite="lax", secure=is_https(request)
    )


def take_cookie(request: Request, response: Response, name: str) -> None:
    """Take a cookie away."""
    response.delete_cookie(
        cookie_name(request, name), path="/", httponly=True, samesite="lax", secure=is_https(request)
    )


def is_https(request: Request) -> bool:
    """Whether the browser speaks https, to us or to a proxy that is believed."""
    return request.url.scheme == "https"
