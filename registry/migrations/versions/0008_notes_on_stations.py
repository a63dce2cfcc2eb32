"""What people note down of a station, beside what is measured."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "station_notes",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("station_id", sa.String(32), nullable=False),
        sa.Column("at_ms", _NUMBER, nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_station_notes_station_id_stations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station_notes")),
    )
    op.create_index(op.f("ix_station_notes_station_id"), "station_notes", ["station_id"])
