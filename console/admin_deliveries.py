"""What the registry holds of messages to channels: what waits, what was given up, the last tries."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from notify.pending import given_up
from registry.tables import Audit, DeliveryAttempt, Notification

LAST_TRIES = 50
GIVEN_UP_SINCE_MS = 7 * 86_400_000
BETWEEN_TESTS_MS = 60_000
"""A channel is tested at most so often: robots refuse who sends too much, and then alarms are lost too."""
TESTED = "channel.test"


class Standing(NamedTuple):
    """How it stands with one channel.

    Attributes:
        last: the last try, None if there was none.
        waiting: messages not delivered yet.
        given_up: messages given up within the last seven days.
    """

    last: DeliveryAttempt | None
    waiting: int
    given_up: int


def standings(session: Session, channels: Collection[str], now_ms: int) -> dict[str, Standing]:
    """How it stands with each channel."""
    open_ones = (
        select(Notification.channel, func.count())
        .where(Notification.sent_ms.is_(None), Notification.failed_ms.is_(None))
        .group_by(Notification.channel)
    )
    waiting = {channel: count for channel, count in session.execute(open_ones)}  # noqa: C416 - rows, not pairs
    lost = given_up(session, now_ms - GIVEN_UP_SINCE_MS)
    return {
        name: Standing(
            next(iter(last_tries(session, [name], 1)), None), waiting.get(name, 0), lost.get(name, (0, ""))[0]
        )
        for name in channels
    }


def last_tries(session: Session, channels: Collection[str], most: int = LAST_TRIES) -> list[DeliveryAttempt]:
    """The last tries to deliver to some channels, the newest first."""
    found = select(DeliveryAttempt).where(DeliveryAttempt.channel.in_(channels))
    return list(
        session.scalars(found.order_by(DeliveryAttempt.at_ms.desc(), DeliveryAttempt.id.desc()).limit(most))
    )


def tested_since(session: Session, channel: str, since_ms: int) -> bool:
    """Whether somebody tested a channel from this console after an instant."""
    found = select(Audit.id).where(
        Audit.at_ms > since_ms, Audit.action == TESTED, Audit.object == subject_of(channel)
    )
    return session.scalars(found.limit(1)).first() is not None


def subject_of(channel: str) -> str:
    """What the audit trail calls a channel."""
    return f"channel:{channel}"
