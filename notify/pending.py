"""What the registry holds of messages that are not delivered yet, and of the tries to deliver them."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from notify.message import Message, message_of
from notify.retries import GIVE_UP_AFTER_MS
from registry.tables import DeliveryAttempt, Notification

MOST_AT_ONCE = 5_000
"""Rows that one message may tell of."""
INTERRUPTED = "interrupted, sent again"
_OPEN = (Notification.sent_ms.is_(None), Notification.failed_ms.is_(None))


class Pending(NamedTuple):
    """A row of the outbox that is due."""

    id: int
    due_ms: int
    attempts: int
    message: Message


class Again(NamedTuple):
    """What becomes of a row that could not be sent: due again, or given up."""

    id: int
    attempts: int
    due_ms: int
    failed_ms: int | None


def waiting(session: Session, now_ms: int) -> list[str]:
    """The channels for which something is due."""
    first_ms = func.min(Notification.due_ms)
    found = select(Notification.channel, first_ms).where(*_OPEN).group_by(Notification.channel)
    return sorted(channel for channel, due_ms in session.execute(found) if due_ms <= now_ms)


def last_attempts(session: Session, channels: Collection[str]) -> dict[str, int]:
    """When each channel was last tried, ms since the epoch, UTC."""
    found = (
        select(DeliveryAttempt.channel, func.max(DeliveryAttempt.at_ms))
        .where(DeliveryAttempt.channel.in_(channels))
        .group_by(DeliveryAttempt.channel)
    )
    return {row[0]: row[1] for row in session.execute(found)}


def due(session: Session, channel: str, now_ms: int) -> list[Pending]:
    """What is due for a channel, the oldest first; a row that cannot be read is given up."""
    found = (
        select(Notification)
        .where(*_OPEN, Notification.channel == channel, Notification.due_ms <= now_ms)
        .order_by(Notification.id)
        .limit(MOST_AT_ONCE)
    )
    rows = []
    for row in session.scalars(found):
        try:
            rows.append(Pending(row.id, row.due_ms, row.attempts, message_of(row.content)))
        except msgspec.ValidationError as error:
            row.failed_ms, row.last_error = now_ms, f"cannot be read: {error}"
    return rows


def together(rows: Sequence[Pending]) -> list[Pending]:
    """Those of what is due that go in one message.

    All alarms go together, a digest or a report alone. Alarms of high severity go first; else what has been
    due longest. Pure.
    """
    if not rows:
        return []
    first = min(
        rows,
        key=lambda row: (
            row.message.matter != "alarms" or row.message.severity != "high",
            row.due_ms,
            row.id,
        ),
    )
    if first.message.matter == "alarms":
        return [row for row in rows if row.message.matter == "alarms"]
    return [first]


def begin_attempt(session: Session, channel: str, at_ms: int, count: int, subject: str) -> int:
    """Note that a message is about to be sent; the number of the attempt."""
    attempt = DeliveryAttempt(channel=channel, at_ms=at_ms, notifications=count, subject=subject[:200])
    session.add(attempt)
    session.flush()
    return attempt.id


def end_attempt(session: Session, attempt: int, ended_ms: int, error: str | None) -> None:
    """Note how it ended."""
    done = update(DeliveryAttempt).where(DeliveryAttempt.id == attempt)
    session.execute(done.values(ended_ms=ended_ms, error=error))


def mark_sent(session: Session, rows: Sequence[Pending], sent_ms: int) -> None:
    """Note that rows were delivered."""
    session.execute(update(Notification), [{"id": row.id, "sent_ms": sent_ms} for row in rows])


def mark_again(session: Session, rows: Sequence[Again], error: str) -> None:
    """Note that rows were not delivered."""
    session.execute(update(Notification), [row._asdict() | {"last_error": error} for row in rows])


def close_interrupted(session: Session, now_ms: int) -> int:
    """End the attempts of a process that died while it sent; how many there were."""
    open_ones = select(DeliveryAttempt.id).where(DeliveryAttempt.ended_ms.is_(None))
    ids = list(session.scalars(open_ones))
    for attempt in ids:
        end_attempt(session, attempt, now_ms, INTERRUPTED)
    return len(ids)


def give_up_unknown(session: Session, channels: Collection[str], now_ms: int) -> int:
    """Give up what has been due for a day for channels that are no longer there; how many rows."""
    found = select(Notification).where(
        *_OPEN, Notification.channel.not_in(channels), Notification.due_ms <= now_ms - GIVE_UP_AFTER_MS
    )
    rows = list(session.scalars(found))
    for row in rows:
        row.failed_ms, row.last_error = now_ms, "the channel is no longer in [notify]"
    return len(rows)


def troubles(session: Session) -> dict[str, str]:
    """The last error of each channel that has something to try again."""
    found = select(Notification.due_ms, Notification.channel, Notification.last_error).where(
        *_OPEN, Notification.attempts > 0
    )
    rows = sorted((due_ms, channel, error or "") for due_ms, channel, error in session.execute(found))
    return {channel: error for _, channel, error in rows}


def given_up(session: Session, since_ms: int) -> dict[str, tuple[int, str]]:
    """How many rows of each channel were given up since an instant, and the last error."""
    found = (
        select(Notification.channel, Notification.last_error)
        .where(Notification.failed_ms > since_ms)
        .order_by(Notification.failed_ms)
    )
    counts: dict[str, tuple[int, str]] = {}
    for channel, error in session.execute(found):
        counts[channel] = (counts.get(channel, (0, ""))[0] + 1, error or "")
    return counts
