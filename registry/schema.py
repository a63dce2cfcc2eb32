"""Up to which migration a registry was brought, and which ones this program knows."""

from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.database import migration_config


def revisions() -> list[str]:
    """The migrations that this program knows, the oldest first."""
    walked = ScriptDirectory.from_config(migration_config()).walk_revisions()
    return [each.revision for each in walked][::-1]


def revision_of(session: Session) -> str:
    """Up to which one a registry was brought.

    Raises:
        SQLAlchemyError: the database cannot be read, or was never made a registry.
    """
    return str(session.scalar(text("SELECT version_num FROM alembic_version")) or "")
