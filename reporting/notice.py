"""What is told when a report is drafted, frozen or revised: a message a channel, in the row's transaction."""

from fractions import Fraction
from pathlib import Path

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from notify.message import Message, content_of
from notify.outbox import put
from notify.post import Post
from notify.roster import Roster
from registry.config import CentreSettings
from registry.tables import Notification, Report
from reporting.deadlines import FREEZING_DAY
from reporting.figures import MonthFigures
from reporting.rate import RULES
from reporting.report_rows import DRAFT, FROZEN
from reporting.shares import per_cent
from reporting.words import Words, percent

_TOLD = ("zh-CN", "en")
_ATTACHED = ("xlsx", "pdf")


def tell(session: Session, settings: CentreSettings, report: Report, figures: MonthFigures) -> None:
    """Put the message of a revision for every channel that hears of reports, once for its status.

    One that still waits says what is true now: a newer draft takes the place of the older one, and a frozen
    revision that of its draft.
    """
    if report.status == FROZEN:
        untell(session, report, DRAFT)
    message = notice(settings, report, figures)
    _waiting = Notification.sent_ms.is_(None) & Notification.failed_ms.is_(None)
    session.execute(
        update(Notification)
        .where(Notification.key == message.key, _waiting)
        .values(content=content_of(message))
        .execution_options(synchronize_session=False)
    )
    post = Post(
        settings.notify.named(), Roster(), settings.zone, settings.centre.language, settings.notify.link
    )  # a report is no matter of duty: no roster is needed
    put(session, message, post, report.frozen_ms or report.made_ms)


def untell(session: Session, report: Report, status: str) -> None:
    """Take back what was not sent yet of a revision."""
    session.execute(
        delete(Notification)
        .where(Notification.key == key_of(report, status))
        .where(Notification.sent_ms.is_(None), Notification.failed_ms.is_(None))
        .execution_options(synchronize_session=False)
    )


def key_of(report: Report, status: str) -> str:
    """The name under which a channel hears of a revision once."""
    return f"report-{report.month}-r{report.revision}-{status}"


def notice(settings: CentreSettings, report: Report, figures: MonthFigures) -> Message:
    """The message of a revision, in every language."""
    folder = Path(settings.reporting.path).resolve()
    return Message(
        key=key_of(report, report.status),
        matter="reports",
        title={language: _title(Words(language), report, figures) for language in _TOLD},
        text={language: "\n".join(_lines(Words(language), settings, report, figures)) for language in _TOLD},
        attachments=[str(folder / report.files[kind]["name"]) for kind in _ATTACHED if kind in report.files],
    )


def _title(words: Words, report: Report, figures: MonthFigures) -> str:
    month = words.text("month", year=figures.month.year, number=figures.month.number)
    revision = words.text("revision", revision=report.revision)
    status = words.choose("定稿", "final") if report.status == FROZEN else words.choose("草稿", "draft")
    return words.choose(
        f"{month}运行监管月报 {revision}（{status}）", f"monthly report {month}, {revision}, {status}"
    )


def _lines(words: Words, settings: CentreSettings, report: Report, figures: MonthFigures) -> list[str]:
    city, target = figures.city, percent(RULES.target)
    strict, lenient = _share(words, city.by_number_strict), _share(words, city.by_number_lenient)
    if city.by_number_strict is None:
        result = words.text("no_figure")
    else:
        result = words.text("is_met" if city.by_number_strict >= RULES.target else "is_missed")
    lines = [
        settings.centre.name,
        _title(words, report, figures),
        words.choose(
            f"正常运行率：从严 {strict}，从宽 {lenient}，考核目标 {target}，{result}",
            f"operating rate: strict {strict}, lenient {lenient}, target {target}: {result}",
        ),
    ]
    missed = [
        f"{county.name or county.code or words.text('without_county')} "
        f"{_share(words, county.rate.by_number_strict)}"
        for county in figures.counties
        if county.rate.by_number_strict is not None and county.rate.by_number_strict < RULES.target
    ]
    if missed:
        listed = words.choose("、", ", ").join(missed)
        lines.append(words.choose(f"未达标县（市、区）：{listed}", f"counties below the target: {listed}"))
    lines += _what_next(words, report, figures)
    folder = Path(settings.reporting.path).resolve()
    names = ", ".join(str(file["name"]) for file in report.files.values())
    lines.append(words.choose(f"文件：{folder}：{names}", f"files in {folder}: {names}"))
    return lines


def _what_next(words: Words, report: Report, figures: MonthFigures) -> list[str]:
    lines = []
    if report.revision > 1:
        count, before = len(figures.changes), report.revision - 1
        lines.append(
            words.choose(
                f"与第 {before} 版相比有 {count} 处变化", f"{count} changes against revision {before}"
            )
        )
        if report.status == DRAFT:
            command = f"qingliu report freeze {report.month} --by NAME"
            lines.append(words.choose(f"核对后定稿：{command}", f"to be checked and frozen: {command}"))
    elif report.status == DRAFT:
        close, freeze = RULES.closing_day, FREEZING_DAY
        lines.append(
            words.choose(
                f"剔除申请截至次月 {close} 日，{freeze} 日定稿",
                f"approved stops until the {close}th, frozen on the {freeze}th of the next month",
            )
        )
    return lines


def _share(words: Words, share: Fraction | None) -> str:
    return words.text("no_figure") if share is None else f"{per_cent(share)}%"
