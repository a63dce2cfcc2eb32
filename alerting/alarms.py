"""Which alarms a station's state calls for: they rise with a state that stands, and clear with its end."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerting.alarm_book import AlarmBook
from alerting.alarm_life import (
    AREA_EVENT,
    EXCLUSION,
    SEVERITIES,
    Quiet,
    clear,
    is_active,
    is_open,
    rise,
    settle,
    supersede,
)
from alerting.known import LISTENING, NO_LONGER_IN_USE
from alerting.mutes import quiet_for
from registry.alarm_settings import AlarmSettings
from registry.config import AlertingSettings
from registry.tables import Alarm, StatePeriod

SAY_NOTHING = ("offline", "unknown", "power_cut", "meter_fault")
"""A stopped station of which nothing more is heard or measured has not returned to normal."""
SILENCES = ("offline", "power_cut")
"""The states that many stations may fall into together; they wait, so that one event can be seen behind."""


class Delays(NamedTuple):
    """How long a state must stand before it rings, or be gone before its alarm returns to normal, seconds."""

    raise_after_s: int
    silence_raise_after_s: int
    clear_after_s: int

    @classmethod
    def of(cls, alerting: AlertingSettings, alarms: AlarmSettings) -> "Delays":
        """Those of the settings."""
        silence_s = max(alerting.raise_after_s, alarms.silence_raise_after_s)
        return cls(alerting.raise_after_s, silence_s, alerting.clear_after_s)

    def before(self, state: str) -> int:
        """How long a state must stand before it rings, seconds."""
        return self.silence_raise_after_s if state in SILENCES else self.raise_after_s


class Around(NamedTuple):
    """What else bears on a station's alarms.

    Attributes:
        mutes: what people keep quiet, by type; an empty type stands for those not named.
        area_event: the alarm under which its silence stands; None for none.
        hears: the centre has heard its stations for long enough that a silence means something.
    """

    mutes: Mapping[str, Quiet] = {}
    area_event: Alarm | None = None
    hears: bool = True


ALONE = Around()


def open_alarms(session: Session) -> dict[str, list[Alarm]]:
    """The open alarms by subject, to be changed."""
    found: dict[str, list[Alarm]] = {}
    rows = select(Alarm).where(Alarm.closed_ms.is_(None)).order_by(Alarm.id).with_for_update()
    for alarm in session.scalars(rows):
        found.setdefault(alarm.subject, []).append(alarm)
    return found


def follow(
    book: AlarmBook,
    period: StatePeriod,
    opened: Iterable[Alarm],
    delays: Delays,
    around: Around = ALONE,
    *,
    is_attended: bool,
) -> list[Alarm]:
    """Bring a station's alarms in line with its present state.

    Args:
        book: takes the steps, and knows the time.
        period: the present state.
        opened: the station's open alarms.
        delays: before a state rings and its alarm returns to normal.
        around: what else bears on them.
        is_attended: people acknowledge alarms, and approved stops only suppress; in a replay nobody does.

    Returns:
        Those open from now on.
    """
    kept = list(opened)
    standing = next((each for each in kept if each.type == period.state and is_active(each)), None)
    stands_s = (book.now_ms - period.decided_ms) / 1000
    if standing is not None:
        standing.evidence, standing.reason = dict(period.evidence), period.reason
    elif period.state in SEVERITIES and _may_rise(period, stands_s, delays, around):
        for old in [each for each in kept if each.type == period.state]:
            supersede(book, old)
        standing = _alarm_of(period)
        rise(book, standing, _quiet(period.state, period, around, is_attended=is_attended))
        kept.append(standing)
    if stands_s >= delays.clear_after_s:
        others = [each for each in kept if each is not standing and is_active(each)]
        for each in others:
            if _has_gone(each, period, is_attended=is_attended):
                clear(book, each, is_attended=is_attended)
    for each in filter(is_active, kept):
        if around.area_event is not None and each.type in SILENCES:
            each.parent_id = around.area_event.id
        settle(book, each, _quiet(each.type, period, around, is_attended=is_attended))
    return [each for each in kept if is_open(each)]


def _may_rise(period: StatePeriod, stands_s: float, delays: Delays, around: Around) -> bool:
    if period.state in SILENCES:
        if around.area_event is not None:
            return True
        if not around.hears:
            return False
    return stands_s >= delays.before(period.state) and LISTENING not in period.evidence


def _has_gone(alarm: Alarm, period: StatePeriod, *, is_attended: bool) -> bool:
    """Whether the present state says that an alarm's condition is over."""
    if alarm.type in SAY_NOTHING:
        return True
    if period.state in SAY_NOTHING:
        return period.reason == NO_LONGER_IN_USE
    return not (is_attended and period.state == "planned_stop")


def _quiet(type_: str, period: StatePeriod, around: Around, *, is_attended: bool) -> Quiet:
    """What keeps an alarm of a type quiet just now."""
    by_design = None
    if is_attended and period.state == "planned_stop":
        by_design = EXCLUSION
    elif around.area_event is not None and type_ in SILENCES:
        by_design = AREA_EVENT
    return quiet_for(around.mutes, type_)._replace(suppressed_by=by_design)


def _alarm_of(period: StatePeriod) -> Alarm:
    return Alarm(
        type=period.state,
        subject=period.station_id,
        station_id=period.station_id,
        severity=SEVERITIES[period.state],
        start_ms=period.start_ms,
        reason=period.reason,
        evidence=dict(period.evidence),
    )
