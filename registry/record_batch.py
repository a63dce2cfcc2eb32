"""Rows of a file entered together: every bad row is found, and nothing is entered unless all are well."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy.orm import Session

from registry.database import Registry
from registry.record_cells import Cells
from registry.record_entry import By, Entered, RecordError
from registry.record_kinds import Kind
from registry.sheet import Sheet, SheetRow
from service.settings import Fault, SettingsError

MOST_ROWS = 3_000
"""More would keep the registry from the other services for too long."""


class Batch(NamedTuple):
    """What became of the rows of a file.

    Attributes:
        entered: by the row's number; empty if nothing was kept.
        faults: by the row's number, each naming its row and column.
    """

    entered: dict[int, Entered]
    faults: dict[int, list[Fault]]


class _NotKeptError(Exception):
    """Rolls back what was entered before a bad row was met."""


def enter_one(
    session: Session, kind: Kind, texts: Mapping[str, str], columns: Iterable[str], by: By
) -> Entered:
    """Enter one record from the texts of its columns.

    Raises:
        RecordError: a text cannot be read, or the record cannot be so; nothing was written.
    """
    cells = Cells(texts, columns, by.zone)
    record = kind.read(cells)
    if cells.faults:  # what could be read is checked as well, so that all faults are found at once
        unread = {fault.path for fault in cells.faults}
        more = [fault for fault in kind.check(session, record, by) if fault.path not in unread]
        raise RecordError([*cells.faults, *more])
    return kind.enter(session, record, by)


def enter_sheet(registry: Registry, kind: Kind, sheet: Sheet, by: By, *, skip_bad: bool) -> Batch:
    """Enter all rows of a file in one transaction; with `skip_bad` those that are well.

    A row is held against what is on record and against the rows before it.

    Raises:
        SettingsError: the file has more rows than can be entered together.
    """
    if len(sheet.rows) > MOST_ROWS:
        fault = Fault("", f"has more than {MOST_ROWS} rows", len(sheet.rows), "Split it.")
        raise SettingsError(sheet.file, [fault])
    batch = Batch({}, {})
    try:
        with registry.writing() as session:
            for row in sheet.rows:
                _enter_row(session, kind, sheet, row, by, batch)
            _keep_or_not(batch, skip_bad=skip_bad)
    except _NotKeptError:
        batch.entered.clear()
    return batch


def _keep_or_not(batch: Batch, *, skip_bad: bool) -> None:
    if batch.faults and not skip_bad:
        raise _NotKeptError


def _enter_row(session: Session, kind: Kind, sheet: Sheet, row: SheetRow, by: By, batch: Batch) -> None:
    if row.faults:
        batch.faults[row.number] = list(row.faults)
        return
    try:
        batch.entered[row.number] = enter_one(session, kind, row.cells, sheet.heads, by)
    except RecordError as error:
        batch.faults[row.number] = [
            sheet.fault(row.number, fault.path, fault.rule, fault.got, fault.remedy) for fault in error.faults
        ]
