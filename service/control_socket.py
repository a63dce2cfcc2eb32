"""A unix socket over which a running process answers: one line of words in, one line back.

What the words mean is for others to say. The socket belongs to its owner alone, and answers in a thread of
its own, one caller after the other.
"""

import logging
import os
import select
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from service.process import UnavailableError

logger = logging.getLogger(__name__)

CALLER_TIMEOUT_S = 2.0
"""How long a caller may take to say its line, and to take the answer."""
LONGEST_WORDS = 4_096
LONGEST_ANSWER = 1_000_000
"""Bytes of a line; whoever answers should stay below."""
IN_USE = "a socket in use"
_PAUSE_S = 1.0
"""After a caller could not be let in, for want of file descriptors for example."""


class ControlSocketError(UnavailableError):
    """Base of the faults of a control socket.

    Attributes:
        path: the socket.
        rule: what was wanted.
        found: what was met instead.
    """

    def __init__(self, path: Path, rule: str, found: str, remedy: str) -> None:
        super().__init__(f"{path}: {rule} (got {found}). {remedy}")
        self.path = path
        self.rule = rule
        self.found = found


class SocketPlaceError(ControlSocketError):
    """A path cannot carry the socket that was wanted there."""

    def __init__(self, path: Path, rule: str, found: str) -> None:
        remedy = "End that process" if found == IN_USE else "Remove what is there"
        super().__init__(path, rule, found, f"{remedy} or choose another path.")


class NoAnswerError(ControlSocketError):
    """Nobody listens at a path, or not to us, or gives no whole answer in time."""

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(path, "a running process answers", found, "Start it, or check the path.")


def ask(path: Path, words: str, *, timeout_s: float) -> str:
    """Say one line to the process that listens at this path; returns its answer without the line's end.

    Raises:
        NoAnswerError: there is no answer within `timeout_s` seconds; what the system said is its cause.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
            caller.settimeout(timeout_s)
            _connect(caller, path)
            caller.sendall(f"{words}\n".encode(errors="replace"))
            answer = _heard(caller, LONGEST_ANSWER, timeout_s)
    except OSError as error:
        raise NoAnswerError(path, error.strerror or str(error)) from error
    line, end, _ = answer.partition(b"\n")
    if not end:
        raise NoAnswerError(path, "an answer without end" if line else "no answer")
    return line.decode(errors="replace").strip()


class ControlSocket:
    """Listens for words and answers them, in a thread of its own, from `start` to `close`.

    Attributes:
        path: the socket; readable and writable by its owner only.
    """

    def __init__(self, path: Path, answer: Callable[[str], str]) -> None:
        """Prepare to listen.

        Args:
            path: where the socket is made; its folder exists.
            answer: one line for one line. What it raises is logged, and its caller gets no answer.
        """
        self.path = path
        self._answer = answer
        self._listener: socket.socket | None = None
        self._wake_fd = -1
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen; a second time does nothing.

        Raises:
            SocketPlaceError: the path is in use or cannot hold a socket.
        """
        if self._thread:
            return
        self._listener = _listen(self.path)
        self._wake_fd = os.eventfd(0)
        self._thread = threading.Thread(
            target=self._serve, args=(self._listener, self._wake_fd), name=f"control {self.path}", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening and remove the socket; a second time does nothing."""
        if self._thread:
            os.eventfd_write(self._wake_fd, 1)
            self._thread.join()
            os.close(self._wake_fd)
        if self._listener:
            self.path.unlink(missing_ok=True)  # while it is ours: nobody takes over a path that listens
            self._listener.close()
        self._thread, self._listener, self._wake_fd = None, None, -1

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _serve(self, listener: socket.socket, wake_fd: int) -> None:
        while True:
            ready, _, _ = select.select([listener.fileno(), wake_fd], [], [])
            if wake_fd in ready:
                return
            try:
                caller, _ = listener.accept()
            except OSError:
                select.select([wake_fd], [], [], _PAUSE_S)
                continue
            with caller, suppress(OSError):  # a caller that hangs up or dawdles harms only itself
                caller.settimeout(CALLER_TIMEOUT_S)
                heard = _heard(caller, LONGEST_WORDS, CALLER_TIMEOUT_S, wake_fd)
                if heard:
                    said = heard.partition(b"\n")[0].decode(errors="replace").strip()
                    caller.sendall(self._line_for(said))

    def _line_for(self, said: str) -> bytes:
        try:
            answer = self._answer(said)
        except Exception:
            logger.exception("control: unexpected failure, going on")
            return b""
        return " ".join(answer.splitlines()).encode(errors="replace") + b"\n"


def _heard(connection: socket.socket, most: int, within_s: float, wake_fd: int | None = None) -> bytes:
    """What comes in until a line ends, the other side hangs up or `most` bytes are there.

    Raises:
        OSError: not in time, or something came in at `wake_fd`.
    """
    deadline_s = time.monotonic() + within_s
    fd = connection.fileno()
    watched = [fd] if wake_fd is None else [fd, wake_fd]
    heard = bytearray()
    while b"\n" not in heard and len(heard) < most:
        ready, _, _ = select.select(watched, [], [], max(0.0, deadline_s - time.monotonic()))
        if fd not in ready or wake_fd in ready:
            raise TimeoutError("timed out")
        octets = connection.recv(65_536)
        if not octets:
            break
        heard += octets
    return bytes(heard)


def _listen(path: Path) -> socket.socket:
    """Bind a socket, over one that nobody listens to any more if need be."""
    occupant = _occupant(path)
    if occupant:
        raise SocketPlaceError(path, "free, or a socket nobody listens to", occupant)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        with _short(path) as address:
            listener.bind(address)
        path.chmod(0o600)
        listener.listen()
    except OSError as error:
        listener.close()
        raise SocketPlaceError(path, "a short name in a directory that can be written", str(error)) from error
    return listener


def _occupant(path: Path) -> str | None:
    """What keeps a socket from being made here; None if nothing does."""
    with suppress(OSError):  # of a path that cannot be looked at, binding says what is wrong
        if not stat.S_ISSOCK(path.lstat().st_mode):
            return "something that is not a socket"
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
            caller.settimeout(CALLER_TIMEOUT_S)
            try:
                _connect(caller, path)
            except (ConnectionRefusedError, FileNotFoundError):
                return None
            except OSError:  # of a listener that has no time, for one
                return IN_USE
        return IN_USE
    return None


def _connect(caller: socket.socket, path: Path) -> None:
    with _short(path) as address:
        caller.connect(address)


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """Another way to say a path, by its opened directory: a socket's address has room for 107 bytes only."""
    directory_fd = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory_fd}/{path.name}"
    finally:
        os.close(directory_fd)
