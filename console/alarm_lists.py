"""The desk's lists of alarms with the names around them: what rings, what a company mends, what is quiet.

An open alarm stands on one list: on the follow-up list if it was put there, else among the quiet if anything
keeps it quiet, else it rings. Those that are quiet beneath an area event are folded into it: they are
counted, and only the first few of them are read. Every list holds only what the person sees; `also` narrows
it to what was looked for.
"""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, func, not_, or_, select, true
from sqlalchemy.orm import Session, aliased

from alerting.alarm_life import AREA_EVENT, NOTICE
from console.person import Person
from console.scope import alarms_seen
from registry.tables import Alarm, Company, County, Station

Condition = ColumnElement[bool]
MOST_BENEATH = 30
"""So many stations of an area event are named."""

IS_OPEN = Alarm.closed_ms.is_(None)
_IS_LOUD = and_(
    Alarm.out_of_service.is_(False), Alarm.shelved_until_ms.is_(None), Alarm.suppressed_by.is_(None)
)
_IS_BENEATH = and_(IS_OPEN, Alarm.suppressed_by == AREA_EVENT, Alarm.parent_id.is_not(None))
_HAS_FOLD = and_(_IS_BENEATH, Alarm.out_of_service.is_(False), Alarm.shelved_until_ms.is_(None))
_RINGS = and_(IS_OPEN, _IS_LOUD, Alarm.follow_up_ms.is_(None))
ALARMS = and_(_RINGS, Alarm.severity != NOTICE)
"""What rings and asks for somebody; only these are counted in the badge."""
NOTICES = and_(_RINGS, Alarm.severity == NOTICE)
FOLLOW_UP = and_(IS_OPEN, Alarm.follow_up_ms.is_not(None))
QUIET = and_(IS_OPEN, not_(_IS_LOUD), Alarm.follow_up_ms.is_(None))
OUT_OF_SERVICE = and_(QUIET, Alarm.out_of_service.is_(True))
SHELVED = and_(QUIET, Alarm.out_of_service.is_(False), Alarm.shelved_until_ms.is_not(None))
SUPPRESSED = and_(QUIET, Alarm.out_of_service.is_(False), Alarm.shelved_until_ms.is_(None))
"""The quiet by what keeps them so, the strongest reason counting."""
UNSEEN = and_(ALARMS, Alarm.acknowledged_ms.is_(None), Alarm.cleared_ms.is_(None))
"""What rings, stands and waits for somebody to say that it was seen."""
ALL: Condition = true()

_HAS_RETURNED = Alarm.cleared_ms.is_not(None)
_SEVEREST_FIRST = case((Alarm.severity == "high", 0), (Alarm.severity == NOTICE, 2), else_=1)
_Found = Select[Alarm, str | None, str | None, str | None]
_LONGEST_FIRST = (Alarm.start_ms, Alarm.id)


class Counts(NamedTuple):
    """How many open alarms stand on each list.

    Attributes:
        alarms: ringing, medium or high.
        notices: ringing, low.
        follow_up, overdue: on the follow-up list, and those of them whose due time has passed.
        quiet, folded: kept quiet, and those of them that are so only beneath an area event.
        shelved, suppressed, out_of_service: the quiet by what keeps them so.
    """

    alarms: int
    notices: int
    follow_up: int
    overdue: int
    quiet: int
    folded: int
    shelved: int
    suppressed: int
    out_of_service: int


class AlarmRow(NamedTuple):
    """An alarm with the name of its station or, of an area event, of its county, and of who mends it."""

    alarm: Alarm
    station_name: str | None
    county_name: str | None
    company: str | None

    @property
    def county_code(self) -> str:
        """The county of an area event."""
        return self.alarm.subject.partition("/")[0]

    @property
    def town(self) -> str:
        """The town of an area event; empty for a whole county."""
        return self.alarm.subject.partition("/")[2]


class Beneath(NamedTuple):
    """The stations beneath an area event: how many, and id and name of the first few."""

    total: int
    stations: list[tuple[str, str]]


def alarm_counts(session: Session, person: Person, now_ms: int, also: Condition = ALL) -> Counts:
    """Count every list at once."""
    overdue = and_(FOLLOW_UP, Alarm.due_ms <= now_ms)
    folded = and_(QUIET, _HAS_FOLD)
    lists = (ALARMS, NOTICES, FOLLOW_UP, overdue, QUIET, folded, SHELVED, SUPPRESSED, OUT_OF_SERVICE)
    found = select(*(func.count(case((each, 1))) for each in lists))
    return Counts._make(session.execute(found.where(IS_OPEN, also, alarms_seen(person))).one())


def worst_first(
    session: Session, person: Person, wanted: Condition, limit: int, also: Condition = ALL
) -> list[AlarmRow]:
    """What stands before what only waits to be acknowledged, then the severest, then the longest."""
    found = _named(person, and_(wanted, also)).order_by(_HAS_RETURNED, _SEVEREST_FIRST, *_LONGEST_FIRST)
    return _rows(session, found.limit(limit))


