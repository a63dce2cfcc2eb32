"""A station that uses energy: as expected, too little, or for no effluent. Pure."""

from alerting.case import HOUR_MS, Case
from alerting.known import Decision
from alerting.ledger import Usage
from alerting.meter_faults import frozen
from alerting.stops import WITHOUT, dry_since_ms, quiet_most_kwh


def idling(case: Case) -> Decision | None:
    """Energy, but no effluent for very long."""
    until_ms = case.effluent_until_ms
    if case.energy_until_ms is None or until_ms is None:
        return None
    since_ms = until_ms - case.idle_window_ms
    let_out = case.effluent(since_ms, until_ms)
    floor_m3 = case.dry_m3_in(until_ms - since_ms)
    if not case.is_enough(let_out) or let_out.amount > floor_m3 or not _has_treated(case, since_ms, until_ms):
        return None
    used = case.energy(since_ms, until_ms)
    if case.usual.days and used.amount < case.low_kwh_in(until_ms - since_ms):
        return None
    fault = frozen(case, "flow", since_ms, until_ms)
    if fault is not None:
        return fault
    evidence = _evidence(used, let_out, until_ms - since_ms) | {"volume_floor_m3": floor_m3}
    begins_ms = max(dry_since_ms(case, since_ms, until_ms), case.known.memory.treats_since_ms or 0)
    return Decision("idling", begins_ms, "energy_without_effluent", evidence)


def low_load(case: Case) -> Decision | None:
    """Energy far below the usual over a whole day, since within a day it comes and goes."""
    until_ms, usual = case.energy_until_ms, case.usual
    if until_ms is None or not usual.is_learnt:
        return None
    length_ms = case.limits.low_load_window_s * 1000
    if "low_load_window_s" not in case.limits.own:
        hours = usual.low_window_h(length_ms / HOUR_MS)
        if hours is None:  # a pump that runs every other day has no low load
            return None
        length_ms = round(hours * HOUR_MS)
    since_ms = until_ms - length_ms
    used = case.energy(since_ms, until_ms)
    expected_kwh = case.usual_kwh_in(length_ms)
    is_low = used.amount < case.low_kwh_in(length_ms)
    if not (is_low and case.is_enough(used) and _has_treated(case, since_ms, until_ms)):
        return None
    evidence = _evidence(used, None, length_ms) | {"expected_kwh": expected_kwh}
    return Decision("low_load", since_ms, "low_energy", evidence)


def running(case: Case) -> Decision | None:
    """Neither stopped nor anything else: as expected, if enough is known."""
    window_ms = case.stop_window_ms
    energy_until_ms, effluent_until_ms = case.energy_until_ms, case.effluent_until_ms
    used = let_out = None
    if energy_until_ms is not None:
        used = case.energy(energy_until_ms - window_ms, energy_until_ms)
        used = used if case.is_enough(used) else None
    if used is None:
        window_ms = case.dry_window_ms
    if effluent_until_ms is not None:
        let_out = case.effluent(effluent_until_ms - window_ms, effluent_until_ms)
        let_out = let_out if case.is_enough(let_out) else None
    if used is None and let_out is None:
        return None
    return Decision("running", _begins_ms(case), "as_expected", _evidence(used, let_out, window_ms))


def too_little(case: Case) -> Decision:
    """Nobody can say."""
    window_ms = case.stop_window_ms
    shares = [
        usage.coverage
        for usage in (
            case.energy(case.now_ms - window_ms, case.now_ms),
            case.effluent(case.now_ms - window_ms, case.now_ms),
        )
    ]
    evidence = {"window_s": window_ms // 1000, "coverage": max(shares)}
    return Decision("unknown", case.now_ms, "too_little_data", evidence)


def _begins_ms(case: Case) -> int:
    """Where a station that had stopped began to use energy again; now for others."""
    memory = case.known.memory
    if memory.state not in WITHOUT or case.energy_until_ms is None:
        return case.now_ms
    back_ms = case.energy_until_ms - case.return_window_ms
    power = case.book(case.return_window_ms).power
    begins_ms = power.stirs_at_ms(
        max(back_ms, memory.start_ms), case.now_ms, 2 * case.floor_in(power.step_ms)
    )
    return case.now_ms if begins_ms is None else begins_ms


def _has_treated(case: Case, since_ms: int, until_ms: int) -> bool:
    """Whether nothing was a stop in a window, neither as it was decided nor as late readings show it."""
    if (case.known.memory.treats_since_ms or 0) > since_ms:
        return False
    power = case.known.ledger.power
    runs = power.quiet_runs(since_ms, until_ms, quiet_most_kwh(case, power.step_ms))
    return not any(
        ends_ms - begins_ms >= case.stop_window_ms
        and power.usage(begins_ms, ends_ms).amount < case.floor_in(ends_ms - begins_ms)
        for begins_ms, ends_ms in runs
    )


def _evidence(energy: Usage | None, volume: Usage | None, length_ms: int) -> dict[str, float | str]:
    figures: dict[str, float | str] = {"window_s": length_ms // 1000}
    coverage = 1.0
    if energy is not None:
        figures["energy_kwh"] = energy.amount
        coverage = min(coverage, energy.coverage)
    if volume is not None:
        figures["volume_m3"] = volume.amount
        coverage = min(coverage, volume.coverage)
    return figures | {"coverage": coverage}
