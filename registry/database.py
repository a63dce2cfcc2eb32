"""The registry's database: SQLite or PostgreSQL, opened so that the known traps stay shut.

SQLite runs in WAL with a busy timeout, and every writing transaction begins with BEGIN IMMEDIATE: one that
reads first and writes later would fail at once with SQLITE_BUSY whatever the timeout.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import ColumnElement, Connection, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from registry.tables import Base
from service.process import UnavailableError, first_line
from service.sqlite_file import enter_wal

logger = logging.getLogger(__name__)

BUSY_TIMEOUT_MS = 10_000
_MIGRATION_LOCK = 0x71696E67
"""PostgreSQL's name for the lock under which one process migrates and the others wait."""


class RegistryError(UnavailableError):
    """The registry cannot be opened or used; the text says why in one line."""


class Registry:
    """An open registry. Readers and writers are separate, so that each begins its transaction rightly."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = create_engine(url)
        self._writing = self._engine.execution_options(writing=True)
        self._reading = self._engine
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _prepare_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)
        else:  # whose transactions see what was committed before each of their statements, unless told
            self._reading = self._engine.execution_options(isolation_level="REPEATABLE READ")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one consistent state."""
        with Session(self._reading, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that commits at the end, or rolls back on any exception."""
        with Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()


def open_registry(url: str) -> Registry:
    """Open the registry and bring its tables up to date.

    Raises:
        RegistryError: it cannot be reached, read or migrated.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        try:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RegistryError(f"registry {parsed.database}: {error.strerror}") from error
    registry = Registry(url)
    try:
        with registry._writing.begin() as connection:  # noqa: SLF001 - the same room
            _migrate(connection)
    except (SQLAlchemyError, CommandError) as error:
        registry.close()
        place = parsed.render_as_string(hide_password=True)
        raise RegistryError(f"registry {place}: {first_line(error)}") from error
    return registry


@contextmanager
def registry_at(url: str) -> Iterator[Registry]:
    """An open registry for a command: whatever the database refuses is said in one line.

    Raises:
        RegistryError: it cannot be opened, or fails while it is used.
    """
    try:
        with closing(open_registry(url)) as registry:
            yield registry
    except SQLAlchemyError as error:
        raise RegistryError(f"registry: {first_line(error)}") from error


def upsert(
    session: Session,
    model: type[Base],
    rows: Sequence[dict[str, Any]],
    where: ColumnElement[bool] | None = None,
) -> None:
    """Insert rows, or update the columns given where the primary key exists already (and `where` holds)."""
    if not rows:
        return
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101 - narrows the type
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    updates = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    if updates:
        session.execute(
            statement.on_conflict_do_update(index_elements=keys, set_=updates, where=where), list(rows)
        )
    else:
        session.execute(statement.on_conflict_do_nothing(index_elements=keys), list(rows))


def migration_config() -> Config:
    """Alembic's configuration, made here instead of in an ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":  # SQLite's BEGIN IMMEDIATE does the same
        connection.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": _MIGRATION_LOCK})
    config = migration_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - DBAPI connection
    connection.isolation_level = None  # transactions are begun by _begin_sqlite
    enter_wal(connection, BUSY_TIMEOUT_MS / 1000)
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
