"""What people tell about meters and no reading says: exchanges, corrections, counts by eye. Pure."""

from typing import NamedTuple


class Exchange(NamedTuple):
    """One meter was taken out and another put in, under the same device id.

    Attributes:
        device: device id within the station.
        at_ms: when, ms since the epoch, UTC.
        old_final: what the old meter's counter showed at the end, kWh or m³.
        new_initial: what the new meter's counter showed when it was put in.
    """

    device: str
    at_ms: int
    old_final: float
    new_initial: float


class CtCorrection(NamedTuple):
    """From an instant on, what a device counts and its power are to be multiplied by a factor.

    It holds until the device's next correction, which replaces it; 1 ends it.

    Attributes:
        device: device id within the station, of a power meter.
        since_ms: ms since the epoch, UTC.
        factor: above 0.
    """

    device: str
    since_ms: int
    factor: float


class ManualReading(NamedTuple):
    """人工抄表: a counter read by eye.

    Attributes:
        device: device id within the station.
        at_ms: when, ms since the epoch, UTC.
        value: what the counter showed, kWh or m³.
    """

    device: str
    at_ms: int
    value: float


class MeterEvents(NamedTuple):
    """All that people told about one station's meters, in any order."""

    exchanges: tuple[Exchange, ...] = ()
    corrections: tuple[CtCorrection, ...] = ()
    manual: tuple[ManualReading, ...] = ()


NO_EVENTS = MeterEvents()
