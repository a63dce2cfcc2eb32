"""Writes the archive: one gzipped tar whose last member, the manifest, says what the others are.

A manifest that comes last means that a file that was cut short has none, and that everything is read once.
"""

import gzip
import hashlib
import io
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from qingliu.backup_manifest import MANIFEST, Manifest, Member

_LEVEL = 1
"""Of gzip: the next ones take twice the time for a tenth less."""
_PIECE = 1 << 20


class Packing:
    """An archive that is being written; `packing` makes one."""

    def __init__(self, tar: tarfile.TarFile, tick: Callable[[int], None]) -> None:
        self.members: list[Member] = []
        self._tar = tar
        self._tick = tick

    def add(self, name: str, path: Path, was: Path) -> None:
        """Add a file; one that shrinks meanwhile is an error.

        Args:
            name: in the archive.
            path: of the file whose content it is.
            was: of the file whose owner and rights it has.

        Raises:
            OSError: one cannot be read.
        """
        with path.open("rb") as opened:
            like = self._tar.gettarinfo(was) if was.exists() else self._tar.gettarinfo(path)
            info = tarfile.TarInfo(name)
            info.size = os.fstat(opened.fileno()).st_size
            info.mtime, info.mode = like.mtime, like.mode & 0o777
            info.uname, info.gname = like.uname, like.gname
            hashed = _Hashed(opened, self._tick)
            self._tar.addfile(info, hashed)
        self.members.append(
            Member(name, str(was), info.size, hashed.sha256(), info.mode, info.uname, info.gname)
        )

    def close(self, manifest: Manifest) -> None:
        """Add the manifest."""
        content = msgspec.json.format(msgspec.json.encode(manifest))
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode, info.mtime = len(content), 0o600, manifest.made_ms // 1000
        self._tar.addfile(info, io.BytesIO(content))


@contextmanager
def packing(path: Path, tick: Callable[[int], None]) -> Iterator[Packing]:
    """Write an archive for nobody else's eyes; on the disk when the block ends.

    Args:
        path: of a file that is not there yet.
        tick: is told how many bytes more were taken in.

    Raises:
        OSError: it cannot be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with (
            gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as squeezed,
            tarfile.open(fileobj=squeezed, mode="w|", format=tarfile.PAX_FORMAT, bufsize=_PIECE) as tar,
        ):
            yield Packing(tar, tick)
        file.flush()
        os.fsync(file.fileno())


class _Hashed:
    """A file that is hashed while tarfile reads it."""

    def __init__(self, file: BinaryIO, tick: Callable[[int], None]) -> None:
        self._file = file
        self._tick = tick
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self._digest.update(piece)
        self._tick(len(piece))
        return piece

    def sha256(self) -> str:
        return self._digest.hexdigest()
