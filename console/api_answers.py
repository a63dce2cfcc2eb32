"""What the addresses under /api/v1 answer: codes, never words; instants as ms since the epoch, UTC. Pure.

Fields are only ever added here; what is not known is null.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from console.alarm_lists import AlarmRow
from console.queries import StationFile
from console.report_list import files_of, share_in
from console.station_list import StationRow
from registry.scope import Scope
from registry.tables import DayVerdict, Report, StatePeriod
from reporting.headline import decimal
from telemetry.reading import Reading

RATES = ("by_number_strict", "by_number_lenient", "by_days", "by_capacity", "completeness")
"""The figures of a report's summary that are given out."""


class StationLine(Struct, frozen=True, rename={"class_": "class"}):
    """A station as the list has it; a class `in_use` is also that of a station without an entered one."""

    station: str
    name: str
    county: str | None
    town: str | None
    company: str | None
    process: str
    class_: str
    design_m3_per_day: float | None
    state: str
    state_since_ms: int | None
    last_reading_ms: int | None
    connected_from: date | None


class State(Struct, frozen=True):
    """A state and why; `end_ms` is null for the present one."""

    state: str
    start_ms: int
    end_ms: int | None
    reason: str
    evidence: Mapping[str, Any]


class StationAnswer(Struct, frozen=True):
    """A station by itself: its place, what was heard of it, its last states and readings."""

    now_ms: int
    station: str
    name: str
    county_code: str | None
    county: str | None
    town: str | None
    village: str
    company: str | None
    process: str
    design_m3_per_day: float | None
    longitude: float | None
    latitude: float | None
    is_online: bool | None
    last_seen_ms: int | None
    backlog: int | None
    states: Sequence[State]
    readings: Sequence[Reading]


class Day(Struct, frozen=True):
    """What a civil day counts as, and its figures."""

    day: date
    verdict: str
    energy_kwh: float | None
    volume_m3: float | None
    valid_hours: float
    reason: str
    is_corrected: bool


class AlarmLine(Struct, frozen=True):
    """An alarm; an area event has no station, its subject is a county code or `county/town`."""

    alarm: int
    type: str
    subject: str
    station: str | None
    station_name: str | None
    company: str | None
    severity: str
    start_ms: int
    raised_ms: int
    cleared_ms: int | None
    closed_ms: int | None
    acknowledged_ms: int | None
    acknowledged_by: str | None
    shelved_until_ms: int | None
    suppressed_by: str | None
    out_of_service: bool
    follow_up_ms: int | None
    due_ms: int | None
    reason: str
    evidence: Mapping[str, Any]


class ReportLine(Struct, frozen=True):
    """A revision of a month's report; rates as decimals with six digits, null where there is nothing due."""

    report: int
    month: str
    revision: int
    status: str
    made_ms: int
    frozen_ms: int | None
    data_cutoff_ms: int
    rates: Mapping[str, str | None]
    files: Sequence[str]


def station_lines(rows: Iterable[StationRow]) -> list[StationLine]:
    """The stations of a list, in its order."""
    return [
        StationLine(
            row.id, row.name, row.county, row.town, row.company, row.process, row.class_,
            row.design_m3_per_day, row.state, row.since_ms, row.last_reading_ms, row.connected_from,
        )
        for row in rows
    ]  # fmt: skip


def station_answer(
    file: StationFile, periods: Iterable[StatePeriod], readings: Sequence[Reading], now_ms: int
) -> StationAnswer:
    """A station as its own address answers."""
    station, heard = file.station, file.presence
    return StationAnswer(
        now_ms, station.id, station.name, station.county_code, file.county, file.town, station.village,
        file.company, station.process, station.design_m3_per_day, station.longitude, station.latitude,
        heard.online if heard else None, heard.last_seen_ms if heard else None,
        heard.backlog if heard else None,
        [State(each.state, each.start_ms, each.end_ms, each.reason, each.evidence) for each in periods],
        readings,
    )  # fmt: skip


def days(rows: Iterable[DayVerdict]) -> list[Day]:
    """The verdicts of a station's days."""
    return [
        Day(
            row.day, row.verdict, row.energy_kwh, row.volume_m3, row.valid_hours, row.reason,
            row.corrected_by is not None,
        )
        for row in rows
    ]  # fmt: skip


def alarm_lines(rows: Iterable[AlarmRow]) -> list[AlarmLine]:
    """The alarms of a list, in its order."""
    return [
        AlarmLine(
            each.id, each.type, each.subject, each.station_id, row.station_name, row.company, each.severity,
            each.start_ms, each.raised_ms, each.cleared_ms, each.closed_ms, each.acknowledged_ms,
            each.acknowledged_by, each.shelved_until_ms, each.suppressed_by, each.out_of_service,
            each.follow_up_ms, each.due_ms, each.reason, each.evidence,
        )
        for row in rows
        for each in [row.alarm]
    ]  # fmt: skip


def report_lines(reports: Iterable[Report], scope: Scope) -> list[ReportLine]:
    """Reports with what the reader may see: of a part of the city at most its strict rate, and no files."""
    share = share_in(scope)
    return [
        ReportLine(
            each.id, each.month, each.revision, each.status, each.made_ms, each.frozen_ms,
            each.data_cutoff_ms, {rate: decimal(share(each, rate)) for rate in RATES},
            [] if scope.is_limited else [file.name for file in files_of(each)],
        )
        for each in reports
    ]  # fmt: skip
