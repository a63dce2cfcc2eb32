"""A month's verdicts of all stations come from an index alone, without a look at each row."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_day_verdicts_station_id_day_verdict", "day_verdicts", ["station_id", "day", "verdict"]
    )
