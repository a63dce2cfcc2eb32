"""Which channel hears a message, and when at the earliest. Pure."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from notify.message import Message
from registry.notify_settings import SEVERITIES, Channel, Severity
from service.civil import clock_of


def hears(channel: Channel, message: Message) -> bool:
    """Whether a channel is to be told, by what it tells, its least severity, its level and its counties.

    A message without a county concerns all.
    """
    return (
        message.matter in channel.tells
        and SEVERITIES.index(message.severity) >= SEVERITIES.index(channel.severity)
        and message.level >= channel.level
        and (not channel.counties or not message.county or message.county in channel.counties)
    )


def told_from(hours: str, severity: Severity, at_ms: int, zone: ZoneInfo) -> int:
    """The first instant, from `at_ms` on, at which a channel of these hours is told; ms since the epoch, UTC.

    High severity is told at any hour. A span such as 22:00-06:00 goes over midnight.
    """
    if not hours or severity == "high":
        return at_ms
    begin, end = (_minutes(each) for each in hours.split("-"))
    at = clock_of(at_ms, zone)
    minute = at.hour * 60 + at.minute
    is_open = begin <= minute < end if begin < end else minute >= begin or minute < end
    if is_open:
        return at_ms
    day = at.date() if minute < begin else at.date() + timedelta(days=1)
    opening = datetime.combine(day, time(begin // 60, begin % 60), zone)
    return max(int(opening.timestamp() * 1000), at_ms)


def _minutes(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)
