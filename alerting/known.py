"""What a station is judged on, what it is held against, and what comes out: the words of detection. Pure."""

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple, get_args

from alerting.baseline import Baseline
from alerting.ledger import Ledger
from telemetry.quantities import Kind

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
STATES: tuple[State, ...] = get_args(State)

NO_LONGER_IN_USE = "no_longer_in_use"
"""The reason of a station whose class says so; nothing rings for it."""
LISTENING = "listening_ms"
"""In the evidence of a state that rings only if it still stands in an hour, because of a silence before."""
SMALL_M3_PER_DAY = 20.0
"""Below this scale a missing effluent is waited for longer."""


class Thresholds(NamedTuple):
    """What a station is held against; from the settings, with its own overrides.

    `own` names the keys that somebody set for this very station; what was learnt then waits.
    """

    offline_after_s: int
    stop_window_s: int
    idle_window_s: int
    learn_s: int
    stop_floor_kwh_per_day: float
    coverage: float
    low_load_window_s: int = 86_400
    effluent_share: float = 0.02
    own: frozenset[str] = frozenset()

    def floor_kwh(self, usual: Baseline) -> float:
        """Energy of a day below which nothing is treated."""
        floor_kwh = self.stop_floor_kwh_per_day
        return floor_kwh if "stop_floor_kwh_per_day" in self.own else usual.floor_kwh(floor_kwh)


class PlannedStop(NamedTuple):
    """An approved stop; first and last civil day as ISO texts."""

    start_ms: int
    reason: str
    first_day: str
    last_day: str


class Last(NamedTuple):
    """What a device told last.

    Attributes:
        kind: of meter.
        at_ms: its last reading, good or not.
        is_missing: its last poll failed.
        counted_ms: its last counter reading, or else its last good one; None if there never was one.
        has_voltage: whether any phase had voltage; None if none is measured.
    """

    kind: Kind
    at_ms: int
    is_missing: bool
    counted_ms: int | None
    has_voltage: bool | None


class Memory(NamedTuple):
    """What was decided before, as far as the next decision needs it.

    Attributes:
        state, start_ms: the last state that says something of the treatment, and its beginning.
        treats_since_ms: end of the last time without energy, since when effluent is to be expected.
        mains_since_ms: end of the last power cut.
        heard_since_ms: end of the last silence.
    """

    state: State | None = None
    start_ms: int = 0
    treats_since_ms: int | None = None
    mains_since_ms: int | None = None
    heard_since_ms: int | None = None


class Known(NamedTuple):
    """What is known of a station just now.

    Attributes:
        has_power_meter, has_flow_meter: whether it ever delivered such readings.
        first_heard_ms: when its first reading came; None if none ever did.
        last_heard_ms: its last sign of life; None if there was none.
        design_m3_per_day: None if not on file.
        process: one of the contract's, or empty.
        works_without_power: a wetland or pond, whose lift pump may use less than the stop floor.
        ledger: what its meters counted lately; windows that end now are summed from it.
        fine: the same in finer steps, for windows that are short for quarter hours; None where not needed.
        usual: the station's usual day.
        memory: what was decided before.
        planned: the approved stop that holds now, None for none.
        left_ms: since when the station is no longer in use; None while it is.
        devices: what each told last, by id.
        is_holiday: a festival, when villages are empty or full.
    """

    has_power_meter: bool
    has_flow_meter: bool
    first_heard_ms: int | None
    last_heard_ms: int | None
    design_m3_per_day: float | None
    ledger: Ledger
    process: str = ""
    works_without_power: bool = False
    fine: Ledger | None = None
    usual: Baseline = Baseline()
    memory: Memory = Memory()
    planned: PlannedStop | None = None
    left_ms: int | None = None
    devices: Mapping[str, Last] = {}
    is_holiday: bool = False


class Decision(NamedTuple):
    """A state with its beginning, its reason as a code, and the figures the reason is rendered with."""

    state: State
    start_ms: int
    reason: str
    evidence: Mapping[str, float | str]


class DayStates(NamedTuple):
    """What the station was in on a civil day.

    Attributes:
        words: its states.
        stood: it was stopped from end to end.
    """

    words: Collection[str]
    stood: bool
