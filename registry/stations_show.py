"""Everything that the registry holds of one station, for machines and as a page of a terminal."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import inspect, or_, select
from sqlalchemy.orm import Session

from registry.stations_columns import CHOICES, chinese
from registry.stations_records import Record, Wanted, classes_on, station_records
from registry.tables import (
    Audit,
    Base,
    CtCorrection,
    Device,
    Exclusion,
    Inspection,
    ManualReading,
    MeterExchange,
    Presence,
    Station,
    StationClass,
    WaterSample,
)
from service.civil import clock_of
from service.columns import aligned, visible

_LAST_CHANGES = 10


class _Part(NamedTuple):
    """A table of what a station has."""

    key: str
    title: str
    table: type[Base]
    order: str
    shown: str


_PARTS = (
    _Part("classes", "classes", StationClass, "since", "since class document approver entered_ms"),
    _Part("devices", "devices", Device, "device", "device kind make model serial first_seen_ms"),
    _Part("exchanges", "meter exchanges", MeterExchange, "at_ms",
          "id device at_ms old_final new_initial note entered_by"),
    _Part("ct_corrections", "CT corrections", CtCorrection, "since_ms",
          "id device since_ms factor note entered_by"),
    _Part("manual_readings", "manual readings", ManualReading, "at_ms", "id device at_ms value reader"),
    _Part("exclusions", "exclusions", Exclusion, "start",
          "id start end reason applicant approver attachment withdrawn_ms"),
    _Part("inspections", "inspections", Inspection, "day", "id day occasion result findings inspector"),
)  # fmt: skip


def whole_file(session: Session, station: str, today: date) -> dict[str, Any] | None:
    """Everything of one station, by column; None if it is not on the register."""
    row = session.get(Station, station)
    if row is None:
        return None
    record = station_records(session, Wanted(station=station))[station]
    parts = {part.key: _rows(session, part, station) for part in _PARTS}
    samples = session.scalars(
        select(WaterSample)
        .join(Inspection, Inspection.id == WaterSample.inspection_id)
        .where(Inspection.station_id == station)
        .order_by(WaterSample.id)
    )
    presence = session.get(Presence, station)
    changes = session.scalars(
        select(Audit)
        .where(or_(Audit.object == station, Audit.object.startswith(f"{station}/", autoescape=True)))
        .order_by(Audit.id.desc())
        .limit(_LAST_CHANGES)
    )
    told = ("at_ms", "actor", "action", "object", "before", "after")
    return {
        "station": station,
        **record,
        "class_today": classes_on(session, today).get(station, "in_use"),
        "overrides": row.overrides,
        **parts,
        "samples": [_fields(each) for each in samples],
        "presence": _fields(presence) if presence is not None else None,
        "changes": [{name: getattr(each, name) for name in told} for each in changes],
    }


def page(file: dict[str, Any], zone: ZoneInfo) -> Iterator[str]:
    """The same as lines for people."""
    yield from aligned([(name, _shown(name, value, zone)) for name, value in _facts(file).items()])
    for part in _PARTS:
        if file[part.key]:
            yield from _table(part.title, part.shown.split(), file[part.key], zone)
    if file["samples"]:
        columns = ("inspection_id", "parameter", "value", "unit", "limit")
        yield from _table("water samples", columns, file["samples"], zone)
    if file["presence"]:
        yield "\npresence"
        facts = {name: value for name, value in file["presence"].items() if name != "station_id"}
        yield from aligned([(f"  {name}", _shown(name, value, zone)) for name, value in facts.items()])
    if file["changes"]:
        yield "\nlast changes"
        for each in file["changes"]:
            yield visible(f"  {_shown('at_ms', each['at_ms'], zone)}  {each['actor']}  {each['action']}")
            for name in each["after"] or each["before"] or {}:
                was, is_ = ((each[side] or {}).get(name) for side in ("before", "after"))
                yield visible(f"    {name}: {_shown(name, was, zone)} -> {_shown(name, is_, zone)}")


def _facts(file: dict[str, Any]) -> Record:
    apart = {part.key for part in _PARTS} | {"samples", "presence", "changes"}
    return {name: value for name, value in file.items() if name not in apart}


def _rows(session: Session, part: _Part, station: str) -> list[dict[str, Any]]:
    owner, order = (part.table.__table__.columns[name] for name in ("station_id", part.order))
    rows = session.scalars(select(part.table).where(owner == station).order_by(order))
    return [_fields(row) for row in rows]


def _fields(row: Base) -> dict[str, Any]:
    """A row by the names of its table's columns."""
    columns = inspect(type(row)).column_attrs
    return {each.columns[0].name: getattr(row, each.key) for each in columns}


def _table(
    title: str, columns: Sequence[str], rows: Sequence[dict[str, Any]], zone: ZoneInfo
) -> Iterator[str]:
    yield f"\n{title}"
    heads = [name.removesuffix("_ms") for name in columns]
    body = [[_shown(name, row[name], zone) for name in columns] for row in rows]
    yield from (f"  {line}" for line in aligned([heads, *body]))


def _shown(name: str, value: object, zone: ZoneInfo) -> str:  # noqa: PLR0911 - one for each kind of value
    if value is None or value in ("", [], {}):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name.endswith("_ms") and name != "clock_offset_ms" and isinstance(value, int):
        return _clock(value, zone)
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    word = "class" if name == "class_today" else name
    if word in CHOICES and chinese(word, str(value)) != value:
        return f"{value} ({chinese(word, str(value))})"
    return str(value)


def _clock(at_ms: int, zone: ZoneInfo) -> str:
    """The wall clock at an instant; the figure itself where a box tells one of no calendar."""
    try:
        return f"{clock_of(at_ms, zone):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError):
        return str(at_ms)
