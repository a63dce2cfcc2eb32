"""What stands in the cabinet of an invented station, from its process, its design scale and its load.

Aeration is dimensioned for the design scale and runs on a timer, so kWh/m³ rises as the load falls, and
small stations use more per m³ than large ones. The figures lie in the bands known for village stations:
0.3 to 1.0 kWh/m³ for A2O, AO, SBR and contact oxidation at a good load, 0.6 to 2.0 for MBR, a fifth of
that for a wetland with a lift pump.
"""

from typing import NamedTuple

from simulator.parameters import StationParameters
from simulator.village import M3_PER_PERSON_DAY, mean_inflow_m3h


class _Train(NamedTuple):
    """A process.

    Attributes:
        blower_kwh_m3: of aeration, per m³ of design scale, at 30 m³/d.
        pump_kwh_m3: of lifting, per m³ of effluent.
        on_s: the blower's timer, which is a little off, as timers are: in step with the boxes' quarter hours
            it would show them the same few moments for ever.
        off_s: likewise.
    """

    blower_kwh_m3: float
    pump_kwh_m3: float
    on_s: float = 1500
    off_s: float = 910


_TRAINS = {
    "A2O": _Train(0.34, 0.12),
    "AO": _Train(0.30, 0.12, 1200, 1190),
    "contact_oxidation": _Train(0.28, 0.10, 1200, 910),
    "MBR": _Train(0.60, 0.20, 2800, 510),
    "SBR": _Train(0.33, 0.12, 2700, 1490),
    "biofilter": _Train(0.16, 0.12, 1200, 1790),
    "wetland": _Train(0.0, 0.14),
    "pond": _Train(0.05, 0.10, 1100, 2210),
}
_SCALE_EXPONENT = -0.3
_SMALLEST_FACTOR = 0.45
_BUSIEST_HOUR = 3.3
"""The pump lifts this many times the mean inflow, more than the busiest quarter hour brings."""


def people(design_m3_per_day: float, load: float) -> int:
    """How many people fill a design scale to this part, on average."""
    return round(design_m3_per_day * load / M3_PER_PERSON_DAY)


def plant(process: str, design_m3_per_day: float, population: int, *, days_old: int) -> StationParameters:
    """Dimension a station; its counters show what it did in the days before the past begins."""
    train = _TRAINS[process]
    factor = max((design_m3_per_day / 30) ** _SCALE_EXPONENT, _SMALLEST_FACTOR)
    blowing_share = train.on_s / (train.on_s + train.off_s)
    mean_blower_kw = train.blower_kwh_m3 * factor * design_m3_per_day / 24
    pump_m3h = _BUSIEST_HOUR * mean_inflow_m3h(population)
    volume_m3 = 24 * mean_inflow_m3h(population) * days_old
    standby_kw = round(0.006 + 0.00004 * design_m3_per_day, 4)
    mean_kw = mean_blower_kw + standby_kw
    return StationParameters(
        population=population,
        blower_kw=round(mean_blower_kw / blowing_share, 3),
        blower_on_s=train.on_s,
        blower_off_s=train.off_s,
        pump_kw=round(train.pump_kwh_m3 * pump_m3h, 3),
        pump_m3h=round(pump_m3h, 2),
        sump_m3=round(pump_m3h / 6, 2),
        standby_kw=standby_kw,
        energy_kwh=round(24 * mean_kw * days_old + train.pump_kwh_m3 * volume_m3, 1),
        volume_m3=round(volume_m3, 1),
    )


def powerless(population: int, *, days_old: int) -> StationParameters:
    """Dimension a station without mains, whose water runs by gravity alone."""
    mean_m3h = mean_inflow_m3h(population)
    return StationParameters(
        population=population,
        blower_kw=0.0,
        pump_kw=0.0,
        pump_m3h=round(_BUSIEST_HOUR * mean_m3h, 2),
        sump_m3=round(mean_m3h, 2),
        standby_kw=0.0,
        energy_kwh=0.0,
        volume_m3=round(24 * mean_m3h * days_old, 1),
    )
