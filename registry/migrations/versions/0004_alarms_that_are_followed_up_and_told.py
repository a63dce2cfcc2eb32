"""Shelves and outages of alarms, escalation, follow-up, and how messages were delivered."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("alarms", sa.Column("rang_ms", _NUMBER))
    op.execute("UPDATE alarms SET rang_ms = raised_ms")
    op.add_column(
        "alarms", sa.Column("escalated", sa.String(64), nullable=False, server_default=sa.text("''"))
    )
    op.add_column("alarms", sa.Column("follow_up_ms", _NUMBER))
    op.create_index("ix_alarms_closed_ms", "alarms", ["closed_ms"])
    op.add_column("notifications", sa.Column("key", sa.String(64)))
    op.add_column("notifications", sa.Column("failed_ms", _NUMBER))
    op.create_index("uq_notifications_channel_key", "notifications", ["channel", "key"], unique=True)
    for name, columns, where in (
        ("ix_notifications_waiting", ["channel", "due_ms"], "sent_ms IS NULL AND failed_ms IS NULL"),
        ("ix_notifications_failed_ms", ["failed_ms"], "failed_ms IS NOT NULL"),
    ):
        condition = sa.text(where)
        op.create_index(name, "notifications", columns, sqlite_where=condition, postgresql_where=condition)
    op.create_table(
        "alarm_mutes",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("type", sa.String(24), nullable=False),
        sa.Column("reason", sa.String(48), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("since_ms", _NUMBER, nullable=False),
        sa.Column("until_ms", _NUMBER),
        sa.Column("ended_ms", _NUMBER),
        sa.Column("ended_by", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_mutes")),
    )
    op.create_index(
        "uq_alarm_mutes_standing", "alarm_mutes", ["subject", "type", "kind"], unique=True,
        sqlite_where=sa.text("ended_ms IS NULL"), postgresql_where=sa.text("ended_ms IS NULL"),
    )  # fmt: skip
    op.create_table(
        "delivery_attempts",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("at_ms", _NUMBER, nullable=False),
        sa.Column("ended_ms", _NUMBER),
        sa.Column("notifications", _NUMBER, nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_attempts")),
    )
    op.create_index("ix_delivery_attempts_channel_at_ms", "delivery_attempts", ["channel", "at_ms"])
