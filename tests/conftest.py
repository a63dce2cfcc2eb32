"""What all tests share: real servers on free ports of 127.0.0.1, and a watch over leftovers."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import settings
from postgres_server import Postgres
from programs import needed
from servers import Mosquitto

settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")

IS_CI = os.environ.get("CI") == "true"
GRACE_S = 5.0
LONG_FILES = ("tests/test_", "tests/qingliu/", "tests/delivery/", "_browser.", "_accessibility.", "_worker.")
"""Where whole programs run: parts of the addresses of such files."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long files, so that at the end no worker is alone with one while the others are idle."""
    items.sort(key=lambda item: not any(part in item.nodeid.partition("::")[0] for part in LONG_FILES))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """On CI a skipped test is a failure: it would hide a missing install step."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if IS_CI and reporter and reporter.stats.get("skipped") and session.exitstatus == pytest.ExitCode.OK:
        reporter.write_line("CI=true: skipped tests count as failures", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _sockets() -> set[tuple[int, object]]:
    return {(each.fd, each.laddr) for each in psutil.Process().net_connections("all")}


def _threads() -> set[threading.Thread]:
    return set(threading.enumerate())


def _children() -> set[psutil.Process]:
    try:  # the kernel's list of our own costs nothing; psutil asks every process there is for its parent
        lists = [thread / "children" for thread in Path("/proc/self/task").iterdir()]
        if not any(path.read_bytes() for path in lists):
            return set()
    except OSError:  # a thread ended meanwhile, or a kernel without that list
        pass
    return set(psutil.Process().children(recursive=True))


@pytest.fixture(autouse=True)
def no_leftovers() -> Iterator[None]:
    """Fail a test that leaves a thread, a child process or an open socket behind."""
    watched: dict[str, Callable[[], set[object]]] = {
        "threads": _threads,
        "child processes": _children,
        "open sockets": _sockets,
    }
    before = {name: count() for name, count in watched.items()}
    yield
    for thread in _threads() - before["threads"]:
        thread.join(GRACE_S)  # one that is about to end may do so
    psutil.wait_procs(_children() - before["child processes"], GRACE_S)
    for name, count in watched.items():
        left = count() - before[name]
        assert not left, f"the test left {name} behind: {left}"


@pytest.fixture(scope="session")
def mosquitto_program() -> str:
    return needed("mosquitto", "mosquitto", "/usr/sbin/mosquitto")


@pytest.fixture
def mosquitto(mosquitto_program: str, tmp_path: Path) -> Iterator[Mosquitto]:
    """A real broker of this test's own, which may be killed and wiped."""
    server = Mosquitto(mosquitto_program, tmp_path / "mosquitto")
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def systemd_analyze() -> str:
    return needed("systemd", "systemd-analyze")


@pytest.fixture(scope="session")
def chromium() -> str:
    return needed("chromium", "chromium", "chromium-browser")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL for the whole run; each test takes a database of its own."""
    initdb = needed("postgresql", "/usr/lib/postgresql/*/bin/initdb")
    server = Postgres(Path(initdb).parent)
    server.start()
    yield server
    server.stop()
