"""Registries of both kinds: every test that takes `registry` runs on SQLite and on a real PostgreSQL."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from registry.database import Registry, open_registry


@pytest.fixture(params=["sqlite", "postgresql"])
def registry_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/registry.db"
    return request.getfixturevalue("postgres").new_database()


@pytest.fixture
def registry(registry_url: str) -> Iterator[Registry]:
    with closing(open_registry(registry_url)) as opened:
        yield opened


@pytest.fixture
def sqlite_registry(tmp_path: Path) -> Iterator[Registry]:
    with closing(open_registry(f"sqlite:///{tmp_path}/registry.db")) as opened:
        yield opened
