"""Messages on their way: one row a channel, written in the transaction of what they tell."""

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from notify.message import Message, content_of
from notify.post import Post
from registry.tables import Notification


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
