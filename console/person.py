"""Who asks: a person with a role, the limits of what they see, and the token that their forms carry."""

import hashlib
import hmac
from dataclasses import dataclass

from fastapi import Request

from registry.accounts import By
from registry.login_sessions import token_key
from registry.roles import Permission, may
from registry.scope import EVERYTHING, Scope, scope_of
from registry.tables import Station, User

DEMO_ROLE = "operator"


@dataclass(frozen=True)
class Person:
    """Who asks, as every page and query is told.

    Attributes:
        user_id: number of the user; None for the demo's.
        name: for the page and for the audit trail.
        role: see `registry.roles`.
        scope: what of the register is seen.
        csrf: what a form must carry to be theirs.
        session_key: of their own login; empty for the demo's.
    """

    user_id: int | None
    name: str
    role: str
    scope: Scope
    csrf: str
    session_key: str = ""

    @property
    def is_demo(self) -> bool:
        """Whether nobody logged in."""
        return self.user_id is None

    def may(self, permission: Permission) -> bool:
        """Whether their role has a permission."""
        return may(self.role, permission)

    def by(self, request: Request, at_ms: int) -> By:
        """Who changes something, and when, for the audit trail."""
        return By(self.name, at_ms, self.scope, client_address(request))


def logged_in(user: User, token: str) -> Person:
    """The person of a user and the token of their session."""
    return Person(user.id, user.name, user.role, scope_of(user), csrf_of(token), token_key(token))


def demo_person(name: str, token: str) -> Person:
    """The operator as whom everybody acts in the demo; the token is of this run of the server."""
    return Person(None, name, DEMO_ROLE, EVERYTHING, csrf_of(token))


def csrf_of(token: str) -> str:
    """What forms carry: only who knows the token can tell it, and it does not give the token away."""
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()


def sees(person: Person, station: Station) -> bool:
    """Whether a station lies within a person's limits."""
    return person.scope.has(station.county_code, station.company_id)


def person_of(request: Request) -> Person:
    """The person of a request that `require` let in."""
    person = request.state.person
    assert isinstance(person, Person)  # noqa: S101 - narrows the type
    return person


def client_address(request: Request) -> str:
    """Where a request came from; behind a proxy that is believed, the browser's address."""
    return request.client.host if request.client else ""
