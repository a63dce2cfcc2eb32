"""Reads a backup back: every file against the manifest, and the stores as databases."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from qingliu import backup_copy
from qingliu.backup import revision_in
from qingliu.backup_error import BackupError
from qingliu.backup_manifest import HISTORY, REGISTRY, Manifest
from qingliu.backup_reading import read_archive
from service.progress import Progress

Bar = Callable[[str], Progress]


def verify(path: Path, bar: Bar) -> Manifest:
    """Read an archive to its end, and its stores out of it for a moment.

    Raises:
        BackupError: it is not what was made.
    """
    beside = path.absolute().parent
    place = beside if os.access(beside, os.W_OK) else Path(tempfile.gettempdir())
    try:
        with TemporaryDirectory(prefix=".qingliu-backup-", dir=place) as folder:
            return unpacked(path, Path(folder), lambda name: name in (REGISTRY, HISTORY), bar)
    except OSError as error:
        raise BackupError(
            f"{error.filename or place}: {error.strerror or error}. Make room there."
        ) from error


def unpacked(path: Path, folder: Path, wanted: Callable[[str], bool], bar: Bar) -> Manifest:
    """Unpack what is wanted of an archive, stores among it, and check it.

    Args:
        path: of the archive.
        folder: where to; empty.
        wanted: of a member's name.
        bar: shows how far it is.

    Raises:
        BackupError: the archive is not what was made.
    """
    with bar("reading") as progress:
        manifest = read_archive(path, folder, wanted, progress.at)
    with bar("checking the stores") as progress:
        for number, (name, rows) in enumerate(manifest.rows.items()):
            progress.at(number / len(manifest.rows))
            store = folder / name
            found = backup_copy.faults(store, thorough=name == REGISTRY)
            if not found and backup_copy.row_counts(store) != rows:
                found = ["its rows are not as many as there were"]
            if not found and name == REGISTRY and revision_in(store) != manifest.revision:
                found = ["its tables are of another release than the manifest says"]
            if found:
                raise BackupError(f"{path}: {name}: {'; '.join(found)}. Take another backup.")
    return manifest
