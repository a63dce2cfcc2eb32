"""Reads an archive to its end, and believes nothing that it cannot check."""

import gzip
import hashlib
import os
import re
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec

from qingliu.backup_error import BackupError
from qingliu.backup_manifest import FOLDERS, FORMAT, HISTORY, MANIFEST, REGISTRY, Manifest

_LARGEST_MANIFEST = 64_000_000
_PIECE = 1 << 20
_PART = re.compile(r"[^/\0]+")


def read_archive(
    path: Path, into: Path | None, wanted: Callable[[str], bool], tick: Callable[[float], None]
) -> Manifest:
    """Read an archive to its end and hold every file in it against the manifest.

    Args:
        path: of the archive.
        into: folder to which the wanted members are written, for nobody else's eyes; None writes none.
        wanted: of a member's name.
        tick: is told the share done.

    Raises:
        BackupError: it cannot be read, is cut short, was altered, or is no backup.
    """
    found: dict[str, tuple[int, str]] = {}
    manifest: Manifest | None = None
    try:
        size = path.stat().st_size
        with path.open("rb") as file, gzip.GzipFile(fileobj=file) as plain:
            with tarfile.open(fileobj=plain, mode="r|", bufsize=_PIECE) as tar:
                for info in tar:
                    _refuse_odd(path, info, found, is_over=manifest is not None)
                    content = tar.extractfile(info)
                    assert content is not None  # noqa: S101 - a regular file
                    if info.name == MANIFEST:
                        manifest = _manifest(path, content.read(_LARGEST_MANIFEST))
                        continue
                    out = into / info.name if into is not None and wanted(info.name) else None
                    found[info.name] = info.size, _taken(content, out)
                    tick(file.tell() / size)
            while plain.read(_PIECE):
                pass  # to its very end, where gzip's own sum stands
    except OSError as error:  # gzip.BadGzipFile is one, without strerror
        raise BackupError(
            f"{path}: cannot be read: {error.strerror or error}. Take another backup."
        ) from error
    except (tarfile.TarError, EOFError, zlib.error, ValueError, OverflowError) as error:
        raise BackupError(
            f"{path}: is cut short or no backup ({error or type(error).__name__}). Take another backup."
        ) from error
    if manifest is None:
        raise BackupError(f"{path}: has no manifest: it is cut short or no backup. Take another backup.")
    _hold_against(path, manifest, found)
    return manifest


def _refuse_odd(
    path: Path, info: tarfile.TarInfo, found: dict[str, tuple[int, str]], *, is_over: bool
) -> None:
    name = PurePosixPath(info.name)
    is_in_folder = len(name.parts) > 1 and name.parts[0] in FOLDERS
    is_ours = info.name in (MANIFEST, REGISTRY, HISTORY) or is_in_folder
    is_plain = all(_PART.fullmatch(part) and part != ".." for part in info.name.split("/"))
    if not (info.isreg() and is_ours and is_plain) or info.name in found or is_over:
        raise BackupError(f"{path}: holds {info.name!r}, which no backup holds. Take another backup.")


def _manifest(path: Path, content: bytes) -> Manifest:
    try:
        form = msgspec.json.decode(content, type=dict[str, msgspec.Raw]).get("format")
        if form is not None and bytes(form) != str(FORMAT).encode():
            said = ascii(bytes(form)[:20].decode(errors="replace"))[1:-1]
            raise BackupError(f"{path}: is of format {said}. Use the program that made it.")
        return msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BackupError(f"{path}: its manifest cannot be read: {error}. Take another backup.") from error


def _hold_against(path: Path, manifest: Manifest, found: dict[str, tuple[int, str]]) -> None:
    for name in manifest.rows:  # they are opened as databases
        if name not in (REGISTRY, HISTORY) or name not in found:
            raise BackupError(
                f"{path}: counts the rows of {name!r}, which is not in it. Take another backup."
            )
    said = {each.name: (each.size, each.sha256) for each in manifest.members}
    for name in sorted(said.keys() | found.keys()):
        if name not in found:
            raise BackupError(f"{path}: {name} is missing from it. Take another backup.")
        if said.get(name) != found[name]:
            raise BackupError(f"{path}: {name} is not what was put into it. Take another backup.")


def _taken(content: IO[bytes], out: Path | None) -> str:
    """Read a member to its end, into a file if wanted; its SHA-256."""
    digest = hashlib.sha256()
    if out is None:
        while piece := content.read(_PIECE):
            digest.update(piece)
        return digest.hexdigest()
    out.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while piece := content.read(_PIECE):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()
