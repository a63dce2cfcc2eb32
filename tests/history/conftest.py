"""The back ends, each opened for a test, and the real server of one of them."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest
from history_stores import EmbeddedStore, InfluxStore, Store
from influx_server import InfluxServer, programs

from history.port import History


@pytest.fixture(scope="session")
def influx_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    server = InfluxServer(*programs(), tmp_path_factory.mktemp("influx") / "server")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session", params=["embedded", "influxdb"])
def back_end(request: pytest.FixtureRequest) -> Callable[[Path], Store]:
    """Started before any test that uses it, so that its server is not taken for a leftover of that test."""
    if request.param == "embedded":
        return EmbeddedStore
    server = request.getfixturevalue("influx_server")
    return lambda _folder: InfluxStore(server)


@pytest.fixture
def store(back_end: Callable[[Path], Store], tmp_path: Path) -> Store:
    return back_end(tmp_path)


@pytest.fixture
def influx(influx_server: InfluxServer) -> InfluxStore:
    return InfluxStore(influx_server)


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
