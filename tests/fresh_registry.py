"""Registries for tests that are not about migrations: all tables, no rows, copied from one migrated once."""

import functools
from contextlib import closing
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine import make_url

from registry.database import Registry, open_registry

IN_MEMORY = "sqlite://"


def fresh_registry(url: str) -> Registry:
    """Open one as if just migrated: in memory, in a file not there yet, or one of `Postgres.new_registry`."""
    parsed = make_url(url)
    registry = Registry(url)
    if url == IN_MEMORY:
        _raw(registry).deserialize(_migrated())
    elif parsed.get_backend_name() == "sqlite":
        with Path(parsed.database).open("xb") as file:
            file.write(_migrated())
        event.listen(registry._engine, "connect", _spare_the_disk)
    return registry


@functools.cache
def _migrated() -> bytes:
    with closing(open_registry(IN_MEMORY)) as registry:
        return _raw(registry).serialize()


def _raw(registry: Registry):
    """SQLite's own connection; one in memory has only this one in a thread."""
    with registry._engine.connect() as connection:
        return connection.connection.dbapi_connection


def _spare_the_disk(connection, _record) -> None:
    """No test cuts the power: what a killed process had committed is there without waiting for the disk."""
    connection.execute("PRAGMA synchronous = OFF")
