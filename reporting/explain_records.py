"""What an explanation rests on, read from the registry for one station."""

from collections import defaultdict
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.exclusion_days import stop_days
from registry.tables import DayVerdict, Inspection, VerdictRevision
from reporting.day_rows import FAR_DAYS
from reporting.days import Span
from reporting.due import due_days
from reporting.explain import ExplainedDay, Explanation, conditions, longest_stop, mark_of
from reporting.rate import Judged, judge
from reporting.records import (
    abnormal_days,
    addresses,
    approved_stops,
    entered_stops,
    facilities,
    last_finished_day,
    span_around,
)
from service.civil import Month


def explain(session: Session, station: str, month: Month, zone: ZoneInfo, now_ms: int) -> Explanation | None:
    """How a station's month came about; None if it is not imported, so that it does not count.

    Args:
        session: on the registry.
        station: its id.
        month: the month; of one that still runs, the days that are over.
        zone: of the civil days.
        now_ms: the present, ms since the epoch, UTC.
    """
    facility = next(iter(facilities(session, station)), None)
    if facility is None:
        return None
    until = last_finished_day(now_ms, zone)
    span = span_around(month, FAR_DAYS)
    days = _judged(session, station, span)
    approved = approved_stops(session, span, zone, station).get(station, [])
    due = due_days(facility, span, [each.days for each in approved], until)
    abnormal = abnormal_days(session, month, station).get(station, [])
    judged = judge(facility, month, days, due, abnormal)
    stops = entered_stops(session, Span(month.first, month.last), station).get(station, [])
    lies_in = stop_days(stops, month, zone)
    verdicts = _verdicts(session, station, month)
    replaced = _replaced(session, station, month)
    return Explanation(
        address=addresses(session, station)[station],
        judged=judged,
        month=month,
        until=until,
        conditions=conditions(judged, len(abnormal)),
        longest_stop=longest_stop(days, due, month),
        days=[
            ExplainedDay(
                day,
                mark_of(day, days, due, until),
                verdicts.get(day),
                lies_in.get(day),
                tuple(replaced.get(day, ())),
            )
            for day in month.days()
        ],
        stops=sorted(stops, key=lambda stop: stop.start),
        inspections=_inspections(session, station, month),
    )


def _judged(session: Session, station: str, span: Span) -> Judged:
    found = select(DayVerdict.day, DayVerdict.verdict).where(
        DayVerdict.station_id == station, DayVerdict.day.between(span.first, span.last)
    )
    days: defaultdict[str, list[date]] = defaultdict(list)
    for day, verdict in session.execute(found):
        days[verdict].append(day)
    return Judged(span, span.of(days["running"]), span.of(days["stopped"]))


def _verdicts(session: Session, station: str, month: Month) -> dict[date, DayVerdict]:
    found = select(DayVerdict).where(
        DayVerdict.station_id == station, DayVerdict.day.between(month.first, month.last)
    )
    return {row.day: row for row in session.scalars(found)}


def _replaced(session: Session, station: str, month: Month) -> dict[date, list[VerdictRevision]]:
    found = select(VerdictRevision).where(
        VerdictRevision.station_id == station, VerdictRevision.day.between(month.first, month.last)
    )
    rows: defaultdict[date, list[VerdictRevision]] = defaultdict(list)
    for row in session.scalars(found.order_by(VerdictRevision.id.desc())):
        rows[row.day].append(row)
    return rows


def _inspections(session: Session, station: str, month: Month) -> list[Inspection]:
    found = select(Inspection).where(
        Inspection.station_id == station, Inspection.day.between(month.first, month.last)
    )
    return list(session.scalars(found.order_by(Inspection.day, Inspection.id)))
