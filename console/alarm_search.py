"""What is looked for among the alarms: kept in the address, so that links, paging and renewal all keep it."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from fastapi import Request
from sqlalchemy import ColumnElement, and_, or_, select, true

from alerting.alarm_life import AREA_EVENT
from console.address import month_of
from registry.tables import Alarm, Company, Station
from service.civil import Month

_LONGEST = 100


class AlarmSearch(NamedTuple):
    """What is looked for; an empty word fits every alarm.

    Attributes:
        q: part of the name or number of a station, or of an area.
        county: code.
        type, severity: codes.
        company: name of the O&M company that mends it: the one it is assigned to, else the station's.
        month: such as `2026-11`, of the closed ones only.
    """

    q: str = ""
    county: str = ""
    type: str = ""
    severity: str = ""
    company: str = ""
    month: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "AlarmSearch":
        """That of an address."""
        return cls(*(asked.get(name, "").replace("\x00", "").strip()[:_LONGEST] for name in cls._fields))

    @property
    def narrows(self) -> bool:
        """Whether the open alarms are narrowed by anything."""
        return any(self._replace(month=""))

    def address(self, page: int = 1, **changes: str) -> str:
        """Where the same is looked for, with some of it changed."""
        asked = {name: word for name, word in self._replace(**changes)._asdict().items() if word}
        if page > 1:
            asked["page"] = str(page)
        return f"/alarms?{urlencode(asked)}" if asked else "/alarms"

    def closed_month(self) -> Month | None:
        """The month of the closed ones; None for all.

        Raises:
            HTTPException: 404, what is asked for is no month.
        """
        return month_of(self.month) if self.month else None

    def fits(self) -> ColumnElement[bool]:
        """The condition on `Alarm`; the month is not in it."""
        limits: list[ColumnElement[bool]] = [true()]
        if self.q:
            of_station = select(Station.id).where(Station.name.icontains(self.q, autoescape=True))
            is_named = Alarm.subject.icontains(self.q, autoescape=True)
            limits.append(or_(is_named, Alarm.station_id.in_(of_station)))
        if self.county:
            limits.append(_of_county(self.county))
        if self.type:
            limits.append(Alarm.type == self.type)
        if self.severity:
            limits.append(Alarm.severity == self.severity)
        if self.company:
            limits.append(_of_company(self.company))
        return and_(*limits)


def search_of(request: Request) -> AlarmSearch:
    """What a request looks for."""
    return AlarmSearch.of(request.query_params)


def _of_county(code: str) -> ColumnElement[bool]:
    own = select(Station.id).where(Station.county_code == code)
    is_area = or_(Alarm.subject == code, Alarm.subject.startswith(f"{code}/", autoescape=True))
    return or_(Alarm.station_id.in_(own), and_(Alarm.type == AREA_EVENT, is_area))


def _of_company(name: str) -> ColumnElement[bool]:
    own = select(Company.id).where(Company.name == name)
    mends = select(Station.id).where(Station.company_id.in_(own))
    is_theirs = and_(Alarm.assigned_company_id.is_(None), Alarm.station_id.in_(mends))
    return or_(Alarm.assigned_company_id.in_(own), is_theirs)
