"""Makes a backup: both stores at one instant, then the files; checked, packed, read back."""

import shutil
from collections.abc import Callable
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from qingliu import backup_copy, backup_registry
from qingliu.backup_archive import packing
from qingliu.backup_contents import Piece, contents, history_file, registry_file
from qingliu.backup_error import BackupError
from qingliu.backup_manifest import FORMAT, HISTORY, REGISTRY, Manifest
from qingliu.backup_reading import read_archive
from registry.config import CentreSettings
from registry.database import Registry
from registry.schema import revision_of
from service.process import first_line
from service.progress import Progress
from service.whole_file import sync_folder

ROOM = 1.3
"""Times the stores' size that must be free: the copies and, squeezed, the archive."""
Bar = Callable[[str], Progress]
"""Makes the bar of a step."""


class Made(NamedTuple):
    """An archive that was made and read back."""

    path: Path
    size: int
    manifest: Manifest


def make_backup(settings: CentreSettings, config: Path, out: Path, now_ms: int, bar: Bar) -> Made:
    """Write a centre's archive, while its services run.

    Args:
        settings: of the centre.
        config: their file.
        out: the archive; no such file may be there.
        now_ms: the present, ms since the epoch, UTC.
        bar: shows how far it is.

    Raises:
        BackupError: a store cannot be read or is damaged, or the archive cannot be written.
    """
    if out.exists():
        raise BackupError(f"{out}: is there already. Name another file, or a folder.")
    try:
        out.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_tight(settings, out.parent)
        with TemporaryDirectory(prefix=".qingliu-backup-", dir=out.parent) as folder:
            return _make(settings, config, out, Path(folder), now_ms, bar)
    except OSError as error:
        place = error.filename or out
        raise BackupError(f"{place}: {error.strerror or error}. Name another place with -o.") from error


def _make(settings: CentreSettings, config: Path, out: Path, folder: Path, now_ms: int, bar: Bar) -> Made:
    stores, missing = _stores(settings, folder, bar)
    revision = _sound(stores, bar)
    found = contents(settings, config)
    manifest = Manifest(
        format=FORMAT, made_ms=now_ms, centre=settings.centre.name, version=version("qingliu"),
        revision=revision, registry="sqlite" if registry_file(settings) else "postgresql",
        history=settings.history.backend, config=str(config), members=[],
        rows={each.name: backup_copy.row_counts(each.path) for each in stores},
        missing=missing + found.missing,
    )  # fmt: skip
    part = folder / "archive"
    was = {REGISTRY: registry_file(settings), HISTORY: history_file(settings)}
    total = sum(each.path.stat().st_size for each in [*stores, *found.pieces])
    done = 0
    with bar("packing") as progress:

        def tick(octets: int) -> None:
            nonlocal done
            done += octets
            progress.at(done / total)

        with packing(part, tick) as archive:
            for each in [*stores, *found.pieces]:
                try:
                    archive.add(each.name, each.path, was.get(each.name) or each.path)
                except FileNotFoundError:  # a draft of a report that has just been made anew
                    manifest.missing.append(f"{each.path}: went away meanwhile")
            manifest.members.extend(archive.members)
            archive.close(manifest)
    with bar("reading back") as progress:
        read_archive(part, None, lambda _name: False, progress.at)
    part.rename(out)
    sync_folder(out.parent)
    return Made(out, out.stat().st_size, manifest)


def _stores(settings: CentreSettings, folder: Path, bar: Bar) -> tuple[list[Piece], list[str]]:
    """Copy the stores into a folder; what there is, and what there is not."""
    missing = []
    of_registry, of_history = registry_file(settings), history_file(settings)
    if of_history is not None and not of_history.is_file():
        missing.append(f"{of_history}: there are no readings yet")
        of_history = None
    stores = [Piece(REGISTRY, folder / REGISTRY)]
    with backup_copy.snapshots(of_registry, of_history) as held:
        if held.registry is not None:
            with bar("copying the registry") as progress:
                backup_copy.copy(held.registry, folder / REGISTRY, progress.at)
        else:
            with closing(Registry(settings.registry.url)) as source, bar("copying the registry") as progress:
                backup_registry.export_registry(source, folder / REGISTRY, progress.at)
        if held.history is not None:
            stores.append(Piece(HISTORY, folder / HISTORY))
            with bar("copying the readings") as progress:
                backup_copy.copy(held.history, folder / HISTORY, progress.at)
    return stores, missing


def _sound(stores: list[Piece], bar: Bar) -> str:
    """Check the copies; the revision of the registry's tables.

    Raises:
        BackupError: one is damaged, as the store that it was copied from is.
    """
    with bar("checking the copies") as progress:
        for number, each in enumerate(stores):
            progress.at(number / len(stores))
            found = backup_copy.faults(each.path, thorough=each.name == REGISTRY)
            if found:
                remedy = "Keep the backups of before, and see docs/backup.md."
                raise BackupError(f"{each.name}: the store is damaged: {'; '.join(found)}. {remedy}")
    return revision_in(stores[0].path)


def revision_in(path: Path) -> str:
    """Up to which migration the registry in a SQLite file was brought; the file is left as it is.

    Raises:
        BackupError: it is no registry.
    """
    try:
        with closing(Registry(f"sqlite:///{path}")) as registry, registry.reading() as session:
            revision = revision_of(session)
    except SQLAlchemyError as error:
        raise BackupError(f"{path}: is no registry: {first_line(error)}") from error
    backup_copy.leave_wal(path)
    return revision


def _refuse_tight(settings: CentreSettings, folder: Path) -> None:
    """Say at once that there is no room, instead of after an hour."""
    need = 0.0
    for path in (registry_file(settings), history_file(settings)):
        with suppress(OSError):
            need += ROOM * path.stat().st_size if path is not None else 0
    free = shutil.disk_usage(folder).free
    if free < need:
        raise BackupError(
            f"{folder}: has room for {free / 1e6:,.0f} MB, the backup may need {need / 1e6:,.0f} MB."
            " Make room, or name another place with -o."
        )
