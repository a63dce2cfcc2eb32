"""The box itself: its serial ports, its clock, its disk."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from edge_agent.clock import EARLIEST_MS, LATEST_MS
from edge_agent.commissioning.check_result import Figure, Finding
from edge_agent.commissioning.owner import group_name, service_user
from edge_agent.commissioning.port_users import Holder, holders, lasting_name
from edge_agent.config import BusSettings, OutboxSettings
from edge_agent.status_troubles import DISK_NEARLY_FULL_MB
from service.account import User, may
from service.system_clock import ntp_synchronised

_BYTES_A_MB = 1_000_000
_UNSTABLE = ("/dev/ttyUSB", "/dev/ttyACM")
_CONSOLE_GROUPS = {"root", "tty"}
"""Of these is a port where the system offers its login, which a Raspberry Pi does at first."""
_STATE_FOLDER = Path("/var/lib")
"""Here the service manager makes the agent's folder when it first starts it."""


def port(name: str, bus: BusSettings, service: Callable[[], User | None] = service_user) -> Finding:
    """Whether a line's port is there, ours to use, and nobody else's."""
    path = Path(bus.port)
    figures: dict[str, Figure] = {"port": bus.port}
    try:
        stat = path.stat()
    except OSError:
        return Finding("port", "fail", "port_missing", name, figures)
    figures["group"] = group_name(stat.st_gid)
    if not path.is_char_device():
        return Finding("port", "fail", "port_no_serial", name, figures)
    if not os.access(path, os.R_OK | os.W_OK):
        return Finding("port", "fail", "port_forbidden", name, figures)
    user = service()
    if user is not None and not may(user, stat, "rw"):
        code = "port_console" if figures["group"] in _CONSOLE_GROUPS else "port_forbidden_to_service"
        return Finding("port", "fail", code, name, {**figures, "user": user.name, "tty": path.name})
    return _held(name, path, figures, list(holders(path)))


def _held(name: str, path: Path, figures: dict[str, Figure], programs: list[Holder]) -> Finding:
    foreign = [each for each in programs if not each.is_agent]
    if foreign:
        figures |= {"program": foreign[0].name, "pid": foreign[0].pid}
        return Finding("port", "fail", "port_in_use", name, figures)
    better = lasting_name(path)
    if better is not None and str(path).startswith(_UNSTABLE):
        return Finding("port", "warn", "port_by_id", name, {**figures, "by_id": str(better)})
    if programs:
        return Finding("port", "ok", "port_held", name, {**figures, "pid": programs[0].pid})
    return Finding("port", "ok", "port_fine", name, figures)


def clock(now_s: float | None = None, synchronised: Callable[[], bool] = ntp_synchronised) -> Finding:
    """Whether the box knows the time; if not, the centre will tell it."""
    second = time.time() if now_s is None else now_s
    figures: dict[str, Figure] = {"now": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))}
    if not EARLIEST_MS < second * 1000 < LATEST_MS:
        return Finding("clock", "warn", "clock_absurd", figures=figures)
    if not synchronised():
        return Finding("clock", "warn", "clock_free", figures=figures)
    return Finding("clock", "ok", "clock_ntp", figures=figures)


class Volume(Protocol):
    """What `os.statvfs` tells of a file system."""

    @property
    def f_flag(self) -> int:
        """How it is mounted."""

    @property
    def f_bavail(self) -> int:
        """Free blocks."""

    @property
    def f_frsize(self) -> int:
        """Bytes of a block."""


def disk(
    outbox: OutboxSettings,
    service: Callable[[], User | None] = service_user,
    volume_of: Callable[[Path], Volume] = os.statvfs,
) -> Finding:
    """Whether the outbox can be written where it is wanted, and grow to its bound."""
    path = Path(outbox.path)
    folder = path.parent
    figures: dict[str, Figure] = {"folder": str(folder), "max_mb": outbox.max_mb}
    try:
        place = next(each for each in (folder, *folder.absolute().parents) if each.exists())
        volume = volume_of(place)
        forbidden = _forbidden(path if path.exists() else place, place, service())
    except OSError as error:
        reason = error.strerror or str(error)
        return Finding("disk", "fail", "disk_unreadable", figures={**figures, "reason": reason})
    free_bytes = volume.f_bavail * volume.f_frsize
    figures["free_mb"] = free_bytes // _BYTES_A_MB
    if volume.f_flag & os.ST_RDONLY:
        return Finding("disk", "fail", "disk_read_only", figures=figures)
    if forbidden is not None and place != folder:
        is_made = _STATE_FOLDER in folder.absolute().parents
        return Finding("disk", "warn" if is_made else "fail", "disk_no_folder", figures=figures)
    if forbidden is not None:
        code = "disk_forbidden_to_service" if forbidden else "disk_forbidden"
        return Finding("disk", "fail", code, figures={**figures, "user": forbidden})
    return _roomy(path, free_bytes, outbox.max_mb * _BYTES_A_MB, figures)


def _roomy(path: Path, free_bytes: int, most_bytes: int, figures: dict[str, Figure]) -> Finding:
    needed_bytes = most_bytes - (path.stat().st_size if path.exists() else 0)
    figures["needed_mb"] = max(0, needed_bytes // _BYTES_A_MB)
    if free_bytes < DISK_NEARLY_FULL_MB * _BYTES_A_MB:
        return Finding("disk", "fail", "disk_full", figures=figures)
    if free_bytes < needed_bytes:
        return Finding("disk", "warn", "disk_small", figures=figures)
    return Finding("disk", "ok", "disk_fine", figures=figures)


def _forbidden(file: Path, folder: Path, user: User | None) -> str | None:
    """Who may not write there: the service's user by name, we as an empty text, or nobody."""
    if not (os.access(folder, os.W_OK | os.X_OK) and os.access(file, os.W_OK)):
        return ""
    if user is not None and not (may(user, folder.stat(), "wx") and may(user, file.stat(), "w")):
        return user.name
    return None