def newest(session: Session, person: Person, limit: int) -> list[AlarmRow]:
    """What rings, alarms before notices, standing ones first, the last to ring first."""
    rang_ms = func.coalesce(Alarm.rang_ms, Alarm.raised_ms)
    is_notice = case((Alarm.severity == NOTICE, 1), else_=0)
    found = _named(person, _RINGS).order_by(is_notice, _HAS_RETURNED, rang_ms.desc(), Alarm.id.desc())
    return _rows(session, found.limit(limit))


def followed_up(session: Session, person: Person, limit: int, also: Condition = ALL) -> list[AlarmRow]:
    """What is to be mended, the earliest due first."""
    found = _named(person, and_(FOLLOW_UP, also)).order_by(
        Alarm.due_ms.is_(None), Alarm.due_ms, *_LONGEST_FIRST
    )
    return _rows(session, found.limit(limit))


def suppressed(session: Session, person: Person, limit: int, also: Condition = ALL) -> list[AlarmRow]:
    """What is suppressed by design, without those that are folded into an area event."""
    return worst_first(session, person, and_(SUPPRESSED, not_(_HAS_FOLD)), limit, also)


def unseen(session: Session, person: Person, limit: int) -> list[Alarm]:
    """What waits to be acknowledged, the last to ring first."""
    found = select(Alarm).where(UNSEEN, alarms_seen(person))
    rang_ms = func.coalesce(Alarm.rang_ms, Alarm.raised_ms)
    return list(session.scalars(found.order_by(rang_ms.desc(), Alarm.id.desc()).limit(limit)))


def alarms_of(session: Session, person: Person, station_id: str, limit: int) -> list[AlarmRow]:
    """A station's alarms, open ones first, then newest first."""
    found = _named(person, Alarm.station_id == station_id)
    found = found.order_by(Alarm.closed_ms.is_not(None), Alarm.raised_ms.desc(), Alarm.id.desc())
    return _rows(session, found.limit(limit))


def some(session: Session, person: Person, numbers: Iterable[int]) -> list[AlarmRow]:
    """The alarms of some numbers, in their order; what is not seen is left out."""
    wanted = list(numbers)
    found = {row.alarm.id: row for row in _rows(session, _named(person, Alarm.id.in_(wanted)))}
    return [found[number] for number in wanted if number in found]


def events_over(session: Session, person: Person, rows: Iterable[AlarmRow]) -> list[AlarmRow]:
    """The area events beneath which some alarms stand; no question is asked if there is none."""
    own = (row.alarm for row in rows)
    numbers = {each.parent_id for each in own if each.closed_ms is None and each.suppressed_by == AREA_EVENT}
    numbers.discard(None)
    if not numbers:
        return []
    return _rows(session, _named(person, and_(IS_OPEN, Alarm.id.in_(numbers))).order_by(*_LONGEST_FIRST))


def beneath(session: Session, rows: Iterable[AlarmRow]) -> dict[int, int]:
    """How many stations stand beneath each area event among some alarms."""
    numbers = [row.alarm.id for row in rows if row.alarm.type == AREA_EVENT]
    if not numbers:
        return {}
    found = select(Alarm.parent_id, func.count(Alarm.station_id.distinct()))
    found = found.where(_IS_BENEATH, Alarm.parent_id.in_(numbers)).group_by(Alarm.parent_id)
    return {number: count for number, count in session.execute(found) if number is not None}


def folded(session: Session, person: Person, rows: Iterable[AlarmRow]) -> dict[int, Beneath]:
    """The same with the first few of the stations by id."""
    counts = beneath(session, rows)
    if not counts:
        return {}
    place = func.dense_rank().over(partition_by=Alarm.parent_id, order_by=Alarm.subject).label("place")
    placed = select(Alarm.parent_id, Alarm.station_id, place)
    each = placed.where(_IS_BENEATH, Alarm.parent_id.in_(counts)).subquery()
    found = select(each.c.parent_id, Station.id, Station.name).join(Station, Station.id == each.c.station_id)
    found = found.where(each.c.place <= MOST_BENEATH, person.scope.stations()).order_by(Station.id)
    stations: dict[int, dict[str, str]] = {number: {} for number in counts}
    for number, station, name in session.execute(found):
        stations[number][station] = name
    return {number: Beneath(total, list(stations[number].items())) for number, total in counts.items()}


def _rows(session: Session, found: _Found) -> list[AlarmRow]:
    return [AlarmRow._make(row) for row in session.execute(found)]


def _named(person: Person, wanted: Condition) -> _Found:
    assigned, own = aliased(Company), aliased(Company)
    of_town = func.substr(Alarm.subject, 1, func.length(County.code) + 1) == County.code + "/"
    is_county = and_(Alarm.station_id.is_(None), or_(County.code == Alarm.subject, of_town))
    return (
        select(Alarm, Station.name, County.name, func.coalesce(assigned.name, own.name))
        .outerjoin(Station, Station.id == Alarm.station_id)
        .outerjoin(County, is_county)
        .outerjoin(own, own.id == Station.company_id)
        .outerjoin(assigned, assigned.id == Alarm.assigned_company_id)
        .where(wanted, alarms_seen(person))
    )
