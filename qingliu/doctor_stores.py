"""The doctor's look at the stores, and at what the services wrote there of themselves."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from console.admin_stores import database_version, stores
from console.health import judged as judged_services
from console.health import problems
from history.check import check_history
from notify.pending import given_up, troubles
from qingliu.backup_contents import history_file, registry_file
from qingliu.doctor_finding import Finding, judged
from qingliu.doctor_machine import is_there
from registry.config import CentreSettings
from registry.database import Registry
from registry.schema import revision_of, revisions
from registry.services import health
from registry.tables import Notification
from service.process import first_line

DAY_MS = 86_400_000
LATE_MESSAGE_MS = 600_000
START = "systemctl start qingliu.target"
UNITS = {"reporting": "qingliu-report", "notify": "qingliu-alerting"}
"""Services whose unit has another name."""


def registry(settings: CentreSettings, now_ms: int) -> Iterator[Finding]:
    """The registry, and if it can be read what hangs on it."""
    path = registry_file(settings)
    if path is not None and not is_there(path):
        yield Finding("registry", "fail", f"{path}: there is no such file", f"{START}, which makes it.")
        return
    try:
        with closing(Registry(settings.registry.url)) as opened, opened.reading() as session:
            yield _registry(session)
            yield from disk(session, settings)
            yield from services(session, now_ms)
            yield messages(session, settings, now_ms)
    except SQLAlchemyError as error:
        remedy = (
            "Start PostgreSQL, or mend [registry] url." if path is None else "docs/backup.md: restore it."
        )
        yield Finding("registry", "fail", first_line(error), remedy)


def history(settings: CentreSettings) -> Finding:
    """The readings: there, readable, writable."""
    path = history_file(settings)
    if path is not None and not is_there(path):
        return Finding("history", "fail", f"{path}: there is no such file", f"{START}, which makes it.")
    found = list(check_history(settings.history))
    is_well = not any(each.exit_code for each in found)
    said = "; ".join(each.text for each in found) if is_well else found[-1].text
    if is_well and path is not None:
        wrong = _quick_check(path)
        if wrong:
            return Finding("history", "fail", f"{path}: {wrong}", "docs/backup.md: restore it.")
    return Finding("history", "ok" if is_well else "fail", said)


def disk(session: Session, settings: CentreSettings) -> Iterator[Finding]:
    """Room where the stores lie."""
    rows = [row for row in stores(session, settings) if row.free_bytes is not None]
    if not rows:
        yield Finding("disk", "skipped", "no store lies on this machine")
        return
    tight = [row.name for row in rows if row.is_tight]
    least = min(row.free_bytes or 0 for row in rows) / 1e9
    of = f", where {', '.join(tight)} {'lies' if len(tight) == 1 else 'lie'}" if tight else ""
    yield judged(
        "disk", f"{least:,.1f} GB free{of}", is_well=not tight,
        remedy="Make room, or lower history.raw_days; old backups may go elsewhere.",
    )  # fmt: skip


def services(session: Session, now_ms: int) -> Iterator[Finding]:
    """What each service last said of itself, and what waits for a person."""
    rows = health(session)
    figures = {row.name: row.figures for row in rows}
    for service in judged_services(rows, now_ms):
        unit = UNITS.get(service.name, f"qingliu-{service.name.partition('-')[0]}")
        wrong = [each["text"] for each in problems([service], now_ms)]
        if service.is_silent:
            remedy = f"systemctl status {unit} (or qingliu-serve); journalctl -u {unit} -n 50."
            yield Finding(service.name, "fail", "; ".join(wrong), remedy)
        elif wrong:
            yield Finding(service.name, "fail", "; ".join(wrong), f"journalctl -u {unit} -n 50 says more.")
        else:
            age_s = (now_ms - (service.seen_ms or now_ms)) // 1000
            yield _well(service.name, age_s, figures[service.name].get("waiting"))


def messages(session: Session, settings: CentreSettings, now_ms: int) -> Finding:
    """Whether alarms reach people."""
    many = len(settings.notify.named())
    if not many:
        return Finding(
            "messages",
            "warn",
            "no channel: nobody is told of an alarm",
            "docs/notifications.md: [notify] channels.",
        )
    late = select(func.count()).where(
        Notification.sent_ms.is_(None), Notification.failed_ms.is_(None),
        Notification.due_ms <= now_ms - LATE_MESSAGE_MS,
    )  # fmt: skip
    waiting = session.scalar(late) or 0
    failing = [f"{channel}: {error}" for channel, error in sorted(troubles(session).items())]
    gone = given_up(session, now_ms - DAY_MS)
    failing += [f"{channel}: {count} given up: {error}" for channel, (count, error) in sorted(gone.items())]
    if waiting:
        failing.append(f"{waiting} {'waits' if waiting == 1 else 'wait'} for more than ten minutes")
    return judged(
        "messages", "; ".join(failing) or f"{many} channel{'' if many == 1 else 's'}, nothing waits",
        is_well=not failing, remedy="qingliu alerting test-channel NAME tries one out.",
    )  # fmt: skip


def _registry(session: Session) -> Finding:
    revision, known = revision_of(session), revisions()
    name = database_version(session)
    if revision != known[-1]:
        remedy = (
            "Restart the services."
            if revision in known
            else "Install the program that made it, or a newer one."
        )
        return Finding(
            "registry", "fail", f"{name}, tables of {revision}, this program's of {known[-1]}", remedy
        )
    if session.get_bind().dialect.name == "sqlite":
        said = str(session.scalar(text("PRAGMA quick_check(1)")))
        if said != "ok":
            return Finding("registry", "fail", f"{name}: {said}", "docs/backup.md: restore it.")
    return Finding("registry", "ok", f"{name}, tables of {revision}, whole")


def _quick_check(path: Path) -> str:
    """What SQLite finds wrong with a file; empty if nothing."""
    with closing(Registry(f"sqlite:///{path}")) as opened, opened.reading() as session:
        try:
            said = str(session.scalar(text("PRAGMA quick_check(1)")))
        except SQLAlchemyError as error:
            said = first_line(error)
    return "" if said == "ok" else said


def _well(name: str, age_s: int, waiting: object) -> Finding:
    text_ = f"reported {age_s} s ago"
    if isinstance(waiting, list) and waiting:
        shown = ", ".join(map(str, waiting))
        return Finding(
            name, "warn", f"{text_}; waits for a person: {shown}", "qingliu report freeze MONTH --by NAME."
        )
    return Finding(name, "ok", text_)
