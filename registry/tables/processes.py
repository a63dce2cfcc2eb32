"""The tables of the centre's own processes: who may do a job, and how they are."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base, Json


class Lease(Base):
    """Who may do a job that only one process may do."""

    __tablename__ = "leases"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[str] = mapped_column(String(128))
    until_ms: Mapped[int]


class ServiceHealth(Base):
    """What a process of the centre last said of itself."""

    __tablename__ = "service_health"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    seen_ms: Mapped[int]
    conditions: Mapped[Json] = mapped_column(default=dict)
    figures: Mapped[Json] = mapped_column(default=dict)
