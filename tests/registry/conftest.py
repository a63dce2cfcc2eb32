"""Registries of both kinds: every test that takes `registry` runs on SQLite and on a real PostgreSQL."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fresh_registry import fresh_registry

from registry.database import Registry


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def registry_url(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> str:
    """An empty database."""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/registry.db"
    return request.getfixturevalue("postgres").new_database()


@pytest.fixture
def registry(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Iterator[Registry]:
    """All tables and no rows."""
    url = f"sqlite:///{tmp_path}/registry.db"
    if kind == "postgresql":
        url = request.getfixturevalue("postgres").new_registry()
    with closing(fresh_registry(url)) as opened:
        yield opened


@pytest.fixture
def sqlite_registry(tmp_path: Path) -> Iterator[Registry]:
    with closing(fresh_registry(f"sqlite:///{tmp_path}/registry.db")) as opened:
        yield opened
