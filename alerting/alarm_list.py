"""The duty desk's lists: which alarms stand on which, with the names of their places, worst first.

A list is a question asked of each alarm. What rings stands on no other list but `active` and
`unacknowledged`; follow-up, shelved, suppressed and out of service may overlap.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from alerting.alarm_life import AREA_EVENT, is_active, quiet_of
from alerting.area import Place
from registry.tables import Alarm, Company, County, Station, Town

LAST_CLOSED = 200
CLOSED = "closed"
_SEVEREST_FIRST = ("high", "medium", "low")
_FEW = 500
"""Row numbers that one query takes."""


class Wanted(NamedTuple):
    """Which alarms; an empty word fits all.

    Attributes:
        county: code; an area event is of its county, too.
        company: name of the O&M company that the alarm is assigned to, else that of its station.
        station: id.
    """

    county: str = ""
    type: str = ""
    severity: str = ""
    company: str = ""
    station: str = ""


ALL = Wanted()


class Listed(NamedTuple):
    """An alarm and the names around it; what is not known is empty.

    Attributes:
        name: of the station.
        county: its name, or its code where it has none.
        company: who mends it: the one it is assigned to, else the station's.
    """

    alarm: Alarm
    name: str
    county_code: str
    county: str
    town: str
    company: str


def _rings(alarm: Alarm) -> bool:
    return quiet_of(alarm).why is None and alarm.follow_up_ms is None


VIEWS: Mapping[str, Callable[[Alarm], bool]] = {
    "open": _rings,
    "active": lambda alarm: is_active(alarm) and alarm.suppressed_by != AREA_EVENT,
    "unacknowledged": lambda alarm: alarm.acknowledged_ms is None and quiet_of(alarm).why is None,
    "follow_up": lambda alarm: alarm.follow_up_ms is not None,
    "shelved": lambda alarm: alarm.shelved_until_ms is not None,
    "suppressed": lambda alarm: alarm.suppressed_by is not None,
    "out_of_service": lambda alarm: alarm.out_of_service,
}
"""The lists of open alarms; one that stands quietly under an area event is folded into it."""
ASIDE = ("follow_up", "shelved", "suppressed", "out_of_service")
"""The lists that are named below the others, so that nothing is forgotten."""


def open_ones(session: Session, wanted: Wanted = ALL) -> list[Listed]:
    """All open alarms, worst first."""
    return worst_first(_listed(session, _fitting(wanted).where(Alarm.closed_ms.is_(None))))


def closed_ones(session: Session, wanted: Wanted = ALL, most: int = LAST_CLOSED) -> list[Listed]:
    """The closed alarms, the last first."""
    found = _fitting(wanted).where(Alarm.closed_ms.is_not(None))
    return _listed(session, found.order_by(Alarm.closed_ms.desc(), Alarm.id.desc()).limit(most))


def with_names(session: Session, numbers: Iterable[int]) -> dict[int, Listed]:
    """Some alarms by their number; what is not there is left out."""
    wanted = sorted(set(numbers))
    rows: dict[int, Listed] = {}
    for first in range(0, len(wanted), _FEW):
        found = _fitting(ALL).where(Alarm.id.in_(wanted[first : first + _FEW]))
        rows |= {each.alarm.id: each for each in _listed(session, found)}
    return rows


def on_list(view: str, rows: Iterable[Listed]) -> list[Listed]:
    """Those of the open alarms that stand on a list."""
    return [each for each in rows if VIEWS[view](each.alarm)]


def aside(rows: Sequence[Listed], shown: Iterable[Listed]) -> dict[str, int]:
    """How many of the open alarms stand on the other lists and are not shown; lists without any left out."""
    seen = {each.alarm.id for each in shown}
    left = [each for each in rows if each.alarm.id not in seen]
    counts = Counter(view for view in ASIDE for each in left if VIEWS[view](each.alarm))
    return {view: counts[view] for view in ASIDE if counts[view]}


def worst_first(rows: Iterable[Listed]) -> list[Listed]:
    """By severity, then the oldest."""
    return sorted(rows, key=lambda each: (_rank(each.alarm.severity), each.alarm.start_ms, each.alarm.id))


def beneath(rows: Iterable[Listed], events: Mapping[int, Listed]) -> list[Listed]:
    """The suppressed with the area event they stand under before them, the others at the end.

    Args:
        rows: suppressed alarms.
        events: the alarms they stand under, by number.
    """
    rows = list(rows)
    ordered: list[Listed] = []
    for event in worst_first(events.values()):
        ordered += [event, *(each for each in rows if each.alarm.parent_id == event.alarm.id)]
    named = {each.alarm.id for each in ordered}
    return ordered + [each for each in rows if each.alarm.id not in named]


def _rank(severity: str) -> int:
    return _SEVEREST_FIRST.index(severity) if severity in _SEVEREST_FIRST else len(_SEVEREST_FIRST)


_Row = tuple[Alarm, str | None, str | None, str | None, str | None]
_Found = Select[Alarm, str | None, str | None, str | None, str | None]


def _fitting(wanted: Wanted) -> _Found:
    assigned, own = aliased(Company), aliased(Company)
    company = func.coalesce(assigned.name, own.name)
    found = (
        select(Alarm, Station.name, Station.county_code, Town.name, company)
        .outerjoin(Station, Station.id == Alarm.station_id)
        .outerjoin(Town, Town.id == Station.town_id)
        .outerjoin(own, own.id == Station.company_id)
        .outerjoin(assigned, assigned.id == Alarm.assigned_company_id)
    )
    if wanted.county:
        of_area = Alarm.subject.startswith(f"{wanted.county}/", autoescape=True)
        is_area = Alarm.station_id.is_(None) & (or_(Alarm.subject == wanted.county, of_area))
        found = found.where(or_(Station.county_code == wanted.county, is_area))
    for column, word in (
        (Alarm.type, wanted.type),
        (Alarm.severity, wanted.severity),
        (company, wanted.company),
        (Alarm.station_id, wanted.station),
    ):
        if word:
            found = found.where(column == word)
    return found


def _listed(session: Session, found: _Found) -> list[Listed]:
    counties = {row[0]: row[1] for row in session.execute(select(County.code, County.name))}
    rows: list[Listed] = []
    for alarm, name, code, town, company in session.execute(found):
        place = Place(code or "", town or "") if alarm.station_id else Place.of(alarm.subject)
        county = counties.get(place.county) or place.county
        rows.append(Listed(alarm, name or "", place.county, county, place.town, company or ""))
    return rows
