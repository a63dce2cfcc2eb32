"""What the sending libraries log: kept from all logs, for it holds addresses, and heard to know failures."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_OWN = "apprise"
_SHARED = ("urllib3.connectionpool", "urllib3.connection", "urllib3.poolmanager", "urllib3.util.retry")
"""Other rooms use these too, so that only what a sending thread says is kept."""


_CAUSE = "Socket Exception"
"""How apprise begins what it says of a cause, below the level of a warning."""


class _Ear(threading.local, logging.Filter):
    """A filter that lets nothing through while its thread sends."""

    lines: list[str] | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        if self.lines is not None and record.name == _OWN:
            said = record.getMessage()
            if record.levelno >= logging.WARNING or said.startswith(_CAUSE):
                self.lines.append(said)
        return self.lines is None and record.name != _OWN


_EAR = _Ear()


@contextmanager
def heard() -> Iterator[list[str]]:
    """Keep what this thread's libraries say from the log; what apprise says of failures is in the list."""
    own = logging.getLogger(_OWN)
    own.setLevel(logging.DEBUG)
    for name in (_OWN, *_SHARED):
        logging.getLogger(name).addFilter(_EAR)  # the same one is added but once
    _EAR.lines = []
    try:
        yield _EAR.lines
    finally:
        _EAR.lines = None
