"""The tables of what was judged: states, day verdicts and findings."""

from datetime import date

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base, Json, station_key


class StatePeriod(Base):
    """A station's state from `start_ms` until `end_ms`; the open one is the present state."""

    __tablename__ = "state_periods"
    __table_args__ = (
        Index("uq_state_periods_open", "station_id", unique=True, sqlite_where=text("end_ms IS NULL"),
              postgresql_where=text("end_ms IS NULL")),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    station_id: Mapped[str] = station_key()
    state: Mapped[str] = mapped_column(String(24))
    start_ms: Mapped[int]
    end_ms: Mapped[int | None]
    decided_ms: Mapped[int]
    reason: Mapped[str] = mapped_column(String(48))
    evidence: Mapped[Json] = mapped_column(default=dict)


class DayVerdict(Base):
    """What a civil day counts as.

    `traits` is what the day taught of the station's habits, null where it taught nothing; `marks` is what
    findings rest on. A verdict that a person corrected stays as corrected.
    """

    __tablename__ = "day_verdicts"
    __table_args__ = (
        CheckConstraint("verdict IN ('running', 'stopped', 'unknown', 'excluded')", name="verdict"),
        Index("ix_day_verdicts_station_id_day_verdict", "station_id", "day", "verdict"),
    )
    station_id: Mapped[str] = mapped_column(ForeignKey("stations.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    verdict: Mapped[str] = mapped_column(String(16))
    energy_kwh: Mapped[float | None]
    volume_m3: Mapped[float | None]
    valid_hours: Mapped[float]
    reason: Mapped[str] = mapped_column(String(48))
    evidence: Mapped[Json] = mapped_column(default=dict)
    rule_version: Mapped[str] = mapped_column(String(16))
    computed_ms: Mapped[int]
    traits: Mapped[Json | None] = mapped_column(JSON(none_as_null=True))
    marks: Mapped[Json | None] = mapped_column(JSON(none_as_null=True))
    corrected_by: Mapped[str | None] = mapped_column(String(64))
    correction_reason: Mapped[str | None] = mapped_column(Text)


class ChangedDay(Base):
    """A finished day whose quarter hours have changed and that waits to be judged again."""

    __tablename__ = "changed_days"
    station_id: Mapped[str] = mapped_column(ForeignKey("stations.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)


class VerdictRevision(Base):
    """A verdict that was replaced, by late data or by a person; rows are only ever added.

    `verdict` and `reason` are the old ones, `rule_version` and `computed_ms` theirs.
    """

    __tablename__ = "verdict_revisions"
    __table_args__ = (Index("ix_verdict_revisions_station_id_day", "station_id", "day"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    station_id: Mapped[str] = mapped_column(ForeignKey("stations.id"))
    day: Mapped[date]
    verdict: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(48))
    energy_kwh: Mapped[float | None]
    volume_m3: Mapped[float | None]
    rule_version: Mapped[str] = mapped_column(String(16))
    computed_ms: Mapped[int]
    corrected_by: Mapped[str | None] = mapped_column(String(64))
    correction_reason: Mapped[str | None] = mapped_column(Text)
    replaced_ms: Mapped[int]


class Finding(Base):
    """Something odd about a station that is worth an unannounced visit; `last_day` moves while it lasts."""

    __tablename__ = "findings"
    __table_args__ = (UniqueConstraint("station_id", "code", "first_day"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    station_id: Mapped[str] = station_key()
    code: Mapped[str] = mapped_column(String(48))
    first_day: Mapped[date]
    last_day: Mapped[date] = mapped_column(index=True)
    evidence: Mapped[Json] = mapped_column(default=dict)
    noted_ms: Mapped[int]
