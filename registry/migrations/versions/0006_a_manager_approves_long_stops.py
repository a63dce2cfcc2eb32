"""Who approved a stop above its approver, and when; what was entered before this counts as approved."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column(
        "exclusions", sa.Column("manager", sa.String(64), nullable=False, server_default=sa.text("''"))
    )
    op.add_column("exclusions", sa.Column("manager_ms", _NUMBER))
    op.execute("UPDATE exclusions SET manager_ms = entered_ms")
