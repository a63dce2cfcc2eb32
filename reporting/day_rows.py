"""The day verdicts around a month with their figures; long stops from their first day to their last."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.tables import DayVerdict, Station
from reporting.days import Span
from reporting.rate import Judged
from reporting.records import IS_COUNTED, span_around
from service.civil import Month

FAR_DAYS = 366
"""A stop that goes on beyond the days read with the month is followed so far in either direction."""


class Day(NamedTuple):
    """A verdict.

    Attributes:
        day: the civil day.
        verdict: what it counts as.
        energy_kwh: used, as far as known.
        volume_m3: effluent, as far as known.
        reason: code.
        valid_hours: hours with enough samples.
        is_corrected: whether a person corrected the verdict.
    """

    day: date
    verdict: str
    energy_kwh: float | None
    volume_m3: float | None
    reason: str
    valid_hours: float
    is_corrected: bool


class StationDays(NamedTuple):
    """A station's verdicts in a span, by day."""

    span: Span
    rows: list[Day]

    @property
    def judged(self) -> Judged:
        """The same as sets of days."""
        running, stopped = (
            self.span.of(row.day for row in self.rows if row.verdict == verdict)
            for verdict in ("running", "stopped")
        )
        return Judged(self.span, running, stopped)

    def between(self, first: date, last: date) -> list[Day]:
        """The verdicts from first to last, both included."""
        return [row for row in self.rows if first <= row.day <= last]


def day_rows(session: Session, month: Month) -> dict[str, StationDays]:
    """The verdicts around a month by station, further away too where a stop goes on; none for no verdict."""
    near, far = span_around(month), span_around(month, FAR_DAYS)
    found = _read(session, near)
    return found | _read(session, far, [station for station, days in found.items() if _goes_on(days)])


def _goes_on(days: StationDays) -> bool:
    ends = (days.rows[0], days.rows[-1])
    return any(row.verdict == "stopped" and row.day in (days.span.first, days.span.last) for row in ends)


def _read(session: Session, span: Span, stations: Collection[str] | None = None) -> dict[str, StationDays]:
    found = (
        select(
            Station.id, DayVerdict.day, DayVerdict.verdict, DayVerdict.energy_kwh, DayVerdict.volume_m3,
            DayVerdict.reason, DayVerdict.valid_hours, DayVerdict.corrected_by.is_not(None),
        )
        .join(DayVerdict, DayVerdict.station_id == Station.id)
        .where(IS_COUNTED, DayVerdict.day.between(span.first, span.last))
    )  # fmt: skip
    if stations is not None:
        found = found.where(Station.id.in_(stations))
    rows: defaultdict[str, list[Day]] = defaultdict(list)
    for station, *row in session.execute(found):
        rows[station].append(Day._make(row))
    return {station: StationDays(span, sorted(own)) for station, own in rows.items()}
