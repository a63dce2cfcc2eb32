"""Files that people hand in, kept in a folder under random names: pictures and PDF, told by their content.

Nothing of what a browser says of a file is believed, and none is ever shown in a page: it is downloaded.
"""

import hashlib
import re
import secrets
from pathlib import Path
from typing import NamedTuple

from fastapi import Response
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

from service.whole_file import write_whole

MOST_BYTES = 5_000_000
"""Of a file that somebody hands in."""
EMPTY, LARGE, UNKNOWN, UNWRITABLE = "upload_empty", "upload_large", "upload_unknown", "upload_unwritable"
"""Why a file is not taken."""
_KINDS = {
    "image/jpeg": (b"\xff\xd8\xff", ".jpg"),
    "image/png": (b"\x89PNG\r\n\x1a\n", ".png"),
    "application/pdf": (b"%PDF-", ".pdf"),
}
"""How each begins, and how its name ends."""
_NAME = re.compile(r"[0-9a-f]{32}\.(?:jpg|png|pdf)", re.ASCII)


class StoredFile(NamedTuple):
    """A file that was kept.

    Attributes:
        name: in the folder.
        media_type: by its content.
        sha256: hexadecimal.
        size_bytes: of it.
    """

    name: str
    media_type: str
    sha256: str
    size_bytes: int


class UploadError(Exception):
    """A file is not taken; `code` is one of those above."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def store_upload(folder: Path, content: bytes, most_bytes: int = MOST_BYTES) -> StoredFile:
    """Keep a file; when this returns it is on the disk.

    Args:
        folder: made if it is not there.
        content: of the file.
        most_bytes: that it may have.

    Raises:
        UploadError: it is empty, too large, neither JPEG, PNG nor PDF, or cannot be written.
    """
    if not content:
        raise UploadError(EMPTY)
    if len(content) > most_bytes:
        raise UploadError(LARGE)
    kind = next((kind for kind, (head, _) in _KINDS.items() if content.startswith(head)), None)
    if kind is None:
        raise UploadError(UNKNOWN)
    name = secrets.token_hex(16) + _KINDS[kind][1]
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        write_whole(folder / name, content, mode=0o640)
    except OSError as error:
        raise UploadError(UNWRITABLE) from error
    return StoredFile(name, kind, hashlib.sha256(content).hexdigest(), len(content))


def drop_upload(folder: Path, name: str) -> None:
    """Take a file away whose entry came to nothing."""
    if _NAME.fullmatch(name):
        (folder / name).unlink(missing_ok=True)


def upload_answer(folder: Path, name: str, download_as: str) -> Response:
    """Send a kept file, to be downloaded under a name of ours.

    Raises:
        HTTPException: 404, it is not there.
    """
    path = folder / name
    if not _NAME.fullmatch(name) or not path.is_file():
        raise HTTPException(404)
    media_type = next(kind for kind, (_, ending) in _KINDS.items() if path.suffix == ending)
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-cache"}
    return FileResponse(path, media_type=media_type, filename=f"{download_as}{path.suffix}", headers=headers)
