"""Whose the agent's files are: its own user's, where somebody else makes them."""

import grp
import os
import pwd
from contextlib import suppress
from pathlib import Path

from service.account import SERVICE_USER, User, user_named
from service.whole_file import Owner


def service_user(name: str = SERVICE_USER) -> User | None:
    """The user that the service runs as; None if there is none, or if we are not root and so may be it."""
    return user_named(name) if os.geteuid() == 0 else None


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


def is_writable(path: Path) -> bool:
    """Whether we could put a file in place there, its folder made if need be."""
    there = next(folder for folder in path.resolve().parents if folder.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def group_name(gid: int) -> str:
    """What a group is called; its number if it has no name."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
