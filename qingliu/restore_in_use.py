"""Whether a service of the centre runs on the stores that are to be replaced."""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from qingliu.backup_copy import is_held_open
from qingliu.backup_error import BackupError
from registry.database import Registry
from service.process import first_line

_BESIDE = ("", "-wal", "-shm")
REMEDY = "Stop the services first: systemctl stop qingliu.target"


def refuse_in_use(files: Iterable[Path], postgresql: str) -> None:
    """Look whether somebody uses the stores.

    A file is looked for among the files that processes have open, which finds it even if it was deleted or
    damaged meanwhile, and then asked whether somebody has it open that we may not look at.

    Args:
        files: SQLite files.
        postgresql: URL of a PostgreSQL registry; empty if there is none.

    Raises:
        BackupError: somebody does.
    """
    for path in files:
        user = next(_users(path), None)
        if user is not None:
            raise BackupError(f"{path}: is in use by process {user}. {REMEDY}")
        if path.exists() and is_held_open(path):
            raise BackupError(f"{path}: is in use. {REMEDY}")
    if postgresql:
        _refuse_connected(postgresql)


def _users(path: Path) -> Iterator[str]:
    """Processes that have a file open, each with its command, as far as this user may see them."""
    names = {f"{path.resolve()}{end}" for end in _BESIDE}
    names |= {f"{name} (deleted)" for name in names}
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        with suppress(OSError):  # it has ended, or is another user's
            if any(str(each.readlink()) in names for each in process.glob("fd/*")):
                words = process.joinpath("cmdline").read_bytes().rstrip(b"\0").split(b"\0")
                said = " ".join(word.decode(errors="replace") for word in words)
                yield f"{process.name} ({said[:80]})"


def _refuse_connected(url: str) -> None:
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    try:
        with closing(Registry(url)) as registry, registry.reading() as session:
            count = session.scalar(others) or 0
    except SQLAlchemyError as error:
        raise BackupError(f"registry: cannot be reached: {first_line(error)}. Start PostgreSQL.") from error
    if count:
        others_are = "another one is" if count == 1 else f"{count} others are"
        raise BackupError(f"registry: {others_are} connected to the database. {REMEDY}")
