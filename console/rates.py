"""A month's operating rates as the desk shows them: the city's, the counties', and each station's month.

Reading a month of 2,000 stations costs a tenth of a second, so all pages share one result for half a minute;
whoever sees a part of the city gets the rates of that part worked out from it.
"""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from console.kept import Kept
from registry.scope import Scope
from reporting.rate import Connection, Rate, StationMonth, connection, rate, rates_by
from reporting.records import last_finished_day, station_months
from service.civil import Month


class MonthRates(NamedTuple):
    """What is known of a month.

    Attributes:
        month: which.
        until: the last day that counts; it lies before the month while none of its days is over.
        stations: the month of each station by id.
        city: the rate of all that are seen.
        counties: the rates by county code, empty for stations without a county.
        boxes: how many stations have a box.
    """

    month: Month
    until: date
    stations: dict[str, StationMonth]
    city: Rate
    counties: dict[str, Rate]
    boxes: Connection

    @property
    def has_begun(self) -> bool:
        """Whether a day of the month is over."""
        return self.until >= self.month.first


class Rates:
    """The rates of any month, kept for a short time; safe to use from several threads."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._kept: Kept[tuple[Month, date], MonthRates] = Kept()

    def of(self, session: Session, month: Month, now_ms: int, scope: Scope) -> MonthRates:
        """The rates of a month, up to yesterday if it still runs, of the stations that are seen."""
        until = min(last_finished_day(now_ms, self._zone), month.last)
        whole = self._kept.get((month, until), now_ms, lambda: self._read(session, month, until, now_ms))
        if not scope.is_limited:
            return whole
        seen = session.scalars(scope.station_ids())
        return _rates(month, until, [whole.stations[each] for each in seen if each in whole.stations])

    def _read(self, session: Session, month: Month, until: date, now_ms: int) -> MonthRates:
        return _rates(month, until, station_months(session, month, self._zone, now_ms))


def _rates(month: Month, until: date, stations: Collection[StationMonth]) -> MonthRates:
    return MonthRates(
        month,
        until,
        {each.facility.id: each for each in stations},
        rate(stations),
        rates_by(lambda each: each.facility.county, stations),
        connection(stations, until),
    )
