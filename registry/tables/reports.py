"""The tables of the monthly reports."""

from sqlalchemy import String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base, Json


class Report(Base):
    """A revision of a month's report; a trigger refuses to edit or delete a frozen one.

    `figures_sha256` is of what the revision says of stations and rates, `note` is the freezer's.
    """

    __tablename__ = "reports"
    __table_args__ = (UniqueConstraint("month", "scope", "revision"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(String(7))
    scope: Mapped[str] = mapped_column(String(12), default="city")
    revision: Mapped[int]
    status: Mapped[str] = mapped_column(String(16))
    made_ms: Mapped[int]
    frozen_ms: Mapped[int | None]
    data_cutoff_ms: Mapped[int]
    rule_version: Mapped[str] = mapped_column(String(16))
    author: Mapped[str] = mapped_column(String(64))
    files: Mapped[Json] = mapped_column(default=dict)
    summary: Mapped[Json] = mapped_column(default=dict)
    frozen_by: Mapped[str | None] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    figures_sha256: Mapped[str | None] = mapped_column(String(64))


class ReportCheck(Base):
    """When a month's figures were last held against its report, and what they rested on then."""

    __tablename__ = "report_checks"
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    scope: Mapped[str] = mapped_column(String(12), primary_key=True)
    checked_ms: Mapped[int]
    basis: Mapped[Json] = mapped_column(default=dict)
