"""One part of `qingliu serve`: a child process that says when it is ready and that it works.

It speaks to us as a unit speaks to its manager (`service/systemd.py`), over a socket of its own.
"""

import logging
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

from qingliu.children import die_with_parent
from service.systemd import ALIVE, READY

logger = logging.getLogger("serve")

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
STARTS_WITHIN_S = 900.0
"""The first start of a new version brings the registry up to date before it is ready."""
MISCONFIGURED = 2
_LONGEST_WORDS = 4_096


class Part:
    """A child that is started again when it ends or hangs; instants are monotonic seconds.

    Attributes:
        name: by which the log calls it.
        is_ready: it has said so since its last start.
        was_tried: it was ready once, or ended once.
        is_misconfigured: its first start ended because of the settings.
    """

    def __init__(self, name: str, words: Sequence[str], stuck_after_s: float) -> None:
        """Know the part; `start` starts it.

        Args:
            name: of the part.
            words: what follows `python -m`.
            stuck_after_s: one that is ready and says nothing for so long is killed and started again.
        """
        self.name = name
        self.is_ready = self.was_tried = self.is_misconfigured = False
        self._words = list(words)
        self._stuck_after_s = stuck_after_s
        self._process: subprocess.Popen[bytes] | None = None
        self._ear: socket.socket | None = None
        self._heard_s = 0.0
        self._again_s = 0.0
        self._wait_s = FIRST_WAIT_S

    @property
    def pid(self) -> int | None:
        """Of the process that runs; None while none does."""
        return None if self._process is None else self._process.pid

    def start(self, now_s: float) -> None:
        """Start it, with its words on our own standard output and error."""
        address = f"qingliu-serve-{os.getpid()}-{self.name}-{secrets.token_hex(8)}"
        ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        ear.setblocking(False)  # noqa: FBT003 - the library's signature
        ear.bind(f"\0{address}")  # abstract: nothing of it is left on the disk
        environment = {name: value for name, value in os.environ.items() if name != "WATCHDOG_PID"}
        environment["NOTIFY_SOCKET"] = f"@{address}"
        environment["WATCHDOG_USEC"] = str(round(self._stuck_after_s * 1_000_000))
        self._ear, self._heard_s, self.is_ready = ear, now_s, False
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", *self._words],
            stdin=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,  # a Ctrl-C is for the parent, which stops its parts in order
            preexec_fn=die_with_parent,  # noqa: PLW1509 - the parent has one thread only
        )
        logger.info("%s started, process %d", self.name, self._process.pid)

    def look(self, now_s: float) -> None:
        """Hear what it says, and start it again when that is due."""
        if self._process is None:
            if now_s >= self._again_s:
                self.start(now_s)
            return
        self._listen(now_s)
        code = self._process.poll()
        if code is not None:
            self._ended(code, now_s)
        elif now_s - self._heard_s > (self._stuck_after_s if self.is_ready else STARTS_WITHIN_S):
            logger.error("%s gives no sign of life, killing it", self.name)
            self._process.kill()
            self._ended(self._process.wait(), now_s)

    def ask_to_stop(self) -> None:
        """Tell it to end, without waiting for that."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def stop(self, within_s: float) -> None:
        """Wait until it has ended, and insist where it does not."""
        if self._process is not None:
            try:
                self._process.wait(within_s)
            except subprocess.TimeoutExpired:
                logger.warning("%s does not end within %.0f s, killing it", self.name, within_s)
                self._process.kill()
                self._process.wait()
        self._forget()

    def _listen(self, now_s: float) -> None:
        assert self._ear is not None  # noqa: S101 - narrows the type
        with suppress(BlockingIOError):
            while True:
                said = self._ear.recv(_LONGEST_WORDS).decode(errors="replace").splitlines()
                if READY in said and not self.is_ready:
                    self.is_ready = self.was_tried = True
                    logger.info("%s is ready", self.name)
                if READY in said or ALIVE in said:
                    self._heard_s = now_s

    def _ended(self, code: int, now_s: float) -> None:
        if self.is_ready:
            self._wait_s = FIRST_WAIT_S
        self.is_misconfigured = code == MISCONFIGURED and not self.was_tried
        self.was_tried = True
        self._forget()
        self._again_s = now_s + self._wait_s
        logger.warning("%s ended by itself (exit code %d), again in %.0f s", self.name, code, self._wait_s)
        self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)

    def _forget(self) -> None:
        if self._ear is not None:
            self._ear.close()
        self._process, self._ear, self.is_ready = None, None, False
