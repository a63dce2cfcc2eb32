"""The reports on record, and what their rows say of files and rates."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.scope import Scope
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
    return _share(report.summary.get(key))


def share_in(scope: Scope) -> Callable[[Report, str], Fraction | None]:
    """How to read a rate from a report's summary for somebody who sees a part of the city.

    Of a county the summary has the strict rate by number; of other parts it has none.
    """
    if not scope.is_limited:
        return share_of
    counties = sorted(scope.counties or ()) if scope.company_id is None else []

    def share(report: Report, key: str) -> Fraction | None:
        if key != "by_number_strict" or len(counties) != 1:
            return None
        return county_shares(report, counties)[counties[0]]

    return share


def county_shares(report: Report, counties: Iterable[str]) -> dict[str, Fraction | None]:
    """The strict rate of some counties, by code, from a report's summary."""
    written = report.summary.get("counties")
    known = written if isinstance(written, Mapping) else {}
    return {code: _share(known.get(code)) for code in counties}


def next_draft(now_ms: int, zone: ZoneInfo, draft_hour: int) -> datetime:
    """When the next report is due: the draft hour of the 1st, on the centre's clock."""
    now = clock_of(now_ms, zone)
    month = Month.of(now.date())
    due = datetime.combine(month.first, time(draft_hour), zone)
    return due if now < due else datetime.combine(month.after(1).first, time(draft_hour), zone)


def _share(written: object) -> Fraction | None:
    if not isinstance(written, str):
        return None
    try:
        return Fraction(Decimal(written))
    except (InvalidOperation, ValueError, OverflowError):
        return None
