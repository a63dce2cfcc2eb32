"""Child processes of one parent: started in order, watched together, stopped in reverse."""

import ctypes
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
STOP_WITHIN_S = 8.0


class Death(NamedTuple):
    """A child that ended by itself, with its last words."""

    name: str
    exit_code: int
    last_words: str


class Children:
    """The `qingliu` processes of one parent; each logs to a file of its own name."""

    def __init__(self, log_folder: Path) -> None:
        self._log_folder = log_folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        log_folder.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, words: Sequence[str]) -> None:
        """Start `python -m WORDS`; it ends with its parent, however that ends."""
        with self.log_of(name).open("wb") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C is for the parent, which stops its children in order
                preexec_fn=die_with_parent,  # noqa: PLW1509 - the parent has one thread only
            )

    def log_of(self, name: str) -> Path:
        """Where a child's words go."""
        return self._log_folder / f"{name}.log"

    def death(self) -> Death | None:
        """The first child found dead, or None while all live."""
        for name, process in self._running.items():
            code = process.poll()
            if code is not None:
                return Death(name, code, self._last_words(name))
        return None

    def stop(self) -> None:
        """Ask all to stop, the last started first, and insist where one does not."""
        for process in reversed(self._running.values()):
            if process.poll() is None:
                process.terminate()
        for process in reversed(self._running.values()):
            try:
                process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()

    def _last_words(self, name: str) -> str:
        lines = self.log_of(name).read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "no word of why"


def die_with_parent() -> None:
    """Let this process be told to end when its parent is gone."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
