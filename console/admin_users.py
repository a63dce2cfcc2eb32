"""The users' pages: who may log in, as what and where; and one of them with everything that can be set."""

from typing import Any, NamedTuple

from fastapi import Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from console import admin_words
from console.address import read_number
from console.desk import Desk
from console.gate import Gate
from console.person import Person, person_of
from console.queries import active_alarm_count
from registry.accounts import Account, Rights, users
from registry.login_sessions import is_alive
from registry.roles import CONTRACTOR, ROLES
from registry.scope import scope_of
from registry.tables import Company, County, LoginSession, User

NO_USER = "no_user"
"""Why nobody is at an address that looks like a user's."""


class UserRow(NamedTuple):
    """A line of the list: the account, the browsers logged in now, and when the last of them asked."""

    account: Account
    logins: int
    last_used_ms: int | None


class Wrong(NamedTuple):
    """What was typed and refused: which rule it breaks, and what to show again."""

    code: str = ""
    name: str = ""
    rights: Rights | None = None


NOTHING_WRONG = Wrong()


class UserPages:
    """What is shown of users; a change that was refused is shown by the same pages."""

    def __init__(self, desk: Desk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def listed(self, request: Request, wrong: Wrong = NOTHING_WRONG) -> Response:
        """All users within the person's limits, and the form that makes another."""
        person, now = person_of(request), self._desk.clock_ms()
        with self._desk.reading() as session:
            logins = self._logins(session, now)
            rows = [_row(each, logins.get(each.user.id, [])) for each in users(session, person.scope)]
            values = {
                "rows": rows,
                "wrong": wrong,
                "rights": wrong.rights or Rights("operator", tuple(sorted(person.scope.counties or ()))),
                "county_names": {county.code: county.name for county in session.scalars(select(County))},
                **_choices(session, person),
            }
        return self._desk.page(request, "admin_users.html", values, 400 if wrong.code else 200)

    def shown(self, request: Request, user_id: str, wrong: Wrong = NOTHING_WRONG) -> Response:
        """One user.

        Raises:
            HTTPException: 404, there is none within the person's limits.
        """
        person, now = person_of(request), self._desk.clock_ms()
        with self._desk.reading() as session:
            user = user_at(session, person, user_id)
            values = {
                "user": user,
                "rights": wrong.rights or rights_of(session, user),
                "wrong": wrong,
                "sessions": self._logins(session, now).get(user.id, []),
                "is_own": user.id == person.user_id,
                **_choices(session, person),
            }
        return self._desk.page(request, "admin_user.html", values, 400 if wrong.code else 200)

    def _logins(self, session: Session, now_ms: int) -> dict[int, list[LoginSession]]:
        """The logins that hold, by user, the last used first."""
        found: dict[int, list[LoginSession]] = {}
        for each in session.scalars(select(LoginSession).order_by(LoginSession.last_used_ms.desc())):
            if is_alive(each, now_ms, self._gate.lifetime):
                found.setdefault(each.user_id, []).append(each)
        return found


def user_at(session: Session, person: Person, user_id: str) -> User:
    """The user of an address.

    Raises:
        HTTPException: 404, there is none, or one who sees more than the person.
    """
    number = read_number(user_id)
    user = session.get(User, number) if number is not None else None
    if user is None or not person.scope.covers(scope_of(user)):
        raise HTTPException(404, NO_USER)
    return user


def rights_of(session: Session, user: User) -> Rights:
    """What an account may do now, and where."""
    company = session.get(Company, user.company_id) if user.company_id is not None else None
    return Rights(user.role, tuple(user.counties), company.name if company else "")


def _row(account: Account, logins: list[LoginSession]) -> UserRow:
    return UserRow(account, len(logins), logins[0].last_used_ms if logins else None)


def _choices(session: Session, person: Person) -> dict[str, Any]:
    """What the forms offer: nothing that the person could not give."""
    counties = select(County).order_by(County.code)
    if person.scope.counties is not None:
        counties = counties.where(County.code.in_(sorted(person.scope.counties)))
    return {
        "alarm_count": active_alarm_count(session, person),
        "counties": list(session.scalars(counties)),
        "companies": list(session.scalars(select(Company.name).order_by(Company.name))),
        "roles": ROLES,
        "contractor": CONTRACTOR,
        "admin_words": admin_words,
    }
