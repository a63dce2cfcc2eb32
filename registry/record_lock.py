"""Who enters records waits for whoever is entering some, so that what was checked holds when written."""

from sqlalchemy import text
from sqlalchemy.orm import Session

_LOCK_OF_RECORDS = 0x71_6C_72_65


def wait_for_turn(session: Session) -> None:
    """Until this transaction ends no other one checks or writes records; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_OF_RECORDS})
