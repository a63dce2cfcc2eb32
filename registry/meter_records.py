"""Meter exchanges, CT corrections and manual readings: entered, removed, and read by those who count.

Each change is a row of the audit trail, and marks the quarter hours that it bears on to be made anew.
"""

from collections import defaultdict
from collections.abc import Collection
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from registry.audit import note_change
from registry.dirty_spans import mark_around, mark_from
from registry.meter_rules import (
    LONGEST_NOTE,
    MeterRecords,
    NewCtCorrection,
    NewExchange,
    NewManualReading,
    RecordedCorrection,
    RecordedExchange,
    RecordedReading,
    faults_of_ct_correction,
    faults_of_exchange,
    faults_of_manual_reading,
    kind_of,
    span_of_correction,
)
from registry.record_entry import By, Entered, RecordError, faults_of_text, refuse
from registry.record_lock import wait_for_turn
from registry.tables import Base, CtCorrection, Device, ManualReading, MeterExchange, Station
from service.settings import Fault

_Row = TypeVar("_Row", bound=Base)


def enter_exchange(session: Session, new: NewExchange, by: By) -> Entered:
    """Write down that a meter was exchanged.

    Raises:
        RecordError: it cannot be so; nothing was written.
    """
    wait_for_turn(session)
    refuse(check_exchange(session, new, by))
    row = MeterExchange(
        station_id=new.station, device=new.device, at_ms=new.at_ms, old_final=new.old_final,
        new_initial=new.new_initial, note=new.note, entered_by=by.actor, entered_ms=by.now_ms,
    )  # fmt: skip
    return _entered(session, row, "meter.exchange", by, (new.at_ms, None))


def enter_ct_correction(session: Session, new: NewCtCorrection, by: By) -> Entered:
    """Write down that from an instant on a meter's energy and power count so many times.

    Raises:
        RecordError: it cannot be so; nothing was written.
    """
    wait_for_turn(session)
    refuse(check_ct_correction(session, new, by))
    known = meter_events(session, [new.station]).get(new.station, MeterRecords()).of(new.device)
    row = CtCorrection(
        station_id=new.station, device=new.device, since_ms=new.since_ms, factor=new.factor, note=new.note,
        entered_by=by.actor, entered_ms=by.now_ms,
    )  # fmt: skip
    return _entered(session, row, "meter.ct", by, span_of_correction(new.since_ms, known, by.now_ms))


def enter_manual_reading(session: Session, new: NewManualReading, by: By) -> Entered:
    """Write down what somebody read off a counter.

    Raises:
        RecordError: it cannot be so; nothing was written.
    """
    wait_for_turn(session)
    refuse(check_manual_reading(session, new, by))
    row = ManualReading(
        station_id=new.station, device=new.device, at_ms=new.at_ms, value=new.value, reader=new.reader,
        entered_ms=by.now_ms,
    )  # fmt: skip
    return _entered(session, row, "meter.manual_reading", by, (new.at_ms, None))


def remove_exchange(session: Session, number: int, reason: str, by: By) -> Entered:
    """Take an exchange away; the audit trail keeps it.

    Raises:
        RecordError: there is none of that number, or no reason is given.
    """
    row = _found(session, MeterExchange, number, reason)
    return _removed(session, row, "meter.exchange.remove", reason, by, (row.at_ms, None))


def remove_ct_correction(session: Session, number: int, reason: str, by: By) -> Entered:
    """Take a CT correction away; the audit trail keeps it.

    Raises:
        RecordError: there is none of that number, or no reason is given.
    """
    row = _found(session, CtCorrection, number, reason)
    known = meter_events(session, [row.station_id])[row.station_id].of(row.device)
    span = span_of_correction(row.since_ms, known, by.now_ms)
    return _removed(session, row, "meter.ct.remove", reason, by, span)


def remove_manual_reading(session: Session, number: int, reason: str, by: By) -> Entered:
    """Take a manual reading away; the audit trail keeps it.

    Raises:
        RecordError: there is none of that number, or no reason is given.
    """
    row = _found(session, ManualReading, number, reason)
    return _removed(session, row, "meter.manual_reading.remove", reason, by, (row.at_ms, None))


