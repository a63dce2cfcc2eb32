"""What people are told of an alarm: its steps as messages, in the transaction of the step itself."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from alerting.alarm_book import Step
from alerting.alarm_life import AREA_EVENT
from alerting.alarm_words import LANGUAGES, REASONS, STEPS, TYPES, word
from alerting.area import Place
from alerting.escalation import Weight
from alerting.fleet_cards import Card
from alerting.hearing import Deafness
from notify.message import Message
from notify.outbox import put
from notify.post import Post
from registry.tables import Alarm
from service.civil import clock_of

if TYPE_CHECKING:
    from registry.notify_settings import Severity

_TITLES = {
    "raised": ("{type}", "{type}"),
    "rang_again": ("{type}（仍在持续）", "{type} (still so)"),
    "returned_to_normal": ("{type}已恢复", "{type}: back to normal"),
    "escalated": ("{type}（{step}）", "{type} ({step})"),
}
_TEXTS = {
    "raised": ("{where} {type}：{reason}，自 {since} 起", "{where}: {type} since {since}, {reason}"),
    "rang_again": (
        "{where} {type}仍在持续：{reason}，自 {since} 起",
        "{where}: still {type} since {since}, {reason}",
    ),
    "returned_to_normal": (
        "{where} {type}已恢复（{since} 至 {now}）",
        "{where}: {type} is back to normal ({since} to {now})",
    ),
    "escalated": (
        "{where} {type}，{step}：{reason}，自 {since} 起{company}",
        "{where}: {type}, {step}: {reason}, since {since}{company}",
    ),
}
_DEAFNESS_TITLES = ("监管中心数据采集", "The centre's own collector")
_DEAFNESS = {
    "deaf": (
        "监管中心自 {since} 起收不到站点数据，采集服务异常{why}。期间离线不报警，请先检查中心。",
        "The centre has heard nothing since {since}, its collector is down or ill{why}. Look there first.",
    ),
    "hears": (
        "监管中心已恢复接收站点数据（自 {since} 中断）。",
        "The centre hears its stations again (deaf since {since}).",
    ),
}
_OF_MANY = ("（{stations}/{of} 座站点）", " ({stations} of {of} stations)")


def tell(
    session: Session, steps: Iterable[Step], cards: Mapping[str, Card], post: Post | None, now_ms: int
) -> int:
    """Put what is to be told into the outbox; returns the number of its rows."""
    if post is None or not post.channels:
        return 0
    return sum(
        put(session, message(step, cards, post.zone, now_ms), post, now_ms, step.event.id) for step in steps
    )


def tell_deafness(session: Session, news: Deafness, post: Post, now_ms: int) -> int:
    """Tell that the centre hears nothing, or hears again; returns the number of the outbox's rows."""
    since = _instant(news.since_ms, post.zone)
    kind = "hears" if news.is_over else "deaf"
    words = zip(LANGUAGES, _DEAFNESS[kind], (f"（{news.why}）", f" ({news.why})"), strict=True)
    texts = {language: text.format(since=since, why=why if news.why else "") for language, text, why in words}
    told = Message(
        key=f"{kind}-{news.since_ms}",
        matter="alarms",
        severity="high",
        title=dict(zip(LANGUAGES, _DEAFNESS_TITLES, strict=True)),
        text=texts,
        since_ms=news.since_ms,
    )
    return put(session, told, post, now_ms)


def message(step: Step, cards: Mapping[str, Card], zone: ZoneInfo, now_ms: int) -> Message:
    """A step as a message."""
    alarm = step.alarm
    card = _card(alarm, cards)
    kind = step.event.event
    texts: dict[str, str] = {}
    titles: dict[str, str] = {}
    for place, language in enumerate(LANGUAGES):
        words = {
            "type": word(TYPES, alarm.type, language),
            "reason": word(REASONS, alarm.reason, language) + _many(alarm, place),
            "step": word(STEPS, str(step.event.details.get("step", "")), language),
            "where": _where(alarm, card),
            "since": _instant(alarm.start_ms, zone),
            "now": _instant(now_ms, zone),
            "company": (f"，运维单位：{card.company}", f", O&M company: {card.company}")[place]
            if card.company
            else "",
        }
        titles[language] = _TITLES[kind][place].format_map(words)
        texts[language] = _TEXTS[kind][place].format_map(words)
    return Message(
        key=f"event-{step.event.id}",
        matter="alarms",
        severity=cast("Severity", alarm.severity),
        level=step.level,
        county=card.place.county,
        place=card.county,
        subject=card.name,
        title=titles,
        text=texts,
        since_ms=alarm.start_ms,
    )


def _card(alarm: Alarm, cards: Mapping[str, Card]) -> Card:
    """The station's card; of an area event one that is made of its place."""
    known = cards.get(alarm.subject)
    if known is not None:
        return known
    if alarm.type != AREA_EVENT:
        return Card(alarm.subject, Place(""), "", "", Weight())
    place = Place.of(alarm.subject)
    county = next((card.county for card in cards.values() if card.place.county == place.county), place.county)
    return Card(f"{county} {place.town}".strip(), place, county, "", Weight())


def _where(alarm: Alarm, card: Card) -> str:
    if alarm.type == AREA_EVENT:
        return card.name
    return f"{' '.join(part for part in (card.county, card.place.town, card.name) if part)} ({alarm.subject})"


def _many(alarm: Alarm, place: int) -> str:
    return _OF_MANY[place].format_map(alarm.evidence) if alarm.type == AREA_EVENT else ""


def _instant(at_ms: int, zone: ZoneInfo) -> str:
    return f"{clock_of(at_ms, zone):%m-%d %H:%M}"
