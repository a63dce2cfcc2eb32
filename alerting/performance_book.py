"""What the registry tells of the alarms of a span: what rang, how each alarm went, what was kept quiet."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from alerting.alarm_life import NOTICE
from alerting.performance_past import Annunciation, Occurrence, Quiet, Span
from registry.tables import Alarm, AlarmEvent, AlarmMute, Station

_BEGINS = {"suppressed": "suppressed", "shelved": "shelved", "out_of_service": "out_of_service"}
_ENDS = {"unsuppressed": "suppressed", "unshelved": "shelved", "returned_to_service": "out_of_service"}
_BORN = {"shelved": "shelved", "out_of_service": "out_of_service"}
"""What an alarm's `raised` calls the quiet it was born into; anything else is a design that suppresses it."""
_TELLING = ("raised", "rang_again", "escalated", "acknowledged", *_BEGINS, *_ENDS)


class AlarmPast(NamedTuple):
    """All that the figures are made from."""

    rang: list[Annunciation]
    occurrences: list[Occurrence]
    mutes: list[Quiet]


class _Event(NamedTuple):
    at_ms: int
    event: str
    details: dict[str, Any]


def alarm_past(session: Session, span: Span, county: str | None = None) -> AlarmPast:
    """Everything about the alarms that were active for a moment of a span.

    Args:
        session: any.
        span: of time.
        county: only what concerns this county, by its code.
    """
    is_active = and_(
        Alarm.raised_ms < span.end_ms, or_(Alarm.cleared_ms.is_(None), Alarm.cleared_ms >= span.start_ms)
    )
    events = _events(session, is_active)
    rang: list[Annunciation] = []
    occurrences: list[Occurrence] = []
    columns = (
        Alarm.id, Alarm.subject, Alarm.type, Alarm.severity, Alarm.station_id, Alarm.raised_ms,
        Alarm.cleared_ms, Alarm.closed_ms, Alarm.follow_up_ms, Station.county_code,
    )  # fmt: skip
    found = select(*columns).outerjoin(Station, Station.id == Alarm.station_id).where(is_active)
    for row in session.execute(found.order_by(Alarm.id)):
        home = row.county_code if row.station_id is not None else _county_of(row.subject)
        if county is not None and home != county:
            continue
        own = events.get(row.id, [])
        rings = [
            Annunciation(at_ms, row.subject, row.type, severity, home)
            for at_ms, severity in _rings(own, row.severity)
        ]
        alarmed_ms = next((each.at_ms for each in rings if each.severity != NOTICE), None)
        occurrences.append(
            Occurrence(
                row.subject,
                row.type,
                row.raised_ms,
                alarmed_ms,
                row.cleared_ms,
                _acknowledged_ms(own, rings[0].at_ms if rings else None),
                row.follow_up_ms,
                row.closed_ms,
                tuple(_quiets(own, row.subject, row.type, row.raised_ms, row.cleared_ms)),
            )
        )
        rang += rings
    return AlarmPast(rang, occurrences, _mutes(session, span, county))


def _events(session: Session, is_active: ColumnElement[bool]) -> dict[int, list[_Event]]:
    """By alarm, in their order; also later ones, for they tell what severity came before them."""
    found = (
        select(AlarmEvent.alarm_id, AlarmEvent.at_ms, AlarmEvent.event, AlarmEvent.details)
        .join(Alarm, Alarm.id == AlarmEvent.alarm_id)
        .where(is_active, AlarmEvent.event.in_(_TELLING))
        .order_by(AlarmEvent.alarm_id, AlarmEvent.at_ms, AlarmEvent.id)
    )
    rows = session.execute(found)
    return {
        alarm: [_Event(*row[1:]) for row in group] for alarm, group in groupby(rows, key=lambda row: row[0])
    }


def _rings(events: Sequence[_Event], present: str) -> Iterator[tuple[int, str]]:
    """When it rang, and how severe it was then; a notice that is lifted rings as an alarm."""
    lifts = (each.details for each in events if each.event == "escalated")
    severity = next((str(lift["was"]) for lift in lifts if "was" in lift), present)
    for each in events:
        if each.event == "escalated":
            before, severity = severity, str(each.details.get("severity", severity))
            if before == NOTICE != severity:
                yield each.at_ms, severity
        elif each.event == "rang_again" or (each.event == "raised" and "quiet" not in each.details):
            yield each.at_ms, severity


def _acknowledged_ms(events: Iterable[_Event], rang_ms: int | None) -> int | None:
    """The first acknowledgement of what had rung; a quiet alarm that somebody saw rings anew all the same."""
    return next(
        (
            each.at_ms
            for each in events
            if each.event == "acknowledged" and rang_ms is not None and each.at_ms >= rang_ms
        ),
        None,
    )


def _quiets(
    events: Iterable[_Event], subject: str, type_: str, raised_ms: int, cleared_ms: int | None
) -> Iterator[Quiet]:
    """The times in which it was quiet while its condition stood."""
    for kind, since_ms, ended_ms in _quiet_times(events, raised_ms):
        if cleared_ms is None or since_ms <= cleared_ms:
            known = [each for each in (ended_ms, cleared_ms) if each is not None]
            yield Quiet(kind, subject, type_, since_ms, min(known, default=None))


def _quiet_times(events: Iterable[_Event], raised_ms: int) -> Iterator[tuple[str, int, int | None]]:
    """Kind, begin and end; one born quiet twice over tells both only as they end."""
    since: dict[str, int] = {}
    for each in events:
        if each.event == "raised" and "quiet" in each.details:
            since[_BORN.get(str(each.details["quiet"]), "suppressed")] = each.at_ms
        elif each.event in _BEGINS:
            since.setdefault(_BEGINS[each.event], each.at_ms)
        elif each.event in _ENDS:
            kind = _ENDS[each.event]
            yield kind, since.pop(kind, raised_ms), each.at_ms
        elif each.event == "rang_again":
            for kind in list(since):
                yield kind, since.pop(kind), each.at_ms
    for kind, since_ms in since.items():
        yield kind, since_ms, None


def _mutes(session: Session, span: Span, county: str | None) -> list[Quiet]:
    """What people kept quiet; a shelf whose time has run out has ended, also where nobody wrote that down."""
    found = (
        select(AlarmMute, Station.id, Station.county_code)
        .outerjoin(Station, Station.id == AlarmMute.subject)
        .where(AlarmMute.since_ms < span.end_ms)
        .where(or_(AlarmMute.ended_ms.is_(None), AlarmMute.ended_ms > span.start_ms))
        .order_by(AlarmMute.since_ms, AlarmMute.id)
    )
    return [
        Quiet(
            mute.kind,
            mute.subject,
            mute.type,
            mute.since_ms,
            mute.until_ms if mute.ended_ms is None else mute.ended_ms,
            mute.reason,
        )
        for mute, station, home in session.execute(found)
        if county is None or county == (home if station is not None else _county_of(mute.subject))
    ]


def _county_of(subject: str) -> str:
    """Of an area event: the subject is `county` or `county/town`."""
    return subject.partition("/")[0]
