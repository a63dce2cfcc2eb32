"""What a day teaches of a station's habits, the verdicts that were replaced, and what is worth a visit."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("day_verdicts", sa.Column("traits", sa.JSON(), nullable=True))
    op.add_column("day_verdicts", sa.Column("marks", sa.JSON(), nullable=True))
    op.create_table(
        "verdict_revisions",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("station_id", sa.String(32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(48), nullable=False),
        sa.Column("energy_kwh", sa.Double()),
        sa.Column("volume_m3", sa.Double()),
        sa.Column("rule_version", sa.String(16), nullable=False),
        sa.Column("computed_ms", _NUMBER, nullable=False),
        sa.Column("corrected_by", sa.String(64)),
        sa.Column("correction_reason", sa.Text()),
        sa.Column("replaced_ms", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_verdict_revisions_station_id_stations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict_revisions")),
    )
    op.create_index("ix_verdict_revisions_station_id_day", "verdict_revisions", ["station_id", "day"])
    op.create_table(
        "findings",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("station_id", sa.String(32), nullable=False),
        sa.Column("code", sa.String(48), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("noted_ms", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_findings_station_id_stations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
        sa.UniqueConstraint(
            "station_id", "code", "first_day", name=op.f("uq_findings_station_id_code_first_day")
        ),
    )
    op.create_index("ix_findings_station_id", "findings", ["station_id"])
    op.create_index("ix_findings_last_day", "findings", ["last_day"])
