"""Files that only their owner reads, and that appear under their name only when they are whole."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from registry.identity.errors import IdentityError

PRIVATE = 0o600
PUBLIC = 0o644


def write_whole(path: Path, data: bytes, mode: int = PRIVATE, *, replace: bool = True) -> None:
    """Write a file at once: whoever opens it sees all of it, or what was there before.

    Args:
        path: where.
        data: what.
        mode: the file's rights, from its first byte on.
        replace: whether a file of that name may give way.

    Raises:
        IdentityError: it cannot be written, or is there already.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        fd = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
        with open(fd, "wb") as file:  # noqa: PTH123 - made of a descriptor
            os.fchmod(fd, mode)
            file.write(data)
            file.flush()
            os.fsync(fd)
        if replace:
            part.replace(path)
        else:
            os.link(part, path)  # unlike a rename it never replaces
        _sync(path.parent)
    except FileExistsError as error:
        raise IdentityError(f"{path}: is there already. Name another file, or say --force.") from error
    except OSError as error:
        raise IdentityError(f"{path}: cannot be written: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Make a new name in a folder last."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
