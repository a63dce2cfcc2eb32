"""One alarm's whole story: its steps, what was told of each over which channel, and who kept it quiet."""

from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from alerting.alarm_face import Reader, fields, object_of
from alerting.alarm_list import Listed, with_names
from registry.tables import Alarm, AlarmEvent, AlarmMute, Company, Notification


class Story(NamedTuple):
    """An alarm and all that belongs to it.

    Attributes:
        events: its steps, in order.
        told: what was put into the outbox of each step, by the step's number.
        mutes: what people decided about its quietness while it was open.
        companies: names of the O&M companies by their row's number.
    """

    row: Listed
    events: list[AlarmEvent]
    told: dict[int, list[Notification]]
    mutes: list[AlarmMute]
    companies: dict[int, str]


def story_of(session: Session, number: int) -> Story | None:
    """The story of an alarm; None if there is no such alarm."""
    row = with_names(session, [number]).get(number)
    if row is None:
        return None
    steps = select(AlarmEvent).where(AlarmEvent.alarm_id == number)
    events = list(session.scalars(steps.order_by(AlarmEvent.at_ms, AlarmEvent.id)))
    told: dict[int, list[Notification]] = {}
    put = select(Notification).where(Notification.alarm_event_id.in_(steps.with_only_columns(AlarmEvent.id)))
    for each in session.scalars(put.order_by(Notification.id)):
        if each.alarm_event_id is not None:
            told.setdefault(each.alarm_event_id, []).append(each)
    companies = {each[0]: each[1] for each in session.execute(select(Company.id, Company.name))}
    return Story(row, events, told, _mutes(session, row.alarm), companies)


def delivery(told: Notification) -> str:
    """What has become of a message: `sent`, `failed` or `pending`."""
    if told.sent_ms is not None:
        return "sent"
    return "pending" if told.failed_ms is None else "failed"


def story_object(story: Story, reader: Reader) -> dict[str, Any]:
    """The same for machines."""
    return {
        **object_of(story.row, reader),
        "events": [
            {
                **_without(each, reader.zone, "alarm_id"),
                "told": [_told(one, reader.zone) for one in story.told.get(each.id, [])],
            }
            for each in story.events
        ],
        "mutes": [fields(each, reader.zone) for each in story.mutes],
    }


def _told(told: Notification, zone: ZoneInfo) -> dict[str, Any]:
    return {**_without(told, zone, "alarm_event_id", "content"), "state": delivery(told)}


def _without(row: AlarmEvent | Notification, zone: ZoneInfo, *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields(row, zone).items() if name not in names}


def _mutes(session: Session, alarm: Alarm) -> list[AlarmMute]:
    found = (
        select(AlarmMute)
        .where(AlarmMute.subject == alarm.subject, AlarmMute.type.in_(("", alarm.type)))
        .where(or_(AlarmMute.ended_ms.is_(None), AlarmMute.ended_ms >= alarm.raised_ms))
    )
    if alarm.closed_ms is not None:
        found = found.where(AlarmMute.since_ms <= alarm.closed_ms)
    return list(session.scalars(found.order_by(AlarmMute.since_ms, AlarmMute.id)))
