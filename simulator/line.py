"""A serial line without wires: a pseudo-terminal on which simulated slaves answer.

The agent opens the slave end as it would open /dev/ttyUSB0, exclusively; the simulator keeps that end open
too, without any lock, so that agents may come and go. There is no flow control, as on RS-485: bytes nobody
reads are lost once the terminal's buffer is full.

Answers are entered for their time and sent when it has come, so a slave that is late keeps none of the others
from answering. Unplugging the adapter is `close`, plugging it in again `start`: who has the terminal open is
hung up, the slaves keep their state, and the link then leads to a new terminal.
"""

import os
import select
import termios
import threading
import time
import tty
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from simulator.errors import PathError
from simulator.slave import SILENCE_S, Exchange
from simulator.wire import Fault, Piece, Wire

__all__ = ["Fault", "Piece", "PtyLine"]

_SPEEDS = {
    getattr(termios, f"B{baudrate}"): baudrate
    for baudrate in (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115_200)
}
LONGEST_WAIT_S = 3600.0
"""The system's own wait ends here; a longer one is made of several."""


class Wires(Protocol):
    """Who can be served; `simulator.slave.Line` and `simulator.tuned.TunedLine` are."""

    @property
    def is_mid_frame(self) -> bool:
        """Whether octets wait for the rest of their frame."""

    def tuned(self, baudrate: int, stopbits: int) -> None:
        """Know how the asker has opened the line."""

    def speaker(self, exchange: Exchange) -> int | None:
        """Who gives an answer; None: somebody who has said nothing before."""

    def receive(self, octets: bytes, now_s: float) -> list[Exchange]:
        """Hear octets, and answer."""


class PtyLine:
    """Serves a `Line` on a pseudo-terminal, in a thread of its own, from `start` to `close`.

    An answer begins `answer_delay_s` after its request was complete. With a `baudrate` a request is complete
    when its octets would have passed at that speed, and the answer's octets come at that speed, 11 bits
    each; without, both are as fast as the machine. With `echo` the adapter hears all that is asked. `start`
    and `close` may be called from any thread.

    Attributes:
        link: stable path that leads to the terminal while it is open.

    Raises:
        ParameterError: the baud rate is not above zero.
    """

    def __init__(
        self,
        line: Wires,
        *,
        link: Path | None = None,
        answer_delay_s: float = 0.0,
        baudrate: int | None = None,
        fault: Fault | None = None,
        echo: bool = False,
    ) -> None:
        self.link = link
        self._echo = echo
        self._line = line
        self._wire = Wire(baudrate=baudrate, answer_delay_s=answer_delay_s)
        self._fault = fault
        self._lock = threading.Lock()
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
        with self._lock:
            if not self._thread:
                self._open()

    def close(self) -> None:
        """Stop serving, take the link away and give every descriptor back; a second time does nothing.

        What is still due is never said.
        """
        with self._lock:
            self._shut()

    def _open(self) -> None:
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
            self._shut()
            raise

    def _shut(self) -> None:
        if self._thread:
            os.write(self._wake_fd, b"x")
            self._thread.join()
            self._thread = None
        if self.link and self._terminal:
            _remove_link(self.link, self._terminal)
        for fd in self._fds:
            os.close(fd)
        self._fds, self._terminal = (), ""
        self._wire.clear()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _serve(self, master_fd: int, wake_fd: int) -> None:
        wire = self._wire
        while True:
            now_s = time.monotonic()
            said = wire.due(now_s)
            if said:
                with suppress(BlockingIOError):  # nobody reads: the bytes are lost
                    os.write(master_fd, said)
            ready, _, _ = select.select([master_fd, wake_fd], [], [], self._patience_s(now_s))
            if wake_fd in ready:
                return
            octets = os.read(master_fd, 4096) if master_fd in ready else b""
            now_s = time.monotonic()
            wire.hear(len(octets), now_s)
            if octets:
                self._line.tuned(*_tuning(master_fd))
            if octets and self._echo:
                wire.say((Piece(0.0, octets, by_adapter=True),), len(octets), now_s)
            for exchange in self._line.receive(octets, now_s):
                request = exchange.request
                speaker = self._line.speaker(exchange)
                wire.say(self._pieces(exchange), len(request), now_s, speaker=speaker)

    def _patience_s(self, now_s: float) -> float | None:
        """How long to wait for octets, until something is due or a silence ends a frame; None: for ever."""
        waits_s = [SILENCE_S] if self._line.is_mid_frame else []
        if self._wire.next_s is not None:
            waits_s.append(min(max(0.0, self._wire.next_s - now_s), LONGEST_WAIT_S))
        return min(waits_s, default=None)

    def _pieces(self, exchange: Exchange) -> Sequence[Piece]:
        said: bytes | Sequence[Piece] | None = exchange.answer
        if exchange.answer is not None and self._fault:
            said = self._fault(exchange.request, exchange.answer)
        if isinstance(said, bytes):
            return (Piece(0.0, said),)
        return said or ()


def _tuning(master_fd: int) -> tuple[int, int]:
    """Speed and stop bits in which the terminal was opened last."""
    _, _, control, _, _, speed, _ = termios.tcgetattr(master_fd)
    return _SPEEDS.get(speed, 0), 2 if control & termios.CSTOPB else 1


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
