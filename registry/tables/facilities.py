"""The tables of the facility file (一站一档): stations, their classes, meters and certificates."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base, Json, station_key


class Station(Base):
    """One treatment facility.

    `review` is `pending` (待核) for a station that announced itself before it was imported.
    `overrides` holds thresholds that differ from the centre's, by settings key.
    """

    __tablename__ = "stations"
    __table_args__ = (
        CheckConstraint("review IN ('confirmed', 'pending')", name="review"),
        CheckConstraint("tier IN ('town', 'village')", name="tier"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    county_code: Mapped[str | None] = mapped_column(ForeignKey("counties.code"), index=True)
    town_id: Mapped[int | None] = mapped_column(ForeignKey("towns.id"), index=True)
    village: Mapped[str] = mapped_column(String(100), default="")
    longitude: Mapped[float | None]
    latitude: Mapped[float | None]
    process: Mapped[str] = mapped_column(String(32), default="")
    design_m3_per_day: Mapped[float | None]
    rated_kw: Mapped[float | None]
    company_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id"), index=True)
    tier: Mapped[str] = mapped_column(String(16), default="village")
    powered: Mapped[bool] = mapped_column(default=True)
    commissioned: Mapped[date | None]
    connected_from: Mapped[date | None]
    review: Mapped[str] = mapped_column(String(16), default="confirmed")
    overrides: Mapped[Json] = mapped_column(default=dict)


class StationTag(Base):
    """A mark such as 南水北调保护区."""

    __tablename__ = "station_tags"
    station_id: Mapped[str] = mapped_column(ForeignKey("stations.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(64), primary_key=True)


class StationClass(Base):
    """Class from a day on: in_use 在用, rebuilding 改造, to_sewer 纳管, retired 退出, shut 停用."""

    __tablename__ = "station_classes"
    __table_args__ = (
        UniqueConstraint("station_id", "since"),
        CheckConstraint("class IN ('in_use', 'rebuilding', 'to_sewer', 'retired', 'shut')", name="class"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    station_id: Mapped[str] = station_key()
    class_: Mapped[str] = mapped_column("class", String(16))
    since: Mapped[date]
    document: Mapped[str] = mapped_column(String(200), default="")
    approver: Mapped[str] = mapped_column(String(64), default="")
    entered_ms: Mapped[int]


class StationNote(Base):
    """What somebody noted down of a station; rows are only ever added."""

    __tablename__ = "station_notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    station_id: Mapped[str] = station_key()
    at_ms: Mapped[int]
    author: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)


class Certificate(Base):
    """A certificate that the centre's authority issued; `replaced_by` is the number of the next one.

    `serial` is its number in hex; `names` the hosts of a broker's, or the station's id.
    """

    __tablename__ = "certificates"
    __table_args__ = (CheckConstraint("purpose IN ('station', 'broker')", name="purpose"),)
    serial: Mapped[str] = mapped_column(String(40), primary_key=True)
    authority_sha256: Mapped[str] = mapped_column(String(64))
    purpose: Mapped[str] = mapped_column(String(8))
    station_id: Mapped[str | None] = mapped_column(ForeignKey("stations.id"), index=True)
    names: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    issued_ms: Mapped[int]
    not_after_ms: Mapped[int] = mapped_column(index=True)
    issued_by: Mapped[str] = mapped_column(String(64))
    replaced_by: Mapped[str | None] = mapped_column(String(40))
    revoked_ms: Mapped[int | None]
    revoked_by: Mapped[str] = mapped_column(String(64), default="")
    revoked_why: Mapped[str] = mapped_column(String(16), default="")


class Device(Base):
    """A meter of a station."""

    __tablename__ = "devices"
    __table_args__ = (CheckConstraint("kind IN ('power', 'flow')", name="kind"),)
    station_id: Mapped[str] = mapped_column(ForeignKey("stations.id"), primary_key=True)
    device: Mapped[str] = mapped_column(String(24), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    make: Mapped[str] = mapped_column(String(64), default="")
    model: Mapped[str] = mapped_column(String(64), default="")
    serial: Mapped[str] = mapped_column(String(64), default="")
    first_seen_ms: Mapped[int | None]
