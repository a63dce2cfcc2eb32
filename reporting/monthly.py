"""The report of a month, made once and kept: its file, whole or not at all, and its row in the registry.

A month is due while no row says that its report was made, so a centre that was off catches up. A crash
between file and row leaves a file that no row names; the next attempt replaces it.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, time
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from registry.config import CentreSettings
from registry.database import Registry
from registry.tables import Report
from reporting.figures import MonthFigures, month_figures
from reporting.rate import RULE_VERSION, RULES
from reporting.records import first_month, last_finished_day
from reporting.workbook import Cover, monthly_workbook
from service.civil import Month
from service.process import UnavailableError

CITY = "city"
DRAFT = "draft"
_DIGITS = 6
_MODE = 0o644


class ReportError(UnavailableError):
    """A report cannot be written or is not there; the text says why in one line."""


def due_months(session: Session, zone: ZoneInfo, now_ms: int, draft_hour: int) -> list[Month]:
    """The months that are over and have no report, the oldest first, from the first with a verdict on.

    A month is over for this from the given hour of the next one's 1st on, so that its last day is judged.
    """
    month = first_month(session)
    if month is None:
        return []
    made = set(session.scalars(select(Report.month).where(Report.scope == CITY)))
    due = []
    while _drafted_from_ms(month, zone, draft_hour) <= now_ms:
        if str(month) not in made:
            due.append(month)
        month = month.after(1)
    return due


def make_report(
    registry: Registry, settings: CentreSettings, month: Month, now_ms: int, author: str
) -> Report:
    """Make the next revision of a month's report, as a draft.

    Raises:
        ReportError: the month is not over, or the file cannot be written.
        SQLAlchemyError: the registry cannot be used, or another made the same revision meanwhile.
    """
    if last_finished_day(now_ms, settings.zone) < month.last:  # its row would say that it has been made
        raise ReportError(f"report of {month}: the month is not over")
    with registry.reading() as session:
        revision = _next_revision(session, month)
        figures = month_figures(session, month, settings.zone, now_ms)
    cover = Cover(settings.centre.name, revision, settings.zone, settings.centre.language)
    content = monthly_workbook(figures, cover)
    file = Path(settings.reporting.path) / f"operating-rate-{month}-r{revision}.xlsx"
    described = {
        "name": file.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_bytes": len(content),
    }
    report = Report(
        month=str(month),
        scope=CITY,
        revision=revision,
        status=DRAFT,
        made_ms=now_ms,
        data_cutoff_ms=now_ms,
        rule_version=RULE_VERSION,
        author=author,
        files={"xlsx": described},
        summary=summary(figures),
    )
    with staged(file, content) as publish, registry.writing() as session:
        session.add(report)
        session.flush()  # another's row of this revision shows here, before its file would be replaced
        publish()
    return report


@contextmanager
def staged(file: Path, content: bytes) -> Iterator[Callable[[], None]]:
    """Write a file under another name, durably; what is yielded gives it its own, at once and whole.

    The folder is made if need be. A file that was not published is gone afterwards.

    Raises:
        ReportError: it cannot be written.
    """
    folder = file.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".part", dir=folder)
    except OSError as error:
        raise ReportError(f"report {file}: {error.strerror}") from error
    part = Path(name)

    def publish() -> None:
        try:
            part.replace(file)
            _sync_folder(folder)
        except OSError as error:
            raise ReportError(f"report {file}: {error.strerror}") from error

    try:
        try:
            with os.fdopen(handle, "wb") as opened:
                opened.write(content)
                opened.flush()
                os.fchmod(opened.fileno(), _MODE)
                os.fsync(opened.fileno())
        except OSError as error:
            raise ReportError(f"report {file}: {error.strerror}") from error
        yield publish
    finally:
        part.unlink(missing_ok=True)


def report_file(settings: CentreSettings, report: Report, kind: str) -> Path:
    """Where the file of a report is, always directly in the folder of the reports.

    Args:
        settings: of the centre.
        report: the revision.
        kind: of the file, such as `xlsx`.

    Raises:
        ReportError: it has no such file, or the file is not there.
    """
    name = str(report.files.get(kind, {}).get("name", ""))
    folder = Path(settings.reporting.path).resolve()
    file = (folder / Path(name).name).resolve()
    if not name or file.parent != folder:
        raise ReportError(f"report {report.month} revision {report.revision}: has no {kind} file")
    if not file.is_file():
        raise ReportError(f"report {file}: the file is not there")
    return file


def summary(figures: MonthFigures) -> dict[str, Any]:
    """The headline figures for machines: counts, and rates as decimals with six digits."""
    city = figures.city
    return {
        "until": figures.until.isoformat(),
        "due": city.due,
        "normal": city.normal,
        "not_normal": city.not_normal,
        "not_assessable": city.not_assessable,
        "by_number_strict": decimal(city.by_number_strict),
        "by_number_lenient": decimal(city.by_number_lenient),
        "by_days": decimal(city.by_days),
        "by_capacity": decimal(city.by_capacity),
        "completeness": decimal(city.completeness),
        "meets_target": None if city.by_number_strict is None else city.by_number_strict >= RULES.target,
        "connected": figures.connected,
        "due_for_connection": figures.due_for_connection,
        "counties": {county.code: decimal(county.rate.by_number_strict) for county in figures.counties},
    }


def decimal(share: Fraction | None) -> str | None:
    """A share with six digits behind the point, halves rounded up; None stays None."""
    if share is None:
        return None
    millionths = (2 * share.numerator * 10**_DIGITS + share.denominator) // (2 * share.denominator)
    return f"{millionths // 10**_DIGITS}.{millionths % 10**_DIGITS:06}"


def _next_revision(session: Session, month: Month) -> int:
    found = select(func.max(Report.revision)).where(Report.month == str(month), Report.scope == CITY)
    return (session.scalar(found) or 0) + 1


def _drafted_from_ms(month: Month, zone: ZoneInfo, draft_hour: int) -> int:
    return int(datetime.combine(month.after(1).first, time(draft_hour), zone).timestamp() * 1000)


def _sync_folder(folder: Path) -> None:
    """Make a rename in the folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
