"""How large the centre's stores are, and how much room is left where they lie."""

import os
import shutil
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import text as sql
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from registry.config import CentreSettings

LITTLE_ROOM_BYTES = 2_000_000_000
LITTLE_ROOM_SHARE = 0.05
_BESIDE = ("-wal", "-shm")
"""What SQLite keeps beside its file."""


class StoreRow(NamedTuple):
    """A store.

    Attributes:
        name: a key of `admin_words.STORES`.
        kind: which program keeps it, such as `SQLite`.
        size_bytes: None if only that program knows.
        free_bytes: left on the disk where it lies; None if it lies elsewhere.
        is_tight: so little is left that somebody must act.
    """

    name: str
    kind: str
    size_bytes: int | None
    free_bytes: int | None = None
    is_tight: bool = False


def stores(session: Session, settings: CentreSettings) -> list[StoreRow]:
    """Every store of the settings; no path is told."""
    url = make_url(settings.registry.url)
    if url.get_backend_name() == "sqlite":
        registry = _file("registry", Path(url.database or ""))
    else:
        size = session.scalar(sql("SELECT pg_database_size(current_database())"))
        registry = StoreRow("registry", "PostgreSQL", size)
    history = StoreRow("history", "InfluxDB", None)
    if settings.history.backend == "embedded":
        history = _file("history", Path(settings.history.path))
    return [registry, history, *(_folder(name, path) for name, path in _folders(settings).items())]


def free_bytes(settings: CentreSettings) -> dict[str, int]:
    """What is left on the disk of each store that lies on this machine, by its name."""
    places = _folders(settings)
    url = make_url(settings.registry.url)
    if url.get_backend_name() == "sqlite":
        places["registry"] = Path(url.database or "").parent
    if settings.history.backend == "embedded":
        places["history"] = Path(settings.history.path).parent
    rooms = {name: _room(place)[0] for name, place in places.items()}
    return {name: room for name, room in rooms.items() if room is not None}


def database_version(session: Session) -> str:
    """Which program keeps the registry, with its version."""
    if session.get_bind().dialect.name == "postgresql":
        return f"PostgreSQL {session.scalar(sql('SHOW server_version'))}"
    return f"SQLite {session.scalar(sql('SELECT sqlite_version()'))}"


def schema_version(session: Session) -> str:
    """Up to which migration the registry was brought."""
    return str(session.scalar(sql("SELECT version_num FROM alembic_version")) or "")


def _folders(settings: CentreSettings) -> dict[str, Path]:
    return {"reports": Path(settings.reporting.path), "uploads": Path(settings.console.uploads_path)}


def _file(name: str, path: Path) -> StoreRow:
    sizes = [_size(path), *(_size(path.with_name(path.name + end)) for end in _BESIDE)]
    known = [size for size in sizes if size is not None]
    return StoreRow(name, "SQLite", sum(known) if known else None, *_room(path.parent))


def _folder(name: str, path: Path) -> StoreRow:
    total = 0
    for folder, _, files in os.walk(path):
        total += sum(_size(Path(folder) / each) or 0 for each in files)
    return StoreRow(name, "", total if path.is_dir() else None, *_room(path))


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _room(path: Path) -> tuple[int | None, bool]:
    """What is left on a disk, and whether that is little."""
    try:
        usage = shutil.disk_usage(path)
    except OSError:
        return None, False
    return usage.free, usage.free < min(LITTLE_ROOM_BYTES, LITTLE_ROOM_SHARE * usage.total)
