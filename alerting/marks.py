"""All that one civil day tells for the findings, small enough to be kept for each station and day. Pure."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from math import floor
from statistics import fmean, pstdev
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from alerting.finding_counters import CounterFall, counts_by_device, falls_of, step_of
from alerting.finding_load import LoadShape, load_shape, shape_of_counter, shape_of_levels
from alerting.ledger import HOUR_MS, Ledger, MeterLedger
from history.device_counts import Count
from history.meter_events import MeterEvents
from service.civil import ONE_DAY, start_of
from telemetry.reading import Reading

KNOWN_SHARE = 0.9
"""A day of which less is known has no amount of its own."""
HOURS_NEEDED = 20
"""With fewer hours that have their samples, quarter hours are spread over gaps and tell no sequence."""
STEPS_NEEDED, VALUES_NEEDED, MOST_ALIKE = 24, 16, 0.2
"""A day can be told apart by quarter hours in which something passed, in many different amounts."""
READINGS_BEFORE = 6
"""So many tell what is odd among the first of a day."""
STUCK_SHARE = 0.5
"""Samples that say more than twice what the counter counted are those of a meter that is stuck."""
ALIASED_SHARE = 0.3
"""Samples that differ so much from the counter may always fall on the same part of a timer."""
_KEYS = {
    "energy_kwh": "kwh", "volume_m3": "m3", "energy_step": "kwh_step", "volume_step": "m3_step",
    "power_factor": "pf", "near_one": "one", "cycling": "cyc", "running_kw": "kw",
    "flow_variation": "m3_cv", "energy_hash": "kwh_hash", "volume_hash": "m3_hash",
}  # fmt: skip


class DayMarks(NamedTuple):
    """What a day tells; None where it tells nothing.

    Attributes:
        energy_kwh, volume_m3: of the day, where nearly all of it is known and some of it was sampled.
        energy_step, volume_step: the finest steps the counters were seen to take, kWh and m³.
        power_factor, near_one, cycling, running_kw: see `LoadShape`.
        flow_variation: standard deviation of the hours' effluent by their mean; 0 for one that never changes.
        energy_hash, volume_hash: of the quarter hours' amounts; None for a day like many others.
        falls: counters that fell or leapt without anybody telling why, the largest three.
    """

    energy_kwh: float | None = None
    volume_m3: float | None = None
    energy_step: float | None = None
    volume_step: float | None = None
    power_factor: float | None = None
    near_one: float | None = None
    cycling: float | None = None
    running_kw: float | None = None
    flow_variation: float | None = None
    energy_hash: str | None = None
    volume_hash: str | None = None
    falls: tuple[CounterFall, ...] = ()

    @property
    def kwh_per_m3(self) -> float | None:
        """Energy per m³; None if either is not known or nothing flowed."""
        if self.energy_kwh is None or not self.volume_m3:
            return None
        return self.energy_kwh / self.volume_m3

    def to_json(self) -> dict[str, Any]:
        """As a JSON column keeps it, at most 400 bytes."""
        found: dict[str, Any] = {}
        for name, key in _KEYS.items():
            value = getattr(self, name)
            if value is not None:
                found[key] = value if isinstance(value, str) else _short(value, 5)
        if self.falls:
            found["falls"] = [
                [fall.device, fall.at_ms // 1000, _short(fall.before, 9), _short(fall.after, 9)]
                for fall in self.falls
            ]
        return found

    @classmethod
    def from_json(cls, kept: Mapping[str, Any] | None) -> "DayMarks":
        """As it was kept; a day of which nothing was kept tells nothing."""
        if not kept:
            return cls()
        falls = tuple(
            CounterFall(device, at_s * 1000, *values) for device, at_s, *values in kept.get("falls", ())
        )
        return cls(**{name: kept.get(key) for name, key in _KEYS.items()}, falls=falls)


def readings_since_ms(ledger: Ledger, day: date, zone: ZoneInfo) -> int:
    """From when on readings are to be given for a day's marks: a few before it, by the day's own sampling."""
    start_ms, end_ms = start_of(day, zone), start_of(day + ONE_DAY, zone)
    hours = [meter.day(start_ms, end_ms).valid_hours for meter in (ledger.power, ledger.flow)]
    seldom = min((count for count in hours if count), default=24)
    return start_ms - READINGS_BEFORE * (end_ms - start_ms) // seldom


def day_marks(
    ledger: Ledger, readings: Sequence[Reading], day: date, zone: ZoneInfo, told: MeterEvents
) -> DayMarks:
    """What one civil day tells.

    Args:
        ledger: of the station, with the day in it.
        readings: of all its devices, in any order: those of the day and, from `readings_since_ms` on, some
            before it; none if there are none any more, then falls, steps and power factor are not known.
        day: civil day.
        zone: of the civil days.
        told: of the station's meters.
    """
    start_ms, end_ms = start_of(day, zone), start_of(day + ONE_DAY, zone)
    given = [reading for reading in readings if reading.t < end_ms]
    counts = counts_by_device(given)
    energy_step, volume_step = (_step(given, counts, kind) for kind in ("power", "flow"))
    shape = load_shape(given, counts, told, start_ms, end_ms)
    if shape == LoadShape():
        shape = shape_of_levels(ledger.power, start_ms, end_ms)
    energy_kwh = _amount(ledger.power, start_ms, end_ms)
    if shape == LoadShape():
        shape = shape_of_counter(ledger.power, energy_step, start_ms, end_ms)
    else:
        shape = _believed(shape, energy_kwh, _sampled(ledger.power, start_ms, end_ms))
    return DayMarks(
        energy_kwh,
        _amount(ledger.flow, start_ms, end_ms),
        energy_step,
        volume_step,
        *shape,
        _variation(ledger.flow, start_ms, end_ms),
        _day_hash(ledger.power, start_ms, end_ms),
        _day_hash(ledger.flow, start_ms, end_ms),
        falls_of(counts, told, start_ms, end_ms),
    )


def sequence_hash(amounts: Sequence[float | None]) -> str | None:
    """Eight hex digits of a row of amounts to a thousandth; None if it could be any other day's.

    A day of rest, a load that never changes and a coarse counter have too few different amounts.
    """
    # the offset keeps halves and quarters of a step away from where rounding decides
    steps = [-1 if amount is None else floor(amount * 1_000 + 0.37) for amount in amounts]
    moved = Counter(step for step in steps if step > 0)
    if -1 in steps or moved.total() < STEPS_NEEDED or len(moved) < VALUES_NEEDED:
        return None
    if max(moved.values()) > MOST_ALIKE * moved.total():
        return None
    return hashlib.blake2b(repr(steps).encode(), digest_size=4).hexdigest()


def _amount(meter: MeterLedger, start_ms: int, end_ms: int) -> float | None:
    day = meter.day(start_ms, end_ms)
    return day.amount if day.share >= KNOWN_SHARE and day.valid_hours else None


def _believed(shape: LoadShape, counted_kwh: float | None, sampled_kwh: float) -> LoadShape:
    """The shape as far as the samples agree with the counter."""
    if counted_kwh is None or not sampled_kwh:
        return shape
    if counted_kwh < STUCK_SHARE * sampled_kwh:
        return LoadShape()
    is_alike = abs(counted_kwh - sampled_kwh) <= ALIASED_SHARE * sampled_kwh
    return shape if is_alike else shape._replace(cycling=None)


def _sampled(meter: MeterLedger, start_ms: int, end_ms: int) -> float:
    """Energy of a day by its momentary samples; 0 where they cover too little of it."""
    levels = meter.levels(start_ms, end_ms)
    if len(levels) * meter.step_ms < KNOWN_SHARE * (end_ms - start_ms):
        return 0.0
    return sum(levels) / len(levels) * (end_ms - start_ms) / HOUR_MS


def _variation(meter: MeterLedger, start_ms: int, end_ms: int) -> float | None:
    """Of a day's hours; None where they are not sampled or nothing flowed."""
    if meter.day(start_ms, end_ms).valid_hours < HOURS_NEEDED:
        return None
    hours = [meter.usage(hour_ms, hour_ms + HOUR_MS).amount for hour_ms in range(start_ms, end_ms, HOUR_MS)]
    mean = fmean(hours)
    return pstdev(hours) / mean if mean > 0 else None


def _step(readings: Sequence[Reading], counts: Mapping[str, Sequence[Count]], kind: str) -> float | None:
    """Of the coarsest counter of a kind that moved."""
    devices = {reading.d for reading in readings if reading.k == kind}
    return max((step for each in devices if (step := step_of(counts.get(each, ())))), default=None)


def _day_hash(meter: MeterLedger, start_ms: int, end_ms: int) -> str | None:
    if meter.day(start_ms, end_ms).valid_hours < HOURS_NEEDED:
        return None
    return sequence_hash(meter.amounts(start_ms, end_ms))


def _short(value: float, digits: int) -> float:
    return float(f"{round(value, 5):.{digits}g}")