def meter_events(session: Session, stations: Collection[str] | None = None) -> dict[str, MeterRecords]:
    """What is on record of the meters of some stations, or of all that have any: three statements."""
    exchanges = defaultdict[str, list[RecordedExchange]](list)
    corrections = defaultdict[str, list[RecordedCorrection]](list)
    manual = defaultdict[str, list[RecordedReading]](list)
    columns: tuple[InstrumentedAttribute[Any], ...]
    columns = (MeterExchange.device, MeterExchange.at_ms, MeterExchange.old_final, MeterExchange.new_initial)
    for station, *fields in _rows(session, MeterExchange.station_id, columns, stations):
        exchanges[station].append(RecordedExchange._make(fields))
    columns = (CtCorrection.device, CtCorrection.since_ms, CtCorrection.factor)
    for station, *fields in _rows(session, CtCorrection.station_id, columns, stations):
        corrections[station].append(RecordedCorrection._make(fields))
    columns = (ManualReading.device, ManualReading.at_ms, ManualReading.value)
    for station, *fields in _rows(session, ManualReading.station_id, columns, stations):
        manual[station].append(RecordedReading._make(fields))
    return {
        station: MeterRecords(
            tuple(exchanges.get(station, ())),
            tuple(corrections.get(station, ())),
            tuple(manual.get(station, ())),
        )
        for station in sorted(exchanges.keys() | corrections.keys() | manual.keys())
    }


def _rows(
    session: Session,
    station_id: InstrumentedAttribute[str],
    columns: tuple[InstrumentedAttribute[Any], ...],
    stations: Collection[str] | None,
) -> list[Any]:
    found = select(station_id, *columns).order_by(columns[1], columns[0])
    if stations is not None:
        found = found.where(station_id.in_(stations))
    return list(session.execute(found))


def check_exchange(session: Session, new: NewExchange, by: By) -> list[Fault]:
    """What is wrong with an exchange, all at once."""
    unknown, _, known = _device(session, new.station, new.device)
    return [*unknown, *faults_of_exchange(new, known, by.now_ms, by.zone)]


def check_ct_correction(session: Session, new: NewCtCorrection, by: By) -> list[Fault]:
    """What is wrong with a CT correction, all at once."""
    unknown, kind, known = _device(session, new.station, new.device)
    return [*unknown, *faults_of_ct_correction(new, kind, known, by.now_ms, by.zone)]


def check_manual_reading(session: Session, new: NewManualReading, by: By) -> list[Fault]:
    """What is wrong with a manual reading, all at once."""
    unknown, _, known = _device(session, new.station, new.device)
    return [*unknown, *faults_of_manual_reading(new, known, by.now_ms, by.zone)]


def _device(session: Session, station: str, device: str) -> tuple[list[Fault], str | None, MeterRecords]:
    """What is wrong with a device's name, the device's kind, and its records."""
    if session.get(Station, station) is None:
        remedy = "See qingliu stations list, or import it first."
        return [Fault("station", "is not on the register", station, remedy)], None, MeterRecords()
    found = session.execute(select(Device.device, Device.kind).where(Device.station_id == station))
    kinds = {name: kind for name, kind in found}  # noqa: C416 - rows, not pairs
    kind = kind_of(device, kinds)
    if kind is None:
        remedy = f"It has {', '.join(sorted(kinds))}." if kinds else "Name it such as power-1 or flow-1."
        return [Fault("device", "is no device of this station", device, remedy)], None, MeterRecords()
    return [], kind, meter_events(session, [station]).get(station, MeterRecords()).of(device)


def _entered(session: Session, row: Base, action: str, by: By, span: tuple[int, int | None]) -> Entered:
    session.add(row)
    session.flush()
    fields = fields_of(row)
    station = str(fields.pop("station_id"))
    note_change(
        session, at_ms=by.now_ms, actor=by.actor, action=action, subject=station, after=fields,
        address=by.address,
    )  # fmt: skip
    return Entered(int(fields["id"]), _marked(session, station, span, by))


def _found(session: Session, table: type[_Row], number: int, reason: str) -> _Row:
    wait_for_turn(session)
    faults = list(faults_of_text("reason", reason, LONGEST_NOTE, is_required=True))
    row = session.get(table, number) if 0 < number < 2**63 else None
    if row is None:
        faults.append(Fault("remove", "there is no such record", number, "See --list."))
    if faults or row is None:
        raise RecordError(faults)
    return row


def _removed(
    session: Session, row: Base, action: str, reason: str, by: By, span: tuple[int, int | None]
) -> Entered:
    fields = fields_of(row)
    station = str(fields.pop("station_id"))
    session.delete(row)
    session.flush()
    note_change(
        session, at_ms=by.now_ms, actor=by.actor, action=action, subject=station, before=fields,
        after={"removed_because": reason}, address=by.address,
    )  # fmt: skip
    return Entered(int(fields["id"]), _marked(session, station, span, by))


def _marked(session: Session, station: str, span: tuple[int, int | None], by: By) -> tuple[str, ...]:
    start_ms, end_ms = span
    if end_ms is None:
        is_whole = mark_around(session, station, start_ms, by)
    else:
        is_whole = mark_from(session, station, start_ms, end_ms, by)
    if is_whole:
        return ()
    return (f"raw readings are kept {by.raw_days} days: figures from before are not made anew",)


def fields_of(row: Base) -> dict[str, Any]:
    """The columns of a row by name, as the audit trail keeps them."""
    return {column.name: getattr(row, column.name) for column in row.__table__.columns}
