"""Damaged outbox files: renamed so that a new one can begin; the newest two are kept for a look."""

import re
from datetime import UTC, datetime
from pathlib import Path

from service.whole_file import sync_folder

KEPT = 2
_TAILS = ("", "-wal", "-shm")


def parts(path: Path) -> list[Path]:
    """The files of a SQLite database, there or not."""
    return [Path(f"{path}{tail}") for tail in _TAILS]


def set_aside(path: Path, now_ms: int) -> Path:
    """Rename a damaged file.

    Args:
        path: of the outbox.
        now_ms: ms since the epoch, for its new name.

    Returns:
        Its new path.

    Raises:
        OSError: it cannot be renamed.
    """
    aside = _free_name(path, datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%d-%H%M%S"))
    # The database goes first: SQLite throws a lonely WAL away, but would read it into a new database.
    for part, target in zip(parts(path), parts(aside), strict=True):
        if part.exists():
            part.rename(target)
    earlier = re.compile(re.escape(path.name) + r"\.damaged-\d{8}-\d{6}(-\d+)?")
    found = sorted(each for each in path.parent.iterdir() if earlier.fullmatch(each.name) and each != aside)
    for old in found[: -(KEPT - 1)]:
        for part in parts(old):
            part.unlink(missing_ok=True)
    sync_folder(path.parent)
    return aside


def _free_name(path: Path, stamp: str) -> Path:
    plain = path.with_name(f"{path.name}.damaged-{stamp}")
    aside, number = plain, 1
    while any(part.exists() for part in parts(aside)):
        number += 1
        aside = Path(f"{plain}-{number}")
    return aside
