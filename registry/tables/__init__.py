"""The relational model of the centre: one class a table, by subject, and nothing else.

Instants are integers, ms since the epoch, UTC (`…_ms`), as in the contract; civil days are dates.
Texts for people (reasons of states and alarms) are stored as code and parameters and rendered per reader.
"""

from registry.tables.alarms import Alarm, AlarmEvent, AlarmMute
from registry.tables.arrivals import DirtyQuarterHour, Presence, Quarantine
from registry.tables.base import Base, Json
from registry.tables.facilities import Certificate, Device, Station, StationClass, StationNote, StationTag
from registry.tables.judgement import ChangedDay, DayVerdict, Finding, StatePeriod, VerdictRevision
from registry.tables.messages import DeliveryAttempt, Notification
from registry.tables.people import Company, County, LoginFailure, LoginSession, Town, User
from registry.tables.processes import Lease, ServiceHealth
from registry.tables.records import (
    CtCorrection,
    Exclusion,
    Inspection,
    ManualReading,
    MeterExchange,
    WaterSample,
)
from registry.tables.reports import Report, ReportCheck
from registry.tables.trail import Audit

__all__ = [
    "Alarm",
    "AlarmEvent",
    "AlarmMute",
    "Audit",
    "Base",
    "Certificate",
    "ChangedDay",
    "Company",
    "County",
    "CtCorrection",
    "DayVerdict",
    "DeliveryAttempt",
    "Device",
    "DirtyQuarterHour",
    "Exclusion",
    "Finding",
    "Inspection",
    "Json",
    "Lease",
    "LoginFailure",
    "LoginSession",
    "ManualReading",
    "MeterExchange",
    "Notification",
    "Presence",
    "Quarantine",
    "Report",
    "ReportCheck",
    "ServiceHealth",
    "StatePeriod",
    "Station",
    "StationClass",
    "StationNote",
    "StationTag",
    "Town",
    "User",
    "VerdictRevision",
    "WaterSample",
]
