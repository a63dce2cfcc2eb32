"""A month's report made, replaced while it is a draft, and frozen: files and row change as one.

New files are written whole under names that no row bears yet, then the row is written and the files take
their names within its transaction. Whoever is killed in between leaves the row of before with its own files;
what no row names is taken away or replaced by the next attempt.
"""

from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from registry.audit import note_change
from registry.config import CentreSettings
from registry.database import Registry, upsert
from registry.tables import Report, ReportCheck
from reporting.drawing import Drawn
from reporting.edition import Edition, contents
from reporting.frozen_record import FREEZE, frozen_fields, subject_of
from reporting.headline import summary
from reporting.notice import tell, untell
from reporting.rate import RULE_VERSION
from reporting.report_files import (
    DRAFT_MODE,
    FROZEN_MODE,
    ReportError,
    all_staged,
    described,
    file_name,
    sweep,
)
from reporting.report_rows import CITY, DRAFT, FROZEN, lock, revisions
from service.civil import Month


class Freezing(NamedTuple):
    """Who freezes a report, and why: a note, and the reason if it is before the exclusions close.

    `address` is where the request came from, if over the network.
    """

    by: str
    note: str = ""
    early: str = ""
    address: str = ""


def write_draft(registry: Registry, settings: CentreSettings, drawn: Drawn, author: str) -> Report:
    """Make what was drawn a draft, in the place of the draft that stands or as the next revision.

    Raises:
        ReportError: a file cannot be written, or another made it meanwhile.
        SQLAlchemyError: the registry cannot be used.
    """
    return _write(registry, settings, drawn, author, None)


def freeze_report(
    registry: Registry, settings: CentreSettings, drawn: Drawn, author: str, freezing: Freezing
) -> Report:
    """Make the revision of what was drawn, frozen for good and noted in the audit trail.

    Raises:
        ReportError: a file cannot be written, or another changed the month's report meanwhile.
        SQLAlchemyError: the registry cannot be used.
    """
    return _write(registry, settings, drawn, author, freezing)


def withdraw(registry: Registry, settings: CentreSettings, drawn: Drawn) -> None:
    """Take the draft of a further revision away, because the figures are those of the frozen one again.

    Raises:
        ReportError: another changed the month's report meanwhile, or a file cannot be taken away.
        SQLAlchemyError: the registry cannot be used.
    """
    with registry.writing() as session:
        rows = _unchanged(session, drawn)
        if drawn.draft is not None:
            untell(session, rows[-1], DRAFT)
            session.delete(rows[-1])
        note_check(session, drawn.figures.month, drawn.figures.cutoff_ms, drawn.basis)
    tidy(registry, settings, drawn.figures.month)


def tidy(registry: Registry, settings: CentreSettings, month: Month) -> None:
    """Take away what no row of a month names, such as drafts that were replaced.

    Raises:
        ReportError: a file cannot be taken away.
        SQLAlchemyError: the registry cannot be used.
    """
    with registry.writing() as session:  # meanwhile nobody gives a new file its name
        lock(session)
        sweep(settings, month, _names(revisions(session, month)))


def note_check(session: Session, month: Month, now_ms: int, resting: dict[str, Any]) -> None:
    """Remember when a month was held against its report, and what it rested on."""
    row = {"month": str(month), "scope": CITY, "checked_ms": now_ms, "basis": resting}
    upsert(session, ReportCheck, [row])


def _write(
    registry: Registry, settings: CentreSettings, drawn: Drawn, author: str, freezing: Freezing | None
) -> Report:
    month, now_ms = drawn.figures.month, drawn.figures.cutoff_ms
    status = DRAFT if freezing is None else FROZEN
    by, note = (freezing.by, freezing.note) if freezing else ("", "")
    edition = Edition(drawn.revision, status, now_ms, author, by, note)
    made = contents(drawn.figures, settings, edition, drawn.trend)
    mark = "" if freezing else str(described("", made["data"])["sha256"])[:8]
    named = {kind: file_name(month, drawn.revision, kind, mark) for kind in made}
    by_name = {named[kind]: content for kind, content in made.items()}
    fields = {
        "status": status,
        "made_ms": now_ms,
        "frozen_ms": now_ms if freezing else None,
        "data_cutoff_ms": now_ms,
        "rule_version": RULE_VERSION,
        "author": author,
        "files": {kind: described(named[kind], content) for kind, content in made.items()},
        "summary": summary(drawn.figures),
        "frozen_by": by or None,
        "note": note,
        "figures_sha256": drawn.sha256,
    }
    mode = FROZEN_MODE if freezing else DRAFT_MODE
    with (
        all_staged(Path(settings.reporting.path), by_name, mode) as publish,
        registry.writing() as session,
    ):
        rows = _unchanged(session, drawn)
        if drawn.draft is None:
            rows.append(Report(month=str(month), scope=CITY, revision=drawn.revision))
        report = rows[-1]
        for name, value in fields.items():
            setattr(report, name, value)
        session.add(report)
        session.flush()
        note_check(session, month, now_ms, drawn.basis)
        tell(session, settings, report, drawn.figures)
        if freezing:
            after = frozen_fields(report) | ({"early": freezing.early} if freezing.early else {})
            note_change(
                session, at_ms=now_ms, actor=by, action=FREEZE, subject=subject_of(report), after=after,
                address=freezing.address,
            )  # fmt: skip
        publish()
    tidy(registry, settings, month)
    return report


def _unchanged(session: Session, drawn: Drawn) -> list[Report]:
    """The month's rows, if its newest is still the one that was drawn against; nobody else changes them now.

    Raises:
        ReportError: another changed them.
    """
    lock(session)
    rows = revisions(session, drawn.figures.month)
    if _state(rows[-1] if rows else None) != _state(drawn.newest):
        raise ReportError(f"report of {drawn.figures.month}: another changed it meanwhile; look again")
    return rows


def _state(report: Report | None) -> tuple[object, ...] | None:
    return None if report is None else (report.revision, report.status, report.made_ms, report.files)


def _names(rows: list[Report]) -> set[str]:
    return {str(file["name"]) for row in rows for file in row.files.values()}
