"""A facility file taken into the registry: one transaction, a few statements, one audit row a station."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from registry.audit import note_change
from registry.database import upsert
from registry.dirty import mark_dirty
from registry.sheet import Sheet, read_sheet
from registry.stations_columns import HEADS, SHEETS
from registry.stations_records import AS_STORED, county_names, station_records
from registry.stations_rows import Change, Plan, plan_of
from registry.tables import Company, County, DayVerdict, Station, StationClass, StationTag, Town
from service.civil import Month, day_of, start_of
from service.settings import SettingsError

_JUDGED_BY = {"process", "design_m3_per_day"}
"""Columns that the verdict of a day depends on."""
_AT_ONCE = 500
"""So many values a condition may list; SQLite and PostgreSQL take more."""


def read_stations(path: Path) -> Sheet:
    """Read a facility file, CSV or XLSX.

    Raises:
        SettingsError: it cannot be read, or its head is not known.
    """
    return read_sheet(path, HEADS, required=("station",), sheets=SHEETS)


def plan_import(session: Session, sheet: Sheet) -> Plan:
    """Say what a facility file would change."""
    return plan_of(sheet, station_records(session), county_names(session))


def refuse_bad(sheet: Sheet, plan: Plan) -> None:
    """Refuse a file with anything wrong.

    Raises:
        SettingsError: with every bad row.
    """
    if plan.bad:
        raise SettingsError(sheet.file, [fault for faults in plan.bad.values() for fault in faults])


def carry_out(
    session: Session,
    plan: Plan,
    *,
    at_ms: int,
    actor: str,
    zone: ZoneInfo,
    progress: Callable[[float], None] = lambda _share: None,
    address: str = "",
) -> None:
    """Write what a plan says, each station with its audit row; bad rows are left out.

    Where the process or the design capacity changes, the judged days of this and the last month are marked,
    so that the worker of `alerting` judges them anew.

    Args:
        session: a writing one.
        plan: made in the same transaction.
        at_ms: when, ms since the epoch, UTC.
        actor: who.
        zone: of the centre's civil days.
        progress: is told how much is done, 0 to 1.
        address: where the request came from, if over the network.
    """
    session.flush()
    _write_counties(session, plan.counties, at_ms, actor, address)
    towns = _town_ids(session, plan.changes)
    companies = _company_ids(session, plan.changes)
    rows = [_row(change, towns, companies) for change in plan.changes]
    upsert(session, Station, rows)
    _write_tags(session, plan.changes)
    _write_classes(session, plan.changes, at_ms)
    for number, change in enumerate(plan.changes):
        before, after = change.fields
        if change.before is None:
            action = "station.add"
        else:
            action = "station.class" if change.is_class_new else "station.update"
        subject, was = change.station, before if change.before is not None else None
        note_change(
            session, at_ms=at_ms, actor=actor, action=action, subject=subject, before=was, after=after,
            address=address,
        )  # fmt: skip
        progress((number + 1) / len(plan.changes))
    _mark_judged_days(session, plan.changes, day_of(at_ms, zone), zone)
    session.expire_all()


def _write_counties(
    session: Session, counties: Mapping[str, str], at_ms: int, actor: str, address: str
) -> None:
    known = county_names(session)
    upsert(session, County, [{"code": code, "name": name} for code, name in counties.items()])
    for code, name in counties.items():
        if code in known:
            note_change(
                session, at_ms=at_ms, actor=actor, action="county.update", subject=code,
                before={"name": known[code]}, after={"name": name}, address=address,
            )  # fmt: skip


def _town_ids(session: Session, changes: Iterable[Change]) -> dict[tuple[str, str], int]:
    wanted = {(change.after["county"], change.after["town"]) for change in changes if change.after["town"]}
    known = {(town.county_code, town.name): town.id for town in session.scalars(select(Town))}
    new = [Town(county_code=county, name=name) for county, name in sorted(wanted - known.keys())]
    session.add_all(new)
    session.flush()
    return known | {(town.county_code, town.name): town.id for town in new}


def _company_ids(session: Session, changes: Iterable[Change]) -> dict[str, int]:
    wanted = {change.after["company"] for change in changes} - {""}
    known = {company.name: company.id for company in session.scalars(select(Company))}
    new = [Company(name=name) for name in sorted(wanted - known.keys())]
    session.add_all(new)
    session.flush()
    return known | {company.name: company.id for company in new}


def _row(
    change: Change, towns: Mapping[tuple[str, str], int], companies: Mapping[str, int]
) -> dict[str, Any]:
    after = change.after
    return {name: after[name] for name in AS_STORED} | {
        "id": change.station,
        "county_code": after["county"] or None,
        "town_id": towns[after["county"], after["town"]] if after["town"] else None,
        "company_id": companies[after["company"]] if after["company"] else None,
    }


def _write_tags(session: Session, changes: Iterable[Change]) -> None:
    retagged = [change for change in changes if "tags" in change.fields[1]]
    for some in _portions([change.station for change in retagged if change.before is not None]):
        session.execute(delete(StationTag).where(StationTag.station_id.in_(some)))
    upsert(
        session,
        StationTag,
        [{"station_id": change.station, "tag": tag} for change in retagged for tag in change.after["tags"]],
    )


def _write_classes(session: Session, changes: Iterable[Change], at_ms: int) -> None:
    """Add the classes that begin; of one that is there only an empty document or approver is filled."""
    for change in changes:
        after = change.after
        words = {"document": after["class_document"], "approver": after["class_approver"]}
        if change.is_class_new:
            begun = {"class_": after["class"], "since": after["class_since"], "entered_ms": at_ms}
            session.add(StationClass(station_id=change.station, **begun, **words))
        elif {"class_document", "class_approver"} & change.fields[1].keys():
            session.execute(
                update(StationClass)
                .where(StationClass.station_id == change.station, StationClass.since == after["class_since"])
                .values(**words)
            )
    session.flush()


def _mark_judged_days(session: Session, changes: Iterable[Change], today: date, zone: ZoneInfo) -> None:
    """Mark a quarter hour of each day that the changes may judge otherwise, as late data would.

    A day without data stays unknown whatever is changed. Older months are frozen in their reports.
    """
    stations = [
        change.station
        for change in changes
        if change.before is not None and _JUDGED_BY & change.fields[1].keys()
    ]
    first = Month.of(today).after(-1).first
    for some in _portions(stations):
        days = session.execute(
            select(DayVerdict.station_id, DayVerdict.day).where(
                DayVerdict.station_id.in_(some), DayVerdict.day >= first, DayVerdict.verdict != "unknown"
            )
        )
        mark_dirty(session, [(station, start_of(day, zone)) for station, day in days])


def _portions(stations: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(stations), _AT_ONCE):
        yield stations[start : start + _AT_ONCE]
