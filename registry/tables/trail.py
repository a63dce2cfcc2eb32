"""The table of the audit trail."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base, Json


class Audit(Base):
    """Who changed what; each row carries the hash of the row before."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    at_ms: Mapped[int] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(64), default="")
    action: Mapped[str] = mapped_column(String(64))
    object: Mapped[str] = mapped_column(String(128))
    before: Mapped[Json | None]
    after: Mapped[Json | None]
    previous_sha256: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
