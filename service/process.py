"""How a process of the house starts its log and learns that it should stop."""

import logging
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType


def now_ms() -> int:
    """The system's wall clock, ms since the epoch, UTC; everything pure takes it as an argument."""
    return time.time_ns() // 1_000_000


def start_log(*, verbose: bool = False) -> None:
    """Log to stderr, one line a message, the time left to the journal where there is one."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler], force=True)
    for noisy in ("alembic", "transitions"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


class _OneLine(logging.Formatter):
    """Keeps a message in its line, whatever foreign text stands in it; a traceback has lines of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        text = super().formatMessage(record)
        if text.isprintable():
            return text
        return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


class UnavailableError(Exception):
    """Something that a process needs is not to be had just now; the text says what in one line.

    Base of the rooms' own errors of that kind; a command that meets one ends with exit code 1.
    """


def first_line(error: BaseException) -> str:
    """What an error says, without the details below; its kind where it says nothing."""
    return str(error).partition("\n")[0] or type(error).__name__


@contextmanager
def stop_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set; the handlers of before come back at the end."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def complain(lines: Iterable[str]) -> None:
    """Say what is wrong on stderr, one line each, without a traceback."""
    for line in lines:
        sys.stderr.write(f"{line}\n")
