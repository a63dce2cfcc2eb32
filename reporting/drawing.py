"""A month read as it is now, beside what stands of its report."""

from typing import Any, NamedTuple

from registry.config import CentreSettings
from registry.database import Registry
from registry.tables import Report
from reporting.basis import basis
from reporting.changes import changes, figures_sha256
from reporting.data_file import figures_of, plain_figures
from reporting.edition import Trend, trend_until
from reporting.figures import MonthFigures, month_figures
from reporting.month_lines import PlanLine
from reporting.rate import RULE_VERSION
from reporting.records import last_finished_day
from reporting.report_files import ReportError
from reporting.report_rows import DRAFT, FROZEN, revisions
from service.civil import Month


class Drawn(NamedTuple):
    """A month as it is now, beside what stands of it.

    Attributes:
        figures: with what changed against the frozen revision.
        sha256: of the figures that revisions are compared by.
        basis: what they rest on.
        trend: strict rates of up to a year.
        newest: the newest revision's row; None without one.
        frozen: the newest frozen one.
    """

    figures: MonthFigures
    sha256: str
    basis: dict[str, Any]
    trend: Trend
    newest: Report | None
    frozen: Report | None

    @property
    def draft(self) -> Report | None:
        """The row of the draft that stands."""
        return self.newest if self.newest is not None and self.newest.status == DRAFT else None

    @property
    def revision(self) -> int:
        """The number of the draft, or of the one that would follow."""
        if self.newest is None:
            return 1
        return self.newest.revision + (self.newest.status == FROZEN)

    @property
    def is_as_frozen(self) -> bool:
        """Whether the figures are those of the frozen revision.

        One that was frozen under other rules stands as it is, and so does one without a mark of its figures.
        """
        if self.frozen is None:
            return False
        return self.frozen.rule_version != RULE_VERSION or self.frozen.figures_sha256 in {None, self.sha256}


def draw(registry: Registry, settings: CentreSettings, month: Month, now_ms: int) -> Drawn:
    """Read a month and what stands of it.

    Raises:
        ReportError: the month is not over, or the frozen revision's data file cannot be compared with.
        SettingsError: the file of targets cannot be used.
    """
    if last_finished_day(now_ms, settings.zone) < month.last:  # its row would say that it has been made
        raise ReportError(f"report of {month}: the month is not over")
    with registry.reading() as session:
        rows = revisions(session, month)
        resting = basis(session, settings, month)  # first: what comes meanwhile shows at the next look
        figures = month_figures(session, month, settings.zone, now_ms, plan=plan_of(settings))
        trend = trend_until(session, figures)
    plain = plain_figures(figures)
    sha256 = figures_sha256(plain)
    frozen = next((row for row in reversed(rows) if row.status == FROZEN), None)
    drawn = Drawn(figures, sha256, resting, trend, rows[-1] if rows else None, frozen)
    if frozen is None or drawn.is_as_frozen:
        return drawn
    found = changes(figures_of(settings, frozen), plain)
    return drawn._replace(figures=figures._replace(changes=tuple(found)))


def plan_of(settings: CentreSettings) -> list[PlanLine]:
    """The plan's targets, if a file of them is configured.

    Raises:
        SettingsError: the file cannot be used.
    """
    if not settings.reporting.targets_file:
        return []
    from reporting.plan import read_plan  # noqa: PLC0415 - only where there is such a file

    return read_plan(settings.reporting.targets_file)
