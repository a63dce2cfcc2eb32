"""No energy, no effluent: stopped; effluent all the same: by-passed. Pure."""

from itertools import pairwise

from alerting.baseline import FLOOR_SHARE
from alerting.case import DAY_MS, FINE_BELOW_MS, HOUR_MS, Case
from alerting.known import LISTENING, Decision
from alerting.ledger import Usage
from alerting.meter_faults import frozen

WITHOUT = ("stopped", "flow_without_power")
RETURN_SHARE = 0.3
"""A stop has ended when for some hours so much of the usual was used."""
RETURN_CLEAR = 1.5
"""Or when over half a day so many times the stop floor was used."""
BY_PASS_SHARE = 0.1
"""A station without energy that lets out more than this share of the usual is by-passed."""
LEVELS_NEEDED = 8
LOW_SIDE, HIGH_SIDE = 0.7, 1.3
SWITCHES = 4
"""A lamp goes on and off once in a window; a machine on a timer or a float switch more often."""
WAKES_AFTER_MS = 900_000
TICK_KWH = 0.0105
"""What a counter with two decimals may show in a step, though less was used."""
TICK_IS_SMALL = 4
"""Such a tick means nothing where a usual step holds so many of them."""


def without_energy(case: Case) -> Decision | None:  # noqa: PLR0911 - each way out is a rule
    """What follows from energy below the stop floor; None if enough was used, or if that cannot be said."""
    until_ms, memory = case.energy_until_ms, case.known.memory
    if until_ms is None:
        return None
    was_without = memory.state in WITHOUT
    since_ms = until_ms - case.stop_window_ms
    if was_without:
        since_ms = max(since_ms, memory.mains_since_ms or 0)
        if until_ms - since_ms < min(HOUR_MS, case.stop_window_ms):
            return None
    elif since_ms < max(memory.mains_since_ms or 0, memory.treats_since_ms or 0):
        return None  # neither a power cut nor an approved stop proves that it goes on
    used = case.energy(since_ms, until_ms)
    if not case.is_enough(used):
        return None
    if was_without:
        if _has_returned(case, (since_ms, until_ms), used) or _runs_since_heard(case, until_ms):
            return None
        return frozen(case, "power", since_ms, until_ms) or _by_effluent(
            case, (memory.start_ms, since_ms, until_ms), used
        )
    return _newly_without(case, (since_ms, until_ms), used)


def _newly_without(case: Case, window: tuple[int, int], used: Usage) -> Decision | None:
    """A station that was not stopped until now."""
    since_ms, until_ms = window
    if used.amount < case.floor_in(until_ms - since_ms) and _hovers(case, until_ms):
        since_ms = until_ms - max(case.stop_window_ms, case.half_day_ms)
        used = case.energy(since_ms, until_ms)
    if used.amount >= case.floor_in(until_ms - since_ms):
        return _little_of_both(case, until_ms)
    fault = frozen(case, "power", since_ms, until_ms)
    if fault is not None:
        return fault
    is_doubtful = used.amount >= FLOOR_SHARE * case.usual_kwh_in(until_ms - since_ms)
    if is_doubtful and _cycles(case, since_ms):
        return None
    return _by_effluent(case, (_quiet_since_ms(case, since_ms, until_ms), since_ms, until_ms), used)


def _hovers(case: Case, until_ms: int) -> bool:
    """Whether a station ended a stop not long ago, but never came back to more than a low load.

    What it uses lies about the stop floor, and a coarse counter shows it now above and now below.
    """
    ended_ms = case.known.memory.treats_since_ms
    if ended_ms is None or not case.usual.days or until_ms - ended_ms >= DAY_MS:
        return False
    return case.energy(ended_ms, until_ms).amount < case.low_kwh_in(until_ms - ended_ms)


def _cycles(case: Case, since_ms: int) -> bool:
    """Whether what little is used is a machine that switches on and off, and no box, modem or lamp."""
    levels = case.known.ledger.power.levels(since_ms, case.now_ms)
    if len(levels) < LEVELS_NEEDED:
        return False
    mean = sum(levels) / len(levels)
    sides = [level > mean for level in levels if not LOW_SIDE * mean < level < HIGH_SIDE * mean]
    return sum(one != other for one, other in pairwise(sides)) >= SWITCHES


