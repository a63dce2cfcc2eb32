"""The month facility by facility: its days, what its meters counted, and its stops."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from reporting.amounts import Amounts, Metered, known_sum, of_days
from reporting.day_rows import FAR_DAYS, Day, StationDays, day_rows
from reporting.days import Span, runs
from reporting.due import DueDays, Facility, due_days, excluded_days
from reporting.rate import StationMonth, judge
from reporting.records import (
    Address,
    Approved,
    abnormal_days,
    addresses,
    approved_stops,
    facilities,
    last_finished_day,
    span_around,
)
from service.civil import Month

NOT_COMMISSIONED = "not_commissioned"


class DataDays(NamedTuple):
    """How good the data of a facility's month were.

    Attributes:
        valid_hours: of its countable days; None if none of them has a verdict.
        longest_unknown_days: the most countable days in a row without enough data, within the month.
        corrected_days: countable days whose verdict a person corrected.
    """

    valid_hours: float | None = None
    longest_unknown_days: int = 0
    corrected_days: int = 0


class StationLine(NamedTuple):
    """A facility in the month.

    Attributes:
        address: its names, place, process and tier.
        class_: its class on the last day that counts, or `not_commissioned`.
        month: its days and what they count as; `month.facility` has id, operator, scale and dates.
        amounts: what its meters counted.
        exclusion_reasons: codes of the approved stops that took days of the month away.
        stops: how many stops have a day in the month.
        stop_reasons: codes of the verdicts of their days.
        data: how good they were.
    """

    address: Address
    class_: str
    month: StationMonth
    amounts: Amounts
    exclusion_reasons: tuple[str, ...]
    stops: int
    stop_reasons: tuple[str, ...]
    data: DataDays = DataDays()

    @property
    def id(self) -> str:
        """Of the station."""
        return self.month.facility.id


class StopLine(NamedTuple):
    """Stopped days in a row, at least one of them in the month; first and last day may lie outside.

    Attributes:
        station: whose.
        first: civil day.
        last: civil day.
        days: how many.
        is_ongoing: whether the last day is the last one that is over.
        reasons: codes of the days' verdicts, in order.
        energy_kwh: used meanwhile, as far as known.
        volume_m3: effluent meanwhile, as far as known.
        main_reason: the reason of most of the days, the earliest of equal ones.
    """

    station: StationLine
    first: date
    last: date
    days: int
    is_ongoing: bool
    reasons: tuple[str, ...]
    energy_kwh: float | None
    volume_m3: float | None
    main_reason: str = ""


class _Stop(NamedTuple):
    first: date
    last: date
    rows: list[Day]


def station_lines(
    session: Session, month: Month, zone: ZoneInfo, now_ms: int
) -> tuple[list[StationLine], list[StopLine]]:
    """All imported stations by id, and their stops by station and day."""
    until = last_finished_day(now_ms, zone)
    days = day_rows(session, month)
    nothing = StationDays(span_around(month), [])
    approved = approved_stops(session, span_around(month, FAR_DAYS), zone)
    abnormal = abnormal_days(session, month)
    names = addresses(session)
    lines: list[StationLine] = []
    stop_lines: list[StopLine] = []
    for facility in facilities(session):
        own = days.get(facility.id, nothing)
        exclusions = approved.get(facility.id, [])
        due = due_days(facility, own.span, [each.days for each in exclusions], until)
        stops = list(_stops(own, due, month))
        line = StationLine(
            address=names[facility.id],
            class_=_class_on(facility, min(until, month.last)),
            month=judge(facility, month, own.judged, due, abnormal.get(facility.id, ())),
            amounts=of_days(_metered(own, due, month, until), facility.design_m3_per_day),
            exclusion_reasons=_reasons_of(exclusions, due, own.span, month),
            stops=len(stops),
            stop_reasons=_in_order(row.reason for stop in stops for row in stop.rows),
            data=_data_days(own, due, month),
        )
        lines.append(line)
        stop_lines += [_stop_line(line, stop, stop.last >= min(until, own.span.last)) for stop in stops]
    return lines, stop_lines


def _stops(days: StationDays, due: DueDays, month: Month) -> Iterator[_Stop]:
    within = days.span.bits(month.first, month.last)
    for run in runs(days.judged.stopped & due.countable):
        if run.bits & within:
            first, last = days.span.day(run.start), days.span.day(run.start + run.length - 1)
            yield _Stop(first, last, days.between(first, last))


def _stop_line(line: StationLine, stop: _Stop, is_ongoing: bool) -> StopLine:  # noqa: FBT001 - of its record
    return StopLine(
        station=line,
        first=stop.first,
        last=stop.last,
        days=len(stop.rows),
        is_ongoing=is_ongoing,
        reasons=_in_order(row.reason for row in stop.rows),
        energy_kwh=known_sum(row.energy_kwh for row in stop.rows),
        volume_m3=known_sum(row.volume_m3 for row in stop.rows),
        main_reason=Counter(row.reason for row in stop.rows).most_common(1)[0][0],
    )


def _data_days(days: StationDays, due: DueDays, month: Month) -> DataDays:
    countable = due.countable & days.span.bits(month.first, month.last)
    judged = days.judged
    own = [row for row in days.between(month.first, month.last) if countable & days.span.of([row.day])]
    unknown = runs(countable & ~judged.running & ~judged.stopped)
    return DataDays(
        valid_hours=known_sum(row.valid_hours for row in own),
        longest_unknown_days=max((run.length for run in unknown), default=0),
        corrected_days=sum(row.is_corrected for row in own),
    )


def _metered(days: StationDays, due: DueDays, month: Month, until: date) -> Iterator[Metered]:
    for row in days.between(month.first, min(until, month.last)):
        is_countable = bool(due.countable & days.span.of([row.day]))
        yield Metered(row.energy_kwh, row.volume_m3, is_countable)


def _class_on(facility: Facility, day: date) -> str:
    if facility.commissioned is not None and day < facility.commissioned:
        return NOT_COMMISSIONED
    return next((name for since, name in reversed(facility.classes) if since <= day), "in_use")


def _reasons_of(exclusions: list[Approved], due: DueDays, span: Span, month: Month) -> tuple[str, ...]:
    taken = due.excluded & span.bits(month.first, month.last)
    return _in_order(each.reason for each in exclusions if excluded_days([each.days], span) & taken)


def _in_order(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(codes))
