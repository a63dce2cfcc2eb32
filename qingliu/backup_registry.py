"""The registry from one database to another, row by row: SQLite and PostgreSQL hold the same tables.

A backup holds the registry as a SQLite file whichever database keeps it. So there is one kind of archive, it
can be looked into without a server, and it can be put back into either.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
    table,
    text,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import NullType

from qingliu.backup_copy import leave_wal
from qingliu.backup_error import BackupError
from registry.database import Registry, open_registry
from registry.schema import revision_of, revisions
from registry.tables import Base
from service.process import first_line

ROWS_AT_ONCE = 2_000
Row = dict[str, Any]


def export_registry(source: Registry, target: Path, tick: Callable[[float], None]) -> None:
    """Write all rows, as they are at one instant, into a new SQLite registry.

    Args:
        source: where they are.
        target: a file that is not there yet.
        tick: is told the share done.

    Raises:
        BackupError: the registry cannot be read, or its tables are not those of this program.
    """
    try:
        with source.reading() as session:
            refuse_other_tables(revision_of(session))
            with closing(open_registry(f"sqlite:///{target}")) as made, made.writing() as writing:
                connection = writing.connection()
                connection.execute(text("PRAGMA defer_foreign_keys = ON"))
                _copy(session.connection(), connection, tick)
    except SQLAlchemyError as error:
        raise BackupError(f"registry: cannot be read: {first_line(error)}") from error
    leave_wal(target)


def import_registry(source: Path, target: Registry, tick: Callable[[float], None]) -> None:
    """Put all rows of a SQLite registry in the place of those in another one, at once or not at all.

    Args:
        source: brought up to date.
        target: likewise; nobody else uses it.
        tick: is told the share done.

    Raises:
        BackupError: it cannot be written.
    """
    tables = Base.metadata.sorted_tables
    try:
        with (
            closing(Registry(f"sqlite:///{source}")) as given,
            given.reading() as reading,
            target.writing() as writing,
        ):
            connection = writing.connection()
            names = ", ".join(f'"{each.name}"' for each in tables)
            connection.execute(text(f"TRUNCATE {names}"))
            _copy(reading.connection(), connection, tick)
            for each in tables:
                _count_on(connection, each)
    except SQLAlchemyError as error:
        raise BackupError(f"registry: cannot be written: {first_line(error)}") from error


def counts(registry: Registry) -> dict[str, int]:
    """How many rows each table has, by name."""
    with registry.reading() as session:
        return {
            each.name: session.scalar(select(func.count()).select_from(each)) or 0
            for each in Base.metadata.sorted_tables
        }


def refuse_other_tables(revision: str) -> None:
    """Say what to do where the tables are not those of this program.

    Raises:
        BackupError: they are older or newer.
    """
    known = revisions()
    if revision == known[-1]:
        return
    if revision in known:
        raise BackupError(
            f"registry: its tables are of {revision}, this program's of {known[-1]}."
            " Restart the services, which brings it up to date, then try again."
        )
    raise BackupError(
        f"registry: its tables are of {revision or 'no release'}, which this program does not know"
        f" (it knows up to {known[-1]}). Use the program that made them."
    )


def _copy(source: Connection, target: Connection, tick: Callable[[float], None]) -> None:
    tables = Base.metadata.sorted_tables
    total = sum(source.scalar(select(func.count()).select_from(each)) or 0 for each in tables)
    done = 0
    for each in tables:
        own = _own_references(each)
        later: list[Row] = []
        for rows in _rows(source, each):
            if own:
                later += [row.copy() for row in rows if any(row[name] is not None for name in own)]
                rows = [row | dict.fromkeys(own) for row in rows]  # noqa: PLW2901 - the same rows, less a column
            target.execute(_plain(each).insert(), rows)
            done += len(rows)
            tick(done / total)
        if later:
            _refer(target, each, own, later)


def _rows(source: Connection, each: Table) -> Iterator[list[Row]]:
    """All rows, some at a time; JSON as the text that it is stored as."""
    columns = [cast(one, Text).label(one.name) if isinstance(one.type, JSON) else one for one in each.columns]
    query = select(*columns).order_by(*each.primary_key.columns)
    with source.execution_options(yield_per=ROWS_AT_ONCE).execute(query) as found:
        for rows in found.mappings().partitions():
            yield [dict(row) for row in rows]


def _plain(each: Table) -> Any:  # noqa: ANN401 - a table without its own types
    """The table as one writes into it: JSON as text that the database takes for what it is."""
    return table(each.name, *(column(one.name, _written(one)) for one in each.columns))


def _written(one: Column[Any]) -> Any:  # noqa: ANN401 - a type of a column
    return NullType() if isinstance(one.type, JSON) else one.type


def _own_references(each: Table) -> list[str]:
    """The columns that name another row of the same table, which may come later."""
    return [one.name for one in each.columns if any(key.column.table is each for key in one.foreign_keys)]


def _refer(target: Connection, each: Table, own: list[str], rows: list[Row]) -> None:
    (key,) = each.primary_key.columns
    statement = (
        update(each).where(key == bindparam("key_of_row")).values({name: bindparam(name) for name in own})
    )
    target.execute(
        statement, [{name: row[name] for name in own} | {"key_of_row": row[key.name]} for row in rows]
    )


def _count_on(target: Connection, each: Table) -> None:
    """Let PostgreSQL go on counting after the greatest number given."""
    for one in each.primary_key.columns:
        sequence = target.scalar(
            text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": each.name, "column": one.name}
        )
        if sequence is not None:
            top = select(func.setval(sequence, func.coalesce(func.max(one), 1), func.max(one).is_not(None)))
            target.execute(top)
