"""Brings a centre back out of a backup: all of it is checked before anything is touched."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from qingliu import backup_copy, backup_registry
from qingliu.backup_contents import SETTINGS, folders, history_file, registry_file
from qingliu.backup_error import BackupError
from qingliu.backup_manifest import HISTORY, REGISTRY, Manifest
from qingliu.backup_verify import Bar, unpacked
from qingliu.restore_in_use import refuse_in_use
from qingliu.restore_place import ASIDE, give_back, give_folder, is_there, put
from registry.audit import note_change
from registry.config import CentreSettings, load_centre
from registry.database import Registry, open_registry
from registry.dirty import mark_dirty
from registry.schema import revisions
from registry.tables import Lease, LoginSession, Presence, ServiceHealth
from reporting.verify import verify as verify_reports
from service.process import first_line

RECENT_MS = 2 * 3_600_000
"""Quarter hours so young may not have been worked out when the backup was made."""
QUARTER_MS = 900_000


class Restored(NamedTuple):
    """What was done.

    Attributes:
        manifest: of the archive.
        put: the places that were filled.
        aside: where that is now which was there before.
        left: what is not put back, and why, a line each.
        faults: what does not fit together afterwards, a line each.
    """

    manifest: Manifest
    put: list[Path]
    aside: list[Path]
    left: list[str]
    faults: list[str]


def restore(archive: Path, config: Path, actor: str, now_ms: int, bar: Bar, *, may_replace: bool) -> Restored:
    """Put a centre back in the places that its settings name.

    Args:
        archive: the backup.
        config: centre.toml; one that is not there is taken from the archive, with the files that it names.
        actor: who, for the audit trail.
        now_ms: the present, ms since the epoch, UTC.
        bar: shows how far it is.
        may_replace: what is there may be moved aside.

    Raises:
        BackupError: the archive cannot be used, a service runs, or what is there may not be moved.
        SettingsError: the settings cannot be used.
    """
    beside = load_centre(config) if config.exists() else None
    if beside is not None:
        _refuse(beside, may_replace=may_replace)
    place = (
        (history_file(beside) or registry_file(beside) or config).parent
        if beside is not None
        else config.parent
    )
    try:
        place.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".qingliu-restore-", dir=place) as folder:
            fresh = Path(folder)
            manifest = unpacked(archive, fresh, lambda _name: True, bar)
            refuse_newer(archive, manifest)
            put_here = [] if beside is not None else list(_put_settings(fresh, manifest, config))
            settings = beside or load_centre(config)
            if beside is None:
                _refuse(settings, may_replace=may_replace)
            done = Restored(manifest, put_here, [], [], [])
            _make_ready(fresh / REGISTRY, manifest, actor, now_ms)
            _put_folders(settings, fresh, done)
            _put_stores(settings, fresh, done, bar)
    except OSError as error:
        raise BackupError(
            f"{error.filename or place}: {error.strerror or error}. Mend that, then again."
        ) from error
    except SQLAlchemyError as error:  # a disk that fills, a PostgreSQL that dies
        raise BackupError(f"registry: {first_line(error)}. Mend that, then again.") from error
    with closing(open_registry(settings.registry.url)) as registry, registry.reading() as session:
        done.faults.extend(verify_reports(session, settings).faults)
    return done


def unpack(archive: Path, into: Path, bar: Bar) -> Manifest:
    """Unpack all of an archive into an empty folder, and check it.

    Raises:
        BackupError: the archive cannot be used, or the folder is not empty.
    """
    if is_there(into):
        raise BackupError(f"{into}: is not empty. Name a folder that is not there yet.")
    try:
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        return unpacked(archive, into, lambda _name: True, bar)
    except OSError as error:
        raise BackupError(
            f"{error.filename or into}: {error.strerror or error}. Name another folder."
        ) from error


def refuse_newer(archive: Path, manifest: Manifest) -> None:
    """Say which program is needed for tables that this one does not know.

    Raises:
        BackupError: they are newer.
    """
    known = revisions()
    if manifest.revision not in known:
        raise BackupError(
            f"{archive}: made by qingliu {manifest.version}, whose tables are of {manifest.revision}; this"
            f" program knows up to {known[-1]}. Install that version or a newer one, then restore."
        )


def _refuse(settings: CentreSettings, *, may_replace: bool) -> None:
    files = [path for path in (registry_file(settings), history_file(settings)) if path is not None]
    refuse_in_use(files, "" if registry_file(settings) is not None else settings.registry.url)
    there = [path for path in [*files, *folders(settings).values()] if is_there(path)]
    if there and not may_replace:
        raise BackupError(
            f"{', '.join(map(str, there))}: is there already. With --yes it is kept beside as …{ASIDE}."
        )


def _put_settings(fresh: Path, manifest: Manifest, config: Path) -> Iterator[Path]:
    """Put the settings of the archive in place, and of the files that they name those that are not there."""
    for member in manifest.members:
        if member.name.startswith("settings/"):
            path = config if member.name == SETTINGS else Path(member.was)
            if not path.exists():
                put(fresh / member.name, path)
                give_back(path, member)
                yield path


def _make_ready(path: Path, manifest: Manifest, actor: str, now_ms: int) -> None:
    """Bring the registry up to date, and take out of it what belongs to the processes of then.

    Nobody is logged in any more: a login that was ended since would live again. Quarter hours that were not
    worked out yet are marked, for the worker will look back from its own present only.
    """
    with closing(open_registry(f"sqlite:///{path}")) as registry, registry.writing() as session:
        for table in (LoginSession, Lease, ServiceHealth):
            session.execute(delete(table))
        since_ms = manifest.made_ms - RECENT_MS
        first_ms = since_ms - since_ms % QUARTER_MS
        heard = session.scalars(select(Presence.station_id).where(Presence.last_seen_ms >= first_ms))
        quarters = range(first_ms, manifest.made_ms, QUARTER_MS)
        mark_dirty(session, ((station, start) for station in list(heard) for start in quarters))
        note_change(
            session, at_ms=now_ms, actor=actor, action="registry.restore", subject="registry",
            after={"made_ms": manifest.made_ms},
        )  # fmt: skip
    backup_copy.leave_wal(path)


def _put_folders(settings: CentreSettings, fresh: Path, done: Restored) -> None:
    for name, path in folders(settings).items():
        own = [each for each in done.manifest.members if each.name.startswith(f"{name}/")]
        if own:
            _put(fresh / name, path, done)
            give_folder(path, own[0].owner)
            for member in own:
                give_back(path / member.name.partition("/")[2], member)


def _put_stores(settings: CentreSettings, fresh: Path, done: Restored, bar: Bar) -> None:
    """The registry comes last: while it is the old one, a restore that was cut short can be begun again."""
    stores = {each.name: each for each in done.manifest.members}
    readings = history_file(settings)
    if HISTORY in stores and readings is not None:
        _put(fresh / HISTORY, readings, done)
        give_back(readings, stores[HISTORY])
    elif HISTORY in stores:
        done.left.append(
            "its readings, for [history] names an InfluxDB. docs/backup.md says how they get there"
        )
    elif readings is not None:
        done.left.append("the readings, for the archive has none")
    path = registry_file(settings)
    if path is not None:
        _put(fresh / REGISTRY, path, done)
        give_back(path, stores[REGISTRY])
        return
    _into_postgresql(settings, fresh, done, bar)


def _into_postgresql(settings: CentreSettings, fresh: Path, done: Restored, bar: Bar) -> None:
    with closing(open_registry(settings.registry.url)) as registry:
        if any(backup_registry.counts(registry).values()):
            with bar("keeping the registry of before") as progress:
                backup_registry.export_registry(registry, fresh / "before.db", progress.at)
            folder = Path(settings.reporting.path).parent
            aside = folder / f"registry.db{ASIDE}"
            _put(fresh / "before.db", aside, done)
            done.put.remove(aside)
            done.aside.append(aside)
        with bar("writing the registry") as progress:
            backup_registry.import_registry(fresh / REGISTRY, registry, progress.at)
        with closing(Registry(f"sqlite:///{fresh / REGISTRY}")) as given:
            if backup_registry.counts(given) != backup_registry.counts(registry):
                done.faults.append("registry: its tables have not as many rows as the archive's")
    backup_copy.leave_wal(fresh / REGISTRY)


def _put(fresh: Path, path: Path, done: Restored) -> None:
    aside = put(fresh, path)
    done.put.append(path)
    if aside is not None:
        done.aside.append(aside)
