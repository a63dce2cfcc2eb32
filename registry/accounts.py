"""The users of the console: made, changed, disabled and enabled, every step in the audit trail."""

import unicodedata
from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from registry.account_errors import AccountError
from registry.audit import changed, note_change
from registry.roles import CONTRACTOR, ROLES
from registry.scope import EVERYTHING, Scope, scope_of
from registry.tables import Company, County, LoginSession, User

LONGEST_NAME = 64


class By(NamedTuple):
    """Who changes an account and when.

    Attributes:
        actor: for the audit trail.
        at_ms: now, ms since the epoch, UTC.
        scope: nothing beyond it may be given or changed.
        address: where the request came from.
    """

    actor: str
    at_ms: int
    scope: Scope = EVERYTHING
    address: str = ""


class Rights(NamedTuple):
    """What an account may do, and where: role, codes of counties (none: all), and a contractor's company."""

    role: str
    counties: tuple[str, ...] = ()
    company: str = ""


class Account(NamedTuple):
    """A user as lists show it."""

    user: User
    company: str | None


def users(session: Session, scope: Scope = EVERYTHING) -> list[Account]:
    """The users by name, without those that see more than the scope."""
    found = select(User, Company.name).outerjoin(Company, Company.id == User.company_id)
    rows = session.execute(found.order_by(User.name))
    return [Account(user, company) for user, company in rows if scope.covers(scope_of(user))]


def any_user(session: Session) -> bool:
    """Whether anybody could log in."""
    return session.scalars(select(User.id).where(User.disabled_ms.is_(None)).limit(1)).first() is not None


def clean_name(text: str) -> str:
    """A user's name as it is kept."""
    return unicodedata.normalize("NFC", text.strip())


def find_user(session: Session, name: str, scope: Scope = EVERYTHING) -> User | None:
    """A user by name; one that sees more than the scope is not found."""
    user = session.scalars(select(User).where(User.name == clean_name(name))).one_or_none()
    return user if user is not None and scope.covers(scope_of(user)) else None


def required_user(session: Session, name: str, scope: Scope = EVERYTHING) -> User:
    """A user by name.

    Raises:
        AccountError: there is none within the scope.
    """
    user = find_user(session, name, scope)
    if user is None:
        raise AccountError("no_user", name)
    return user


def add_user(session: Session, name: str, rights: Rights, password_hash: str, by: By) -> User:
    """Make an account.

    Args:
        session: a writing one.
        name: what is typed to log in.
        rights: what it may do, and where.
        password_hash: of `Passwords.hashed`.
        by: who makes it.

    Raises:
        AccountError: the name or the rights cannot be.
    """
    name = clean_name(name)
    if not name or len(name) > LONGEST_NAME or not name.isprintable() or ":" in name:
        raise AccountError("name_bad", name)
    if session.scalars(select(User.id).where(func.lower(User.name) == name.lower())).first() is not None:
        raise AccountError("name_taken", name)
    user = User(name=name, password_hash=password_hash, created_ms=by.at_ms, counties=[], role=rights.role)
    _give(session, user, rights, by.scope)
    session.add(user)
    session.flush()
    _note(session, by, "user.add", user, after=_described(user))
    return user


def change_rights(session: Session, user: User, rights: Rights, by: By) -> None:
    """Give an account another role or scope; it holds from the next request on.

    Raises:
        AccountError: the rights cannot be.
    """
    before = _described(user)
    _give(session, user, rights, by.scope)
    session.flush()
    was, is_now = changed(before, _described(user))
    if is_now:
        _note(session, by, "user.change", user, before=was, after=is_now)


def set_password(session: Session, user: User, password_hash: str, by: By) -> None:
    """Give an account another password and end all its sessions."""
    user.password_hash = password_hash
    end_all_sessions(session, user)
    _note(session, by, "user.password", user)


def disable_user(session: Session, user: User, by: By) -> None:
    """Shut an account and end its sessions; one that is shut stays so."""
    if user.disabled_ms is None:
        user.disabled_ms = by.at_ms
        _note(session, by, "user.disable", user)
    end_all_sessions(session, user)


def enable_user(session: Session, user: User, by: By) -> None:
    """Open an account again; one that is open stays so."""
    if user.disabled_ms is not None:
        user.disabled_ms = None
        _note(session, by, "user.enable", user)


def end_all_sessions(session: Session, user: User) -> None:
    """Log a user out everywhere."""
    session.execute(delete(LoginSession).where(LoginSession.user_id == user.id))


def _give(session: Session, user: User, rights: Rights, scope: Scope) -> None:
    """Put checked rights into a user's row."""
    if rights.role not in ROLES:
        raise AccountError("role_unknown", rights.role)
    is_contractor = rights.role == CONTRACTOR
    if is_contractor and not rights.company:
        raise AccountError("company_needed", user.name)
    if rights.company and not is_contractor:
        raise AccountError("company_unwanted", rights.company)
    _refuse_unknown_counties(session, rights.counties)
    company_id = None
    if is_contractor:
        company_id = session.scalars(select(Company.id).where(Company.name == rights.company)).one_or_none()
        if company_id is None:
            raise AccountError("company_unknown", rights.company)
    if not scope.covers(Scope(frozenset(rights.counties) or None, company_id)):
        raise AccountError("beyond_scope", ", ".join(sorted(rights.counties)))
    user.role, user.counties, user.company_id = rights.role, sorted(set(rights.counties)), company_id


def _refuse_unknown_counties(session: Session, counties: Collection[str]) -> None:
    known = set(session.scalars(select(County.code).where(County.code.in_(counties))))
    unknown = sorted(set(counties) - known)
    if unknown:
        raise AccountError("county_unknown", ", ".join(unknown))


def _described(user: User) -> dict[str, Any]:
    return {"role": user.role, "counties": list(user.counties), "company_id": user.company_id}


def _note(
    session: Session,
    by: By,
    action: str,
    user: User,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    note_change(
        session, at_ms=by.at_ms, actor=by.actor, action=action, subject=f"user:{user.name}", before=before,
        after=after, address=by.address,
    )  # fmt: skip