def _has_returned(case: Case, window: tuple[int, int], used: Usage) -> bool:
    """Whether a station that had stopped works again: fully for some hours, or a little for half a day."""
    since_ms, until_ms = window
    length_ms = until_ms - since_ms
    if used.amount < RETURN_CLEAR * case.floor_in(length_ms):
        return False  # a single step of a coarse counter
    if _wakes(case, until_ms, min(case.return_window_ms, length_ms)):
        return True
    long_ms = max(length_ms, case.half_day_ms)
    if until_ms - long_ms < case.known.memory.start_ms and length_ms >= FINE_BELOW_MS:
        return False
    if case.energy(until_ms - long_ms, until_ms).amount < RETURN_CLEAR * case.floor_in(long_ms):
        return False
    let_out = case.effluent(until_ms - long_ms, until_ms)  # without any, it is the standby load
    return case.effluent_until_ms is None or let_out.amount > case.dry_m3_in(long_ms)


def _runs_since_heard(case: Case, until_ms: int) -> bool:
    """Whether a station that seemed to stand runs since it is heard again, after a power cut."""
    heard_ms = case.known.memory.heard_since_ms
    if heard_ms is None or not WAKES_AFTER_MS <= until_ms - heard_ms <= case.return_window_ms:
        return False
    return _wakes(case, until_ms, until_ms - heard_ms)


def _wakes(case: Case, until_ms: int, length_ms: int) -> bool:
    """Whether a good part of the usual was used lately."""
    lately = case.energy(until_ms - length_ms, until_ms)
    return case.is_enough(lately) and lately.amount >= RETURN_SHARE * case.usual_kwh_in(length_ms)


def quiet_most_kwh(case: Case, step_ms: int) -> float:
    """Energy of a step in which nothing was treated, at most."""
    most_kwh = 2 * case.floor_in(step_ms)
    return max(most_kwh, TICK_KWH) if case.usual_kwh_in(step_ms) > TICK_IS_SMALL * TICK_KWH else most_kwh


def _quiet_since_ms(case: Case, since_ms: int, until_ms: int) -> int:
    """Where the energy ended; at the window's start if that is not to be seen step by step."""
    power = case.book(until_ms - since_ms).power
    begins_ms = power.quiet_since_ms(until_ms, quiet_most_kwh(case, power.step_ms))
    begins_ms = max(begins_ms, case.known.memory.mains_since_ms or 0)
    return begins_ms if begins_ms <= (since_ms + until_ms) // 2 else since_ms


def _by_effluent(case: Case, times: tuple[int, int, int], used: Usage) -> Decision:
    """Stopped, or by-passed where effluent goes on; `times` are where it began, and the window's ends."""
    begins_ms, since_ms, until_ms = times
    was, length_ms = case.known.memory.state, until_ms - since_ms
    evidence: dict[str, float | str] = {
        "window_s": length_ms // 1000,
        "energy_kwh": used.amount,
        "coverage": used.coverage,
        "energy_floor_kwh": case.floor_in(length_ms),
    }
    if case.usual.days:
        evidence["expected_kwh"] = case.usual_kwh_in(length_ms)
    if case.now_ms - (case.known.memory.heard_since_ms or 0) < case.listening_ms:
        evidence[LISTENING] = case.now_ms
    flow_until_ms = case.effluent_until_ms
    if flow_until_ms is None:
        return Decision("stopped", begins_ms, "no_energy", evidence)
    dry_from_ms = _dry_from_ms(case, begins_ms, flow_until_ms, length_ms)
    if was == "flow_without_power" and flow_until_ms - dry_from_ms < case.night_ms:
        # inflow pauses at night, and so does what by-passes
        return Decision("flow_without_power", begins_ms, "effluent_without_energy", evidence)
    let_out = case.effluent(dry_from_ms, flow_until_ms)
    if not case.is_enough(let_out):
        return Decision("stopped", begins_ms, "no_energy", evidence)
    floor_m3 = case.dry_m3_in(flow_until_ms - dry_from_ms, BY_PASS_SHARE)
    evidence |= {"volume_m3": let_out.amount, "volume_floor_m3": floor_m3}
    evidence["coverage"] = min(used.coverage, let_out.coverage)
    goes_on = let_out.amount > floor_m3
    if not goes_on or (was == "stopped" and _wakes(case, until_ms, min(HOUR_MS, length_ms))):
        if was == "flow_without_power":
            begins_ms = max(begins_ms, dry_since_ms(case, dry_from_ms, flow_until_ms))
        return Decision("stopped", begins_ms, "no_energy_no_effluent", evidence)
    if case.known.works_without_power:
        return Decision("running", case.now_ms, "as_expected", evidence)
    if was == "stopped":
        flow = case.book(length_ms).flow
        came_ms = flow.stirs_at_ms(dry_from_ms, flow_until_ms, case.dry_m3_in(flow.step_ms, BY_PASS_SHARE))
        begins_ms = max(begins_ms, dry_from_ms if came_ms is None else came_ms)
    return Decision("flow_without_power", begins_ms, "effluent_without_energy", evidence)


