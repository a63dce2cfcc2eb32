"""The files of reports: written whole or not at all, found again by their rows.

A draft's files bear a name of their own, so that a newer draft never writes over them; those of a frozen
revision bear the plain one and may only be read.
"""

import hashlib
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from registry.config import CentreSettings
from registry.tables import Report
from service.civil import Month
from service.process import UnavailableError
from service.whole_file import part_of, sync_folder, write_part

SUFFIXES = {"xlsx": "xlsx", "pdf": "pdf", "data": "json"}
"""Kind of file to the end of its name."""
DRAFT_MODE, FROZEN_MODE = 0o644, 0o444
_STALE_S = 3600.0
"""What was left half-written is taken away when it is so old."""


class ReportError(UnavailableError):
    """A report cannot be written or is not there; the text says why in one line."""


def file_name(month: Month, revision: int, kind: str, draft_mark: str = "") -> str:
    """What a file of a revision is called; a draft's has a mark of its content in its name."""
    draft = f"-draft-{draft_mark}" if draft_mark else ""
    return f"operating-rate-{month}-r{revision}{draft}.{SUFFIXES[kind]}"


def described(name: str, content: bytes) -> dict[str, str | int]:
    """A file as its row describes it."""
    return {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}


def report_file(settings: CentreSettings, report: Report, kind: str) -> Path:
    """Where the file of a report is, always directly in the folder of the reports.

    Args:
        settings: of the centre.
        report: the revision.
        kind: of the file, such as `xlsx`.

    Raises:
        ReportError: it has no such file, or the file is not there.
    """
    name = str(report.files.get(kind, {}).get("name", ""))
    folder = Path(settings.reporting.path).resolve()
    try:
        file = (folder / Path(name).name).resolve()
        is_there = file.is_file()
    except (OSError, ValueError):  # of a name that can be no file's
        name, is_there = "", False
    if not name or file.parent != folder:
        raise ReportError(f"report {report.month} revision {report.revision}: has no {kind} file")
    if not is_there:
        raise ReportError(f"report {file}: the file is not there")
    return file


@contextmanager
def staged(file: Path, content: bytes, mode: int = DRAFT_MODE) -> Iterator[Callable[[], None]]:
    """Write a file under another name, durably; what is yielded gives it its own, at once and whole.

    The folder is made if need be. A file that was not published is gone afterwards.

    Raises:
        ReportError: it cannot be written.
    """
    folder, part = file.parent, part_of(file)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_part(part, content, mode=mode)
    except OSError as error:
        raise ReportError(f"report {file}: {error.strerror}") from error

    def publish() -> None:
        try:
            part.replace(file)
            sync_folder(folder)
        except OSError as error:
            raise ReportError(f"report {file}: {error.strerror}") from error

    try:
        yield publish
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def all_staged(folder: Path, contents: Mapping[str, bytes], mode: int) -> Iterator[Callable[[], None]]:
    """Several files, by name, in the way of `staged`; what is yielded gives each its own name.

    Raises:
        ReportError: one cannot be written.
    """
    with ExitStack() as stack:
        each = [stack.enter_context(staged(folder / name, data, mode)) for name, data in contents.items()]

        def publish() -> None:
            for publish_one in each:
                publish_one()

        yield publish


def sweep(settings: CentreSettings, month: Month, named: Collection[str]) -> None:
    """Take away the drafts of a month that no row names any more, and what was left half-written."""
    folder = Path(settings.reporting.path)
    stale_before_s = time.time() - _STALE_S
    try:
        for file in folder.glob(f"operating-rate-{month}-r*-draft-*"):
            if file.name not in named:
                file.unlink(missing_ok=True)
        for part in folder.glob(f".operating-rate-{month}-*.part"):
            if part.stat().st_mtime < stale_before_s:
                part.unlink(missing_ok=True)
    except OSError as error:
        raise ReportError(f"report {folder}: {error.strerror}") from error
