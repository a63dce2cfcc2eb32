"""What a station of a trial set is: its plant, its meters, its box, and what befalls it."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from simulator.trial_time import HOUR_S
from telemetry.quantities import Kind

What = Literal[
    "stop", "idle", "bypass", "weak", "low", "fade", "heater", "cut",
    "inflow", "link",
    "power_mute", "flow_mute", "power_frozen", "flow_frozen", "power_gateway", "flow_gateway", "power_odd",
    "flow_odd", "power_dip", "flow_dip", "power_new", "flow_new", "power_ct",
]  # fmt: skip
"""Of the plant: treatment off; blowing without effluent; effluent by gravity without power; all motors at
`amount` of their power with effluent as usual; blower and inflow at `amount`; motors that fade to `amount`;
a heater in the blower's place; mains gone. Of the village: inflow times `amount`. Of the link: nothing is
delivered, later everything if `amount` is 1. Of the meters: no answer; register stands still while samples
live; the whole answer stands still and leaps on later; one absurd answer; a counter that falls back for a
few readings; a counter that goes on from `amount`; a wrong transformer ratio from then on."""

PLANT: frozenset[What] = frozenset(("stop", "idle", "bypass", "weak", "low", "fade", "heater", "cut"))


class Happening(NamedTuple):
    """Something that befalls a station; seconds since the epoch, the end not included."""

    what: What
    start_s: float
    end_s: float
    amount: float = 0.0


class Approved(NamedTuple):
    """An approved stop: first and last civil day, and the day it was entered at the centre."""

    start: date
    end: date
    entered: date


@dataclass(frozen=True)
class Plant:
    """What stands behind the meters.

    Attributes:
        process: one of the contract's processes, or empty.
        design_m3_per_day: design scale.
        load: mean inflow as a part of it.
        blower_kw: of blower, or of a biofilter's pump; 0 for none.
        on_s, off_s: its timer; an SBR's aeration and pause; off_s = 0 blows without a break.
        timer_offset_s: where in its timer it begins.
        pump_kw, pump_m3h, sump_m3: lift pump on a float switch; no kW: the village flows in by gravity.
        effluent: pumped with the inflow, by gravity from a tank, or decanted in an SBR's pause.
        tank_s: how long the tank delays what leaves it by gravity.
        standby_kw: box, modem and lamp, as far as they are behind the meter.
        night_h: hours without inflow, up to about six in the morning.
        week_end: factor of the inflow on Saturday and Sunday.
        drift: the inflow rises or falls by this part over the set.
    """

    process: str
    design_m3_per_day: float
    load: float
    blower_kw: float
    on_s: int
    off_s: int
    timer_offset_s: int
    pump_kw: float
    pump_m3h: float
    sump_m3: float
    effluent: Literal["pumped", "gravity", "decanted"]
    tank_s: float
    standby_kw: float
    night_h: float
    week_end: float = 1.0
    drift: float = 0.0

    @property
    def timer_s(self) -> int:
        """One duty cycle of the blower, seconds."""
        return self.on_s + self.off_s

    @property
    def mean_m3(self) -> float:
        """Usual inflow of a day."""
        return self.design_m3_per_day * self.load

    @property
    def pump_kwh_m3(self) -> float:
        """Energy of lifting."""
        return self.pump_kw / self.pump_m3h

    @property
    def usual_kwh(self) -> float:
        """What the motors use in a day of usual inflow."""
        return 24 * self.blower_kw * self.on_s / self.timer_s + self.pump_kwh_m3 * self.mean_m3

    @property
    def pause_h(self) -> float:
        """The longest duty cycle: within two of these a standstill tells nothing."""
        runs = max(self.mean_m3 / self.sump_m3, 1.0)
        pumping_h = self.night_h + 24 / runs if self.pump_kw and not self.blower_kw else 0.0
        return max(pumping_h, self.timer_s / HOUR_S if self.blower_kw and self.off_s else 0.0)


@dataclass(frozen=True)
class Register:
    """A counter: step of its display, reading at the beginning, reading at which it begins anew."""

    step: float
    start: float
    wrap: float


@dataclass(frozen=True)
class Box:
    """What reads the meters and how.

    Attributes:
        meters: kinds it reads; power is the main one where there is one.
        sampling_s: from sample to sample.
        offset_s: of the first sample.
        jitter_s: a sample comes so much later at most.
        momentary: kW and m3/h are read too, not counters alone.
        voltages: three voltages and the power factor are read too.
        empty_rows: a mute meter has an empty row, else none.
        battery: it lives on through a power cut.
        registers: by kind of meter.
    """

    meters: tuple[Kind, ...]
    sampling_s: int
    offset_s: float
    jitter_s: float
    momentary: bool
    voltages: bool
    empty_rows: bool
    battery: bool
    registers: dict[Kind, Register]

    @property
    def main(self) -> Kind:
        """The meter that verdicts rest on."""
        return self.meters[0]


@dataclass(frozen=True)
class TrialStation:
    """One station of a trial set, with its script.

    Attributes:
        id: station id.
        county, town: where it stands, invented.
        kind: of scenario.
        columns: what stations.csv tells, which may be less than the truth.
        begins_s: its first sample, seconds since the epoch.
        happenings: what befalls it, in order of their beginning.
        approved: stops that were applied for.
    """

    id: str
    county: str
    town: str
    kind: str
    columns: tuple[str, str, str, str]
    begins_s: float
    plant: Plant
    box: Box
    happenings: tuple[Happening, ...]
    approved: tuple[Approved, ...] = ()

    def of(self, *whats: What) -> list[Happening]:
        """What befalls it of these kinds, in order of their beginning."""
        return [each for each in self.happenings if each.what in whats]
