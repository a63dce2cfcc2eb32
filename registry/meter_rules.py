"""What people may enter of a station's meters, and what contradicts what is on record already. Pure.

A counter only rises: from one manual reading to the next, up to the final count of a meter that is taken out,
and from the first count of the meter that is put in.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple
from zoneinfo import ZoneInfo

from registry.record_entry import faults_of_amount, faults_of_instant, faults_of_text, local
from service.settings import Fault

LARGEST_FACTOR = 10_000
LONGEST_NOTE = 1_000
LONGEST_NAME = 64
_EXCHANGE_FIRST = (
    "Correct it; or, if the meter was exchanged or its counter began anew between, "
    "enter that first: qingliu stations exchange …"
)


class NewExchange(NamedTuple):
    """One meter taken out and another put in; counts in kWh or m³."""

    station: str
    device: str
    at_ms: int
    old_final: float
    new_initial: float
    note: str = ""


class NewCtCorrection(NamedTuple):
    """From `since_ms` until the next correction a device's energy and power count `factor` times."""

    station: str
    device: str
    since_ms: int
    factor: float
    note: str = ""


class NewManualReading(NamedTuple):
    """人工抄表: a counter read by eye, kWh or m³."""

    station: str
    device: str
    at_ms: int
    value: float
    reader: str


class RecordedExchange(NamedTuple):
    """An exchange on record; its fields are those of `history.meter_events.Exchange`."""

    device: str
    at_ms: int
    old_final: float
    new_initial: float


class RecordedCorrection(NamedTuple):
    """A CT correction on record; its fields are those of `history.meter_events.CtCorrection`."""

    device: str
    since_ms: int
    factor: float


class RecordedReading(NamedTuple):
    """A manual reading on record; its fields are those of `history.meter_events.ManualReading`."""

    device: str
    at_ms: int
    value: float


class MeterRecords(NamedTuple):
    """What is on record of a station's meters, each by time."""

    exchanges: tuple[RecordedExchange, ...] = ()
    corrections: tuple[RecordedCorrection, ...] = ()
    manual: tuple[RecordedReading, ...] = ()

    def of(self, device: str) -> "MeterRecords":
        """Only those of one device."""
        return MeterRecords(
            tuple(each for each in self.exchanges if each.device == device),
            tuple(each for each in self.corrections if each.device == device),
            tuple(each for each in self.manual if each.device == device),
        )


class _Count(NamedTuple):
    """What a counter is known to have shown, and from which record."""

    value: float
    told: str


def kind_of(device: str, kinds: dict[str, str]) -> str | None:
    """The kind of a device; None if the station has none of that id.

    A station whose box is not connected yet has no devices: its meters are named as a box would name them.

    Args:
        device: its id, such as `power-1`.
        kinds: kind by id of the station's devices.
    """
    if device in kinds:
        return kinds[device]
    kind, _, number = device.partition("-")
    is_usual = kind in ("power", "flow") and number.isascii() and number.isdecimal() and len(number) <= 3
    return kind if is_usual and not kinds else None


def faults_of_exchange(new: NewExchange, known: MeterRecords, now_ms: int, zone: ZoneInfo) -> Iterator[Fault]:
    """What is wrong with an exchange; `known` are the records of the same device."""
    in_time = not (late := list(faults_of_instant("at", new.at_ms, now_ms, zone)))
    yield from late
    yield from faults_of_amount("old_final", new.old_final)
    yield from faults_of_amount("new_initial", new.new_initial)
    yield from faults_of_text("note", new.note, LONGEST_NOTE)
    if any(each.at_ms == new.at_ms for each in known.exchanges):
        remedy = "Correct the time, or remove the other one first."
        rule = "another exchange of this device is at the same time"
        yield Fault("at", rule, local(new.at_ms, zone), remedy)
    elif in_time:
        before, after = _before(known, new.at_ms, zone), _after(known, new.at_ms, zone)
        if before is not None and new.old_final < before.value:
            rule = f"must not lie below {before.value:.12g}, {before.told}"
            yield Fault("old_final", rule, new.old_final, _EXCHANGE_FIRST)
        if after is not None and new.new_initial > after.value:
            rule = f"must not lie above {after.value:.12g}, {after.told}"
            yield Fault("new_initial", rule, new.new_initial, _EXCHANGE_FIRST)


