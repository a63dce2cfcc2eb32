"""Which state a station is in, since when, for which reason and on which figures. Pure; time is an argument.

Counters decide over samples: what a window's counter differences say stands, whatever single samples say.
Windows end where counters are known to, so that a station which tells once a day is judged by its days.
"""

from alerting.case import INTERVALS, Case
from alerting.known import NO_LONGER_IN_USE, Decision, Known, Thresholds
from alerting.loads import idling, low_load, running, too_little
from alerting.meter_faults import meter_fault, power_cut
from alerting.stops import without_effluent, without_energy


def decide(known: Known, limits: Thresholds, now_ms: int) -> Decision:
    """Judge one station: the first rule that holds."""
    decided = _before_any_window(known, limits, now_ms)
    if decided is not None:
        return decided
    case = Case(known, limits, now_ms)
    return (
        power_cut(case)
        or without_energy(case)
        or (case.energy_until_ms is None and without_effluent(case))
        or meter_fault(case)
        or idling(case)
        or low_load(case)
        or running(case)
        or too_little(case)
    )


def _before_any_window(known: Known, limits: Thresholds, now_ms: int) -> Decision | None:
    """What is decided without looking at energy and effluent."""
    if known.left_ms is not None:
        return Decision("unknown", known.left_ms, NO_LONGER_IN_USE, {})
    if known.planned is not None:
        stop = known.planned
        planned = {"reason": stop.reason, "start": stop.first_day, "end": stop.last_day}
        return Decision("planned_stop", stop.start_ms, "planned_stop", planned)
    last_ms = known.last_heard_ms
    if known.first_heard_ms is None or last_ms is None:
        return Decision("unknown", now_ms, "not_connected" if last_ms is None else "too_little_data", {})
    limit_ms = limits.offline_after_s * 1000
    if now_ms - last_ms > limit_ms and "offline_after_s" not in limits.own:
        limit_ms = max(limit_ms, INTERVALS * _interval_ms(known, now_ms))
    if (now_ms - last_ms) // 1000 > limit_ms // 1000:
        silence = {"last_seen_ms": last_ms, "limit_s": limit_ms // 1000}
        return Decision("offline", last_ms, "nothing_heard", silence)
    age_s = (now_ms - known.first_heard_ms) // 1000
    if age_s < limits.learn_s:
        young = {"age_s": age_s, "limit_s": limits.learn_s}
        return Decision("unknown", known.first_heard_ms, "new_station", young)
    return None


def _interval_ms(known: Known, now_ms: int) -> int:
    """How often the station's most talkative meter is read."""
    ledger = known.ledger
    meters = [ledger.power] * known.has_power_meter + [ledger.flow] * known.has_flow_meter
    return min((meter.interval_ms(now_ms) for meter in meters), default=0)
