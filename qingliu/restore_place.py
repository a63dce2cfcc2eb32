"""Puts a restored file or folder in its place; what was there is kept beside it."""

import os
import pwd
import shutil
from contextlib import suppress
from pathlib import Path

from qingliu.backup_error import BackupError
from qingliu.backup_manifest import Member
from service.whole_file import sync_folder

ASIDE = ".before-restore"
_BESIDE = ("-wal", "-shm")


def is_there(path: Path) -> bool:
    """Whether something would be replaced; an empty folder is nothing."""
    return path.exists() and not (path.is_dir() and not any(path.iterdir()))


def put(fresh: Path, path: Path) -> Path | None:
    """Move a file or folder to its place.

    Args:
        fresh: on any disk.
        path: where it belongs.

    Returns:
        Where that is now which was there; None if nothing was.

    Raises:
        BackupError: it cannot be moved; nothing has changed then.
    """
    near = path.with_name(f".{path.name}.restoring")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove(near)
        is_near = fresh.stat().st_dev == path.parent.stat().st_dev
        shutil.move(fresh, near)
        if not is_near:
            os.sync()  # it was copied from another disk
        aside = _set_aside(path) if is_there(path) else None
        if aside is None and path.is_dir():
            path.rmdir()
        near.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise BackupError(
            f"{error.filename or path}: {error.strerror or error}. Mend that and restore again."
        ) from error
    return aside


def give_back(path: Path, member: Member) -> None:
    """Give a file the rights that it had, and as root its owner, as far as this machine knows them."""
    path.chmod(member.mode)
    if os.geteuid() != 0:
        return
    like = path.parent.stat()
    user, group = _known(member.owner, like.st_uid), member.group
    try:
        shutil.chown(path, user, group or like.st_gid)
    except LookupError:
        os.chown(path, user, like.st_gid)


def give_folder(path: Path, owner: str) -> None:
    """Give a folder and those in it to the owner of what they hold, for nobody else's eyes."""
    for place, _, _ in os.walk(path):
        Path(place).chmod(0o700)
        if os.geteuid() == 0:
            user = _known(owner, path.parent.stat().st_uid)
            with suppress(KeyError):
                os.chown(place, user, pwd.getpwuid(user).pw_gid)


def _known(owner: str, otherwise: int) -> int:
    try:
        return pwd.getpwnam(owner).pw_uid
    except KeyError:
        return otherwise


def _set_aside(path: Path) -> Path:
    aside = path.with_name(path.name + ASIDE)
    number = 2
    while aside.exists():
        aside = path.with_name(f"{path.name}{ASIDE}-{number}")
        number += 1
    path.rename(aside)
    for end in _BESIDE:
        with suppress(FileNotFoundError):
            path.with_name(path.name + end).rename(aside.with_name(aside.name + end))
    return aside


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
