"""Which files belong to a centre beside its stores: reports, proof, its authority, settings and secrets."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
from sqlalchemy.engine import make_url

from registry.config import CentreSettings

SETTINGS = "settings/centre.toml"
NEVER = ("passphrase_file",)
"""Settings whose file is not taken: the authority's key and what opens it do not belong into one archive."""


class Piece(NamedTuple):
    """A file that is to be in the archive."""

    name: str
    path: Path


class Contents(NamedTuple):
    """The files found, and what cannot be read, a line each."""

    pieces: list[Piece]
    missing: list[str]


def contents(settings: CentreSettings, config: Path) -> Contents:
    """Find all files but the stores; a folder that was never made is simply empty."""
    found = Contents([], [])
    for folder, path in folders(settings).items():
        _walk(folder, path, found)
    passphrase = Path(settings.identity.passphrase_file).resolve()  # wherever it lies, however it is named
    found.pieces[:] = [each for each in found.pieces if each.path.resolve() != passphrase]
    found.pieces.append(Piece(SETTINGS, config))
    for number, path in enumerate(named_files(settings)):
        if os.access(path, os.R_OK):
            found.pieces.append(Piece(f"settings/{number:02}-{path.name}", path))
        else:
            found.missing.append(f"{path}: cannot be read")
    return found


def folders(settings: CentreSettings) -> dict[str, Path]:
    """The folders of a centre, by their name in the archive."""
    return {
        "reports": Path(settings.reporting.path),
        "uploads": Path(settings.console.uploads_path),
        "identity": Path(settings.identity.path),
    }


def registry_file(settings: CentreSettings) -> Path | None:
    """The registry's SQLite file; None if PostgreSQL keeps it."""
    url = make_url(settings.registry.url)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def history_file(settings: CentreSettings) -> Path | None:
    """The readings' SQLite file; None if InfluxDB keeps them."""
    return Path(settings.history.path) if settings.history.backend == "embedded" else None


def named_files(settings: CentreSettings) -> list[Path]:
    """The files that settings name, each once: secrets, certificates, channels, tables."""
    named = [*_named(settings), *(each.url for each in settings.notify.named() if "://" not in each.url)]
    return [Path(each) for each in dict.fromkeys(named)]


def _named(settings: object) -> Iterator[str]:
    for field in msgspec.structs.fields(type(settings)):  # type: ignore[arg-type] # a struct, as its caller knows
        value = getattr(settings, field.name)
        if isinstance(value, msgspec.Struct):
            yield from _named(value)
        elif field.name.endswith(("_file", "_geojson")) and field.name not in NEVER and value:
            yield value


def _walk(folder: str, path: Path, found: Contents) -> None:
    def unreadable(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            found.missing.append(f"{error.filename}: {error.strerror}")

    for place, _, names in os.walk(path, onerror=unreadable):
        for name in sorted(names):
            file = Path(place) / name
            if name.startswith(".") and name.endswith(".part"):
                continue  # is being written, or was left half-written
            if file.is_file() and os.access(file, os.R_OK):
                found.pieces.append(Piece(f"{folder}/{file.relative_to(path)}", file))
            else:
                found.missing.append(f"{file}: cannot be read")
