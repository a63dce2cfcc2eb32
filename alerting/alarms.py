"""Alarms: rise with a state that stands, return to normal when it has gone; every step is an event."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerting.known import LISTENING, NO_LONGER_IN_USE
from alerting.states import Rows
from registry.tables import Alarm, AlarmEvent, StatePeriod

SEVERITIES = {
    "stopped": "medium",
    "flow_without_power": "medium",
    "idling": "low",
    "power_cut": "low",
    "meter_fault": "low",
    "low_load": "low",
    "offline": "low",
}
"""The states that ring, and how loud."""
SAY_NOTHING = ("offline", "unknown", "power_cut", "meter_fault")
"""A stopped station of which nothing more is heard or measured has not returned to normal."""


def open_alarms(session: Session) -> dict[str, list[Alarm]]:
    """The open alarms by station."""
    found: dict[str, list[Alarm]] = {}
    for alarm in session.scalars(select(Alarm).where(Alarm.closed_ms.is_(None))):
        found.setdefault(alarm.subject, []).append(alarm)
    return found


def follow(
    session: Rows,
    period: StatePeriod,
    opened: Iterable[Alarm],
    *,
    raise_after_s: int,
    clear_after_s: int,
    now_ms: int,
) -> list[Alarm]:
    """Bring a station's alarms in line with its present state; returns those open from now on."""
    ringing = {alarm.type: alarm for alarm in opened}
    still_open: list[Alarm] = []
    stands_s = (now_ms - period.decided_ms) / 1000
    alarm = ringing.pop(period.state, None)
    if alarm is not None:
        alarm.evidence = dict(period.evidence)
        alarm.reason = period.reason
        still_open.append(alarm)
    elif period.state in SEVERITIES and stands_s >= raise_after_s and LISTENING not in period.evidence:
        still_open.append(_raise(session, period, now_ms))
    for other in ringing.values():
        says_nothing = (
            period.state in SAY_NOTHING
            and period.reason != NO_LONGER_IN_USE
            and other.type not in SAY_NOTHING
        )
        if stands_s >= clear_after_s and not says_nothing:
            _clear(session, other, now_ms)
        else:
            still_open.append(other)
    return still_open


def _raise(session: Rows, period: StatePeriod, now_ms: int) -> Alarm:
    alarm = Alarm(
        type=period.state,
        subject=period.station_id,
        station_id=period.station_id,
        severity=SEVERITIES[period.state],
        start_ms=period.start_ms,
        raised_ms=now_ms,
        reason=period.reason,
        evidence=dict(period.evidence),
    )
    session.add(alarm)
    session.flush()
    session.add(
        AlarmEvent(alarm_id=alarm.id, at_ms=now_ms, event="raised", details={"reason": period.reason})
    )
    return alarm


def _clear(session: Rows, alarm: Alarm, now_ms: int) -> None:
    alarm.cleared_ms = alarm.closed_ms = now_ms
    session.add(AlarmEvent(alarm_id=alarm.id, at_ms=now_ms, event="returned_to_normal"))
