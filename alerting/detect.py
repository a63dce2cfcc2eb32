"""Which state a station is in, since when, for which reason and on which figures. Pure; time is an argument.

Of the ten states of the vocabulary this version decides `running`, `stopped`, `idling`, `flow_without_power`,
`offline` and `unknown`.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from alerting.evidence import Usage, Window

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
EFFLUENT_FLOOR_SHARE = 0.02
"""Effluent up to this share of what is expected counts as none."""
SMALL_M3_PER_DAY = 20.0
"""Below this design scale a missing effluent is waited for longer."""


class Thresholds(NamedTuple):
    """What a station is held against; from the settings, with its own overrides."""

    offline_after_s: int
    stop_window_s: int
    idle_window_s: int
    learn_s: int
    stop_floor_kwh_per_day: float
    coverage: float


class Known(NamedTuple):
    """What is known of a station just now.

    Attributes:
        has_power_meter, has_flow_meter: whether it ever delivered such readings.
        first_heard_ms: when its first reading came; None if none ever did.
        last_heard_ms: its last sign of life; None if there was none.
        design_m3_per_day: None if not on file.
        works_without_power: a wetland or pond, whose lift pump may use less than the stop floor.
        treats_since_ms: end of the last time without energy, since when effluent is to be expected.
        stop_window: figures of the stop window, ending now.
        idle_window: figures of the idling window, ending now.
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


class Decision(NamedTuple):
    """A state with its beginning, its reason as a code, and the figures the reason is rendered with."""

    state: State
    start_ms: int
    reason: str
    evidence: Mapping[str, float]


def decide(known: Known, limits: Thresholds, now_ms: int) -> Decision:
    """Judge one station."""
    last_ms = known.last_heard_ms
    if known.first_heard_ms is None or last_ms is None:
        return Decision("unknown", now_ms, "too_little_data", {})
    silent_s = (now_ms - last_ms) // 1000
    if silent_s > limits.offline_after_s:
        return Decision(
            "offline", last_ms, "nothing_heard", {"last_seen_ms": last_ms, "limit_s": limits.offline_after_s}
        )
    age_s = (now_ms - known.first_heard_ms) // 1000
    if age_s < limits.learn_s:
        evidence = {"age_s": age_s, "limit_s": limits.learn_s}
        return Decision("unknown", known.first_heard_ms, "new_station", evidence)
    if known.has_power_meter and known.stop_window.energy.reaches(limits.coverage):
        return _by_energy(known, limits, now_ms)
    if known.has_flow_meter and known.idle_window.volume.reaches(limits.coverage):
        return _by_flow_alone(known, now_ms)
    window = known.stop_window
    coverage = max(window.energy.coverage, window.volume.coverage)
    return Decision("unknown", now_ms, "too_little_data", {"window_s": window.seconds, "coverage": coverage})


def _by_energy(known: Known, limits: Thresholds, now_ms: int) -> Decision:
    window = known.stop_window
    floor_kwh = limits.stop_floor_kwh_per_day * window.seconds / SECONDS_PER_DAY
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
    return Decision("running", now_ms, "as_expected", evidence)


def _by_flow_alone(known: Known, now_ms: int) -> Decision:
    window = known.idle_window
    floor_m3 = _effluent_floor_m3(known, window)
    evidence = _evidence(None, window.volume, window) | {"volume_floor_m3": floor_m3}
    if window.volume.amount <= floor_m3:
        return Decision("stopped", window.start_ms, "no_effluent", evidence)
    return Decision("running", now_ms, "as_expected", evidence)


def _effluent_floor_m3(known: Known, window: Window) -> float:
    expected_m3 = (known.design_m3_per_day or 0.0) * window.seconds / SECONDS_PER_DAY
    return EFFLUENT_FLOOR_SHARE * expected_m3


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
