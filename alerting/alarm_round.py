"""A round of all alarms: what states, silences, people and time make of them, in one transaction."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from alerting.alarm_book import AlarmBook
from alerting.alarm_life import SEVERITIES
from alerting.alarms import Around, follow, open_alarms
from alerting.area_alarms import Areas
from alerting.digest import NO_DIGEST, DigestOf, put_digest
from alerting.escalation import Weight, escalate
from alerting.fleet_cards import Card, fleet_cards, places_of
from alerting.hearing import Deafness, Hearing
from alerting.judging import Rules
from alerting.mutes import end_expired, quiets, standing_mutes
from alerting.telling import tell, tell_deafness
from notify.post import Post
from registry.services import health
from registry.tables import StatePeriod

UNKNOWN_WEIGHT = Weight()


class AlarmRound:
    """Follows with alarms what the worker decides."""

    def __init__(self, rules: Rules, post: Post | None = None, digest_of: DigestOf = NO_DIGEST) -> None:
        """Take what it needs.

        Args:
            rules: delays and limits.
            post: who is told; None if nobody is.
            digest_of: the morning digest.
        """
        self._rules = rules
        self._post = post
        self._digest_of = digest_of
        self._hearing = Hearing(rules.alarms.grace_s)
        self._cards: dict[str, Card] = {}
        self._news: Deafness | None = None

    def follow(
        self, session: Session, periods: Mapping[str, StatePeriod], now_ms: int, *, is_round: bool
    ) -> None:
        """Bring all alarms in line with the stations' present states, in the caller's transaction.

        When that is committed, say so by `written`.
        """
        self._hearing.look(health(session), now_ms)
        if is_round or not self._cards.keys() >= periods.keys():
            self._cards = fleet_cards(session, self._rules.alarms)
        hears = self._hearing.hears(now_ms)
        follow_all(session, periods, self._cards, self._rules, self._post, hears=hears, now_ms=now_ms)
        if self._post is None:
            return
        self._news = self._hearing.news(now_ms)
        if self._news is not None:
            tell_deafness(session, self._news, self._post, now_ms)
        if is_round:
            put_digest(session, self._cards, self._post, self._digest_of, now_ms)

    def written(self) -> None:
        """What was last followed is in the registry."""
        if self._news is not None:
            self._hearing.told(self._news)
            self._news = None


def follow_all(
    session: Session,
    periods: Mapping[str, StatePeriod],
    cards: Mapping[str, Card],
    rules: Rules,
    post: Post | None,
    *,
    hears: bool,
    now_ms: int,
) -> int:
    """Bring all alarms in line with the present, and put what is to be told into the outbox.

    Args:
        session: a writing one.
        periods: the present state of every station.
        cards: the stations' names, places and weights.
        rules: delays and limits.
        post: who is told.
        hears: the centre hears, so that silences mean something.
        now_ms: ms since the epoch, UTC.

    Returns:
        How many messages were put.
    """
    book = AlarmBook(session, now_ms)
    opened = open_alarms(session)
    mutes = quiets(end_expired(standing_mutes(session), now_ms))
    areas = Areas(book, opened, periods, places_of(cards, periods), rules.alarms)
    areas.follow(mutes, hears=hears)
    delays = rules.delays
    for station, period in periods.items():
        own = opened.get(station, [])
        if own or period.state in SEVERITIES:
            around = Around(mutes.get(station, {}), areas.over.get(station), hears)
            opened[station] = follow(book, period, own, delays, around, is_attended=True)
    for subject, alarms in opened.items():
        card = cards.get(subject)
        for alarm in alarms:
            escalate(book, alarm, rules.alarms, UNKNOWN_WEIGHT if card is None else card.weight)
    return tell(session, book.write(), cards, post, now_ms)
