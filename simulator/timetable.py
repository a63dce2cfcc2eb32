"""Turns the script's days and hours into instants, from when a demo's folder was first made."""

import math
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from service.civil import Month, day_of, start_of
from simulator.cast import Approved, Moment, Since, Span
from simulator.city_station import Event, PlannedStop
from simulator.errors import ParameterError
from simulator.village import HOUR_S, QUARTER_S

ZONE = ZoneInfo("Asia/Shanghai")
_EARLIEST_S, _LATEST_S = 946_684_800, 4_102_444_800
"""The years 2000 to 2099, UTC."""


class Timetable:
    """The calendar of one demo.

    Attributes:
        first_day: first day of the month before last.
        start_s: its beginning, seconds since the epoch.
    """

    def __init__(self, begun_s: float) -> None:
        """Begin.

        Raises:
            ParameterError: not an instant of this century.
        """
        if not _EARLIEST_S <= begun_s < _LATEST_S:
            raise ParameterError("begun_s", "an instant of this century", begun_s, "Pass epoch seconds.")
        self._begun_s = begun_s
        self._running = Month.of(_local_day(begun_s))
        self.first_day = self._running.after(-2).first
        self.start_s = _midnight_s(self.first_day)

    def day(self, moment: Moment) -> date:
        """The civil day of a moment."""
        return self._running.after(moment.month).first + timedelta(days=moment.day - 1)

    def event(self, happening: Span | Since) -> Event:
        """When something happens."""
        if isinstance(happening, Since):
            return Event(happening.kind, self._since_s(happening), math.inf)
        end_s = self._instant_s(happening.end) if happening.end else math.inf
        return Event(happening.kind, self._instant_s(happening.start), end_s)

    def planned_stop(self, approved: Approved, applicant: str, approver: str) -> PlannedStop:
        """Which days an approved stop covers."""
        first, last = (Moment(approved.month, day) for day in (approved.first_day, approved.last_day))
        entered = self.day(approved.entered)
        return PlannedStop(self.day(first), self.day(last), approved.reason, applicant, approver, entered)

    def _instant_s(self, moment: Moment) -> float:
        return _midnight_s(self.day(moment)) + moment.hour * HOUR_S

    def _since_s(self, since: Since) -> float:
        """Count back, and further to the beginning of the barred hours from anywhere among them."""
        start_s = (self._begun_s - since.hours * HOUR_S) // QUARTER_S * QUARTER_S
        first, last = since.barred
        clock_h = (start_s - _midnight_s(_local_day(start_s))) / HOUR_S
        into_barred_h = (clock_h - first) % 24
        if into_barred_h < (last - first) % 24:
            start_s -= into_barred_h * HOUR_S
        return start_s


def _local_day(time_s: float) -> date:
    return day_of(int(time_s * 1000), ZONE)


def _midnight_s(day: date) -> float:
    return start_of(day, ZONE) / 1000
