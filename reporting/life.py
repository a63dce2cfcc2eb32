"""The life of a month's report: drafted, drafted anew, frozen, revised. What is due follows from rows alone.

So a centre that was off for a week does at its next start what a timer would have done.
"""

from typing import Literal, NamedTuple

from sqlalchemy.orm import Session

from registry.config import CentreSettings
from registry.database import Registry
from registry.tables import Report
from reporting.basis import basis
from reporting.deadlines import exclusions_close_ms, frozen_from_ms, last_draft_hour_ms
from reporting.drawing import draw
from reporting.monthly import Freezing, freeze_report, note_check, tidy, withdraw, write_draft
from reporting.records import has_verdicts
from reporting.report_files import ReportError
from reporting.report_rows import FROZEN, checks, finished_months, revisions
from service.civil import Month, clock_of

Need = Literal["draft", "freeze", "look"]


class DueStep(NamedTuple):
    """What a month's report asks for now."""

    month: Month
    need: Need


class Done(NamedTuple):
    """What was done: a verb such as `drafted`, and the revision it was done to; None where nothing was."""

    what: Literal["drafted", "frozen", "revised", "withdrawn", "unchanged"]
    report: Report | None = None


def due_steps(session: Session, settings: CentreSettings, now_ms: int) -> list[DueStep]:
    """What is due, the oldest month first."""
    zone, hour = settings.zone, settings.reporting.draft_hour
    rows: dict[str, list[Report]] = {}
    for report in revisions(session):
        rows.setdefault(report.month, []).append(report)
    checked = {month: check.checked_ms for month, check in checks(session).items()}
    last_ms = last_draft_hour_ms(now_ms, zone, hour)
    steps = []
    for month in finished_months(session, zone, now_ms, hour):
        own = rows.get(str(month), [])
        if now_ms >= frozen_from_ms(month, zone, hour) and all(row.status != FROZEN for row in own):
            steps.append(DueStep(month, "freeze"))
        elif not own:
            steps.append(DueStep(month, "draft"))
        elif checked.get(str(month), 0) < last_ms:
            steps.append(DueStep(month, "look"))
    return steps


def take_step(registry: Registry, settings: CentreSettings, step: DueStep, now_ms: int, author: str) -> Done:
    """Do what is due for a month.

    Raises:
        ReportError: a file cannot be read or written, or another changed the report meanwhile.
        SettingsError: the file of targets cannot be used.
        SQLAlchemyError: the registry cannot be used.
    """
    if step.need == "freeze":
        drawn = draw(registry, settings, step.month, now_ms)
        return Done("frozen", freeze_report(registry, settings, drawn, author, Freezing(author)))
    if step.need == "draft":
        drawn = draw(registry, settings, step.month, now_ms)
        return Done("drafted", write_draft(registry, settings, drawn, author))
    return look_again(registry, settings, step.month, now_ms, author)


def look_again(registry: Registry, settings: CentreSettings, month: Month, now_ms: int, author: str) -> Done:
    """Hold a month's figures against its report if what they rest on has changed; raises as `take_step`.

    A draft is made anew. A frozen revision is followed by a draft if the figures are others, and by none if
    they are the same.
    """
    with registry.writing() as session:
        check = checks(session).get(str(month))
        resting = basis(session, settings, month)
        is_same = check is not None and check.basis == resting
        if is_same:
            note_check(session, month, now_ms, resting)
    if is_same:
        tidy(registry, settings, month)
        return Done("unchanged")
    drawn = draw(registry, settings, month, now_ms)
    if drawn.is_as_frozen:
        withdrawn = drawn.draft
        withdraw(registry, settings, drawn)
        return Done("withdrawn" if withdrawn else "unchanged", withdrawn)
    report = write_draft(registry, settings, drawn, author)
    return Done("revised" if drawn.frozen else "drafted", report)


def freeze_by_person(
    registry: Registry, settings: CentreSettings, month: Month, now_ms: int, freezing: Freezing
) -> Report:
    """Freeze the draft that a person has looked at.

    Raises:
        ReportError: there is no such draft, its figures are not those of now (then it was made anew, to be
            looked at), nothing is known of the month, or exclusions are still open and no reason is given;
            or as `take_step`.
        SettingsError: likewise.
        SQLAlchemyError: likewise.
    """
    close_ms = exclusions_close_ms(month, settings.zone)
    if now_ms < close_ms and not freezing.early:
        until = clock_of(close_ms - 1, settings.zone).date()
        raise ReportError(
            f"report of {month}: approved stops may be entered until {until}. "
            "Wait, or say with --early why it cannot wait"
        )
    with registry.reading() as session:
        is_judged = has_verdicts(session, month)
    if not is_judged:
        raise ReportError(f"report of {month}: no day of this month has a verdict yet")
    drawn = draw(registry, settings, month, now_ms)
    if drawn.is_as_frozen:
        withdraw(registry, settings, drawn)
        revision = drawn.frozen.revision if drawn.frozen else 0
        raise ReportError(
            f"report of {month}: revision {revision} is frozen, and the figures are still its own"
        )
    if drawn.draft is None or drawn.draft.figures_sha256 != drawn.sha256:
        report = write_draft(registry, settings, drawn, freezing.by)
        made = "was made anew, because its figures had changed" if drawn.draft else "was made just now"
        raise ReportError(
            f"report of {month}: the draft of revision {report.revision} {made}. Look at it, then freeze it"
        )
    return freeze_report(registry, settings, drawn, drawn.draft.author, freezing)
