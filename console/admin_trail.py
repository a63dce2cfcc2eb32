"""The audit trail asked for: which rows fit a filter, within what a person sees; and its verification."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from console.person import Person
from registry.accounts import users
from registry.audit import first_broken, note_change
from registry.tables import Audit

PAGE_ROWS = 50
CHUNK_ROWS = 1_000
VERIFIED = "audit.verify"
TRAIL = "audit"
"""What the trail calls itself."""


class Asked(NamedTuple):
    """A filter; what is empty or None fits every row.

    Attributes:
        actor: a part of who did it.
        action: the whole code, or with a `.` at its end its beginning.
        object: a part of what it was done to.
        from_ms: not earlier, ms since the epoch, UTC.
        until_ms: earlier than this.
    """

    actor: str = ""
    action: str = ""
    object: str = ""
    from_ms: int | None = None
    until_ms: int | None = None


class TrailPage(NamedTuple):
    """Rows, the newest first; `older` is the number to ask for the next page with, None at the end."""

    rows: list[Audit]
    older: int | None


class Verification(NamedTuple):
    """The chain as it was found: up to which row, the hash of that row, and the first row that is broken."""

    rows: int
    sha256: str
    broken: int | None


class _Reading(Protocol):
    def __call__(self) -> AbstractContextManager[Session]: ...


def trail_page(session: Session, person: Person, asked: Asked, before: int | None) -> TrailPage:
    """A page of rows older than the one numbered `before`."""
    rows = _rows(session, person, asked, before, PAGE_ROWS + 1)
    return TrailPage(rows[:PAGE_ROWS], rows[PAGE_ROWS - 1].id if len(rows) > PAGE_ROWS else None)


def trail_chunks(reading: _Reading, person: Person, asked: Asked) -> Iterator[list[Audit]]:
    """All rows that fit, the newest first, a thousand at a time, each thousand in a session of its own."""
    before = None
    while True:
        with reading() as session:
            rows = _rows(session, person, asked, before, CHUNK_ROWS)
        if not rows:
            return
        yield rows
        before = rows[-1].id


def verify(session: Session) -> Verification:
    """Go through the whole chain; takes about a second for 50,000 rows."""
    last = session.execute(select(Audit.id, Audit.sha256).order_by(Audit.id.desc()).limit(1)).first()
    rows, sha256 = (last[0], last[1]) if last is not None else (0, "")
    return Verification(rows, sha256, first_broken(session))


def note_verification(
    session: Session, found: Verification, at_ms: int, person: Person, address: str
) -> None:
    """Write into the trail itself how it was found, so that the next reader knows."""
    note_change(
        session, at_ms=at_ms, actor=person.name, action=VERIFIED, subject=TRAIL, after=found._asdict(),
        address=address,
    )  # fmt: skip


def last_verification(session: Session) -> Audit | None:
    """The row of the last verification."""
    found = select(Audit).where(Audit.action == VERIFIED, Audit.object == TRAIL)
    return session.scalars(found.order_by(Audit.id.desc()).limit(1)).first()


def _rows(session: Session, person: Person, asked: Asked, before: int | None, most: int) -> list[Audit]:
    limits: list[ColumnElement[bool]] = []
    if asked.actor:
        limits.append(Audit.actor.icontains(asked.actor, autoescape=True))
    if asked.action.endswith("."):
        limits.append(Audit.action.startswith(asked.action, autoescape=True))
    elif asked.action:
        limits.append(Audit.action == asked.action)
    if asked.object:
        limits.append(Audit.object.icontains(asked.object, autoescape=True))
    if asked.from_ms is not None:
        limits.append(Audit.at_ms >= asked.from_ms)
    if asked.until_ms is not None:
        limits.append(Audit.at_ms < asked.until_ms)
    if before is not None:
        limits.append(Audit.id < before)
    if person.scope.is_limited:
        limits.append(_within(session, person))
    found = select(Audit).where(and_(True, *limits)).order_by(Audit.id.desc()).limit(most)  # noqa: FBT003 - of SQL
    return list(session.scalars(found))


def _within(session: Session, person: Person) -> ColumnElement[bool]:
    """What was done to the stations and counties that a person sees, and to users who see no more."""
    place = func.strpos if session.get_bind().dialect.name == "postgresql" else func.instr
    slash = place(Audit.object, "/")
    first = case((slash > 0, func.substr(Audit.object, 1, slash - 1)), else_=Audit.object)
    own = [f"user:{each.user.name}" for each in users(session, person.scope)]
    seen = [first.in_(person.scope.station_ids()), Audit.object.in_(own)]
    if person.scope.company_id is None:
        seen.append(first.in_(sorted(person.scope.counties or ())))
    return or_(*seen)
