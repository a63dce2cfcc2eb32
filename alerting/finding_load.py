"""The shape of a day's load: its power factor, whether machines cycle, and how much runs at a time. Pure."""

from collections.abc import Mapping, Sequence
from statistics import fmean, pstdev
from typing import NamedTuple

from alerting.ledger import HOUR_MS, MeterLedger
from history.device_counts import Count
from history.main_meter import main_meter
from history.meter_events import MeterEvents
from history.succession import succession
from telemetry.reading import Reading

LEAST_LOAD_KW = 0.03
"""Below this only box, modem and lamp are on; the smallest air pumps draw more."""
LOAD_SHARE = 0.2
"""A station draws power while it draws this share of its running power."""
NEAR_ONE = 0.97
"""No motor of a village station has such a power factor; a heater has."""
SAMPLES_NEEDED = 80
"""Fewer in a day tell nothing of machines that go on and off."""
HOURS_NEEDED = 20
AT_LOAD_NEEDED = 12
STEPS_AN_HOUR = 5.0
"""A counter without momentary power tells the running power only if it counts so many steps in an hour."""


class LoadShape(NamedTuple):
    """The figures of a day's load; None where not measured, or too seldom.

    Attributes:
        power_factor: mean while the station draws power, weighted by the load, 0 to 1.
        near_one: share of those samples with a power factor of 0.97 and more.
        cycling: standard deviation of the power over the day by its mean; 0 for a load that never changes.
        running_kw: the power at which the average kWh was drawn.
    """

    power_factor: float | None = None
    near_one: float | None = None
    cycling: float | None = None
    running_kw: float | None = None


def load_shape(
    readings: Sequence[Reading],
    counts: Mapping[str, Sequence[Count]],
    told: MeterEvents,
    start_ms: int,
    end_ms: int,
) -> LoadShape:
    """The shape of the main meter's load as its momentary samples tell it.

    Args:
        readings: of the station.
        counts: of its devices.
        told: of its meters.
        start_ms: of the day, ms since the epoch, UTC.
        end_ms: likewise; not included.
    """
    power = [reading for reading in readings if reading.k == "power"]
    if not power:
        return LoadShape()
    meter = main_meter(power, "power", told)
    samples = {
        t: abs(kw)
        for t, kw in zip(meter.times, meter.levels, strict=True)
        if kw is not None and start_ms <= t < end_ms
    }
    names = {reading.d for reading in power}
    main = {each.device for each in succession({name: counts.get(name, ()) for name in names}, told)}
    main = main or {min(names)}
    factors = {
        reading.t: abs(factor)
        for reading in power
        if reading.d in main and (factor := reading.x.get("power_factor")) is not None and abs(factor) <= 1
    }
    return _shape(samples, factors)


def shape_of_levels(meter: MeterLedger, start_ms: int, end_ms: int) -> LoadShape:
    """The same as the means of its quarter hours tell it, which hide what goes on and off within one."""
    return _shape(dict(enumerate(meter.levels(start_ms, end_ms))), {}, are_means=True)


def shape_of_counter(meter: MeterLedger, step_kwh: float | None, start_ms: int, end_ms: int) -> LoadShape:
    """What a counter without momentary power tells, hour by hour, if it is fine enough."""
    if step_kwh is None or meter.day(start_ms, end_ms).valid_hours < HOURS_NEEDED:
        return LoadShape()
    hours = [meter.usage(hour_ms, hour_ms + HOUR_MS).amount for hour_ms in range(start_ms, end_ms, HOUR_MS)]
    running_kw = _running(hours)
    if running_kw is None or running_kw < STEPS_AN_HOUR * step_kwh:
        return LoadShape()
    return LoadShape(running_kw=running_kw)


def _shape(
    samples: Mapping[int, float], factors: Mapping[int, float], *, are_means: bool = False
) -> LoadShape:
    levels = list(samples.values())
    running_kw = _running(levels)
    if running_kw is None:
        return LoadShape()
    cycling = None
    hours = len({t // HOUR_MS for t in samples})
    if len(levels) >= SAMPLES_NEEDED and (are_means or hours >= HOURS_NEEDED):
        cycling = pstdev(levels) / fmean(levels)
    at_load = [
        (kw, factor)
        for t, kw in samples.items()
        if kw >= max(LEAST_LOAD_KW, LOAD_SHARE * running_kw) and (factor := factors.get(t)) is not None
    ]
    if len(at_load) < AT_LOAD_NEEDED:
        return LoadShape(cycling=cycling, running_kw=running_kw)
    power_factor = sum(kw * factor for kw, factor in at_load) / sum(kw for kw, _ in at_load)
    near_one = fmean(factor >= NEAR_ONE for _, factor in at_load)
    return LoadShape(power_factor, near_one, cycling, running_kw)


def _running(levels: Sequence[float]) -> float | None:
    """The power of the average kWh: it moves smoothly as machines run more or less, and scales with a CT."""
    drawn = [kw for kw in levels if kw >= LEAST_LOAD_KW]
    if len(drawn) < AT_LOAD_NEEDED:
        return None
    return sum(kw * kw for kw in drawn) / sum(drawn)