def faults_of_manual_reading(
    new: NewManualReading, known: MeterRecords, now_ms: int, zone: ZoneInfo
) -> Iterator[Fault]:
    """What is wrong with a manual reading; `known` are the records of the same device."""
    in_time = not (late := list(faults_of_instant("at", new.at_ms, now_ms, zone)))
    yield from late
    yield from faults_of_amount("value", new.value)
    yield from faults_of_text("reader", new.reader, LONGEST_NAME, is_required=True)
    if any(each.at_ms == new.at_ms for each in known.manual):
        remedy = "Correct the time, or remove the other one first."
        rule = "another manual reading of this device is at the same time"
        yield Fault("at", rule, local(new.at_ms, zone), remedy)
    elif in_time:
        before, after = _before(known, new.at_ms, zone), _after(known, new.at_ms, zone)
        if before is not None and new.value < before.value:
            rule = f"must not lie below {before.value:.12g}, {before.told}"
            yield Fault("value", rule, new.value, _EXCHANGE_FIRST)
        if after is not None and new.value > after.value:
            rule = f"must not lie above {after.value:.12g}, {after.told}"
            yield Fault("value", rule, new.value, _EXCHANGE_FIRST)


def faults_of_ct_correction(
    new: NewCtCorrection, kind: str | None, known: MeterRecords, now_ms: int, zone: ZoneInfo
) -> Iterator[Fault]:
    """What is wrong with a CT correction; `known` are the records of the same device, of that kind if any."""
    if kind not in ("power", None):
        yield Fault("device", "must be a power meter", new.device, "Flow meters have no CT.")
    in_time = not (late := list(faults_of_instant("since", new.since_ms, now_ms, zone)))
    yield from late
    yield from faults_of_text("note", new.note, LONGEST_NOTE)
    if not (math.isfinite(new.factor) and 0 < new.factor <= LARGEST_FACTOR):
        remedy = "Give true CT ratio / ratio set in the meter."
        yield Fault("factor", f"must be above 0 and at most {LARGEST_FACTOR}", new.factor, remedy)
    elif any(each.since_ms == new.since_ms for each in known.corrections):
        remedy = "Correct the time, or remove the other one first."
        rule = "another correction of this device begins at the same time"
        yield Fault("since", rule, local(new.since_ms, zone), remedy)
    elif in_time:
        held = [each.factor for each in known.corrections if each.since_ms < new.since_ms]
        if new.factor == (held[-1] if held else 1):
            why = "this factor holds already" if held else "1 changes nothing before there is another"
            yield Fault("factor", why, new.factor, "Correct it, or enter nothing.")


def span_of_correction(since_ms: int, known: MeterRecords, now_ms: int) -> tuple[int, int]:
    """From when until when a correction of `since_ms` holds: the device's next one ends it."""
    later = [each.since_ms for each in known.corrections if each.since_ms > since_ms]
    return since_ms, min([*later, now_ms])


def _before(known: MeterRecords, at_ms: int, zone: ZoneInfo) -> _Count | None:
    """The last count known of the meter that was in use up to an instant."""
    earlier = [each for each in known.exchanges if each.at_ms <= at_ms]
    put_in = max(earlier, key=lambda each: each.at_ms, default=None)
    since_ms = put_in.at_ms if put_in else None
    read = [
        each for each in known.manual if each.at_ms < at_ms and (since_ms is None or each.at_ms >= since_ms)
    ]
    if read:
        last = max(read, key=lambda each: each.at_ms)
        return _Count(last.value, f"the manual reading of {local(last.at_ms, zone)}")
    if put_in is not None:
        return _Count(put_in.new_initial, f"with which the meter came in {local(put_in.at_ms, zone)}")
    return None


def _after(known: MeterRecords, at_ms: int, zone: ZoneInfo) -> _Count | None:
    """The next count known of the meter that is in use from an instant on."""
    later = [each for each in known.exchanges if each.at_ms > at_ms]
    taken_out = min(later, key=lambda each: each.at_ms, default=None)
    until_ms = taken_out.at_ms if taken_out else None
    read = [
        each for each in known.manual if each.at_ms >= at_ms and (until_ms is None or each.at_ms < until_ms)
    ]
    if read:
        first = min(read, key=lambda each: each.at_ms)
        return _Count(first.value, f"the manual reading of {local(first.at_ms, zone)}")
    if taken_out is not None:
        return _Count(taken_out.old_final, f"with which the meter went out {local(taken_out.at_ms, zone)}")
    return None
