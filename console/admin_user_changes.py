"""What an administrator does with users: makes them, gives rights and passwords, shuts and opens accounts."""

from collections.abc import Callable, Mapping

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from console.access import Route
from console.admin_users import UserPages, Wrong, user_at
from console.desk import Desk
from console.form import BAD_FORM, Form, form_of
from console.gate import Gate
from console.person import person_of
from console.said import said
from console.words import N_
from registry.account_errors import AccountError
from registry.accounts import (
    LONGEST_NAME,
    By,
    Rights,
    add_user,
    change_rights,
    clean_name,
    disable_user,
    enable_user,
    end_all_sessions,
    set_password,
)
from registry.admins import refuse_losing_last
from registry.audit import note_change
from registry.passwords import weakness
from registry.roles import CONTRACTOR
from registry.tables import User

_Act = Callable[[Session, User, Form, By], None]
_DONE: Mapping[str, str] = {
    "rights": N_("The rights of %(name)s are changed; they hold from the next page on."),
    "password": N_("%(name)s has another password; all their logins have ended."),
    "disable": N_("%(name)s may not log in any more; all their logins have ended."),
    "enable": N_("%(name)s may log in again."),
    "end": N_("All logins of %(name)s have ended."),
}
_NOT_TO_ONESELF = frozenset({"rights", "password", "disable", "enable"})
"""One's own password is changed on one's own page, which asks for the present one."""


def admin_user_routes(desk: Desk, gate: Gate) -> list[Route]:
    """The pages of this room, and of what it changes."""
    pages = UserPages(desk, gate)
    own = _Changes(desk, pages)

    def listed(request: Request) -> Response:
        return pages.listed(request)

    def shown(request: Request, user_id: str) -> Response:
        return pages.shown(request, user_id)

    return [
        Route("/admin/users", listed, "users.edit"),
        Route("/admin/users", own.add, "users.edit", ("POST",)),
        Route("/admin/users/{user_id}", shown, "users.edit"),
        Route("/admin/users/{user_id}", own.change, "users.edit", ("POST",)),
    ]


class _Changes:
    def __init__(self, desk: Desk, pages: UserPages) -> None:
        self._desk = desk
        self._pages = pages
        self._acts: dict[str, _Act] = {
            "rights": _give_rights,
            "disable": _disable,
            "enable": lambda session, user, _form, by: enable_user(session, user, by),
            "end": _end,
        }

    def add(self, request: Request) -> Response:
        """Make a user, or show what is wrong with what was typed."""
        form, person = form_of(request), person_of(request)
        name, rights = clean_name(form.field("name", LONGEST_NAME + 1)), _rights(form)
        try:
            hashed = self._hashed(form, name)
            with self._desk.writing() as session:
                user = add_user(session, name, rights, hashed, person.by(request, self._desk.clock_ms()))
        except AccountError as error:
            return self._pages.listed(request, Wrong(error.code, name, rights))
        said(request, N_("%(name)s may log in now."), name=user.name)
        return RedirectResponse(f"/admin/users/{user.id}", 303)

    def change(self, request: Request, user_id: str) -> Response:
        """Do one thing with a user, or show why not.

        Raises:
            HTTPException: 404, there is no such user within the person's limits; 400, no such thing to do.
        """
        form, person = form_of(request), person_of(request)
        what = form.field("do", 20)
        if what not in _DONE:
            raise HTTPException(400, BAD_FORM)
        with self._desk.reading() as session:
            name = user_at(session, person, user_id).name
        by = person.by(request, self._desk.clock_ms())
        try:
            hashed = self._hashed(form, name) if what == "password" else ""
            with self._desk.writing() as session:
                user = user_at(session, person, user_id)
                if user.id == person.user_id and what in _NOT_TO_ONESELF:
                    raise AccountError("own_account", user.name)  # noqa: TRY301 - answered like all the others
                if what == "password":
                    set_password(session, user, hashed, by)
                else:
                    self._acts[what](session, user, form, by)
        except AccountError as error:
            rights = _rights(form) if what == "rights" else None
            return self._pages.shown(request, user_id, Wrong(error.code, rights=rights))
        said(request, _DONE[what], name=name)
        return RedirectResponse(f"/admin/users/{user_id}", 303)

    def _hashed(self, form: Form, name: str) -> str:
        """The hash of a password that was typed twice and is good enough.

        Raises:
            AccountError: it is not.
        """
        if form.secret("fresh") != form.secret("again"):
            raise AccountError("password_differs")
        code = weakness(form.secret("fresh"), name)
        if code:
            raise AccountError(code)
        return self._desk.passwords.hashed(form.secret("fresh"))


def _rights(form: Form) -> Rights:
    """What a form gives; the company counts for a contractor alone, for the field is always there."""
    role = form.field("role", 16)
    company = form.field("company", 200) if role == CONTRACTOR else ""
    return Rights(role, tuple(form.fields("county", 12)), company)


def _give_rights(session: Session, user: User, form: Form, by: By) -> None:
    rights = _rights(form)
    refuse_losing_last(session, user, rights)
    change_rights(session, user, rights, by)


def _disable(session: Session, user: User, _form: Form, by: By) -> None:
    refuse_losing_last(session, user)
    disable_user(session, user, by)


def _end(session: Session, user: User, _form: Form, by: By) -> None:
    end_all_sessions(session, user)
    note_change(
        session, at_ms=by.at_ms, actor=by.actor, action="user.end_sessions", subject=f"user:{user.name}",
        address=by.address,
    )  # fmt: skip
