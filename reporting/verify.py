"""Whether the reports are still what was made: files, rows and audit trail held against each other."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.audit import first_broken
from registry.config import CentreSettings
from registry.tables import Audit, Report
from reporting.frozen_record import FREEZE, frozen_fields, subject_of
from reporting.report_files import ReportError, report_file
from reporting.report_rows import FROZEN, revisions
from service.civil import Month

_PIECE = 1 << 20


class Verified(NamedTuple):
    """How many revisions and files were looked at, and what is wrong, a line each."""

    reports: int
    files: int
    faults: list[str]


def verify(session: Session, settings: CentreSettings, month: Month | None = None) -> Verified:
    """Look at the reports of a month, or at all of them, and at the audit trail as a whole."""
    rows = revisions(session, month)
    noted = _noted(session, month)
    faults = list(_chain(session))
    for report in rows:
        faults += _files(settings, report)
        if report.status == FROZEN:
            faults += _row(report, noted.get(subject_of(report)))
    frozen = {subject_of(report) for report in rows if report.status == FROZEN}
    faults += [
        f"{subject}: the audit trail has it as frozen, but no row has"
        for subject in noted
        if subject not in frozen
    ]
    return Verified(len(rows), sum(len(report.files) for report in rows), faults)


def _chain(session: Session) -> Iterator[str]:
    broken = first_broken(session)
    if broken is not None:
        yield f"audit trail: row {broken} was altered, or one before it is missing"


def _files(settings: CentreSettings, report: Report) -> Iterator[str]:
    for kind, said in report.files.items():
        place = f"{subject_of(report)}: {said.get('name', kind)}"
        try:
            file = report_file(settings, report, kind)
            digest = hashlib.sha256()
            with file.open("rb") as opened:
                while piece := opened.read(_PIECE):
                    digest.update(piece)
        except ReportError:
            yield f"{place}: the file is not there"
            continue
        except OSError as error:
            yield f"{place}: {error.strerror}"
            continue
        if digest.hexdigest() != said.get("sha256"):
            yield f"{place}: the file is not the one that was made, its SHA-256 is another"


def _row(report: Report, noted: Mapping[str, Any] | None) -> Iterator[str]:
    if noted is None:
        yield f"{subject_of(report)}: its row says frozen, but the audit trail does not know of it"
        return
    for name, value in frozen_fields(report).items():
        if noted.get(name) != value:
            yield f"{subject_of(report)}: {name} of its row is not what the audit trail has"


def _noted(session: Session, month: Month | None) -> dict[str, Mapping[str, Any]]:
    """What was noted when revisions were frozen, by subject."""
    found = select(Audit.object, Audit.after).where(Audit.action == FREEZE).order_by(Audit.id)
    if month is not None:
        found = found.where(Audit.object.like(f"report-{month}-r%"))
    return {subject: after or {} for subject, after in session.execute(found)}
