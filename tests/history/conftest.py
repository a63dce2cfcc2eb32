"""The stores that the behaviour suite runs over; another back end is one more class and parameter."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from history.embedded import EmbeddedHistory
from history.port import History


class Store(Protocol):
    """One store of a back end: it can be opened any number of times, and made to fail for a while."""

    def open(self) -> History: ...
    def full(self, history: History) -> AbstractContextManager[None]: ...


class EmbeddedStore:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "store" / "history.db"

    def open(self) -> EmbeddedHistory:
        return EmbeddedHistory(self.path)

    @contextmanager
    def full(self, history: EmbeddedHistory) -> Iterator[None]:
        """No page more may be taken from the disk."""
        pages = history._file._db.execute("PRAGMA page_count").fetchone()[0]
        history._file._db.execute(f"PRAGMA max_page_count = {pages}")
        yield
        history._file._db.execute(f"PRAGMA max_page_count = {2**31}")


BACK_ENDS: dict[str, Callable[[Path], Store]] = {"embedded": EmbeddedStore}


@pytest.fixture(params=sorted(BACK_ENDS))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return BACK_ENDS[request.param](tmp_path)


@pytest.fixture
def history(store: Store) -> Iterator[History]:
    with closing(store.open()) as opened:
        yield opened


@contextmanager
def _as_nobody() -> Iterator[None]:
    if os.geteuid() != 0:  # an ordinary user is bound by permissions already
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def as_nobody() -> Callable[[], AbstractContextManager[None]]:
    """For a while without the rights of root, whom permissions do not bind."""
    return _as_nobody
