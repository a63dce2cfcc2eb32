"""A report made final by a person in the console: what they looked at, and nothing that changed meanwhile."""

from typing import NamedTuple

from console.desk import Desk
from console.words import N_
from registry.tables import Report
from reporting.deadlines import exclusions_close_ms
from reporting.life import freeze_by_person
from reporting.monthly import Freezing
from reporting.report_files import ReportError
from reporting.report_rows import DRAFT, revisions
from service.civil import Month

REFUSALS: dict[str, str] = {
    "not_draft": N_("This revision is no draft any more."),
    "not_confirmed": N_("Confirm that you have looked at the figures."),
    "looked_at_another": N_("The draft was made anew since you opened the page. Look at it, then freeze it."),
    "too_early": N_("Approved stops of this month can still be entered. Say why it cannot wait."),
    "made_anew": N_("The figures had changed: the draft was made anew. Look at it, then freeze it."),
    "withdrawn": N_("The figures are those of the final revision again: the draft was taken away."),
    "failed": N_("It could not be frozen: %(why)s"),
    "note_long": N_("The note and the reason have at most 1,000 letters, in one line."),
}
"""Why a report was not frozen."""
MOST_LETTERS = 1_000


class Asked(NamedTuple):
    """What the form says.

    Attributes:
        looked_at: the hash of the figures that were on the page.
        is_confirmed: the box was ticked.
        note: kept with the revision.
        early: why it cannot wait until approved stops close.
        by: who.
        address: where the request came from.
    """

    looked_at: str
    is_confirmed: bool
    note: str
    early: str
    by: str
    address: str


class Answer(NamedTuple):
    """The frozen revision, or why there is none: a key of REFUSALS, and the words of what failed."""

    report: Report | None
    refusal: str = ""
    why: str = ""


def is_open(desk: Desk, month: Month) -> bool:
    """Whether approved stops of a month can still be entered, so that freezing needs a reason."""
    return desk.clock_ms() < exclusions_close_ms(month, desk.settings.zone)


def freeze(desk: Desk, report: Report, asked: Asked) -> Answer:
    """Freeze the draft that a person looked at.

    Raises:
        SQLAlchemyError: the registry cannot be used.
        SettingsError: the file of targets cannot be used.
    """
    month = Month.parse(report.month)
    refusal = _refusal(desk, report, month, asked)
    if refusal:
        return Answer(None, refusal)
    freezing = Freezing(asked.by, asked.note, asked.early, asked.address)
    try:
        return Answer(freeze_by_person(desk.registry, desk.settings, month, desk.clock_ms(), freezing))
    except ReportError as error:
        with desk.reading() as session:
            now = next((row for row in revisions(session, month) if row.id == report.id), None)
        if now is None:
            return Answer(None, "withdrawn")
        is_anew = now.status == DRAFT and now.figures_sha256 != asked.looked_at
        return Answer(None, "made_anew" if is_anew else "failed", "" if is_anew else str(error))


def _refusal(desk: Desk, report: Report, month: Month, asked: Asked) -> str:
    if report.status != DRAFT:
        return "not_draft"
    if not asked.is_confirmed:
        return "not_confirmed"
    if asked.looked_at != (report.figures_sha256 or ""):
        return "looked_at_another"
    if not (asked.note + asked.early).isprintable() or max(len(asked.note), len(asked.early)) > MOST_LETTERS:
        return "note_long"
    return "too_early" if is_open(desk, month) and not asked.early else ""
