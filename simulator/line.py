"""A serial line without wires: a pseudo-terminal on which simulated slaves answer.

The agent opens the slave end as it would open /dev/ttyUSB0, exclusively; the simulator keeps that end open
too, without any lock, so that agents may come and go. There is no flow control, as on RS-485: bytes nobody
reads are lost once the terminal's buffer is full.
"""

import os
import select
import threading
import time
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from simulator.errors import PathError
from simulator.slave import SILENCE_S, Exchange, Line

Fault = Callable[[bytes, bytes], bytes | None]
"""May spoil an answer: takes request and answer, returns the bytes to send instead, or None for silence."""


class PtyLine:
    """Serves a `Line` on a pseudo-terminal, in a thread of its own, from `start` to `close`.

    Attributes:
        link: stable path that leads to the terminal while it is open.
    """

    def __init__(
        self,
        line: Line,
        *,
        link: Path | None = None,
        answer_delay_s: float = 0.0,
        fault: Fault | None = None,
    ) -> None:
        self.link = link
        self._line = line
        self._answer_delay_s = answer_delay_s
        self._fault = fault
        self._terminal = ""
        self._fds: tuple[int, ...] = ()
        self._wake_fd = -1
        self._thread: threading.Thread | None = None

    @property
    def terminal(self) -> str:
        """The pseudo-terminal's own name, `/dev/pts/N`; empty while closed."""
        return self._terminal

    @property
    def port(self) -> str:
        """What to open: the link if there is one, else the terminal."""
        return str(self.link) if self.link else self._terminal

    def start(self) -> None:
        """Open the terminal, put the link in place and serve.

        Raises:
            PathError: something else stands where the link was wanted, or it cannot be made.
        """
        if self._thread:
            return
        master_fd, slave_fd = os.openpty()
        wake_fd, self._wake_fd = os.pipe()
        self._fds = (master_fd, slave_fd, wake_fd, self._wake_fd)
        try:
            tty.setraw(slave_fd)
            os.set_blocking(master_fd, False)
            self._terminal = os.ttyname(slave_fd)
            if self.link:
                _place_link(self.link, self._terminal)
            self._thread = threading.Thread(
                target=self._serve, args=(master_fd, wake_fd), name=f"line {self._terminal}", daemon=True
            )
            self._thread.start()
        except BaseException:
            self._thread = None
            self.close()
            raise

    def close(self) -> None:
        """Stop serving, take the link away and give every descriptor back; a second time does nothing."""
        if self._thread:
            os.write(self._wake_fd, b"x")
            self._thread.join()
            self._thread = None
        if self.link and self._terminal:
            _remove_link(self.link, self._terminal)
        for fd in self._fds:
            os.close(fd)
        self._fds, self._terminal = (), ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _serve(self, master_fd: int, wake_fd: int) -> None:
        while True:
            patience_s = SILENCE_S if self._line.is_mid_frame else None
            ready, _, _ = select.select([master_fd, wake_fd], [], [], patience_s)
            if wake_fd in ready:
                return
            octets = os.read(master_fd, 4096) if master_fd in ready else b""
            for exchange in self._line.receive(octets, time.monotonic()):
                answer = self._spoilt(exchange)
                if answer and self._was_woken(wake_fd):
                    return
                if answer:
                    with suppress(BlockingIOError):  # nobody reads: the bytes are lost
                        os.write(master_fd, answer)

    def _spoilt(self, exchange: Exchange) -> bytes | None:
        if exchange.answer is None or self._fault is None:
            return exchange.answer
        return self._fault(exchange.request, exchange.answer)

    def _was_woken(self, wake_fd: int) -> bool:
        """Sit the answer delay out; true when the line is to close instead."""
        if not self._answer_delay_s:
            return False
        return bool(select.select([wake_fd], [], [], self._answer_delay_s)[0])


def _place_link(link: Path, terminal: str) -> None:
    """Point the link at the terminal in one step, over a stale one if need be."""
    if link.is_symlink():
        target = Path(os.path.realpath(link))
        if target.exists() and target.parent != Path(terminal).parent:
            raise PathError(link, "free, or a link to a terminal", f"a link to {target}")
    elif link.exists():
        raise PathError(link, "free, or a link to a terminal", "a directory" if link.is_dir() else "a file")
    new = link.with_name(f".{link.name}.{os.getpid()}")
    try:
        new.unlink(missing_ok=True)
        new.symlink_to(terminal)
        new.replace(link)
    except OSError as error:
        raise PathError(link, "in a directory that can be written", error.strerror or str(error)) from error


def _remove_link(link: Path, terminal: str) -> None:
    """Take the link away, unless it has been given to another terminal since."""
    with suppress(OSError):
        if str(link.readlink()) == terminal:
            link.unlink()
