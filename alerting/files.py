"""What the registry has on each station, as far as judging it needs it."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerting.baseline import WORK_WITHOUT_POWER, Baseline
from alerting.known import SMALL_M3_PER_DAY, Known, Last, Memory, PlannedStop, State, Thresholds
from alerting.ledger import Ledger
from alerting.states import SILENT, WITHOUT_ENERGY, WITHOUT_MAINS, last_said, last_so
from registry.classes import NO_LONGER_DUE
from registry.config import AlertingSettings
from registry.exclusion_days import counted_days
from registry.stations import among
from registry.tables import Device, Exclusion, Presence, Station, StationClass
from service.civil import Month, day_of, start_of
from telemetry.quantities import Kind


class StationFile(NamedTuple):
    """One station's file.

    Attributes:
        exclusions: its approved stops, not those withdrawn.
        classes: its life-cycle classes, by day.
        memory: what was decided on it before.
    """

    station: Station
    devices: list[Device]
    presence: Presence | None
    exclusions: list[Exclusion]
    classes: list[StationClass]
    memory: Memory

    @property
    def id(self) -> str:
        """The station's id."""
        return self.station.id

    @property
    def works_without_power(self) -> bool:
        """Whether it may treat with next to no energy."""
        return self.station.process in WORK_WITHOUT_POWER

    @property
    def first_heard_ms(self) -> int | None:
        """When the first of its meters was first heard."""
        return min(
            (each.first_seen_ms for each in self.devices if each.first_seen_ms is not None), default=None
        )

    def has(self, kind: Kind) -> bool:
        """Whether it has ever delivered readings of such a meter."""
        return any(device.kind == kind for device in self.devices)

    def in_place(self, told: Mapping[str, Last]) -> dict[str, Last]:
        """What the meters told that are there still, by device.

        One of which nothing at all came since another of its kind began was replaced by that one: a box that
        still asks it says at least that it does not answer.
        """
        begun = {each.device: each.first_seen_ms or 0 for each in self.devices if each.device in told}
        return {
            device: last
            for device, last in told.items()
            if not any(
                other != device and told[other].kind == last.kind and since_ms > last.at_ms
                for other, since_ms in begun.items()
            )
        }

    def planned_stop(self, at_ms: int, zone: ZoneInfo) -> PlannedStop | None:
        """The approved stop that holds at an instant."""
        stop = self.exclusion_on(day_of(at_ms, zone), at_ms) if self.exclusions else None
        if stop is None:
            return None
        ends = (stop.start.isoformat(), stop.end.isoformat())
        return PlannedStop(start_of(stop.start, zone), stop.reason, *ends)

    def left_ms(self, at_ms: int, zone: ZoneInfo) -> int | None:
        """Since when the station is no longer in use at an instant, ms; None while it is."""
        day = day_of(at_ms, zone)
        last = max(
            (each for each in self.classes if each.since <= day), key=lambda each: each.since, default=None
        )
        return start_of(last.since, zone) if last is not None and last.class_ in NO_LONGER_DUE else None

    def exclusion_on(self, day: date, at_ms: int | None = None) -> Exclusion | None:
        """The approved stop a civil day lies in, as far as it had been entered at an instant."""
        return next(
            (
                each
                for each in self.exclusions
                if each.start <= day <= each.end and (at_ms is None or each.entered_ms <= at_ms)
            ),
            None,
        )

    def counted_exclusion_on(self, day: date, zone: ZoneInfo) -> Exclusion | None:
        """The same, but only if it takes the day away: entered, and over the ceiling approved, in time."""
        if self.exclusion_on(day) is None:
            return None
        return counted_days(self.exclusions, Month.of(day), zone).get(day)

    def known(self, ledger: Ledger, usual: Baseline, zone: ZoneInfo, now_ms: int) -> Known:
        """What file and usual day tell of the station; what was observed is for the caller to add."""
        return Known(
            has_power_meter=self.has("power"),
            has_flow_meter=self.has("flow"),
            first_heard_ms=self.first_heard_ms,
            last_heard_ms=None,
            design_m3_per_day=self.station.design_m3_per_day,
            ledger=ledger,
            process=self.station.process,
            works_without_power=self.works_without_power,
            memory=self.memory,
            usual=usual,
            planned=self.planned_stop(now_ms, zone),
            left_ms=self.left_ms(now_ms, zone),
        )

    def thresholds(self, settings: AlertingSettings, usual_m3: float | None = None) -> Thresholds:
        """What it is held against: the centre's settings, and before them its own.

        Without a design scale on file the usual effluent of a day (`usual_m3`) tells whether it is small.
        """
        scale_m3 = self.station.design_m3_per_day
        is_small = (usual_m3 or 0.0 if scale_m3 is None else scale_m3) < SMALL_M3_PER_DAY
        usual = Thresholds(
            offline_after_s=settings.offline_after_s,
            stop_window_s=settings.stop_window_s,
            idle_window_s=settings.small_idle_window_s if is_small else settings.idle_window_s,
            learn_s=settings.learn_s,
            stop_floor_kwh_per_day=settings.stop_floor_kwh_per_day,
            coverage=settings.coverage,
            low_load_window_s=settings.low_load_window_s,
            effluent_share=settings.effluent_share,
        )
        own: dict[str, Any] = {
            key: value
            for key, value in self.station.overrides.items()
            if key in AlertingSettings.__struct_fields__
            and key in Thresholds._fields
            and isinstance(value, int | float)
        }
        return usual._replace(own=frozenset(own), **own)


def station_files(
    session: Session, now_ms: int, stations: Collection[str] | None = None
) -> list[StationFile]:
    """The files of some stations, or of all, by id."""
    rows = session.scalars(select(Station).where(among(Station.id, stations)).order_by(Station.id))
    devices, exclusions, classes, presences = (
        _by_station(session, table, stations) for table in (Device, Exclusion, StationClass, Presence)
    )
    treats_since = last_so(session, WITHOUT_ENERGY, now_ms, stations)
    mains_since = last_so(session, WITHOUT_MAINS, now_ms, stations)
    heard_since = last_so(session, (SILENT,), now_ms, stations)
    said = last_said(session, stations)
    return [
        StationFile(
            row,
            devices[row.id],
            next(iter(presences[row.id]), None),
            [each for each in exclusions[row.id] if each.withdrawn_ms is None],
            classes[row.id],
            _memory(said.get(row.id))._replace(
                treats_since_ms=treats_since.get(row.id),
                mains_since_ms=mains_since.get(row.id),
                heard_since_ms=heard_since.get(row.id),
            ),
        )
        for row in rows
    ]


def _memory(said: tuple[State, int] | None) -> Memory:
    return Memory() if said is None else Memory(*said)


def _by_station(
    session: Session,
    table: Any,  # noqa: ANN401 - a table of what stations have
    stations: Collection[str] | None,
) -> defaultdict[str, list[Any]]:
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for row in session.scalars(select(table).where(among(table.station_id, stations))):
        found[row.station_id].append(row)
    return found
