"""Finished days whose quarter hours have changed, until they are judged again."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "changed_days",
        sa.Column("station_id", sa.String(32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_changed_days_station_id_stations")
        ),
        sa.PrimaryKeyConstraint("station_id", "day", name=op.f("pk_changed_days")),
    )
