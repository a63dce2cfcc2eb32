"""A broker that misbehaves on purpose: it plays one scripted list of answers, packet for packet."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

CONNACK = b"\x20\x02\x00\x00"
SUBACK_REFUSED = b"\x90\x03\x00\x01\x80"
HANG_UP = b""


class FakeBroker:
    """Answers each packet that comes in with the next of its answers; None is silence."""

    def __init__(self, *answers: bytes | None) -> None:
        self._answers = list(answers)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._caller: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        try:
            self._caller, _ = self._listener.accept()
        except OSError:
            return
        with self._caller as caller, suppress(OSError):  # the caller may hang up by a reset
            for answer in self._answers:
                if not caller.recv(4096):
                    return
                if answer == HANG_UP:
                    return
                if answer:
                    caller.sendall(answer)
            while caller.recv(4096):
                pass

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(1)
        if self._caller is not None and self._thread.is_alive():  # the caller did not hang up
            self._caller.shutdown(socket.SHUT_RDWR)
        self._thread.join()
