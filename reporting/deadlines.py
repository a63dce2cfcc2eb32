"""When a month's report is drafted, when exclusions close and when it is frozen. Pure.

All instants are ms since the epoch, UTC; days and hours are those of the centre's clock.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from reporting.due import RULES
from service.civil import Month, clock_of, start_of

FREEZING_DAY = 12
"""Day of the next month on which a report is frozen by itself."""


def drafted_from_ms(month: Month, zone: ZoneInfo, draft_hour: int) -> int:
    """The draft hour of the next month's 1st: the last day is judged by then."""
    return _at(month.after(1).first, zone, draft_hour)


def exclusions_close_ms(month: Month, zone: ZoneInfo) -> int:
    """The end of the last day on which an approved stop may be entered."""
    return start_of(month.after(1).first.replace(day=RULES.closing_day + 1), zone)


def frozen_from_ms(month: Month, zone: ZoneInfo, draft_hour: int) -> int:
    """The draft hour of the freezing day."""
    return _at(month.after(1).first.replace(day=FREEZING_DAY), zone, draft_hour)


def last_draft_hour_ms(now_ms: int, zone: ZoneInfo, draft_hour: int) -> int:
    """The newest draft hour that has come, of today or of yesterday."""
    today = clock_of(now_ms, zone).date()
    at_ms = _at(today, zone, draft_hour)
    return at_ms if at_ms <= now_ms else _at(today - timedelta(days=1), zone, draft_hour)


def _at(day: date, zone: ZoneInfo, hour: int) -> int:
    return int(datetime.combine(day, time(hour), zone).timestamp() * 1000)
