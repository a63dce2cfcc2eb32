"""Findings as they are kept: a row for each time that something odd went on, for as long as it did."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerting.finding_past import Found
from registry.tables import County, Finding, Station
from service.civil import ONE_DAY

LONGEST_GAP = timedelta(days=3)
"""After more days without it, the same thing is a new finding."""
_FIRST_NOTED = "first_noted"
"""Kept in the evidence: the day at whose end a finding was first made, for it began before."""


class ListedFinding(NamedTuple):
    """A finding with the station it is about."""

    station: str
    name: str
    county_code: str | None
    county: str | None
    code: str
    first_day: date
    last_day: date
    evidence: dict[str, Any]
    noted_ms: int


def note_findings(session: Session, station: str, day: date, found: Sequence[Found], now_ms: int) -> None:
    """Keep what was found of a day that just ended, or that was judged anew.

    What goes on has its row's last day moved. What was found before at the end of that very day and is not
    any more (an exchange that was told later) is taken back.

    Args:
        session: a writing one.
        station: its id.
        day: which ended.
        found: all that was found of it; at most one of a code.
        now_ms: ms since the epoch, UTC.
    """
    since = min([day, *(each.first_day for each in found)]) - LONGEST_GAP - ONE_DAY
    rows = list(
        session.scalars(
            select(Finding)
            .where(Finding.station_id == station)
            .where(Finding.last_day >= since, Finding.first_day <= day + LONGEST_GAP + ONE_DAY)
            .order_by(Finding.first_day, Finding.id)
        )
    )
    codes = {each.code for each in found}
    for row in rows:
        if row.code not in codes and row.last_day == day:
            _take_back(session, row, day)
    for each in found:
        near = [row for row in rows if row.code == each.code and _is_near(row, each, day)]
        if near:
            _extend(session, near, each, day, now_ms)
        else:
            session.add(
                Finding(
                    station_id=station,
                    code=each.code,
                    first_day=each.first_day,
                    last_day=day,
                    evidence={**each.evidence, _FIRST_NOTED: day.isoformat()},
                    noted_ms=now_ms,
                )
            )
    session.flush()


def recent_findings(session: Session, since: date, county: str | None = None) -> list[ListedFinding]:
    """What was found lately: stations with several findings first, then the newest.

    Args:
        session: any.
        since: findings that ended before this day are left out.
        county: only the stations of this county, by its code.
    """
    query = (
        select(Finding, Station.name, Station.county_code, County.name)
        .join(Station, Station.id == Finding.station_id)
        .outerjoin(County, County.code == Station.county_code)
        .where(Finding.last_day >= since)
    )
    if county is not None:
        query = query.where(Station.county_code == county)
    listed = [
        ListedFinding(
            row.station_id, name, code, called, row.code, row.first_day, row.last_day,
            {key: value for key, value in row.evidence.items() if key != _FIRST_NOTED}, row.noted_ms,
        )
        for row, name, code, called in session.execute(query)
    ]  # fmt: skip
    kinds = Counter(station for station, _ in {(each.station, each.code) for each in listed})
    newest = {each.station: date.min for each in listed}
    for each in listed:
        newest[each.station] = max(newest[each.station], each.last_day)
    return sorted(
        listed,
        key=lambda each: (
            -kinds[each.station],
            -newest[each.station].toordinal(),
            each.station,
            -each.last_day.toordinal(),
            each.code,
            each.first_day,
        ),
    )


def _is_near(row: Finding, found: Found, day: date) -> bool:
    """Whether a row and what was found leave no more than the longest gap between them."""
    reach = LONGEST_GAP + ONE_DAY
    return row.first_day - day <= reach and found.first_day - row.last_day <= reach


def _extend(session: Session, rows: Sequence[Finding], found: Found, day: date, now_ms: int) -> None:
    """Let the first row span all of them and what was found; the others are parts of it."""
    kept = rows[0]
    newest = max(rows, key=lambda row: row.last_day)
    noted = min(str(row.evidence.get(_FIRST_NOTED, day.isoformat())) for row in rows)
    if day >= newest.last_day:
        evidence, kept.noted_ms = dict(found.evidence), now_ms
    else:
        evidence, kept.noted_ms = dict(newest.evidence), newest.noted_ms
    kept.first_day = min(kept.first_day, found.first_day)
    kept.last_day = max(newest.last_day, day)
    kept.evidence = {**evidence, _FIRST_NOTED: min(noted, day.isoformat())}
    for row in rows[1:]:
        session.delete(row)


def _take_back(session: Session, row: Finding, day: date) -> None:
    if str(row.evidence.get(_FIRST_NOTED, "")) >= day.isoformat():
        session.delete(row)
    else:
        row.last_day = day - ONE_DAY
