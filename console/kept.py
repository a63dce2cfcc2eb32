"""Costly figures, computed once and kept for a short time, however many browsers ask."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

KEPT_MS = 30_000
_MOST_KEYS = 8


class _Kept(NamedTuple, Generic[Value]):
    value: Value
    made_ms: int

    def is_fresh(self, now_ms: int) -> bool:
        return 0 <= now_ms - self.made_ms < KEPT_MS


class Kept(Generic[Key, Value]):
    """Values by key, each good for half a minute; safe to use from several threads.

    One thread computes at a time. Whoever comes meanwhile gets the value before, if there is one, and waits
    only for a value that has never been computed.
    """

    def __init__(self) -> None:
        self._kept: dict[Key, _Kept[Value]] = {}
        self._computing = Lock()

    def get(self, key: Key, now_ms: int, compute: Callable[[], Value]) -> Value:
        """The value of a key, computed if none is kept or the one kept is too old."""
        known = self._kept.get(key)
        if known is not None and known.is_fresh(now_ms):
            return known.value
        if not self._computing.acquire(blocking=known is None):
            assert known is not None  # noqa: S101 - only then is not waited for
            return known.value
        try:
            known = self._kept.get(key)  # another thread may have computed it while this one waited
            if known is None or not known.is_fresh(now_ms):
                known = _Kept(compute(), now_ms)
                self._keep(key, known)
            return known.value
        finally:
            self._computing.release()

    def _keep(self, key: Key, fresh: _Kept[Value]) -> None:
        """Put a value in place of the oldest; readers see the dictionary before or after it."""
        newest = sorted(self._kept.items(), key=lambda item: -item[1].made_ms)[: _MOST_KEYS - 1]
        self._kept = {**{known: kept for known, kept in newest if known != key}, key: fresh}
