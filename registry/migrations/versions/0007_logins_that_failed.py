"""Logins that failed, by name and by address, so that the next try has to wait."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "login_failures",
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("key_sha256", sa.String(64), nullable=False),
        sa.Column("failures", _NUMBER, nullable=False),
        sa.Column("last_ms", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("kind", "key_sha256", name=op.f("pk_login_failures")),
    )
    op.create_index("ix_login_failures_last_ms", "login_failures", ["last_ms"])
