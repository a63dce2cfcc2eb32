"""Which alarms a person sees: those of their stations, area events of their counties, the centre's own."""

from sqlalchemy import ColumnElement, and_, func, or_, true

from alerting.alarm_life import AREA_EVENT
from console.person import Person
from registry.tables import Alarm


def alarms_seen(person: Person) -> ColumnElement[bool]:
    """The condition on `Alarm` that its row is seen.

    An area event is seen by whoever sees all of its county. What has neither station nor area is of the
    centre's own services.
    """
    scope = person.scope
    is_area = Alarm.type == AREA_EVENT
    is_system = and_(Alarm.station_id.is_(None), Alarm.type != AREA_EVENT)
    sees_system = person.may("system.see")
    if not scope.is_limited:
        return true() if sees_system else ~is_system
    seen: list[ColumnElement[bool]] = [Alarm.station_id.in_(scope.station_ids())]
    if scope.company_id is None and scope.counties:
        seen += [
            and_(
                is_area,
                or_(Alarm.subject == code, func.substr(Alarm.subject, 1, len(code) + 1) == f"{code}/"),
            )
            for code in sorted(scope.counties)
        ]
    if sees_system:
        seen.append(is_system)
    return or_(*seen)
