"""The rows of the reports: which months have one, which revision stands, what waits to be frozen."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.orm import Session, aliased

from registry.tables import Report, ReportCheck
from reporting.deadlines import drafted_from_ms
from reporting.records import first_month
from service.civil import Month

CITY = "city"
DRAFT, FROZEN = "draft", "frozen"
SERVICE = "reporting"
"""Who stands in the rows as author of what is made by itself."""
_LOCK_OF_REPORTS = 0x71_6C_72_70


def lock(session: Session) -> None:
    """Let nobody else change the reports until the transaction ends."""
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer anyway
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_OF_REPORTS})


def revisions(session: Session, month: Month | None = None) -> list[Report]:
    """All revisions of a month, or of every month: by month and number."""
    found = select(Report).where(Report.scope == CITY).order_by(Report.month, Report.revision)
    if month is not None:
        found = found.where(Report.month == str(month))
    return list(session.scalars(found.execution_options(populate_existing=True)))


def checks(session: Session) -> dict[str, ReportCheck]:
    """When the figures of each month were last held against its report, by month."""
    found = select(ReportCheck).where(ReportCheck.scope == CITY)
    return {check.month: check for check in session.scalars(found)}


def waiting(session: Session) -> list[Report]:
    """Drafts that follow a frozen revision: a person is to freeze them."""
    before = aliased(Report)
    found = (
        select(Report)
        .join(before, (before.month == Report.month) & (before.scope == Report.scope))
        .where(Report.scope == CITY, Report.status == DRAFT)
        .where(before.revision == Report.revision - 1, before.status == FROZEN)
        .order_by(Report.month)
    )
    return list(session.scalars(found))


def finished_months(session: Session, zone: ZoneInfo, now_ms: int, draft_hour: int) -> Iterator[Month]:
    """The months that are over, the oldest first, from the first with a verdict on.

    A month is over for this from the draft hour of the next one's 1st on, so that its last day is judged.
    """
    month = first_month(session)
    while month is not None and drafted_from_ms(month, zone, draft_hour) <= now_ms:
        yield month
        month = month.after(1)


def due_months(session: Session, zone: ZoneInfo, now_ms: int, draft_hour: int) -> list[Month]:
    """Those of them that have no report at all."""
    made = set(session.scalars(select(Report.month).where(Report.scope == CITY)))
    return [each for each in finished_months(session, zone, now_ms, draft_hour) if str(each) not in made]
