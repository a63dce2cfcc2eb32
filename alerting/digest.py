"""The morning digest: how the stations are, what stands, what came and went, what is overdue."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from alerting.alarm_life import NOTICE, quiet_of
from alerting.alarm_words import LANGUAGES, STATES, TYPES, word
from alerting.fleet_cards import Card
from notify.digest import digest_due
from notify.message import Message
from notify.outbox import put
from notify.post import Post
from registry.tables import Alarm, Notification, StatePeriod
from service.civil import clock_of

DAY_MS = 86_400_000
WORST_SHOWN = 5


class DigestOf(NamedTuple):
    """Whose digest it is, and when it is due.

    Attributes:
        centre: its name.
        at: local time of day, such as `07:30`; empty: never.
    """

    centre: str
    at: str


NO_DIGEST = DigestOf("", "")


class Summary(NamedTuple):
    """What the digest says.

    Attributes:
        states: stations by state.
        standing: alarms above a notice that stand and may ring, the longest first.
        notices: standing notices.
        unacknowledged: of the standing.
        followed_up, overdue: on the follow-up list, and those whose due time has passed.
        quiet: standing, but shelved, suppressed or out of service.
        raised, returned: alarms above a notice of the last 24 hours.
    """

    states: Mapping[str, int]
    standing: list[Alarm]
    notices: int
    unacknowledged: int
    followed_up: int
    overdue: int
    quiet: int
    raised: int
    returned: int


def put_digest(
    session: Session, cards: Mapping[str, Card], post: Post, wanted: DigestOf, now_ms: int
) -> bool:
    """Put the day's digest into the outbox, if it is due; says whether it was."""
    if not any("digest" in channel.tells for channel in post.channels):
        return False

    def has_been_made(day: date) -> bool:
        found = select(Notification.id).where(Notification.key == _key(day)).limit(1)
        return session.scalar(found) is not None

    day = digest_due(now_ms, post.zone, wanted.at, has_been_made)
    if day is None:
        return False
    message = digest(summary(session, now_ms), cards, post.zone, wanted.centre, day)
    return put(session, message, post, now_ms) > 0


def summary(session: Session, now_ms: int) -> Summary:
    """Count what stands now, and what happened in the last 24 hours."""
    present = select(StatePeriod.state, func.count()).where(StatePeriod.end_ms.is_(None))
    states = session.execute(present.group_by(StatePeriod.state))
    active = list(
        session.scalars(
            select(Alarm)
            .where(Alarm.closed_ms.is_(None), Alarm.cleared_ms.is_(None))
            .order_by(Alarm.start_ms, Alarm.id)
        )
    )
    loud = [alarm for alarm in active if quiet_of(alarm).why is None]
    standing = [alarm for alarm in loud if alarm.severity != NOTICE]
    followed_up = [alarm for alarm in loud if alarm.follow_up_ms is not None]

    def since(instant: InstrumentedAttribute[int] | InstrumentedAttribute[int | None]) -> int:
        found = select(func.count()).where(
            instant > now_ms - DAY_MS, instant <= now_ms, Alarm.severity != NOTICE, Alarm.rang_ms.is_not(None)
        )
        return session.scalar(found) or 0

    return Summary(
        states={state: int(count) for state, count in states},
        standing=standing,
        notices=len(loud) - len(standing),
        unacknowledged=sum(alarm.acknowledged_ms is None for alarm in standing),
        followed_up=len(followed_up),
        overdue=sum(alarm.due_ms is not None and alarm.due_ms <= now_ms for alarm in followed_up),
        quiet=len(active) - len(loud),
        raised=since(Alarm.raised_ms),
        returned=since(Alarm.cleared_ms),
    )


def digest(found: Summary, cards: Mapping[str, Card], zone: ZoneInfo, name: str, day: date) -> Message:
    """The digest as a message to all who hear digests. Pure."""
    return Message(
        key=_key(day),
        matter="digest",
        severity="high",
        level=3,
        title={"zh-CN": f"{name}早报 {day}", "en": f"{name}, morning digest of {day}"},
        text={
            language: "\n".join(lines)
            for language, lines in zip(LANGUAGES, _lines(found, cards, zone, name, day), strict=True)
        },
    )


def _key(day: date) -> str:
    return f"digest-{day}"


def _lines(
    found: Summary, cards: Mapping[str, Card], zone: ZoneInfo, name: str, day: date
) -> tuple[list[str], list[str]]:
    severities = Counter(alarm.severity for alarm in found.standing)
    standing, open_ = len(found.standing), found.unacknowledged
    total = sum(found.states.values())
    ranked = sorted(found.states.items(), key=lambda each: (-each[1], each[0]))
    chinese = "，".join(f"{word(STATES, state, 'zh-CN')} {count}" for state, count in ranked)
    english = ", ".join(f"{word(STATES, state, 'en')} {count}" for state, count in ranked)
    high, medium = severities["high"], severities["medium"]
    zh = [
        f"{name} {day} 早报",
        f"站点 {total} 座：{chinese}",
        f"未恢复告警 {standing} 条（高 {high}，中 {medium}），未确认 {open_} 条；提示 {found.notices} 条",
        f"过去 24 小时：新增 {found.raised}，恢复 {found.returned}",
        f"跟踪整改 {found.followed_up} 条，逾期 {found.overdue} 条；静默 {found.quiet} 条",
    ]
    en = [
        f"{name}, {day}",
        f"Stations {total}: {english}",
        f"Standing alarms: {standing} ({high} high, {medium} medium), {open_} unacknowledged",
        f"Notices: {found.notices}",
        f"Last 24 hours: {found.raised} raised, {found.returned} returned to normal",
        f"Follow-up: {found.followed_up}, overdue {found.overdue}; quiet {found.quiet}",
    ]
    for alarm in found.standing[:WORST_SHOWN]:
        card = cards.get(alarm.subject)
        where = f"{card.county} {card.name}".strip() if card else alarm.subject
        since = f"{clock_of(alarm.start_ms, zone):%m-%d %H:%M}"
        zh.append(f"· {where} {word(TYPES, alarm.type, 'zh-CN')}，自 {since}")
        en.append(f"· {where}: {word(TYPES, alarm.type, 'en')} since {since}")
    return zh, en
