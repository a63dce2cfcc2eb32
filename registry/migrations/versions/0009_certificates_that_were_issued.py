"""The certificates that the centre's authority issued, and which of them were taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "certificates",
        sa.Column("serial", sa.String(40), nullable=False),
        sa.Column("authority_sha256", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(8), nullable=False),
        sa.Column("station_id", sa.String(32), nullable=True),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("issued_ms", _NUMBER, nullable=False),
        sa.Column("not_after_ms", _NUMBER, nullable=False),
        sa.Column("issued_by", sa.String(64), nullable=False),
        sa.Column("replaced_by", sa.String(40), nullable=True),
        sa.Column("revoked_ms", _NUMBER, nullable=True),
        sa.Column("revoked_by", sa.String(64), nullable=False),
        sa.Column("revoked_why", sa.String(16), nullable=False),
        sa.CheckConstraint("purpose IN ('station', 'broker')", name=op.f("ck_certificates_purpose")),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_certificates_station_id_stations")
        ),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_certificates")),
    )
    op.create_index(op.f("ix_certificates_station_id"), "certificates", ["station_id"])
    op.create_index(op.f("ix_certificates_not_after_ms"), "certificates", ["not_after_ms"])
