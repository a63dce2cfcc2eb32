"""Who runs the agent as a service, and what that user may do to a file; only asked when we are root."""

import grp
import os
import pwd
from typing import NamedTuple

SERVICE_USER = "qingliu"
_SHIFT = {"r": 4, "w": 2, "x": 1}


class User(NamedTuple):
    """A user of the system with all groups."""

    name: str
    uid: int
    gids: frozenset[int]


def service_user(name: str = SERVICE_USER) -> User | None:
    """The user that the service runs as; None if there is none, or if we are not root and so may be it."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return User(name, entry.pw_uid, frozenset(os.getgrouplist(name, entry.pw_gid)))


def may(user: User, stat: os.stat_result, wanted: str) -> bool:
    """Whether a user may do to a file what letters of `rwx` say, as its mode has it."""
    bits = sum(_SHIFT[letter] for letter in wanted)
    if user.uid == 0:
        return True
    others = 3 if stat.st_gid in user.gids else 0
    shift = 6 if stat.st_uid == user.uid else others
    return (stat.st_mode >> shift) & bits == bits


def group_name(gid: int) -> str:
    """What a group is called; its number if it has no name."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
