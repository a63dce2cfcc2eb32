"""mosquitto's password file: the alternative for brokers that know no client certificates.

A line is `name:$7$rounds$salt$hash`, PBKDF2 (RFC 8018) with HMAC-SHA-512, as mosquitto_passwd of mosquitto 2
writes it. Our passwords are 192 random bits, which no number of rounds could make harder to guess; so the
rounds stay few, and the broker is not kept busy when all stations come back at once.
"""

import base64
import hashlib
import os
import secrets
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from registry.identity.errors import IdentityError
from registry.identity.private_file import PRIVATE, write_whole
from service.whole_file import Owner

ROUNDS = 101
"""What mosquitto_passwd takes."""
_SALT_BYTES = 12


def new_password() -> str:
    """A password that nobody chooses, 32 letters."""
    return secrets.token_urlsafe(24)


def hashed(password: str, salt: bytes) -> str:
    """A password as the file holds it."""
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS)
    return f"$7${ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"


def names_in(path: Path) -> set[str]:
    """Who has a password in a file; nobody if there is none yet.

    Raises:
        IdentityError: it cannot be read.
    """
    return {line.partition(":")[0] for line in _lines(path) if line and not line.startswith("#")}


def change_passwords(path: Path, given: Mapping[str, str], gone: Collection[str] = ()) -> None:
    """Set and remove passwords; every other line stays as it is, and so do the file's owner and rights.

    Args:
        path: the file; made with mode 0600 if it is not there.
        given: passwords by name.
        gone: names whose password is taken away.

    Raises:
        IdentityError: it cannot be read or written.
    """
    fresh = {name: f"{name}:{hashed(given[name], secrets.token_bytes(_SALT_BYTES))}" for name in given}
    kept = [line for line in _lines(path) if line.partition(":")[0] not in {*fresh, *gone}]
    text = "".join(f"{line}\n" for line in [*kept, *fresh.values()])
    place = path.resolve()
    before = place.stat() if place.exists() else None
    owner = Owner(before.st_uid, before.st_gid) if before else None
    is_given = os.geteuid() == 0  # before it takes its place: nobody else gives files to others
    write_whole(
        place,
        text.encode(),
        before.st_mode & 0o777 if before else PRIVATE,
        owner=owner if is_given else None,
    )
    if owner and not is_given:
        with suppress(PermissionError):
            os.chown(place, *owner)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise IdentityError(f"{path}: cannot be read: {reason}.") from error
