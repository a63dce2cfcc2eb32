"""Log in and log out. Names that no user has are treated as any other: same text, same wait, same time."""

import secrets
from typing import NamedTuple

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select

from console.access import Route, local_path
from console.desk import Desk
from console.form import form_of
from console.gate import BEFORE_LOGIN, SESSION, Gate, cookie_name, give_cookie, take_cookie
from console.person import client_address, csrf_of, person_of
from registry.accounts import any_user, clean_name
from registry.audit import note_change
from registry.login_delay import begin_try, end_try, wait_ms
from registry.passwords import AT_ONCE, MOST_LETTERS
from registry.tables import User

FIRST_USER = "qingliu console add-user NAME --role admin"
"""What makes the first administrator."""
_LONGEST_NAME = 256


class Refusal(NamedTuple):
    """A try that failed: how long the next one has to wait, ms, and whether this one was checked at all."""

    wait_ms: int
    was_checked: bool


def login_routes(desk: Desk, gate: Gate) -> list[Route]:
    """The pages of this room."""
    own = _LoginPages(desk, gate)
    return [
        Route("/login", own.page, None),
        Route("/login", own.log_in, None, ("POST",)),
        Route("/logout", own.log_out, "see", ("POST",)),
    ]


class _LoginPages:
    def __init__(self, desk: Desk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate
        self._limiter = CapacityLimiter(AT_ONCE)

    def page(self, request: Request) -> Response:
        """The form; whoever is logged in goes on."""
        if self._gate.recognise(request) is not None:
            return RedirectResponse(local_path(request.query_params.get("next", "/")), 303)
        return self._form(request, request.query_params.get("next", "/"))

    async def log_in(self, request: Request) -> Response:
        """Check the password, two at once and in threads of their own, so that pages go on meanwhile."""
        if self._gate.demo is not None:
            return RedirectResponse("/", 303)
        return await run_sync(self._answer, request, limiter=self._limiter)

    def log_out(self, request: Request) -> Response:
        """End the session, so that its cookie is worth nothing."""
        person = person_of(request)
        if person.is_demo:
            return RedirectResponse("/", 303)
        self._gate.end(person, person.session_key)
        with self._desk.writing() as session:
            note_change(
                session, at_ms=self._desk.clock_ms(), actor=person.name, action="user.logout",
                subject=f"user:{person.name}", address=client_address(request),
            )  # fmt: skip
        response = RedirectResponse("/login", 303)
        take_cookie(request, response, SESSION)
        return response

    def _answer(self, request: Request) -> Response:
        form = form_of(request)
        name, password = clean_name(form.field("name", _LONGEST_NAME)), form.secret("password")
        after = form.field("next", 2_000)
        outcome = self._try(name, password, client_address(request))
        if isinstance(outcome, Refusal):
            return self._form(request, after, outcome, name)
        response = RedirectResponse(local_path(after), 303)
        give_cookie(request, response, SESSION, self._gate.begin(outcome, client_address(request)))
        take_cookie(request, response, BEFORE_LOGIN)
        return response

    def _try(self, name: str, password: str, address: str) -> User | Refusal:
        """Count the try, check it, and take it back if it was right; both steps stand in the audit trail."""
        now = self._desk.clock_ms()
        with self._desk.writing() as session:
            wait = begin_try(session, name, address, now)
            user = session.scalars(select(User).where(User.name == name)).one_or_none()
        if wait:
            return Refusal(wait, was_checked=False)
        kept = user.password_hash if user is not None and user.disabled_ms is None else None
        checked = self._desk.passwords.check(kept, password[: MOST_LETTERS + 1])
        is_in = checked.is_right and user is not None
        with self._desk.writing() as session:
            if is_in:
                end_try(session, name, address)
            if user is not None and checked.fresh_hash is not None:
                session.merge(user).password_hash = checked.fresh_hash
            note_change(
                session, at_ms=now, actor=name if user is not None else "unknown", address=address,
                action="user.login" if is_in else "user.login_failed",
                subject=f"user:{name}" if user is not None else "user:unknown",
            )  # fmt: skip
            wait = 0 if is_in else wait_ms(session, name, address, now)
        return user if is_in and user is not None else Refusal(wait, was_checked=True)

    def _form(self, request: Request, after: str, refusal: Refusal | None = None, name: str = "") -> Response:
        with self._desk.reading() as session:
            is_first = not any_user(session)
        cookie = request.cookies.get(cookie_name(request, BEFORE_LOGIN), "")
        token = cookie or secrets.token_urlsafe(32)
        values = {
            "alarm_count": None,
            "after": local_path(after),
            "refusal": refusal,
            "name": name,
            "token": csrf_of(token),
            "first_user": FIRST_USER if is_first else "",
        }
        status = 200 if refusal is None else 401 if refusal.was_checked else 429
        response = self._desk.page(request, "login.html", values, status)
        response.headers["Cache-Control"] = "no-store"
        if refusal is not None and refusal.wait_ms:
            response.headers["Retry-After"] = str(-(-refusal.wait_ms // 1000))
        if not cookie:
            give_cookie(request, response, BEFORE_LOGIN, token)
        return response
