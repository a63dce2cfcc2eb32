"""Approved stops as the console lists them: which of their days count, and what waits for a manager."""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from console.person import Person
from registry.exclusion_days import closes_on, stop_days, waiting_days
from registry.tables import Audit, County, Exclusion, Station
from service.civil import Month

MOST_ROWS, MOST_WAITING = 200, 50
_STORED_NAME = re.compile(r"[0-9a-f]{32}\.(?:jpg|png|pdf)", re.ASCII)
"""How an attachment is called that was handed in here; others are places of paper or files elsewhere."""
_ENTER = "exclusion.enter"


class Asked(NamedTuple):
    """Which stops are asked for; what is empty fits all."""

    month: Month
    county: str = ""
    station: str = ""
    reason: str = ""
    who: str = ""


class StopRow(NamedTuple):
    """An approved stop on the list.

    Attributes:
        stop: the record.
        station: its station's name.
        county: of the station.
        entered_by: who entered it, as the audit trail says; empty if it does not.
        counted: its days of the month that count.
        over: its days of the month beyond the ceiling, without a manager's word.
        late: its days of the month for which it was entered too late.
        waiting: all its days that a manager's word, given today, would make count.
    """

    stop: Exclusion
    station: str
    county: str
    entered_by: str
    counted: int
    over: int
    late: int
    waiting: list[date]


def stops_of_month(
    session: Session, person: Person, asked: Asked, zone: ZoneInfo, today: date
) -> list[StopRow]:
    """The stops with a day in a month, those withdrawn too, newest first; at most MOST_ROWS."""
    month = asked.month
    found = (
        select(Exclusion, Station.name, County.name)
        .join(Station, Station.id == Exclusion.station_id)
        .outerjoin(County, County.code == Station.county_code)
        .where(person.scope.stations(), Exclusion.start <= month.last, Exclusion.end >= month.first)
        .order_by(Exclusion.start.desc(), Exclusion.id.desc())
    )
    if asked.county:
        found = found.where(Station.county_code == asked.county)
    if asked.reason:
        found = found.where(Exclusion.reason == asked.reason)
    if asked.station:
        part = asked.station
        found = found.where(
            Station.id.icontains(part, autoescape=True) | Station.name.icontains(part, autoescape=True)
        )
    rows = [(stop, name or "", county or "") for stop, name, county in session.execute(found)]
    entered = _entered_by(session, {stop.station_id for stop, _, _ in rows})
    if asked.who:
        rows = [row for row in rows if _is_of(row[0], entered.get(row[0].id, ""), asked.who)]
    return _rows(session, rows[:MOST_ROWS], entered, month, zone, today)


def stops_waiting(session: Session, person: Person, zone: ZoneInfo, today: date) -> list[StopRow]:
    """The stops with days that wait for a manager, the oldest first."""
    open_from = Month.of(today).after(-1).first
    found = (
        select(Exclusion, Station.name, County.name)
        .join(Station, Station.id == Exclusion.station_id)
        .outerjoin(County, County.code == Station.county_code)
        .where(person.scope.stations(), Exclusion.withdrawn_ms.is_(None), Exclusion.manager_ms.is_(None))
        .where(Exclusion.end >= open_from)
        .order_by(Exclusion.entered_ms, Exclusion.id)
    )
    rows = [(stop, name or "", county or "") for stop, name, county in session.execute(found)]
    waiting = _waiting(_standing(session, {stop.station_id for stop, _, _ in rows}), zone, today)
    rows = [row for row in rows if row[0].id in waiting]
    entered = _entered_by(session, {stop.station_id for stop, _, _ in rows})
    return _rows(session, rows, entered, Month.of(today), zone, today)


def one_stop(
    session: Session, person: Person, number: int, zone: ZoneInfo, today: date
) -> tuple[StopRow, list[Audit]] | None:
    """A stop with what happened to it, the oldest first; None if there is none that the person sees."""
    found = (
        select(Exclusion, Station.name, County.name)
        .join(Station, Station.id == Exclusion.station_id)
        .outerjoin(County, County.code == Station.county_code)
        .where(Exclusion.id == number, person.scope.stations())
    )
    row = session.execute(found).one_or_none()
    if row is None:
        return None
    stop, name, county = row
    entered = _entered_by(session, {stop.station_id})
    [shown] = _rows(session, [(stop, name or "", county or "")], entered, Month.of(stop.start), zone, today)
    noted = select(Audit).where(Audit.object == stop.station_id, Audit.action.startswith("exclusion."))
    steps = [each for each in session.scalars(noted.order_by(Audit.id)) if number in _numbers(each)]
    return shown, steps


def closing(today: date) -> list[tuple[Month, date]]:
    """The months for which a stop can still be entered, each with the last day on which it can."""
    last = Month.of(today).after(-1)
    return [(month, closes_on(month)) for month in (last, last.after(1)) if today <= closes_on(month)]


def is_stored(attachment: str) -> bool:
    """Whether an attachment is a file that was handed in here."""
    return _STORED_NAME.fullmatch(attachment) is not None


def is_own(row: StopRow, person: Person) -> bool:
    """Whether somebody would approve what they entered, applied for or approved themselves."""
    names = {name.strip().casefold() for name in (row.entered_by, row.stop.applicant, row.stop.approver)}
    return person.name.strip().casefold() in names


def _rows(
    session: Session,
    rows: list[tuple[Exclusion, str, str]],
    entered: dict[int, str],
    month: Month,
    zone: ZoneInfo,
    today: date,
) -> list[StopRow]:
    standing = _standing(session, {stop.station_id for stop, _, _ in rows})
    waiting = _waiting(standing, zone, today)
    days: defaultdict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for stops in standing.values():
        for each in stop_days(stops, month, zone).values():
            days[each.stop.id][each.standing] += 1
    return [
        StopRow(
            stop, name, county, entered.get(stop.id, ""), days[stop.id]["counts"],
            days[stop.id]["over_ceiling"], days[stop.id]["too_late"], waiting.get(stop.id, []),
        )
        for stop, name, county in rows
    ]  # fmt: skip


def _standing(session: Session, stations: set[str]) -> dict[str, list[Exclusion]]:
    """The stops of stations that were not withdrawn."""
    found = select(Exclusion).where(Exclusion.station_id.in_(stations), Exclusion.withdrawn_ms.is_(None))
    own: defaultdict[str, list[Exclusion]] = defaultdict(list)
    for stop in session.scalars(found.order_by(Exclusion.start, Exclusion.id)):
        own[stop.station_id].append(stop)
    return dict(own)


def _waiting(standing: dict[str, list[Exclusion]], zone: ZoneInfo, today: date) -> dict[int, list[date]]:
    waiting: dict[int, list[date]] = {}
    for stops in standing.values():
        waiting |= waiting_days(stops, zone, today)
    return waiting


def _entered_by(session: Session, stations: set[str]) -> dict[int, str]:
    """Who entered the stops of stations, by the stop's number."""
    found = select(Audit).where(Audit.action == _ENTER, Audit.object.in_(stations))
    return {number: row.actor for row in session.scalars(found) for number in _numbers(row)}


def _numbers(row: Audit) -> Iterable[int]:
    """The stop that a row of the audit trail is of."""
    number = (row.before or {}).get("id", (row.after or {}).get("id"))
    return [number] if isinstance(number, int) else []


def _is_of(stop: Exclusion, entered_by: str, who: str) -> bool:
    names = (stop.applicant, stop.approver, stop.manager, entered_by)
    return any(who.casefold() in name.casefold() for name in names)
