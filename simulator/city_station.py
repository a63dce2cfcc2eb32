"""What a station of the invented city is, and what befalls it."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from simulator.parameters import StationParameters
from telemetry.quantities import Kind

EventKind = Literal[
    "stop",
    "low_load",
    "under_powered",
    "idle",
    "bypass",
    "power_cut",
    "power_meter_mute",
    "box_dead",
    "mast_down",
]
"""Treatment off; blower and effluent at a fifth; blower at a seventh with full effluent; blowing without
effluent; effluent by gravity without power; grid gone, both meters mute; power meter mute; box sends nothing
ever of that time; box sends everything, but later."""
StopReason = Literal["maintenance", "rebuilding", "grid_outage", "season", "no_inflow"]
Tier = Literal["town", "village"]


@dataclass(frozen=True)
class PlannedStop:
    """A stop that was applied for and approved.

    Attributes:
        start: first civil day.
        end: last civil day, included.
        reason: one of the reasons the registry knows.
        applicant: who asked.
        approver: who agreed.
        entered: civil day on which it was entered at the centre.
    """

    start: date
    end: date
    reason: StopReason
    applicant: str
    approver: str
    entered: date


@dataclass(frozen=True)
class Event:
    """Something that befalls a station, in whole quarter hours.

    Attributes:
        kind: what.
        start_s: seconds since the epoch; counts from the quarter hour in which it lies.
        end_s: likewise, not included; math.inf = goes on.
    """

    kind: EventKind
    start_s: float
    end_s: float


@dataclass(frozen=True)
class CityStation:
    """One station of the invented city, with its whole script.

    Attributes:
        id: station id, county code and serial.
        name: ends in （虚构）.
        county_code: GB/T 2260.
        county_name: of the county-level unit.
        town: invented.
        village: invented.
        process: one of the contract's processes.
        design_m3_per_day: design scale.
        rated_kw: of blower and lift pump together.
        population: people connected.
        company: O&M company, invented.
        tier: 乡镇 or 村.
        longitude: degrees east.
        latitude: degrees north.
        commissioned: first countable day.
        connected_from: day whose 00:00 is the box's first; None: no box yet.
        meters: kinds of meter the box reads; power is the main one where there is one.
        events: what befalls it, in order of their beginning.
        planned_stops: approved exclusions.
        class_change: first day and name of a new life-cycle class; the box is taken away on that day.
        is_live: played by `qingliu simulate meters` and a real agent from now on.
        seed: chooses its chance.
        plant: what stands in its cabinet, with the counters at the beginning of the past.
        past_start_s: beginning of the past, seconds since the epoch.
    """

    id: str
    name: str
    county_code: str
    county_name: str
    town: str
    village: str
    process: str
    design_m3_per_day: float
    rated_kw: float
    population: int
    company: str
    tier: Tier
    longitude: float
    latitude: float
    commissioned: date
    connected_from: date | None
    meters: tuple[Kind, ...]
    events: tuple[Event, ...]
    planned_stops: tuple[PlannedStop, ...]
    class_change: tuple[date, str] | None
    is_live: bool
    seed: int
    plant: StationParameters
    past_start_s: float
