"""Who froze a report and why, what its figures were, and a frozen revision that nobody edits."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_REFUSAL = "a frozen report is never edited or deleted"


def upgrade() -> None:
    op.add_column("reports", sa.Column("frozen_by", sa.String(64)))
    op.add_column("reports", sa.Column("note", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("reports", sa.Column("figures_sha256", sa.String(64)))
    op.create_table(
        "report_checks",
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("scope", sa.String(12), nullable=False),
        sa.Column("checked_ms", _NUMBER, nullable=False),
        sa.Column("basis", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("month", "scope", name=op.f("pk_report_checks")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_frozen_report() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER reports_frozen BEFORE UPDATE OR DELETE ON reports FOR EACH ROW "
            "WHEN (OLD.status = 'frozen') EXECUTE FUNCTION refuse_frozen_report()"
        )
        return
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER reports_frozen_{event.lower()} BEFORE {event} ON reports FOR EACH ROW "
            f"WHEN OLD.status = 'frozen' BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )
