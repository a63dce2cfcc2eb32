"""A switch for a running simulation: one line of words over a unix socket, one line back.

What can be said stands in `simulator.orders`. Each line is answered by the station's state after it, as one
line of JSON, or by one that begins with `error: `.
"""

import os
import select
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from simulator.errors import ControlError, PathError, RefusedError, SimulatorError
from simulator.meters import SimulatedStation
from simulator.orders import obey

TIMEOUT_S = 2.0
"""How long either side waits for the other."""
_MAX_LINE = 4096
_REFUSED = "error: "


def send(path: Path, words: str) -> str:
    """Say one line of words to the simulation that listens at this path; returns its answer, a line of JSON.

    Raises:
        RefusedError: it does not know the words, or cannot do what they say.
        ControlError: nobody listens.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
            caller.settimeout(TIMEOUT_S)
            _connect(caller, path)
            caller.sendall(f"{words}\n".encode())
            answer = _line_from(caller)
    except OSError as error:
        raise ControlError(path, _silent(error.strerror or str(error))) from error
    if not answer:
        raise ControlError(path, _silent("no answer"))
    if answer.startswith(_REFUSED):
        raise RefusedError(path, answer.removeprefix(_REFUSED))
    return answer


class ControlServer:
    """Listens for words and switches one station, in a thread of its own, from `start` to `close`.

    Attributes:
        path: the socket; readable and writable by its owner only.
    """

    def __init__(self, path: Path, station: SimulatedStation) -> None:
        self.path = path
        self._station = station
        self._listener: socket.socket | None = None
        self._wake_fds: tuple[int, int] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen.

        Raises:
            PathError: the path is in use or cannot hold a socket.
        """
        if self._thread:
            return
        self._listener = _listen(self.path)
        wake_fd, _ = self._wake_fds = os.pipe()
        self._thread = threading.Thread(
            target=self._serve, args=(self._listener, wake_fd), name=f"control {self.path}", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening and remove the socket; a second time does nothing."""
        if self._thread and self._wake_fds:
            os.write(self._wake_fds[1], b"x")
            self._thread.join()
        if self._listener:
            self._listener.close()
            self.path.unlink(missing_ok=True)
        for fd in self._wake_fds or ():
            os.close(fd)
        self._thread, self._listener, self._wake_fds = None, None, None

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
            with suppress(OSError):  # a caller that hangs up or dawdles harms only itself
                caller, _ = listener.accept()
                with caller:
                    caller.settimeout(TIMEOUT_S)
                    caller.sendall(f"{self._answer(_line_from(caller))}\n".encode(errors="replace"))

    def _answer(self, said: str) -> str:
        try:
            return obey(self._station, said)
        except SimulatorError as error:
            return f"{_REFUSED}{error}"


def _silent(found: str) -> str:
    return (
        f"a running simulation listens (got {found}). Start the simulation with --control, or check the path."
    )


def _line_from(connection: socket.socket) -> str:
    heard = b""
    while not heard.endswith(b"\n") and len(heard) < _MAX_LINE:
        octets = connection.recv(_MAX_LINE)
        if not octets:
            break
        heard += octets
    return heard.decode(errors="replace").strip()


def _listen(path: Path) -> socket.socket:
    """Bind a socket, over one that nobody listens to any more if need be."""
    rule = "free, or a socket nobody listens to"
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise PathError(path, rule, "something that is not a socket")
        if _is_answered(path):
            raise PathError(path, rule, "a socket in use")
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _short(path) as address:
            listener.bind(address)
        path.chmod(0o600)
        listener.listen()
    except OSError as error:
        listener.close()
        raise PathError(path, "a short name in a directory that can be written", str(error)) from error
    return listener


def _is_answered(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        try:
            _connect(caller, path)
        except OSError:
            return False
        return True


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
