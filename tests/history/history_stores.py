"""The stores that the behaviour suite runs over; another back end is one more class and parameter."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from influx_server import InfluxServer

from history.embedded import EmbeddedHistory
from history.influx_place import InfluxPlace
from history.influxdb import InfluxHistory
from history.port import History


class Store(Protocol):
    """One store of a back end: it can be opened any number of times, and made to fail for a while."""

    def open(self) -> History: ...
    def failing(self, history: History) -> AbstractContextManager[None]: ...


class EmbeddedStore:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "store" / "history.db"

    def open(self) -> EmbeddedHistory:
        return EmbeddedHistory(self.path)

    @contextmanager
    def failing(self, history: EmbeddedHistory) -> Iterator[None]:
        """No page more may be taken from the disk."""
        pages = history._file._db.execute("PRAGMA page_count").fetchone()[0]
        history._file._db.execute(f"PRAGMA max_page_count = {pages}")
        yield
        history._file._db.execute(f"PRAGMA max_page_count = {2**31}")


class InfluxStore:
    def __init__(self, server: InfluxServer) -> None:
        self.server = server
        self.place = InfluxPlace(server.url, f"{server.new_database()}/raw")

    def open(self) -> InfluxHistory:
        return InfluxHistory(self.place)

    def failing(self, history: InfluxHistory) -> AbstractContextManager[None]:
        """The server is gone."""
        return self.server.away()
