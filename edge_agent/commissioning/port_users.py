"""Which names a serial port has, and which programs hold it, as /proc and /dev tell."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

BY_ID = Path("/dev/serial/by-id")
_MASTERS = {"/dev/ptmx", "/dev/pts/ptmx"}


class Holder(NamedTuple):
    """A program that has a port open; `words` is its command line."""

    pid: int
    name: str
    words: tuple[str, ...]

    @property
    def is_agent(self) -> bool:
        """Whether it is a running agent of ours, which lends its line."""
        return any("qingliu" in word for word in self.words) and "agent" in self.words


def lasting_name(port: Path, folder: Path = BY_ID) -> Path | None:
    """The name of a USB adapter's port that survives replugging."""
    with suppress(OSError):
        return next((each for each in sorted(folder.iterdir()) if each.resolve() == port.resolve()), None)
    return None


def holders(port: Path, processes: Path = Path("/proc")) -> Iterator[Holder]:
    """The programs that have a port open, as far as we may see; not we ourselves, nor who plays a pty."""
    real = str(port.resolve())
    for process in processes.glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        open_files = _open_files(process)
        if real not in open_files or open_files & _MASTERS:
            continue
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            name = (process / "comm").read_text(errors="replace").strip()
            yield Holder(int(process.name), name, tuple(words))


def is_locked(port: Path) -> bool:
    """Whether another program has the port for itself alone, whoever it is."""
    try:
        fd = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        return error.errno == errno.EBUSY
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(fd)
    return False


def _open_files(process: Path) -> set[str]:
    found = set()
    with suppress(OSError):  # of another user, or gone
        for each in (process / "fd").iterdir():
            with suppress(OSError):
                found.add(str(each.readlink()))
    return found
