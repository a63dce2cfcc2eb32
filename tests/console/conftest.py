"""A small centre with a past: stations in every state, alarms, and hostile things in quarantine."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from console_centre import NOW_MS, Clock, ConsoleCentre, seed
from console_login import ETERNAL_MS, log_in
from console_months import seed_months
from fastapi.testclient import TestClient

from console import chart_bundle
from console.app import create_app
from history.embedded import EmbeddedHistory
from registry.config import (
    Centre,
    CentreSettings,
    HistorySettings,
    RegistrySettings,
    ReportingSettings,
)
from registry.console_settings import ConsoleSettings
from registry.database import Registry, open_registry
from service.mqtt import Mqtt

STORES = ("registry.db", "history.db")


@pytest.fixture(scope="session")
def console_settings_of() -> Callable[[Path], CentreSettings]:
    """The settings of a centre that has everything in one folder."""
    return lambda folder: CentreSettings(
        mqtt=Mqtt(host="127.0.0.1", tls=False),
        centre=Centre(name="测试监管中心"),
        registry=RegistrySettings(url=f"sqlite:///{folder}/registry.db"),
        history=HistorySettings(path=str(folder / "history.db")),
        reporting=ReportingSettings(path=str(folder / "reports")),
        console=ConsoleSettings(uploads_path=str(folder / "uploads")),
    )


@pytest.fixture
def console_settings(console_settings_of, tmp_path: Path) -> CentreSettings:
    return console_settings_of(tmp_path)


@pytest.fixture(scope="session")
def chart_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real script, made once a run by the child process."""
    path = tmp_path_factory.mktemp("cache") / chart_bundle.bundle_path().name
    chart_bundle.ensure(path)
    return path


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stores with their past, made once a run; a test takes a copy."""
    folder = tmp_path_factory.mktemp("seeded")
    with (
        closing(open_registry(f"sqlite:///{folder}/registry.db")) as registry,
        closing(EmbeddedHistory(folder / "history.db")) as history,
    ):
        seed(registry, history)
    return folder


@pytest.fixture(scope="session")
def seeded_months(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same centre with two months of day verdicts and four reports."""
    folder = tmp_path_factory.mktemp("seeded-months")
    for name in STORES:
        shutil.copy(seeded / name, folder / name)
    with closing(Registry(f"sqlite:///{folder}/registry.db")) as registry:
        seed_months(registry, folder / "reports")
    return folder


@pytest.fixture
def centre(console_settings: CentreSettings, seeded: Path, tmp_path: Path) -> Iterator[ConsoleCentre]:
    for name in STORES:
        shutil.copy(seeded / name, tmp_path / name)
    yield from _opened(console_settings, tmp_path)


@pytest.fixture
def months(console_settings: CentreSettings, seeded_months: Path, tmp_path: Path) -> Iterator[ConsoleCentre]:
    shutil.copytree(seeded_months, tmp_path, dirs_exist_ok=True)
    yield from _opened(console_settings, tmp_path)


def _opened(settings: CentreSettings, folder: Path) -> Iterator[ConsoleCentre]:
    with (
        closing(Registry(settings.registry.url)) as registry,
        closing(EmbeddedHistory(folder / "history.db")) as history,
    ):
        yield ConsoleCentre(settings, registry, history, Clock(NOW_MS))


@pytest.fixture
def client(centre: ConsoleCentre, tmp_path: Path) -> Iterator[TestClient]:
    """A browser without JavaScript, logged in as an administrator, and a server without a chart script."""
    yield from _browsing(centre, tmp_path)


@pytest.fixture
def months_client(months: ConsoleCentre, tmp_path: Path) -> Iterator[TestClient]:
    """The same, over two months of day verdicts."""
    yield from _browsing(months, tmp_path)


def _browsing(centre: ConsoleCentre, tmp_path: Path) -> Iterator[TestClient]:
    app = create_app(centre.settings, centre.registry, centre.history, centre.clock, tmp_path / "vega-0.js")
    with TestClient(app, headers={"accept-language": "en"}, raise_server_exceptions=False) as browser:
        log_in(browser, centre.registry, at_ms=ETERNAL_MS)
        yield browser
