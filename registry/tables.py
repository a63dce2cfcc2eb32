"""The relational model of the centre: one class a table, and nothing else.

Instants are integers, ms since the epoch, UTC (`…_ms`), as in the contract; civil days are dates.
Texts for people (reasons of states and alarms) are stored as code and parameters and rendered per reader.
"""

from datetime import date
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Json = dict[str, Any]


class Base(DeclarativeBase):
    """Naming convention and types of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger().with_variant(Integer, "sqlite"),
        Json: JSON,
        list[str]: JSON,
    }


def _station_key() -> Mapped[str]:
    return mapped_column(ForeignKey("stations.id"), index=True)


# --- places and people ------------------------------------------------------------------------------


class County(Base):
    """区县, by its GB/T 2260 code."""

    __tablename__ = "counties"
    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))


class Town(Base):
    """乡镇 or 街道 of a county."""

    __tablename__ = "towns"
    __table_args__ = (UniqueConstraint("county_code", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    county_code: Mapped[str] = mapped_column(ForeignKey("counties.code"))
    name: Mapped[str] = mapped_column(String(100))


class Company(Base):
    """运维单位."""

    __tablename__ = "companies"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    contact: Mapped[str] = mapped_column(String(100), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")


class User(Base):
    """A person with a login; `counties` and `company_id` limit what is seen.

    `failed_logins` and `locked_until_ms` are of the first release and not used: see LoginFailure.
    """

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(16))
    counties: Mapped[list[str]] = mapped_column(default=list)
    company_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id"))
    created_ms: Mapped[int]
    disabled_ms: Mapped[int | None]
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until_ms: Mapped[int | None]


class LoginSession(Base):
    """A logged-in browser; the token itself is never stored."""

    __tablename__ = "sessions"
    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_ms: Mapped[int]
    last_used_ms: Mapped[int]
    address: Mapped[str] = mapped_column(String(64), default="")


class LoginFailure(Base):
    """How often a login failed lately, by `name` or `address`: hashed, for people type passwords as names."""

    __tablename__ = "login_failures"
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    key_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    last_ms: Mapped[int] = mapped_column(index=True)


# --- the facility file (一站一档) ---------------------------------------------------------------------


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
    station_id: Mapped[str] = _station_key()
    class_: Mapped[str] = mapped_column("class", String(16))
    since: Mapped[date]
    document: Mapped[str] = mapped_column(String(200), default="")
    approver: Mapped[str] = mapped_column(String(64), default="")
    entered_ms: Mapped[int]


class StationNote(Base):
    """What somebody noted down of a station; rows are only ever added."""

    __tablename__ = "station_notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    station_id: Mapped[str] = _station_key()
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


class MeterExchange(Base):
    """One meter taken out and another put in."""

    __tablename__ = "meter_exchanges"
    id: Mapped[int] = mapped_column(primary_key=True)
    station_id: Mapped[str] = _station_key()
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
    station_id: Mapped[str] = _station_key()
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
    station_id: Mapped[str] = _station_key()
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
    station_id: Mapped[str] = _station_key()
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
    station_id: Mapped[str] = _station_key()
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


# --- what comes in ----------------------------------------------------------------------------------


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


# --- judgement --------------------------------------------------------------------------------------


class StatePeriod(Base):
    """A station's state from `start_ms` until `end_ms`; the open one is the present state."""

    __tablename__ = "state_periods"
    __table_args__ = (
        Index("uq_state_periods_open", "station_id", unique=True, sqlite_where=text("end_ms IS NULL"),
              postgresql_where=text("end_ms IS NULL")),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    station_id: Mapped[str] = _station_key()
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
    station_id: Mapped[str] = _station_key()
    code: Mapped[str] = mapped_column(String(48))
    first_day: Mapped[date]
    last_day: Mapped[date] = mapped_column(index=True)
    evidence: Mapped[Json] = mapped_column(default=dict)
    noted_ms: Mapped[int]


class Alarm(Base):
    """An alarm's present face; its history is in its events.

    `subject` is a station id; for an area event a county's code, or `county/town`. `start_ms` is where the
    evidence begins, `raised_ms` when it was raised, `rang_ms` when it last rang (empty if it never did),
    `cleared_ms` when it returned to normal, `closed_ms` when it
    left the list. `suppressed_by` says by what design it is quiet. `escalated` names the steps
    taken, with spaces between.
    `follow_up_ms` is when it went to the follow-up list, there with company, due time and cause.
    """

    __tablename__ = "alarms"
    __table_args__ = (
        Index("ix_alarms_closed_ms", "closed_ms"),
        Index("uq_alarms_open", "subject", "type", unique=True, sqlite_where=text("closed_ms IS NULL"),
              postgresql_where=text("closed_ms IS NULL")),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(24))
    subject: Mapped[str] = mapped_column(String(64), index=True)
    station_id: Mapped[str | None] = mapped_column(ForeignKey("stations.id"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("alarms.id"))
    severity: Mapped[str] = mapped_column(String(16))
    start_ms: Mapped[int]
    raised_ms: Mapped[int] = mapped_column(index=True)
    rang_ms: Mapped[int | None]
    cleared_ms: Mapped[int | None]
    acknowledged_ms: Mapped[int | None]
    acknowledged_by: Mapped[str | None] = mapped_column(String(64))
    shelved_until_ms: Mapped[int | None]
    shelve_reason: Mapped[str | None] = mapped_column(Text)
    suppressed_by: Mapped[str | None] = mapped_column(String(64))
    out_of_service: Mapped[bool] = mapped_column(default=False)
    closed_ms: Mapped[int | None]
    escalated: Mapped[str] = mapped_column(String(64), default="", server_default=text("''"))
    follow_up_ms: Mapped[int | None]
    cause: Mapped[str | None] = mapped_column(String(48))
    assigned_company_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id"))
    due_ms: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(48))
    evidence: Mapped[Json] = mapped_column(default=dict)


class AlarmEvent(Base):
    """One step in an alarm's life; rows are only ever added."""

    __tablename__ = "alarm_events"
    id: Mapped[int] = mapped_column(primary_key=True)
    alarm_id: Mapped[int] = mapped_column(ForeignKey("alarms.id"), index=True)
    at_ms: Mapped[int] = mapped_column(index=True)
    event: Mapped[str] = mapped_column(String(24))
    actor: Mapped[str] = mapped_column(String(64), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    details: Mapped[Json] = mapped_column(default=dict)


class AlarmMute(Base):
    """Alarms that a person keeps quiet: `shelved` until an instant, or `out_of_service` until put back.

    An empty `type` means every type.
    """

    __tablename__ = "alarm_mutes"
    __table_args__ = (
        Index("uq_alarm_mutes_standing", "subject", "type", "kind", unique=True,
              sqlite_where=text("ended_ms IS NULL"), postgresql_where=text("ended_ms IS NULL")),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(64))
    type: Mapped[str] = mapped_column(String(24), default="")
    reason: Mapped[str] = mapped_column(String(48))
    note: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(64))
    since_ms: Mapped[int]
    until_ms: Mapped[int | None]
    ended_ms: Mapped[int | None]
    ended_by: Mapped[str | None] = mapped_column(String(64))


class Notification(Base):
    """A message to be sent over a channel, written in the transaction of what it tells.

    `key` names what is told, such as `event-17` or `digest-2026-11-22`: once a channel.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("alarm_event_id", "channel"),
        Index("uq_notifications_channel_key", "channel", "key", unique=True),
        Index(
            "ix_notifications_waiting",
            "channel",
            "due_ms",
            sqlite_where=text("sent_ms IS NULL AND failed_ms IS NULL"),
            postgresql_where=text("sent_ms IS NULL AND failed_ms IS NULL"),
        ),
        Index(
            "ix_notifications_failed_ms",
            "failed_ms",
            sqlite_where=text("failed_ms IS NOT NULL"),
            postgresql_where=text("failed_ms IS NOT NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    alarm_event_id: Mapped[int | None] = mapped_column(ForeignKey("alarm_events.id"))
    key: Mapped[str | None] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(String(64))
    created_ms: Mapped[int]
    due_ms: Mapped[int] = mapped_column(index=True)
    sent_ms: Mapped[int | None]
    failed_ms: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)
    content: Mapped[Json] = mapped_column(default=dict)


class DeliveryAttempt(Base):
    """One try to send a message that may tell of many notifications; `ended_ms` is empty while it runs."""

    __tablename__ = "delivery_attempts"
    __table_args__ = (Index("ix_delivery_attempts_channel_at_ms", "channel", "at_ms"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(64))
    at_ms: Mapped[int]
    ended_ms: Mapped[int | None]
    notifications: Mapped[int]
    subject: Mapped[str] = mapped_column(String(200))
    error: Mapped[str | None] = mapped_column(Text)


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