def _dry_from_ms(case: Case, begins_ms: int, until_ms: int, length_ms: int) -> int:
    """From when on effluent is looked at: after pipes and tanks have drained."""
    was = case.known.memory.state
    drained_ms = begins_ms + case.drain_ms + case.known.ledger.flow.interval_ms(case.now_ms)
    if was == "flow_without_power":
        return max(drained_ms, until_ms - case.night_ms)
    patience_ms = max(length_ms, case.half_day_ms) if was == "stopped" else length_ms
    return min(max(drained_ms, until_ms - patience_ms), until_ms - length_ms // 4)


def _little_of_both(case: Case, until_ms: int) -> Decision | None:
    """Far too little energy and no effluent for a whole day: what is used is the standby load."""
    window_ms, flow_until_ms = case.witnessed_window_ms, case.effluent_until_ms
    if window_ms is None or flow_until_ms is None:
        return None
    mains_ms, treats_ms = case.known.memory.mains_since_ms or 0, case.known.memory.treats_since_ms or 0
    until_ms = min(until_ms, flow_until_ms)
    since_ms = until_ms - window_ms
    used, let_out = case.energy(since_ms, until_ms), case.effluent(since_ms, until_ms)
    low_kwh, dry_m3 = case.low_kwh_in(window_ms), case.dry_m3_in(window_ms)
    if (
        since_ms < max(mains_ms, treats_ms)
        or not (case.is_enough(used) and case.is_enough(let_out))
        or used.amount >= low_kwh
        or let_out.amount > dry_m3
    ):
        return None
    evidence: dict[str, float | str] = {
        "window_s": window_ms // 1000,
        "energy_kwh": used.amount,
        "volume_m3": let_out.amount,
        "coverage": min(used.coverage, let_out.coverage),
        "expected_kwh": case.usual_kwh_in(window_ms),
        "volume_floor_m3": dry_m3,
    }
    return Decision("stopped", since_ms, "little_energy_no_effluent", evidence)


def without_effluent(case: Case) -> Decision | None:
    """What follows for a station whose flow meter is all that tells; None if effluent came."""
    until_ms = case.effluent_until_ms
    if until_ms is None:
        return None
    since_ms, memory = until_ms - case.dry_window_ms, case.known.memory
    if memory.state not in WITHOUT and since_ms < (memory.treats_since_ms or 0):
        return None  # an approved stop does not prove that it goes on
    let_out = case.effluent(since_ms, until_ms)
    floor_m3 = case.dry_m3_in(until_ms - since_ms)
    if not case.is_enough(let_out) or let_out.amount > floor_m3:
        return None
    fault = frozen(case, "flow", since_ms, until_ms)
    if fault is not None:
        return fault
    evidence = {
        "window_s": (until_ms - since_ms) // 1000,
        "volume_m3": let_out.amount,
        "coverage": let_out.coverage,
        "volume_floor_m3": floor_m3,
    }
    return Decision("stopped", dry_since_ms(case, since_ms, until_ms), "no_effluent", evidence)


def dry_since_ms(case: Case, since_ms: int, until_ms: int) -> int:
    """Where the effluent ended; at the window's start if that is not to be seen step by step."""
    flow = case.known.ledger.flow
    begins_ms = flow.quiet_since_ms(until_ms, 2 * case.dry_m3_in(flow.step_ms))
    return begins_ms if begins_ms <= (since_ms + until_ms) // 2 else since_ms
