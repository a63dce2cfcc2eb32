"""The tables of alarms: their present face, their history and what keeps them quiet."""

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base, Json


class Alarm(Base):
    """An alarm's present face; its history is in its events.

    `subject` is a station id; for an area event a county's code, or `county/town`. `start_ms` is where the
    evidence begins, `raised_ms` when it was raised, `rang_ms` when it last rang (empty if it never did),
    `cleared_ms` when it returned to normal, `closed_ms` when it
    left the list. `suppressed_by` says by what design it is quiet. `escalated` names the steps
    taken, with spaces between.
    `follow_up_ms` is when it went to the follow-up list, there with company, due time and cause.
    """

    __tablename__ = "alarms"
    __table_args__ = (
        Index("ix_alarms_closed_ms", "closed_ms"),
        Index("uq_alarms_open", "subject", "type", unique=True, sqlite_where=text("closed_ms IS NULL"),
              postgresql_where=text("closed_ms IS NULL")),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(24))
    subject: Mapped[str] = mapped_column(String(64), index=True)
    station_id: Mapped[str | None] = mapped_column(ForeignKey("stations.id"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("alarms.id"))
    severity: Mapped[str] = mapped_column(String(16))
    start_ms: Mapped[int]
    raised_ms: Mapped[int] = mapped_column(index=True)
    rang_ms: Mapped[int | None]
    cleared_ms: Mapped[int | None]
    acknowledged_ms: Mapped[int | None]
    acknowledged_by: Mapped[str | None] = mapped_column(String(64))
    shelved_until_ms: Mapped[int | None]
    shelve_reason: Mapped[str | None] = mapped_column(Text)
    suppressed_by: Mapped[str | None] = mapped_column(String(64))
    out_of_service: Mapped[bool] = mapped_column(default=False)
    closed_ms: Mapped[int | None]
    escalated: Mapped[str] = mapped_column(String(64), default="", server_default=text("''"))
    follow_up_ms: Mapped[int | None]
    cause: Mapped[str | None] = mapped_column(String(48))
    assigned_company_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id"))
    due_ms: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(48))
    evidence: Mapped[Json] = mapped_column(default=dict)


class AlarmEvent(Base):
    """One step in an alarm's life; rows are only ever added."""

    __tablename__ = "alarm_events"
    id: Mapped[int] = mapped_column(primary_key=True)
    alarm_id: Mapped[int] = mapped_column(ForeignKey("alarms.id"), index=True)
    at_ms: Mapped[int] = mapped_column(index=True)
    event: Mapped[str] = mapped_column(String(24))
    actor: Mapped[str] = mapped_column(String(64), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    details: Mapped[Json] = mapped_column(default=dict)


class AlarmMute(Base):
    """Alarms that a person keeps quiet: `shelved` until an instant, or `out_of_service` until put back.

    An empty `type` means every type.
    """

    __tablename__ = "alarm_mutes"
    __table_args__ = (
        Index("uq_alarm_mutes_standing", "subject", "type", "kind", unique=True,
              sqlite_where=text("ended_ms IS NULL"), postgresql_where=text("ended_ms IS NULL")),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(64))
    type: Mapped[str] = mapped_column(String(24), default="")
    reason: Mapped[str] = mapped_column(String(48))
    note: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(64))
    since_ms: Mapped[int]
    until_ms: Mapped[int | None]
    ended_ms: Mapped[int | None]
    ended_by: Mapped[str | None] = mapped_column(String(64))
