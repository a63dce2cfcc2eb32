"""The tables of what comes in: what was heard, what could not be stored, what waits to be computed."""

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base, Json


class Presence(Base):
    """What was last heard of a station, from its messages and its status."""

    __tablename__ = "presence"
    station_id: Mapped[str] = mapped_column(ForeignKey("stations.id"), primary_key=True)
    online: Mapped[bool] = mapped_column(default=False)
    online_changed_ms: Mapped[int | None]
    last_seen_ms: Mapped[int | None]
    last_reading_ms: Mapped[int | None]
    version: Mapped[str] = mapped_column(String(32), default="")
    boot: Mapped[str] = mapped_column(String(64), default="")
    clock: Mapped[str] = mapped_column(String(16), default="")
    clock_offset_ms: Mapped[int | None]
    backlog: Mapped[int | None]
    oldest_unsent_ms: Mapped[int | None]
    disk_free_mb: Mapped[int | None]
    thinned: Mapped[int | None]
    refused: Mapped[int | None]
    devices: Mapped[Json] = mapped_column(default=dict)


class Quarantine(Base):
    """What could not be stored and why; the payload is kept up to a cap."""

    __tablename__ = "quarantine"
    id: Mapped[int] = mapped_column(primary_key=True)
    received_ms: Mapped[int] = mapped_column(index=True)
    station_id: Mapped[str] = mapped_column(String(32), index=True)
    code: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    count: Mapped[int] = mapped_column(default=1)
    size_bytes: Mapped[int]
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class DirtyQuarterHour(Base):
    """A quarter hour that late data touched and that waits to be recomputed."""

    __tablename__ = "dirty_quarter_hours"
    station_id: Mapped[str] = mapped_column(ForeignKey("stations.id"), primary_key=True)
    start_ms: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
