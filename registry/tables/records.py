"""The tables of what people enter about a station and what figures rest on."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base, station_key


class MeterExchange(Base):
    """One meter taken out and another put in."""

    __tablename__ = "meter_exchanges"
    id: Mapped[int] = mapped_column(primary_key=True)
    station_id: Mapped[str] = station_key()
    device: Mapped[str] = mapped_column(String(24))
    at_ms: Mapped[int]
    old_final: Mapped[float]
    new_initial: Mapped[float]
    note: Mapped[str] = mapped_column(Text, default="")
    entered_by: Mapped[str] = mapped_column(String(64))
    entered_ms: Mapped[int]


class CtCorrection(Base):
    """From an instant on, a device's energy and power are to be multiplied by a factor."""

    __tablename__ = "ct_corrections"
    id: Mapped[int] = mapped_column(primary_key=True)
    station_id: Mapped[str] = station_key()
    device: Mapped[str] = mapped_column(String(24))
    since_ms: Mapped[int]
    factor: Mapped[float]
    note: Mapped[str] = mapped_column(Text, default="")
    entered_by: Mapped[str] = mapped_column(String(64))
    entered_ms: Mapped[int]


class ManualReading(Base):
    """人工抄表: a counter read by eye."""

    __tablename__ = "manual_readings"
    __table_args__ = (UniqueConstraint("station_id", "device", "at_ms"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    station_id: Mapped[str] = station_key()
    device: Mapped[str] = mapped_column(String(24))
    at_ms: Mapped[int]
    value: Mapped[float]
    reader: Mapped[str] = mapped_column(String(64))
    entered_ms: Mapped[int]


class Inspection(Base):
    """An unannounced visit (四不两直) or a patrol (巡查)."""

    __tablename__ = "inspections"
    __table_args__ = (
        CheckConstraint("result IN ('normal', 'abnormal')", name="result"),
        CheckConstraint("occasion IN ('unannounced', 'patrol')", name="occasion"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    station_id: Mapped[str] = station_key()
    day: Mapped[date]
    occasion: Mapped[str] = mapped_column(String(16))
    result: Mapped[str] = mapped_column(String(16))
    findings: Mapped[str] = mapped_column(Text, default="")
    inspector: Mapped[str] = mapped_column(String(64), default="")
    entered_ms: Mapped[int]


class WaterSample(Base):
    """One parameter of a water-quality sample, with the limit it is held against."""

    __tablename__ = "water_samples"
    id: Mapped[int] = mapped_column(primary_key=True)
    inspection_id: Mapped[int] = mapped_column(ForeignKey("inspections.id"), index=True)
    parameter: Mapped[str] = mapped_column(String(32))
    value: Mapped[float]
    unit: Mapped[str] = mapped_column(String(16))
    limit: Mapped[float | None]


class Exclusion(Base):
    """An approved stop, civil days, both included.

    `manager_ms` is when a manager approved it as well, which days over the ceiling need; empty if none has.
    """

    __tablename__ = "exclusions"
    __table_args__ = (CheckConstraint('"start" <= "end"', name="start_before_end"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    station_id: Mapped[str] = station_key()
    start: Mapped[date]
    end: Mapped[date]
    reason: Mapped[str] = mapped_column(String(64))
    applicant: Mapped[str] = mapped_column(String(64))
    approver: Mapped[str] = mapped_column(String(64))
    attachment: Mapped[str] = mapped_column(String(255), default="")
    entered_ms: Mapped[int]
    withdrawn_ms: Mapped[int | None]
    manager: Mapped[str] = mapped_column(String(64), default="", server_default=text("''"))
    manager_ms: Mapped[int | None]
