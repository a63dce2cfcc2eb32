"""What a stop sets off when it is entered, approved or withdrawn: days judged anew, and a word to people."""

from collections.abc import Iterator, Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.dirty_spans import mark_from
from registry.exclusion_days import CEILING_DAYS, counted_days, days_missed, months_of, waiting_days
from registry.record_entry import By
from registry.tables import Exclusion
from service.civil import ONE_DAY, Month, start_of


def over_ceiling(session: Session, row: Exclusion, by: By) -> Iterator[str]:
    """What to tell who entered a stop of the days that do not count without a manager."""
    stops = stops_of(session, row.station_id)
    touched = months_of([row])
    for number, days in waiting_days(stops, by.zone, by.today).items():
        own = [day for day in days if Month.of(day) in touched]
        if own:
            yield (
                f"beyond {CEILING_DAYS} days of a month {len(own)} day{'s' * (len(own) > 1)} "
                f"from {own[0]} on wait for a manager: --approve {number} --manager NAME"
            )
    for month, count in days_missed(stops, by.zone, by.today).items():
        if month in touched:
            rule = f"beyond {CEILING_DAYS} days of {month}"
            yield f"{rule} {count} day{'s' * (count > 1)} came too late for a manager's word and do not count"


def stops_of(session: Session, station: str) -> list[Exclusion]:
    """The approved stops of a station that were not withdrawn, by their first day."""
    found = select(Exclusion).where(Exclusion.station_id == station, Exclusion.withdrawn_ms.is_(None))
    return list(session.scalars(found.order_by(Exclusion.start, Exclusion.id)))


def counted(session: Session, station: str, by: By) -> dict[date, int]:
    """The days that the stops of a station take away, each with the number of its stop."""
    stops = stops_of(session, station)
    counted: dict[date, int] = {}
    for month in months_of(stops):
        counted |= {day: stop.id for day, stop in counted_days(stops, month, by.zone).items()}
    return counted


def mark_days(session: Session, row: Exclusion, before: Mapping[date, int], by: By) -> None:
    """Let the worker judge anew the stop's past days, and those of others that count otherwise by it.

    Days to come are judged when they are over.
    """
    start_ms, end_ms = start_of(row.start, by.zone), start_of(row.end + ONE_DAY, by.zone)
    mark_from(session, row.station_id, start_ms, min(end_ms, by.now_ms), by)
    mark_changed(session, row.station_id, before, by)


def mark_changed(session: Session, station: str, before: Mapping[date, int], by: By) -> None:
    """Let the worker judge anew the past days of a station that count otherwise than before."""
    after = counted(session, station, by)
    for day in sorted(before.keys() | after.keys()):
        if before.get(day) != after.get(day) and day < by.today:
            mark_from(session, station, start_of(day, by.zone), start_of(day + ONE_DAY, by.zone), by)
