"""The doctor's look at the machine: files and their rights, the clock, fonts, the age of the backup."""

import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.engine import make_url

from qingliu.backup_command import NAME
from qingliu.backup_contents import folders, history_file, named_files, registry_file
from qingliu.doctor_finding import Finding, State, judged
from registry.config import CentreSettings
from reporting.fonts import FontError, lettering
from service.system_clock import ntp_synchronised

USER = "qingliu"
"""Of the services."""
EARLIEST_MS = 1_767_225_600_000
"""The beginning of 2026: a clock before that is wrong."""
HOUR_MS = 3_600_000
LATE_BACKUP_MS = 50 * HOUR_MS
"""Two nights, and a little."""
_BESIDE = ("", "-wal", "-shm")
_SHOWN = 3


class Person(NamedTuple):
    """Whose rights are judged."""

    name: str
    uid: int
    gids: frozenset[int]


def service_user() -> Person:
    """The services' user where root asks, else whoever asks."""
    if os.geteuid() == 0:
        try:
            known = pwd.getpwnam(USER)
        except KeyError:
            return Person("root", 0, frozenset({0}))
        return Person(USER, known.pw_uid, frozenset(os.getgrouplist(USER, known.pw_gid)))
    return Person(
        pwd.getpwuid(os.geteuid()).pw_name, os.geteuid(), frozenset({*os.getgroups(), os.getegid()})
    )


def machine(settings: CentreSettings, config: Path, backups: Path, now_ms: int) -> Iterator[Finding]:
    """Everything that needs no store and no network."""
    yield from files(settings, config, service_user())
    yield clock(now_ms, is_kept=ntp_synchronised())
    yield fonts()
    yield backup(backups, now_ms)


def files(settings: CentreSettings, config: Path, person: Person) -> Iterator[Finding]:
    """Whether the services may read and write what they have to, and nobody else reads secrets."""
    unreadable = [
        path for path in [config, *named_files(settings)] if path.exists() and not may(person, path, 4)
    ]
    stores = [path for path in (registry_file(settings), history_file(settings)) if path is not None]
    written = [path.with_name(path.name + end) for path in stores for end in _BESIDE]
    written += [_nearest(path) for path in [*(path.parent for path in stores), *folders(settings).values()]]
    unwritable = [path for path in dict.fromkeys(written) if path.exists() and not may(person, path, 2)]
    wrong = [f"{path} cannot be read" for path in unreadable] + [
        f"{path} cannot be written" for path in unwritable
    ]
    remedy = f"chown -R {person.name} the folder; a file below /etc: chgrp {person.name}, chmod 640."
    yield judged(
        "files", _listed(wrong) or f"all can be used by {person.name}", is_well=not wrong, remedy=remedy
    )
    named = [*_secrets(settings), Path(settings.identity.path)]
    named += [config] if make_url(settings.registry.url).password else []
    secret = [path for path in named if path.exists()]
    open_ones = [f"{path} can be read by everybody" for path in secret if path.stat().st_mode & 0o007]
    yield judged(
        "secrets", _listed(open_ones) or f"{len(secret)} are for the services alone", is_well=not open_ones,
        remedy="chmod o= them.", otherwise="warn",
    )  # fmt: skip


def may(person: Person, path: Path, wanted: int) -> bool:
    """Whether somebody may read (4) or write (2) by the mode; a folder has to be entered too."""
    if person.uid == 0:
        return True
    try:
        known = path.stat()
    except OSError:
        return False
    wanted |= 1 if stat.S_ISDIR(known.st_mode) else 0
    shift = 6 if known.st_uid == person.uid else 3 if known.st_gid in person.gids else 0
    return (known.st_mode >> shift) & wanted == wanted


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
    """How old the newest archive is."""
    try:
        ours = sorted(path for path in folder.iterdir() if NAME.fullmatch(path.name))
    except OSError as error:
        remedy = "systemctl enable --now qingliu-backup.timer; elsewhere: doctor --backups DIR."
        state: State = "skipped" if isinstance(error, PermissionError) else "warn"
        return Finding("backup", state, f"{folder}: {error.strerror}", remedy)
    if not ours:
        return Finding("backup", "warn", f"{folder}: holds none", "systemctl start qingliu-backup.service.")
    age_ms = now_ms - round(ours[-1].stat().st_mtime * 1000)
    return judged(
        "backup", f"{ours[-1]}, {age_ms // HOUR_MS} h old, {len(ours)} kept",
        is_well=age_ms <= LATE_BACKUP_MS,
        remedy="journalctl -u qingliu-backup says why there is no newer one.",
    )  # fmt: skip


def _secrets(settings: CentreSettings) -> Iterator[Path]:
    own = {settings.mqtt.key_file, settings.mqtt.password_file, settings.history.token_file}
    own |= {settings.history.password_file, settings.console.tls_key_file, settings.identity.passphrase_file}
    own |= {each.url for each in settings.notify.named() if "://" not in each.url}
    return (Path(name) for name in sorted(own - {""}))


def _nearest(path: Path) -> Path:
    """The folder itself, or the one in which it would be made."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _listed(lines: list[str]) -> str:
    more = f" and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return "; ".join(lines[:_SHOWN]) + more
