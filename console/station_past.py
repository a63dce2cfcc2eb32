"""What a station's chart shows: read as finely as the span asks for, and never more than that."""

from datetime import date
from itertools import groupby
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from console import queries, series
from console.chart_marks import AlarmMark, Span, Stop
from console.charts import DayBar, Drawn
from console.desk import Desk
from console.person import Person
from console.scope import alarms_seen
from console.series import Series
from console.station_means import DayMeans, day_means, means_of_quarters, with_verdicts
from console.station_span import ChartSpan
from history.port import QUARTER_HOUR_MS, QuarterHour
from registry.tables import Alarm, DayVerdict, Exclusion, StatePeriod
from service.civil import ONE_DAY, start_of
from telemetry.reading import Reading

MOST_ALARMS = 400
"""Of a chart, the newest."""
_BARS_FROM_MS = 2 * 86_400_000 - 3_600_000
_Mark = TypeVar("_Mark", Span, AlarmMark, Stop)
_STATE_OF_DAY = {"running": "running", "stopped": "stopped", "excluded": "planned_stop"}


class Measured(NamedTuple):
    """What was measured in a span, as finely as it is read: readings or quarter hours, or neither."""

    readings: list[Reading]
    quarters: list[QuarterHour]

    def series(self, span: ChartSpan) -> list[Series]:
        """Made few enough to draw."""
        if self.quarters:
            return series.of_quarters(self.quarters, span.start_ms, span.end_ms)
        make = series.raw if span.detail == "raw" else series.thinned
        return make(self.readings, span.start_ms, span.end_ms)

    def means(self, zone: ZoneInfo) -> list[DayMeans]:
        """By civil day."""
        return means_of_quarters(self.quarters, zone) if self.quarters else day_means(self.readings, zone)


NOTHING = Measured([], [])


class Past(NamedTuple):
    """What the registry knows of a span of a station."""

    verdicts: list[DayVerdict]
    spans: list[Span]
    alarms: list[AlarmMark]
    stops: list[Stop]


def measured(desk: Desk, station: str, span: ChartSpan) -> Measured:
    """What the history has of a span; nothing where whole days are shown, which the registry has.

    Raises:
        HistoryError: the store cannot be read just now.
    """
    if span.detail == "days":
        return NOTHING
    if span.detail == "quarters":
        first_ms = span.start_ms - span.start_ms % QUARTER_HOUR_MS
        rows = desk.quarter_hours(station, first_ms, span.end_ms)
        if rows:
            return Measured([], rows)
    return Measured(desk.raw(station, span.start_ms, span.end_ms), [])


def means(desk: Desk, station: str, span: ChartSpan, verdicts: list[DayVerdict]) -> list[DayMeans]:
    """A span by civil days, newest first, of quarter hours where there are some."""
    if span.detail == "days":
        return with_verdicts([], verdicts)
    first_ms = span.start_ms - span.start_ms % QUARTER_HOUR_MS
    rows = desk.quarter_hours(station, first_ms, span.end_ms) if span.detail != "raw" else []
    found = Measured([], rows) if rows else Measured(desk.raw(station, span.start_ms, span.end_ms), [])
    return with_verdicts(found.means(desk.settings.zone), verdicts)


def past(session: Session, person: Person, station: str, span: ChartSpan, zone: ZoneInfo) -> Past:
    """What the registry knows of a span of a station that the person sees."""
    first, last = span.days(zone)
    verdicts = queries.verdicts(session, station, first, last)
    if span.detail == "days":
        spans = _spans_of_days(verdicts, span, zone)
    else:
        spans = _spans_of_states(session, station, span)
    return Past(
        verdicts, spans, _alarms(session, person, station, span), _stops(session, station, span, zone)
    )


def drawn(span: ChartSpan, found: Measured, known: Past, zone: ZoneInfo) -> Drawn:
    """A chart's content; a young station's begins with its first reading."""
    lines = found.series(span)
    start_ms = span.start_ms
    firsts = [series.first_of(lines), *(each.start_ms for each in known.spans[:1])]
    if known.verdicts:
        firsts.append(start_of(known.verdicts[0].day, zone))
    seen = [each for each in firsts if each is not None]
    if span.ends_now and seen:
        start_ms = series.shown_from(min(seen), span.start_ms, span.end_ms)
    return Drawn(
        start_ms,
        span.end_ms,
        lines,
        _bars(known.verdicts, span, zone) if span.length_ms >= _BARS_FROM_MS else [],
        _since(known.spans, start_ms),
        _since(known.alarms, start_ms),
        _since(known.stops, start_ms),
    )


