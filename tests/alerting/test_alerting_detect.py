"""Which rule goes first: what is decided before any window is looked at; and one state whatever is known."""

from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_station import (
    DAY,
    HOUR,
    LIMITS,
    LITTLE,
    NOW,
    START,
    USUAL,
    ZONE,
    Q,
    approved_stop,
    fill,
    judged,
    known,
    own,
    state,
    station_file,
)

from alerting.baseline import Baseline
from alerting.detect import decide
from alerting.known import STATES, Last, Memory, PlannedStop, Thresholds
from alerting.ledger import Ledger
from registry.config import AlertingSettings
from service.civil import start_of

RUNS = {"power": [(72, 0.5)], "flow": [(72, 0.8)]}
STANDS = {"power": [(40, 0.5), (20, 0.0)], "flow": [(40, 0.8), (20, 0.0)]}
STOP = PlannedStop(NOW - 5 * DAY, "maintenance", "2026-03-25", "2026-04-02")

CASES = {
    "all is well": (known(**RUNS), ("running", "as_expected", 0)),
    "nothing used, nothing let out": (known(**STANDS), ("stopped", "no_energy_no_effluent", 20)),
    "in an approved stop": (known(**STANDS, planned=STOP), ("planned_stop", "planned_stop", 120)),
    "running in an approved stop": (known(**RUNS, planned=STOP), ("planned_stop", "planned_stop", 120)),
    "silent in an approved stop": (
        known(planned=STOP, last_heard_ms=None),
        ("planned_stop", "planned_stop", 120),
    ),
    "no longer in use": (
        known(**RUNS, left_ms=NOW - DAY, planned=STOP, last_heard_ms=NOW - DAY),
        ("unknown", "no_longer_in_use", 24),
    ),
    "never heard": (known(first_heard_ms=None, last_heard_ms=None), ("unknown", "not_connected", 0)),
    "only its box was heard": (known(first_heard_ms=None), ("unknown", "too_little_data", 0)),
    "silent as long as allowed": (
        known(**RUNS, last_heard_ms=NOW - 1_800_999),
        ("running", "as_expected", 0),
    ),
    "silent a second longer": (
        known(**RUNS, last_heard_ms=NOW - 1_801_000),
        ("offline", "nothing_heard", pytest.approx(1_801 / 3_600)),
    ),
    "silent and stopped before": (
        known(**STANDS, last_heard_ms=NOW - DAY),
        ("offline", "nothing_heard", 24),
    ),
    "its clock is ahead of ours": (known(**RUNS, last_heard_ms=NOW + 600_000), ("running", "as_expected", 0)),
    "new, whatever it does": (
        known(**STANDS, first_heard_ms=NOW - DAY + 1_000),
        ("unknown", "new_station", pytest.approx(24 - 1 / 3_600)),
    ),
    "no longer new": (
        known(**STANDS, first_heard_ms=NOW - DAY),
        ("stopped", "no_energy_no_effluent", 20),
    ),
    "new and silent": (
        known(first_heard_ms=NOW - 2 * HOUR, last_heard_ms=NOW - 2 * HOUR),
        ("offline", "nothing_heard", 2),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_station_is(name):
    facts, wanted = CASES[name]
    assert judged(facts) == wanted
    assert isinstance(decide(facts, LIMITS, NOW).evidence, Mapping)


def read_every(steps, good=1):
    """A ledger whose meters are read every so many quarter hours, or so many times in each."""
    ledger = Ledger()
    for number in range(0, 30 * steps, steps):
        at_ms = NOW - (30 * steps - number) * Q
        ledger.power.put(at_ms, 1.0, 1.0, (good, 0, False))
        ledger.flow.put(at_ms, 1.0, 1.0, (good, 0, False))
    return ledger


@pytest.mark.parametrize(
    ("steps", "good", "limit_h"),
    [(1, 15, 0.5), (1, 3, 0.5), (1, 2, 0.5), (1, 1, 0.75), (2, 1, 1.5), (4, 1, 3), (24, 1, 18), (96, 1, 72)],
)
def test_a_silence_is_three_intervals_at_whatever_sampling(steps, good, limit_h):
    facts = known(ledger=read_every(steps, good))
    limit_ms = round(limit_h * HOUR)
    silent = decide(facts._replace(last_heard_ms=NOW - limit_ms - 1_000), LIMITS, NOW)
    assert (silent.state, silent.evidence["limit_s"]) == ("offline", limit_ms // 1_000)
    assert silent.start_ms == NOW - limit_ms - 1_000
    assert state(facts._replace(last_heard_ms=NOW - limit_ms)) != "offline"


def test_the_most_talkative_meter_tells_how_long_a_silence_is():
    ledger = read_every(96)
    fill(ledger.flow, [0.2] * 400)
    facts = known(ledger=ledger, last_heard_ms=NOW - HOUR)
    assert state(facts) == "offline"
    assert state(facts._replace(has_flow_meter=False)) != "offline"


def test_a_limit_of_its_own_waives_the_sampling():
    facts = known(ledger=read_every(96), last_heard_ms=NOW - HOUR - 1_000)
    assert (state(facts, own(offline_after_s=3_600)), state(facts, own(offline_after_s=3_602))) == (
        "offline", state(facts))  # fmt: skip


def test_the_figures_of_silence_youth_and_approved_stop():
    silent = decide(known(**RUNS, last_heard_ms=NOW - HOUR), LIMITS, NOW)
    assert silent.evidence == {"last_seen_ms": NOW - HOUR, "limit_s": 1_800}
    young = decide(known(**RUNS, first_heard_ms=NOW - HOUR), LIMITS, NOW)
    assert (young.evidence, young.start_ms) == ({"age_s": 3_600, "limit_s": 86_400}, NOW - HOUR)
    planned = decide(known(planned=STOP), LIMITS, NOW)
    assert planned.evidence == {"reason": "maintenance", "start": "2026-03-25", "end": "2026-04-02"}


FROM, TO = date(2026, 4, 3), date(2026, 4, 5)


@pytest.mark.parametrize(
    ("day", "entered_h", "wanted"),
    [
        (date(2026, 4, 2), -100, "stopped"),
        (date(2026, 4, 3), -100, "planned_stop"),
        (date(2026, 4, 5), -100, "planned_stop"),
        (date(2026, 4, 6), -100, "stopped"),
        (date(2026, 4, 4), 0, "planned_stop"),
        (date(2026, 4, 4), 1, "stopped"),  # not yet entered
    ],
)
def test_an_approved_stop_holds_on_its_days_once_it_was_entered(day, entered_h, wanted):
    now_ms = start_of(day, ZONE) + 12 * HOUR
    file = station_file(exclusions=[approved_stop(FROM, TO, now_ms + entered_h * HOUR)])
    ledger = Ledger()
    fill(ledger.power, [0.1] * 96 + [0.0] * 40, now_ms)
    facts = file.known(ledger, USUAL, ZONE, now_ms)._replace(last_heard_ms=now_ms, has_flow_meter=False)
    found = decide(facts, LIMITS, now_ms)
    assert found.state == wanted
    if wanted == "planned_stop":
        assert (found.start_ms, found.evidence["end"]) == (start_of(FROM, ZONE), "2026-04-05")


def test_a_station_s_own_thresholds_go_before_the_centre_s():
    file = station_file(overrides={"stop_window_s": 7_200, "effluent_share": 0.05, "round_s": 1, "x": 2})
    limits = file.thresholds(AlertingSettings())
    assert limits == Thresholds(
        1_800, 7_200, 86_400, 86_400, 0.5, 0.75, 86_400, 0.05, frozenset({"stop_window_s", "effluent_share"})
    )


@pytest.mark.parametrize(
    ("design", "usual_m3", "idle_window_s"),
    [(20.0, None, 86_400), (19.9, 50.0, 172_800), (None, 20.0, 86_400), (None, 19.9, 172_800),
     (None, None, 172_800)],
)  # fmt: skip
def test_a_small_station_may_be_dry_for_longer(design, usual_m3, idle_window_s):
    limits = station_file(design=design).thresholds(AlertingSettings(), usual_m3)
    assert limits.idle_window_s == idle_window_s


amounts = st.lists(st.none() | st.floats(0, 50), max_size=260)
instants = st.none() | st.integers(NOW - 60 * DAY, NOW + 600_000)
memories = st.builds(
    Memory,
    st.sampled_from([None, "running", "low_load", "idling", "stopped", "flow_without_power"]),
    st.integers(START, NOW),
    instants.filter(lambda each: each is None or each <= NOW),
    instants.filter(lambda each: each is None or each <= NOW),
)
lasts = st.builds(
    Last, st.sampled_from(["power", "flow"]), st.integers(NOW - DAY, NOW), st.booleans(), instants,
    st.sampled_from([None, False, True]),
)  # fmt: skip
usuals = st.builds(
    Baseline, st.none() | st.floats(0, 500), st.none() | st.floats(0, 500), st.sampled_from([0, 5, 13, 14]),
    st.none() | st.floats(0, 50), st.lists(st.none() | st.floats(0, 50), max_size=12),
    st.lists(st.none() | st.floats(0, 50), max_size=12), st.booleans(),
)  # fmt: skip


@given(
    power=amounts,
    flow=amounts,
    lags=st.tuples(st.integers(0, 12), st.integers(0, 12)),
    facts=st.fixed_dictionaries(
        {
            "has_power_meter": st.booleans(),
            "has_flow_meter": st.booleans(),
            "first_heard_ms": instants,
            "last_heard_ms": instants,
            "design_m3_per_day": st.none() | st.floats(0, 1e5),
            "process": st.sampled_from(["", "A2O", "SBR", "wetland"]),
            "works_without_power": st.booleans(),
            "usual": usuals,
            "memory": memories,
            "devices": st.dictionaries(st.sampled_from(["power-1", "flow-1", "power-2"]), lasts),
            "is_holiday": st.booleans(),
        }
    ),
)
def test_whatever_is_known_there_is_one_state_that_began_by_now(power, flow, lags, facts):
    ledger = Ledger()
    fill(ledger.power, power, NOW - lags[0] * Q)
    fill(ledger.flow, flow, NOW - lags[1] * Q)
    decision = decide(known(ledger=ledger, **facts), LIMITS, NOW)
    assert decision.state in STATES
    assert decision.reason
    assert decision.start_ms <= max(NOW, facts["first_heard_ms"] or 0)
    assert all(value == value for value in decision.evidence.values())  # noqa: PLR0124 - no NaN
    if decision.state == "stopped" and facts["memory"].state is None and decision.reason != "no_effluent":
        assert decision.evidence["energy_kwh"] < max(
            decision.evidence.get("energy_floor_kwh", 0.0), decision.evidence.get("expected_kwh", 0.0)
        )
    if decision.state in {"low_load", "idling"}:
        assert decision.start_ms >= (facts["memory"].treats_since_ms or 0)


@given(amounts, st.floats(1.0, 9.0))
def test_more_energy_never_makes_a_stop_of_a_station_that_runs(amounts, more):
    def judged_with(factor):
        ledger = Ledger()
        fill(ledger.power, [each if each is None else each * factor for each in amounts], levels=None)
        return state(known(ledger=ledger))

    if judged_with(1.0) != "stopped":
        assert judged_with(more + LITTLE) != "stopped"
