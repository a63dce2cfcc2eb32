"""What each device of a station told last, from its readings. Pure."""

from collections.abc import Iterable

from alerting.known import Last
from telemetry.quantities import TOTAL_BY_KIND
from telemetry.reading import Reading

VOLTAGES = frozenset({"voltage_l1_v", "voltage_l2_v", "voltage_l3_v"})
LEAST_VOLTAGE_V = 50.0
"""No phase of a mains that is there shows less."""


def last_of(reading: Reading, before: Last | None) -> Last:
    """What a device told last, after a reading that is not older than what it told before."""
    counted_ms = before.counted_ms if before is not None else None
    if TOTAL_BY_KIND[reading.k] in reading.x or (reading.x and reading.q == "good"):
        counted_ms = reading.t
    return Last(reading.k, reading.t, reading.q == "missing", counted_ms, has_voltage(reading))


def has_voltage(reading: Reading) -> bool | None:
    """Whether any phase has voltage; None if the reading measured none."""
    measured = [reading.x[name] for name in VOLTAGES & reading.x.keys()]
    return any(value >= LEAST_VOLTAGE_V for value in measured) if measured else None


def told_last(readings: Iterable[Reading]) -> dict[str, Last]:
    """By device, from each one's last reading."""
    return {reading.d: last_of(reading, None) for reading in readings}