def _since(marks: list[_Mark], start_ms: int) -> list[_Mark]:
    return [each._replace(start_ms=max(each.start_ms, start_ms)) for each in marks if each.end_ms > start_ms]


def _bars(verdicts: list[DayVerdict], span: ChartSpan, zone: ZoneInfo) -> list[DayBar]:
    """The judged days that lie whole in a span."""
    bars = []
    for verdict in verdicts:
        start_ms, end_ms = start_of(verdict.day, zone), start_of(verdict.day + ONE_DAY, zone)
        if start_ms >= span.start_ms and end_ms <= span.end_ms:
            bars.append(
                DayBar(verdict.day.isoformat(), start_ms, end_ms, verdict.energy_kwh, verdict.volume_m3)
            )
    return bars


def _spans_of_days(verdicts: list[DayVerdict], span: ChartSpan, zone: ZoneInfo) -> list[Span]:
    """Days in a row that count as the same are one."""
    spans: list[Span] = []
    runs = groupby(enumerate(verdicts), lambda each: (each[1].day.toordinal() - each[0], each[1].verdict))
    for (_, verdict), group in runs:
        days = [each.day for _, each in group]
        start_ms = max(start_of(days[0], zone), span.start_ms)
        end_ms = min(start_of(days[-1] + ONE_DAY, zone), span.end_ms)
        spans.append(Span(_STATE_OF_DAY.get(verdict, "unknown"), start_ms, end_ms))
    return spans


def _spans_of_states(session: Session, station: str, span: ChartSpan) -> list[Span]:
    found = select(StatePeriod.state, StatePeriod.start_ms, StatePeriod.end_ms).where(
        StatePeriod.station_id == station,
        StatePeriod.start_ms < span.end_ms,
        or_(StatePeriod.end_ms.is_(None), StatePeriod.end_ms > span.start_ms),
    )
    return [
        Span(state, max(start_ms, span.start_ms), span.end_ms if end_ms is None else min(end_ms, span.end_ms))
        for state, start_ms, end_ms in session.execute(found.order_by(StatePeriod.start_ms))
    ]


def _alarms(session: Session, person: Person, station: str, span: ChartSpan) -> list[AlarmMark]:
    ended = func.coalesce(Alarm.cleared_ms, Alarm.closed_ms)
    found = (
        select(Alarm.type, Alarm.severity, Alarm.start_ms, ended, Alarm.raised_ms)
        .where(
            Alarm.station_id == station,
            Alarm.start_ms < span.end_ms,
            or_(ended.is_(None), ended >= span.start_ms),
            alarms_seen(person),
        )
        .order_by(Alarm.start_ms.desc(), Alarm.id.desc())
        .limit(MOST_ALARMS)
    )
    return [
        AlarmMark(
            type_,
            severity,
            max(start_ms, span.start_ms),
            span.end_ms if end_ms is None else min(max(end_ms, start_ms), span.end_ms),
            raised_ms,
            end_ms is None,
        )
        for type_, severity, start_ms, end_ms, raised_ms in reversed(session.execute(found).all())
    ]


def _stops(session: Session, station: str, span: ChartSpan, zone: ZoneInfo) -> list[Stop]:
    first, last = span.days(zone)
    found = select(Exclusion.reason, Exclusion.start, Exclusion.end).where(
        Exclusion.station_id == station,
        Exclusion.withdrawn_ms.is_(None),
        Exclusion.start <= last,
        Exclusion.end >= first,
    )
    return [
        _stop(reason, start, end, span, zone)
        for reason, start, end in session.execute(found.order_by(Exclusion.start, Exclusion.id))
    ]


def _stop(reason: str, start: date, end: date, span: ChartSpan, zone: ZoneInfo) -> Stop:
    start_ms, end_ms = start_of(start, zone), start_of(end + ONE_DAY, zone)
    days = start.isoformat() if start == end else f"{start} – {end}"
    return Stop(reason, max(start_ms, span.start_ms), min(end_ms, span.end_ms), days)
