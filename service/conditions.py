"""Conditions: what is wrong just now, logged once when it begins or changes and once when it ends."""

import logging
import threading


class Conditions:
    """Named troubles of a process; thread-safe, and the source of what a status page shows."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._lock = threading.Lock()
        self._current: dict[str, str] = {}

    def begin(self, name: str, text: str) -> None:
        """Note that something is wrong; says nothing if it was so already."""
        with self._lock:
            if self._current.get(name) == text:
                return
            self._current[name] = text
        self._logger.warning("%s: %s", name, text)

    def end(self, name: str) -> None:
        """Note that it is well again; says nothing if it was."""
        with self._lock:
            if self._current.pop(name, None) is None:
                return
        self._logger.info("%s: well again", name)

    def current(self) -> dict[str, str]:
        """Name to text of everything that is wrong now."""
        with self._lock:
            return dict(self._current)
