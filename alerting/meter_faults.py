"""What meters that do not answer, or do not move, tell: a power cut or a fault, never a stop. Pure."""

from alerting.case import HOUR_MS, Case
from alerting.known import Decision, Last
from alerting.ledger import Usage
from telemetry.quantities import Kind

POWER_CUT_AFTER_MS = 300_000
METER_FAULT_AFTER_MS = 1_800_000
"""Meters must be mute for so long before it is said; a poll or two fail everywhere."""
FROZEN_SHARE = 0.1
"""A counter that moves by less than this part of what its own samples say is frozen."""
FROZEN_AFTER_MS = 4 * HOUR_MS
MOVES_SHARE = 0.1
"""What samples say must be at least this share of the usual before a resting counter is a contradiction."""


def power_cut(case: Case) -> Decision | None:
    """No voltage on any phase, or all meters mute while the box is heard."""
    devices = case.known.devices
    dead = [each for each in devices.values() if each.has_voltage is False and _is_fresh(case, each)]
    if dead and not any(each.has_voltage and _is_fresh(case, each) for each in devices.values()):
        return Decision("power_cut", min(each.at_ms for each in dead), "no_voltage", {})
    mute = {device: each for device, each in devices.items() if each.is_missing}
    if len(mute) == len(devices) > 1:
        last_fell_ms = max(_mute_since_ms(each) for each in mute.values())
        if case.now_ms - last_fell_ms >= POWER_CUT_AFTER_MS:
            return Decision("power_cut", last_fell_ms, "all_meters_mute", {"since_ms": last_fell_ms})
    return None


def meter_fault(case: Case) -> Decision | None:
    """A meter that does not answer, while the station is heard; or one that answers nonsense."""
    mute = {}
    for device, last in case.known.devices.items():
        if last.is_missing or not _is_fresh(case, last):
            mute[device] = _mute_since_ms(last)
    if mute and (len(mute) < len(case.known.devices) or len(mute) == 1):
        device, since_ms = min(mute.items(), key=lambda item: (item[1], item[0]))
        if case.now_ms - since_ms >= METER_FAULT_AFTER_MS:
            return Decision("meter_fault", since_ms, "meter_mute", {"device": device, "since_ms": since_ms})
    for kind in ("power", "flow"):
        fault = _unreadable(case, kind)
        if fault is not None:
            return fault
    return None


def contradicts(sampled: Usage, counted: Usage, least: float) -> bool:
    """Whether momentary values say that something passes a counter that rests; `least` in kWh or m³."""
    return sampled.amount >= least and counted.amount < FROZEN_SHARE * sampled.amount


def frozen(case: Case, kind: Kind, since_ms: int, until_ms: int) -> Decision | None:
    """A counter that rests although its own momentary values say that something passes."""
    if until_ms - since_ms < FROZEN_AFTER_MS:
        return None
    meter = case.meter(kind)
    counted, sampled = meter.usage(since_ms, until_ms), meter.sampled(since_ms, until_ms)
    length_ms = until_ms - since_ms
    if kind == "power":
        least = max(2 * case.floor_in(length_ms), MOVES_SHARE * case.usual_kwh_in(length_ms))
    else:
        least = case.dry_m3_in(length_ms, MOVES_SHARE)
    if not case.is_enough(sampled) or not contradicts(sampled, counted, least):
        return None
    moved = "energy_kwh" if kind == "power" else "volume_m3"
    evidence: dict[str, float | str] = {
        "device": f"{kind}-1",
        "window_s": length_ms // 1000,
        moved: counted.amount,
        "sampled": sampled.amount,
    }
    return Decision("meter_fault", since_ms, f"{kind}_counter_frozen", evidence)


def _unreadable(case: Case, kind: Kind) -> Decision | None:
    """Samples come, but for hours no counter difference could be believed."""
    meter = case.meter(kind)
    until_ms, good_ms = meter.until_ms(case.now_ms), meter.good_until_ms(case.now_ms)
    if until_ms is None or good_ms is None or case.is_overdue(kind, case.now_ms - good_ms):
        return None
    if good_ms - until_ms < FROZEN_AFTER_MS:
        return None
    return Decision(
        "meter_fault", until_ms, "counter_unreadable", {"device": f"{kind}-1", "since_ms": until_ms}
    )


def _is_fresh(case: Case, last: Last) -> bool:
    return not case.is_overdue(last.kind, case.told_ms - last.at_ms)


def _mute_since_ms(last: Last) -> int:
    return last.at_ms if last.counted_ms is None else min(last.counted_ms, last.at_ms)
