"""The doctor's look at the machine: files and their rights, the clock, fonts, the age of the backup."""

import os
import pwd
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import make_url

from qingliu.backup_command import NAME
from qingliu.backup_contents import folders, history_file, named_files, registry_file
from qingliu.doctor_finding import Finding, State, judged
from registry.config import CentreSettings
from reporting.fonts import FontError, lettering
from service.account import User, may, user_named
from service.system_clock import ntp_synchronised

EARLIEST_MS = 1_767_225_600_000
"""The beginning of 2026: a clock before that is wrong."""
HOUR_MS = 3_600_000
LATE_BACKUP_MS = 50 * HOUR_MS
"""Two nights, and a little."""
NIGHTS_KEPT = 14
"""As qingliu-backup.service says; while the next one is written there is one more."""
_BESIDE = ("", "-wal", "-shm")
_SHOWN = 3


def service_user() -> User:
    """The services' user where root asks, else whoever asks."""
    if os.geteuid() == 0:
        return user_named() or User("root", 0, frozenset({0}))
    own = pwd.getpwuid(os.geteuid()).pw_name
    return User(own, os.geteuid(), frozenset({*os.getgroups(), os.getegid()}))


def machine(settings: CentreSettings, config: Path, backups: Path, now_ms: int) -> Iterator[Finding]:
    """Everything that needs no store and no network."""
    yield from files(settings, config, service_user())
    yield clock(now_ms, is_kept=ntp_synchronised())
    yield fonts()
    yield backup(backups, now_ms)


def files(settings: CentreSettings, config: Path, user: User) -> Iterator[Finding]:
    """Whether the services may read and write what they have to, and nobody else reads secrets."""
    unreadable = [
        path for path in [config, *named_files(settings)] if is_there(path) and not can(user, path, "r")
    ]
    stores = [path for path in (registry_file(settings), history_file(settings)) if path is not None]
    written = [path.with_name(path.name + end) for path in stores for end in _BESIDE]
    written += [_nearest(path) for path in [*(path.parent for path in stores), *folders(settings).values()]]
    unwritable = [path for path in dict.fromkeys(written) if is_there(path) and not can(user, path, "w")]
    wrong = [f"{path} cannot be read" for path in unreadable] + [
        f"{path} cannot be written" for path in unwritable
    ]
    remedy = f"chown -R {user.name} the folder; a file below /etc: chgrp {user.name}, chmod 640."
    yield judged(
        "files", _listed(wrong) or f"all can be used by {user.name}", is_well=not wrong, remedy=remedy
    )
    named = [*_secrets(settings), Path(settings.identity.path)]
    named += [config] if make_url(settings.registry.url).password else []
    secret = [path for path in named if is_there(path)]
    open_ones = [f"{path} can be read by everybody" for path in secret if _is_open(path)]
    yield judged(
        "secrets", _listed(open_ones) or f"{len(secret)} are for the services alone", is_well=not open_ones,
        remedy="chmod o= them.", otherwise="warn",
    )  # fmt: skip


def is_there(path: Path) -> bool:
    """Whether something is there, or may be: in a folder that we may not enter nobody can say."""
    try:
        return path.exists()
    except OSError:
        return True


def can(user: User, path: Path, wanted: str) -> bool:
    """Whether somebody may read (`r`) or write (`w`) by the mode; a folder has to be entered too."""
    if user.uid == 0:
        return True
    try:
        known = path.stat()
    except OSError:
        return False
    return may(user, known, wanted + "x" * stat.S_ISDIR(known.st_mode))


def clock(now_ms: int, *, is_kept: bool) -> Finding:
    """Whether the time can be believed; alarms and acknowledgements hang on it."""
    if now_ms < EARLIEST_MS:
        return Finding(
            "clock", "fail", "is before 2026", "Set it, and let NTP keep it: timedatectl set-ntp true."
        )
    return judged(
        "clock", "kept by NTP" if is_kept else "nothing says that NTP keeps it", is_well=is_kept,
        remedy="timedatectl set-ntp true, or install chrony; without Internet name a server of the house.",
        otherwise="warn",
    )  # fmt: skip


def fonts() -> Finding:
    """Whether the printed report can be set."""
    try:
        from typst import Fonts  # noqa: PLC0415 - the library is loaded on use

        chosen = lettering(Fonts(include_embedded_fonts=False).families())
    except ModuleNotFoundError:
        return Finding("fonts", "fail", "typst is not installed", "pip install qingliu[centre].")
    except FontError as error:
        return Finding("fonts", "fail", str(error))
    return Finding("fonts", "ok", f"{chosen.heading}, {chosen.body}")


def backup(folder: Path, now_ms: int) -> Finding:
    """How old the newest archive is, and whether there is room for all that will be kept."""
    try:
        ours = sorted(path for path in folder.iterdir() if NAME.fullmatch(path.name))
    except OSError as error:
        remedy = "systemctl enable --now qingliu-backup.timer; elsewhere: doctor --backups DIR."
        state: State = "skipped" if isinstance(error, PermissionError) else "warn"
        return Finding("backup", state, f"{folder}: {error.strerror}", remedy)
    if not ours:
        return Finding("backup", "warn", f"{folder}: holds none", "systemctl start qingliu-backup.service.")
    newest = ours[-1].stat()
    age_ms = now_ms - round(newest.st_mtime * 1000)
    said = f"{ours[-1]}, {age_ms // HOUR_MS} h old, {len(ours)} kept"
    if age_ms > LATE_BACKUP_MS:
        return Finding("backup", "fail", said, "journalctl -u qingliu-backup says why there is no newer one.")
    there = sum(path.stat().st_size for path in ours[-NIGHTS_KEPT:])
    more, free = (NIGHTS_KEPT + 1) * newest.st_size - there, shutil.disk_usage(folder).free
    return judged(
        "backup", said if more <= free else
        f"{said}; {NIGHTS_KEPT} of {newest.st_size / 1e9:,.1f} GB each will need {more / 1e9:,.1f} GB more,"
        f" {free / 1e9:,.1f} GB are free",
        is_well=more <= free,
        remedy="Fewer: systemctl edit qingliu-backup (--keep); or put them on a larger disk.",
        otherwise="warn",
    )  # fmt: skip


def _secrets(settings: CentreSettings) -> Iterator[Path]:
    own = {settings.mqtt.key_file, settings.mqtt.password_file, settings.history.token_file}
    own |= {settings.history.password_file, settings.console.tls_key_file, settings.identity.passphrase_file}
    own |= {each.url for each in settings.notify.named() if "://" not in each.url}
    return (Path(name) for name in sorted(own - {""}))


def _is_open(path: Path) -> bool:
    """Whether everybody may use a file or folder, as far as we can see."""
    try:
        return bool(path.stat().st_mode & 0o007)
    except OSError:
        return False


def _nearest(path: Path) -> Path:
    """The folder itself, or the one in which it would be made."""
    while not is_there(path) and path != path.parent:
        path = path.parent
    return path


def _listed(lines: list[str]) -> str:
    more = f" and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return "; ".join(lines[:_SHOWN]) + more
