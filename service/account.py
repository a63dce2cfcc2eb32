"""Users of the system, and what one of them may do to a file; asked on behalf of a service by others."""

import os
import pwd
from typing import NamedTuple

SERVICE_USER = "qingliu"
"""As whom the services run, at the station and at the centre."""
_SHIFT = {"r": 4, "w": 2, "x": 1}


class User(NamedTuple):
    """A user of the system with all groups."""

    name: str
    uid: int
    gids: frozenset[int]


def user_named(name: str = SERVICE_USER) -> User | None:
    """A user of the system; None if there is none of that name."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return User(name, entry.pw_uid, frozenset(os.getgrouplist(name, entry.pw_gid)))


def may(user: User, status: os.stat_result, wanted: str) -> bool:
    """Whether a user may do to a file what letters of `rwx` say, as its mode has it."""
    bits = sum(_SHIFT[letter] for letter in wanted)
    if user.uid == 0:
        return True
    others = 3 if status.st_gid in user.gids else 0
    shift = 6 if status.st_uid == user.uid else others
    return (status.st_mode >> shift) & bits == bits
