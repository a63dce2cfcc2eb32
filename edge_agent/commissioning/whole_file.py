"""Files that are whole or not there, also after a power cut: written beside their place, synced, renamed."""

import os
import pwd
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from edge_agent.commissioning.owner import SERVICE_USER


class Owner(NamedTuple):
    """A user and its group, by number."""

    user: int
    group: int


def owner_named(name: str) -> Owner:
    """A user of the system, with its first group.

    Raises:
        KeyError: there is no such user.
    """
    entry = pwd.getpwnam(name)
    return Owner(entry.pw_uid, entry.pw_gid)


def usual_owner() -> Owner | None:
    """Whose files the agent's should be: its user's, if there is one and we may give files away."""
    if os.geteuid() == 0:
        with suppress(KeyError):
            return owner_named(SERVICE_USER)
    return None


def staged_path(path: Path) -> Path:
    """Where a file waits until it is renamed into place."""
    return path.with_name(f".{path.name}.new")


def stage(path: Path, content: bytes, *, mode: int, owner: Owner | None = None) -> Path:
    """Write and sync the file beside its place, ready to be renamed; whatever lay there is lost.

    Raises:
        OSError: it cannot be written.
    """
    staged = staged_path(path)
    staged.unlink(missing_ok=True)
    try:
        descriptor = os.open(
            staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, which Path.open does not take
            file.write(content)
            file.flush()
            if owner is not None:
                os.fchown(descriptor, *owner)
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
    except OSError:
        staged.unlink(missing_ok=True)
        raise
    return staged


def sync_folder(folder: Path) -> None:
    """Make sure that the names in a folder outlast a power cut.

    Raises:
        OSError: the disk fails.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: Path, content: bytes, *, mode: int, owner: Owner | None = None) -> None:
    """Put a file in place at one stroke.

    Raises:
        OSError: it cannot be written; the former file is untouched.
    """
    stage(path, content, mode=mode, owner=owner).replace(path)
    sync_folder(path.parent)


def is_writable(path: Path) -> bool:
    """Whether a file could be put in place there, its folder made if need be."""
    there = next(folder for folder in path.resolve().parents if folder.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)
