"""Which state a station is in, since when, for which reason and on which figures. Pure; time is an argument.

Counters decide over samples: what a window's counter differences say stands, whatever single samples say.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from alerting.baseline import Baseline
from alerting.ledger import Usage, Window
from alerting.verdict import EFFLUENT_FLOOR_SHARE

State = Literal[
    "running",
    "low_load",
    "idling",
    "stopped",
    "flow_without_power",
    "power_cut",
    "meter_fault",
    "offline",
    "planned_stop",
    "unknown",
]

SECONDS_PER_DAY = 86_400
POWER_CUT_AFTER_S = 300
METER_FAULT_AFTER_S = 1_800
"""Meters must be mute for so long before it is said; a poll or two fail everywhere."""
SHORTEST_SHARE = 0.25
"""A stop window that a power cut has shortened tells nothing below this share of its length."""
NO_LONGER_IN_USE = "no_longer_in_use"
"""The reason of a station whose class says so; nothing rings for it."""
SMALL_M3_PER_DAY = 20.0
"""Below this design scale a missing effluent is waited for longer."""


class Thresholds(NamedTuple):
    """What a station is held against; from the settings, with its own overrides.

    `floor_is_own` says that somebody set the stop floor for this very station; what was learnt then waits.
    """

    offline_after_s: int
    stop_window_s: int
    idle_window_s: int
    learn_s: int
    stop_floor_kwh_per_day: float
    coverage: float
    floor_is_own: bool = False

    def floor_kwh(self, usual: Baseline) -> float:
        """Energy of a day below which nothing is treated."""
        floor_kwh = self.stop_floor_kwh_per_day
        return floor_kwh if self.floor_is_own else usual.floor_kwh(floor_kwh)


class PlannedStop(NamedTuple):
    """An approved stop; first and last civil day as ISO texts."""

    start_ms: int
    reason: str
    first_day: str
    last_day: str


class Known(NamedTuple):
    """What is known of a station just now.

    Attributes:
        has_power_meter, has_flow_meter: whether it ever delivered such readings.
        first_heard_ms: when its first reading came; None if none ever did.
        last_heard_ms: its last sign of life; None if there was none.
        design_m3_per_day: None if not on file.
        works_without_power: a wetland or pond, whose lift pump may use less than the stop floor.
        treats_since_ms: end of the last time without energy, since when effluent is to be expected.
        stop_window: figures of the stop window, ending now; see `stop_window_start_ms`.
        idle_window: figures of the idling window, ending now.
        usual: the station's usual day; None stands for the thresholds' floor alone.
        planned: the approved stop that holds now, None for none.
        left_ms: since when the station is no longer in use; None while it is.
        mute: device to the instant since when it fails to answer, though the box is heard.
        devices: how many meters there are.
        has_voltage: None if no voltage is measured.
    """

    has_power_meter: bool
    has_flow_meter: bool
    first_heard_ms: int | None
    last_heard_ms: int | None
    design_m3_per_day: float | None
    stop_window: Window
    idle_window: Window
    works_without_power: bool = False
    treats_since_ms: int | None = None
    usual: Baseline = Baseline()
    planned: PlannedStop | None = None
    left_ms: int | None = None
    mute: Mapping[str, int] = {}
    devices: int = 0
    has_voltage: bool | None = None


def stop_window_start_ms(limits: Thresholds, mains_since_ms: int | None, now_ms: int) -> int:
    """Where the stop window begins: a power cut proves no stop, so it reaches back to its end at most."""
    return min(max(now_ms - limits.stop_window_s * 1000, mains_since_ms or 0), now_ms - 1000)


class Decision(NamedTuple):
    """A state with its beginning, its reason as a code, and the figures the reason is rendered with."""

    state: State
    start_ms: int
    reason: str
    evidence: Mapping[str, float | str]


def decide(known: Known, limits: Thresholds, now_ms: int) -> Decision:
    """Judge one station."""
    undecided = _before_any_window(known, limits, now_ms) or _without_meters(known, now_ms)
    if undecided is not None:
        return undecided
    is_long_enough = known.stop_window.seconds >= SHORTEST_SHARE * limits.stop_window_s
    if known.has_power_meter and is_long_enough and known.stop_window.energy.reaches(limits.coverage):
        return _by_energy(known, limits, now_ms)
    if known.has_flow_meter and known.idle_window.volume.reaches(limits.coverage):
        return _by_flow_alone(known, now_ms)
    window = known.stop_window
    coverage = max(window.energy.coverage, window.volume.coverage)
    return Decision("unknown", now_ms, "too_little_data", {"window_s": window.seconds, "coverage": coverage})


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
    if (now_ms - last_ms) // 1000 > limits.offline_after_s:
        silence = {"last_seen_ms": last_ms, "limit_s": limits.offline_after_s}
        return Decision("offline", last_ms, "nothing_heard", silence)
    age_s = (now_ms - known.first_heard_ms) // 1000
    if age_s < limits.learn_s:
        young = {"age_s": age_s, "limit_s": limits.learn_s}
        return Decision("unknown", known.first_heard_ms, "new_station", young)
    return None


def _without_meters(known: Known, now_ms: int) -> Decision | None:
    """A power cut or a faulty meter, while the box itself is heard."""
    if known.has_voltage is False:
        return Decision("power_cut", now_ms, "no_voltage", {})
    if not known.mute:
        return None
    last_fell_ms = max(known.mute.values())
    all_mute = len(known.mute) == known.devices > 1
    if all_mute and now_ms - last_fell_ms >= POWER_CUT_AFTER_S * 1000:
        return Decision("power_cut", last_fell_ms, "all_meters_mute", {"since_ms": last_fell_ms})
    device, since_ms = min(known.mute.items(), key=lambda item: (item[1], item[0]))
    if not all_mute and now_ms - since_ms >= METER_FAULT_AFTER_S * 1000:
        return Decision("meter_fault", since_ms, "meter_mute", {"device": device, "since_ms": since_ms})
    return None


def _by_energy(known: Known, limits: Thresholds, now_ms: int) -> Decision:
    window = known.stop_window
    floor_kwh = limits.floor_kwh(known.usual) * window.seconds / SECONDS_PER_DAY
    volume_floor_m3 = _effluent_floor_m3(known, window)
    flow_known = known.has_flow_meter and window.volume.reaches(limits.coverage)
    evidence = _evidence(window.energy, window.volume if flow_known else None, window)
    evidence["energy_floor_kwh"] = floor_kwh
    if flow_known:
        evidence["volume_floor_m3"] = volume_floor_m3
    if window.energy.amount < floor_kwh:
        if not flow_known:
            return Decision("stopped", window.start_ms, "no_energy", evidence)
        if window.volume.amount > volume_floor_m3 and known.works_without_power:
            return Decision("running", now_ms, "as_expected", evidence)
        if window.volume.amount > volume_floor_m3:
            return Decision("flow_without_power", window.start_ms, "effluent_without_energy", evidence)
        return Decision("stopped", window.start_ms, "no_energy_no_effluent", evidence)
    idle = known.idle_window
    has_treated_for_long = (known.treats_since_ms or 0) <= idle.start_ms
    if known.has_flow_meter and has_treated_for_long and idle.volume.reaches(limits.coverage):
        idle_floor_m3 = _effluent_floor_m3(known, idle)
        if idle.volume.amount <= idle_floor_m3:
            evidence = _evidence(idle.energy, idle.volume, idle) | {"volume_floor_m3": idle_floor_m3}
            return Decision("idling", idle.start_ms, "energy_without_effluent", evidence)
    return _low_load(known, limits) or Decision("running", now_ms, "as_expected", evidence)


def _low_load(known: Known, limits: Thresholds) -> Decision | None:
    """Energy far below the usual over the long window, since within a day it comes and goes."""
    window, usual = known.idle_window, known.usual
    has_treated_for_long = (known.treats_since_ms or 0) <= window.start_ms
    days = window.seconds / SECONDS_PER_DAY
    is_low = window.energy.amount < usual.low_kwh * days
    if not (usual.days and is_low and has_treated_for_long and window.energy.reaches(limits.coverage)):
        return None
    evidence = _evidence(window.energy, None, window) | {"expected_kwh": (usual.energy_kwh or 0.0) * days}
    return Decision("low_load", window.start_ms, "low_energy", evidence)


def _by_flow_alone(known: Known, now_ms: int) -> Decision:
    window = known.idle_window
    floor_m3 = _effluent_floor_m3(known, window)
    evidence = _evidence(None, window.volume, window) | {"volume_floor_m3": floor_m3}
    if window.volume.amount <= floor_m3:
        return Decision("stopped", window.start_ms, "no_effluent", evidence)
    return Decision("running", now_ms, "as_expected", evidence)


def _effluent_floor_m3(known: Known, window: Window) -> float:
    learnt_m3 = known.usual.volume_m3 if known.usual.days else None
    per_day_m3 = learnt_m3 or known.design_m3_per_day or 0.0
    return EFFLUENT_FLOOR_SHARE * per_day_m3 * window.seconds / SECONDS_PER_DAY


def _evidence(energy: Usage | None, volume: Usage | None, window: Window) -> dict[str, float]:
    figures: dict[str, float] = {"window_s": window.seconds}
    if energy is not None:
        figures |= {"energy_kwh": energy.amount, "coverage": energy.coverage}
    if volume is not None:
        figures |= {
            "volume_m3": volume.amount,
            "coverage": min(figures.get("coverage", 1.0), volume.coverage),
        }
    return figures
