"""The reports on record, and what their rows say of files and rates."""

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.tables import Report
from service.civil import Month, clock_of

SCOPE = "city"


class ReportFile(NamedTuple):
    """A file of a report as its row describes it."""

    kind: str
    name: str
    sha256: str
    size_bytes: int

    @property
    def ending(self) -> str:
        """The end of its name, such as `pdf`."""
        return self.name.rpartition(".")[2] or self.kind


def all_reports(session: Session) -> list[Report]:
    """Every report of the whole city, newest month and newest revision first."""
    found = select(Report).where(Report.scope == SCOPE)
    return list(session.scalars(found.order_by(Report.month.desc(), Report.revision.desc())))


def newest_revisions(reports: Iterable[Report]) -> list[Report]:
    """Of each month the newest revision, newest month first; given in the order of `all_reports`."""
    newest: dict[str, Report] = {}
    for report in reports:
        newest.setdefault(report.month, report)
    return list(newest.values())


def files_of(report: Report) -> list[ReportFile]:
    """The files a row names; an entry that does not describe a file is left out."""
    return [
        ReportFile(kind, file["name"], str(file.get("sha256", "")), int(file.get("size_bytes", 0)))
        for kind, file in report.files.items()
        if isinstance(file, Mapping) and isinstance(file.get("name"), str)
    ]


def share_of(report: Report, key: str) -> Fraction | None:
    """A rate from a report's summary, where it is a decimal string; None for anything else."""
    written = report.summary.get(key)
    if not isinstance(written, str):
        return None
    try:
        return Fraction(Decimal(written))
    except (InvalidOperation, ValueError, OverflowError):
        return None


def next_draft(now_ms: int, zone: ZoneInfo, draft_hour: int) -> datetime:
    """When the next report is due: the draft hour of the 1st, on the centre's clock."""
    now = clock_of(now_ms, zone)
    month = Month.of(now.date())
    due = datetime.combine(month.first, time(draft_hour), zone)
    return due if now < due else datetime.combine(month.after(1).first, time(draft_hour), zone)
