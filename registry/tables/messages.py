"""The tables of messages on their way and of the tries to send them."""

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base, Json


class Notification(Base):
    """A message to be sent over a channel, written in the transaction of what it tells.

    `key` names what is told, such as `event-17` or `digest-2026-11-22`: once a channel.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("alarm_event_id", "channel"),
        Index("uq_notifications_channel_key", "channel", "key", unique=True),
        Index(
            "ix_notifications_waiting",
            "channel",
            "due_ms",
            sqlite_where=text("sent_ms IS NULL AND failed_ms IS NULL"),
            postgresql_where=text("sent_ms IS NULL AND failed_ms IS NULL"),
        ),
        Index(
            "ix_notifications_failed_ms",
            "failed_ms",
            sqlite_where=text("failed_ms IS NOT NULL"),
            postgresql_where=text("failed_ms IS NOT NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    alarm_event_id: Mapped[int | None] = mapped_column(ForeignKey("alarm_events.id"))
    key: Mapped[str | None] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(String(64))
    created_ms: Mapped[int]
    due_ms: Mapped[int] = mapped_column(index=True)
    sent_ms: Mapped[int | None]
    failed_ms: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)
    content: Mapped[Json] = mapped_column(default=dict)


class DeliveryAttempt(Base):
    """One try to send a message that may tell of many notifications; `ended_ms` is empty while it runs."""

    __tablename__ = "delivery_attempts"
    __table_args__ = (Index("ix_delivery_attempts_channel_at_ms", "channel", "at_ms"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(64))
    at_ms: Mapped[int]
    ended_ms: Mapped[int | None]
    notifications: Mapped[int]
    subject: Mapped[str] = mapped_column(String(200))
    error: Mapped[str | None] = mapped_column(Text)
