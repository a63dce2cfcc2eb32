"""Messages on their way: one row a channel, written in the transaction of what they tell."""

from collections.abc import Iterator

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from notify.message import Message, content_of
from notify.post import Post
from registry.database import Registry
from registry.tables import DeliveryAttempt, Notification

_AT_ONCE = 1_000
"""Rows deleted in one transaction."""


def put(
    session: Session, message: Message, post: Post, now_ms: int, alarm_event_id: int | None = None
) -> int:
    """Note a message for each channel that is to hear it; nothing is sent here.

    A key that a channel has already is left as it is. A channel outside its hours is told when they begin,
    and the roster of that moment decides.

    Args:
        session: of the caller's transaction.
        message: what is told.
        post: to whom.
        now_ms: ms since the epoch, UTC.
        alarm_event_id: the step of an alarm's life that it tells of.

    Returns:
        The number of rows that were written.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    written = 0
    if post.channels:
        post.roster.refresh()  # what is wrong with it is for the sender to say
    for channel in post.channels:
        due_ms = post.told_from(channel, message, now_ms)
        if due_ms is None:
            continue
        row = {
            "key": message.key,
            "channel": channel.name,
            "alarm_event_id": alarm_event_id,
            "created_ms": now_ms,
            "due_ms": due_ms,
            "attempts": 0,
            "content": content_of(message),
        }
        adding = insert(Notification).values(row).on_conflict_do_nothing().returning(Notification.id)
        written += len(session.scalars(adding).all())
    return written


def forget(registry: Registry, before_ms: int) -> Iterator[None]:
    """Delete messages and tries from before an instant, ms since the epoch, a portion at each step.

    What still waits to be sent stays, however old it is.

    Raises:
        SQLAlchemyError: the registry cannot be used just now; another time does the rest.
    """
    is_settled = or_(Notification.sent_ms.is_not(None), Notification.failed_ms.is_not(None))
    messages = select(Notification.id).where(Notification.created_ms < before_ms, is_settled)
    tries = select(DeliveryAttempt.id).where(DeliveryAttempt.at_ms < before_ms)
    for table, old in ((Notification, messages), (DeliveryAttempt, tries)):
        ids = [0]
        while ids:
            with registry.writing() as session:
                ids = list(session.scalars(old.limit(_AT_ONCE)))
                session.execute(delete(table).where(table.id.in_(ids)))
            yield
