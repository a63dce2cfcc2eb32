"""Files that are whole or not there, also after a power cut: written beside their place, synced, renamed."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

_USUAL = 0o666
"""Rights of a file that nobody said anything of, before the umask takes some away."""


class Owner(NamedTuple):
    """A user and a group, by number."""

    user: int
    group: int


def part_of(path: Path) -> Path:
    """A name beside a file that nobody else has, for the time until it is whole."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")


def write_part(part: Path, content: bytes, *, mode: int | None, owner: Owner | None = None) -> None:
    """Write and sync a file under the name where it waits.

    Args:
        part: where; nothing may be there.
        content: what.
        mode: the file's rights, before it is whole its owner's alone; None: those of any new file.
        owner: whose it shall be; the writer's if None.

    Raises:
        FileExistsError: something is there.
        OSError: it cannot be written; nothing is left of it.
    """
    with _part(part, mode, owner) as file:
        file.write(content)


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


@contextmanager
def written_whole(path: Path, *, mode: int | None = None) -> Iterator[BinaryIO]:
    """A file that is written piece by piece, and takes its place when the block ends well.

    Args:
        path: where; a file of that name gives way.
        mode: as of `write_part`.

    Raises:
        OSError: it cannot be written; the former file is untouched.
    """
    part = part_of(path)
    with _part(part, mode) as file:
        yield file
    _put(part, path)


def write_whole(
    path: Path,
    content: bytes,
    *,
    mode: int | None = None,
    owner: Owner | None = None,
    replace: bool = True,
) -> None:
    """Put a file in place at one stroke: whoever opens it sees all of it, or what was there before.

    Args:
        path: where.
        content: what.
        mode: as of `write_part`.
        owner: whose it shall be; the writer's if None.
        replace: whether a file of that name may give way.

    Raises:
        FileExistsError: it is there already, and may not give way.
        OSError: it cannot be written; the former file is untouched.
    """
    part = part_of(path)
    write_part(part, content, mode=mode, owner=owner)
    _put(part, path, replace=replace)


@contextmanager
def _part(part: Path, mode: int | None, owner: Owner | None = None) -> Iterator[BinaryIO]:
    """A file that is synced when the block ends well, and gone when it does not."""
    how = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(part, how, _USUAL if mode is None else 0o600)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, which Path.open does not take
            yield file
            file.flush()
            if owner is not None:
                os.fchown(descriptor, *owner)
            if mode is not None:
                os.fchmod(descriptor, mode)
            os.fsync(descriptor)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _put(part: Path, path: Path, *, replace: bool = True) -> None:
    """Give a file that is whole its name."""
    try:
        if replace:
            part.replace(path)
        else:
            os.link(part, path)  # unlike a rename it never replaces
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)
