"""Which state, since when, for which reason; every boundary from both sides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.baseline import Baseline
from alerting.detect import EFFLUENT_FLOOR_SHARE, Known, PlannedStop, Thresholds, decide, stop_window_start_ms
from alerting.ledger import NOTHING_KNOWN, Usage, Window

NOW_MS = 1_795_000_000_000
HOUR_S, DAY_S = 3_600, 86_400
LIMITS = Thresholds(
    offline_after_s=1_800,
    stop_window_s=4 * HOUR_S,
    idle_window_s=DAY_S,
    learn_s=DAY_S,
    stop_floor_kwh_per_day=0.5,
    coverage=0.75,
)
STOP_FLOOR_KWH = 0.5 / 6
DESIGN = 20.0
FLOOR_4H_M3 = EFFLUENT_FLOOR_SHARE * DESIGN / 6
FLOOR_24H_M3 = EFFLUENT_FLOOR_SHARE * DESIGN
LITTLE = 1e-9


def used(amount, coverage=1.0):
    return Usage(amount, coverage)


def known(energy=NOTHING_KNOWN, volume=NOTHING_KNOWN, day_volume=None, *, meters=("power", "flow"), **other):
    """A station heard a moment ago, for long on the register; figures of the stop window, and of the day."""
    stop_ms, idle_ms = NOW_MS - LIMITS.stop_window_s * 1000, NOW_MS - LIMITS.idle_window_s * 1000
    facts = {
        "has_power_meter": "power" in meters,
        "has_flow_meter": "flow" in meters,
        "first_heard_ms": NOW_MS - 30 * DAY_S * 1000,
        "last_heard_ms": NOW_MS - 1000,
        "design_m3_per_day": DESIGN,
        "stop_window": Window(stop_ms, NOW_MS, energy, volume),
        "idle_window": Window(idle_ms, NOW_MS, energy, volume if day_volume is None else day_volume),
    }
    return Known(**(facts | other))


def judged(facts, limits=LIMITS):
    decision = decide(facts, limits, NOW_MS)
    return decision.state, decision.reason, (NOW_MS - decision.start_ms) / 1000


ENOUGH, SOME_WATER = used(5.0), used(3.0)
NO_ENERGY, NO_WATER = used(0.0), used(0.0)
FOUR_HOURS = 4 * HOUR_S
POWER_ONLY, FLOW_ONLY = {"meters": ("power",)}, {"meters": ("flow",)}

CASES = {
    "all is well": (known(ENOUGH, SOME_WATER), ("running", "as_expected", 0)),
    "nothing used, nothing let out": (
        known(NO_ENERGY, NO_WATER), ("stopped", "no_energy_no_effluent", FOUR_HOURS)),
    "just below the floor": (
        known(used(STOP_FLOOR_KWH - LITTLE), NO_WATER), ("stopped", "no_energy_no_effluent", FOUR_HOURS)),
    "exactly the floor": (known(used(STOP_FLOOR_KWH), NO_WATER, SOME_WATER), ("running", "as_expected", 0)),
    "water without energy": (
        known(NO_ENERGY, SOME_WATER), ("flow_without_power", "effluent_without_energy", FOUR_HOURS)),
    "water without energy, as a wetland may": (
        known(NO_ENERGY, SOME_WATER, works_without_power=True), ("running", "as_expected", 0)),
    "a wetland without water": (
        known(NO_ENERGY, NO_WATER, works_without_power=True),
        ("stopped", "no_energy_no_effluent", FOUR_HOURS)),
    "started again less than a day ago": (
        known(ENOUGH, NO_WATER, treats_since_ms=NOW_MS - DAY_S * 1000 + 1), ("running", "as_expected", 0)),
    "started again a day ago": (
        known(ENOUGH, NO_WATER, treats_since_ms=NOW_MS - DAY_S * 1000),
        ("idling", "energy_without_effluent", DAY_S)),
    "exactly the effluent that counts as none": (
        known(NO_ENERGY, used(FLOOR_4H_M3)), ("stopped", "no_energy_no_effluent", FOUR_HOURS)),
    "a drop more than that": (
        known(NO_ENERGY, used(FLOOR_4H_M3 + LITTLE)),
        ("flow_without_power", "effluent_without_energy", FOUR_HOURS)),
    "a flow meter that knows too little of the window": (
        known(NO_ENERGY, used(9.0, 0.749)), ("stopped", "no_energy", FOUR_HOURS)),
    "a flow meter that knows just enough": (
        known(NO_ENERGY, used(9.0, 0.75)), ("flow_without_power", "effluent_without_energy", FOUR_HOURS)),
    "a power meter that knows just enough": (
        known(used(0.0, 0.75), NO_WATER), ("stopped", "no_energy_no_effluent", FOUR_HOURS)),
    "a power meter that knows too little, and effluent": (
        known(used(0.0, 0.749), SOME_WATER), ("running", "as_expected", 0)),
    "a power meter that knows too little, and no effluent": (
        known(used(0.0, 0.749), NO_WATER), ("stopped", "no_effluent", DAY_S)),
    "both know too little": (
        known(used(0.0, 0.5), used(0.0, 0.6)), ("unknown", "too_little_data", 0)),
    "nothing is known": (known(), ("unknown", "too_little_data", 0)),
    "energy, but no effluent all day": (
        known(ENOUGH, NO_WATER), ("idling", "energy_without_effluent", DAY_S)),
    "energy, and exactly the effluent that counts as none": (
        known(ENOUGH, NO_WATER, used(FLOOR_24H_M3)), ("idling", "energy_without_effluent", DAY_S)),
    "energy, and a drop more": (
        known(ENOUGH, NO_WATER, used(FLOOR_24H_M3 + LITTLE)), ("running", "as_expected", 0)),
    "energy, no effluent by night only": (known(ENOUGH, NO_WATER, SOME_WATER), ("running", "as_expected", 0)),
    "energy, and a day too little known": (
        known(ENOUGH, NO_WATER, used(0.0, 0.7)), ("running", "as_expected", 0)),
    "power meter only, running": (known(ENOUGH, **POWER_ONLY), ("running", "as_expected", 0)),
    "power meter only, stopped": (known(NO_ENERGY, **POWER_ONLY), ("stopped", "no_energy", FOUR_HOURS)),
    "power meter only, too little": (
        known(used(0.0, 0.2), **POWER_ONLY), ("unknown", "too_little_data", 0)),
    "flow meter only, running": (known(volume=SOME_WATER, **FLOW_ONLY), ("running", "as_expected", 0)),
    "flow meter only, stopped": (known(volume=NO_WATER, **FLOW_ONLY), ("stopped", "no_effluent", DAY_S)),
    "flow meter only, a dry night": (
        known(volume=NO_WATER, day_volume=SOME_WATER, **FLOW_ONLY), ("running", "as_expected", 0)),
    "flow meter only, too little": (
        known(volume=used(3.0, 0.7), **FLOW_ONLY), ("unknown", "too_little_data", 0)),
    "no design scale: any effluent is effluent": (
        known(NO_ENERGY, used(LITTLE), design_m3_per_day=None),
        ("flow_without_power", "effluent_without_energy", FOUR_HOURS)),
    "no design scale, no effluent": (
        known(NO_ENERGY, NO_WATER, design_m3_per_day=None), ("stopped", "no_energy_no_effluent", FOUR_HOURS)),
    "never heard": (
        known(ENOUGH, first_heard_ms=None, last_heard_ms=None), ("unknown", "not_connected", 0)),
    "only its box was heard": (known(first_heard_ms=None), ("unknown", "too_little_data", 0)),
    "silent exactly as long as allowed": (
        known(ENOUGH, SOME_WATER, last_heard_ms=NOW_MS - 1_800_000), ("running", "as_expected", 0)),
    "silent a second longer": (
        known(ENOUGH, SOME_WATER, last_heard_ms=NOW_MS - 1_801_000), ("offline", "nothing_heard", 1_801)),
    "silent and stopped before is offline": (
        known(NO_ENERGY, NO_WATER, last_heard_ms=NOW_MS - DAY_S * 1000), ("offline", "nothing_heard", DAY_S)),
    "its clock is ahead of ours": (
        known(ENOUGH, SOME_WATER, last_heard_ms=NOW_MS + 600_000), ("running", "as_expected", 0)),
    "new and silent is offline": (
        known(first_heard_ms=NOW_MS - 7_200_000, last_heard_ms=NOW_MS - 7_200_000),
        ("offline", "nothing_heard", 7_200)),
    "new, whatever it does": (
        known(NO_ENERGY, NO_WATER, first_heard_ms=NOW_MS - DAY_S * 1000 + 1000),
        ("unknown", "new_station", DAY_S - 1)),
    "no longer new": (
        known(NO_ENERGY, NO_WATER, first_heard_ms=NOW_MS - DAY_S * 1000),
        ("stopped", "no_energy_no_effluent", FOUR_HOURS)),
}  # fmt: skip


USUAL = Baseline(energy_kwh=10.0, volume_m3=20.0, days=28)
MINUTE_MS = 60_000
STOP = PlannedStop(NOW_MS - 5 * DAY_S * 1000, "maintenance", "2026-11-01", "2026-11-09")


def mute(**minutes):
    return {name.replace("_", "-"): NOW_MS - length * MINUTE_MS for name, length in minutes.items()}


CASES |= {
    "in an approved stop": (
        known(NO_ENERGY, NO_WATER, planned=STOP),
        ("planned_stop", "planned_stop", 5 * DAY_S),
    ),
    "no longer in use, and silent": (
        known(last_heard_ms=NOW_MS - DAY_S * 1000, left_ms=NOW_MS - DAY_S * 1000, planned=STOP),
        ("unknown", "no_longer_in_use", DAY_S),
    ),
    "silent in an approved stop": (
        known(last_heard_ms=None, planned=STOP),
        ("planned_stop", "planned_stop", 5 * DAY_S),
    ),
    "both meters mute for 5 minutes": (
        known(ENOUGH, SOME_WATER, mute=mute(power_1=9, flow_1=5), devices=2),
        ("power_cut", "all_meters_mute", 300),
    ),
    "not yet for 5 minutes": (
        known(ENOUGH, SOME_WATER, mute=mute(power_1=9, flow_1=4.9), devices=2),
        ("running", "as_expected", 0),
    ),
    "no phase has voltage": (known(ENOUGH, SOME_WATER, has_voltage=False), ("power_cut", "no_voltage", 0)),
    "one of two meters mute for half an hour": (
        known(ENOUGH, SOME_WATER, mute=mute(power_1=30), devices=2),
        ("meter_fault", "meter_mute", 1_800),
    ),
    "not yet for half an hour": (
        known(ENOUGH, SOME_WATER, mute=mute(power_1=29.9), devices=2),
        ("running", "as_expected", 0),
    ),
    "the only meter mute": (
        known(NO_ENERGY, mute=mute(power_1=60), devices=1, **POWER_ONLY),
        ("meter_fault", "meter_mute", 3_600),
    ),
    "an hour after a power cut": (
        known(used(0.0), NO_WATER, stop_window=Window(NOW_MS - HOUR_S * 1000, NOW_MS, used(0.0), NO_WATER)),
        ("stopped", "no_energy_no_effluent", HOUR_S),
    ),
    "less than an hour after a power cut": (
        known(used(0.0), SOME_WATER, stop_window=Window(NOW_MS - 3_599_000, NOW_MS, used(0.0), SOME_WATER)),
        ("running", "as_expected", 0),
    ),
    "less than an hour after a power cut, without a flow meter": (
        known(stop_window=Window(NOW_MS - 3_599_000, NOW_MS, used(0.0), NOTHING_KNOWN), **POWER_ONLY),
        ("unknown", "too_little_data", 0),
    ),
    "far less energy than usual": (
        known(used(2.99), used(9.0), usual=USUAL),
        ("low_load", "low_energy", DAY_S),
    ),
    "just enough of the usual": (known(used(3.0), used(9.0), usual=USUAL), ("running", "as_expected", 0)),
    "less than usual since it started again": (
        known(used(2.99), used(9.0), usual=USUAL, treats_since_ms=NOW_MS - 1000),
        ("running", "as_expected", 0),
    ),
    "far less than a mere guess": (
        known(used(2.99), used(9.0), usual=USUAL._replace(days=0)),
        ("running", "as_expected", 0),
    ),
    "below the floor that was learnt": (
        known(used(0.83), NO_WATER, usual=USUAL._replace(energy_kwh=100.0)),
        ("stopped", "no_energy_no_effluent", FOUR_HOURS),
    ),
}


def test_the_stop_window_reaches_back_to_the_end_of_a_power_cut_at_most():
    whole_ms = NOW_MS - FOUR_HOURS * 1000
    ends = [None, 0, whole_ms - 1, whole_ms + 1, NOW_MS - 5_000, NOW_MS]
    assert [stop_window_start_ms(LIMITS, end_ms, NOW_MS) - NOW_MS for end_ms in ends] == [
        -FOUR_HOURS * 1000, -FOUR_HOURS * 1000, -FOUR_HOURS * 1000,
        1 - FOUR_HOURS * 1000, -5_000, -1_000]  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_decide(name):
    facts, wanted = CASES[name]
    assert judged(facts) == wanted


@pytest.mark.parametrize("kwh_per_day", [0.0, 0.1, 0.49])
def test_a_wetland_that_lets_water_out_is_not_stopped_however_little_it_uses(kwh_per_day):
    assert judged(known(used(kwh_per_day / 6), SOME_WATER))[0] != "stopped"


def test_the_floor_grows_with_the_window():
    limits = LIMITS._replace(stop_window_s=60)
    window = Window(NOW_MS - 60_000, NOW_MS, used(0.5 / 1440 - LITTLE), NOTHING_KNOWN)
    facts = known(stop_window=window, **POWER_ONLY)
    assert judged(facts, limits) == ("stopped", "no_energy", 60)
    running = facts._replace(stop_window=window._replace(energy=used(0.5 / 1440 + LITTLE)))
    assert judged(running, limits)[0] == "running"


def test_the_evidence_is_what_the_judgement_rests_on():
    evidence = decide(known(used(0.02, 0.9), used(0.01, 0.8)), LIMITS, NOW_MS).evidence
    assert evidence == {
        "window_s": FOUR_HOURS, "energy_kwh": 0.02, "coverage": 0.8, "volume_m3": 0.01,
        "energy_floor_kwh": pytest.approx(STOP_FLOOR_KWH), "volume_floor_m3": pytest.approx(FLOOR_4H_M3),
    }  # fmt: skip
    assert decide(known(NO_ENERGY, **POWER_ONLY), LIMITS, NOW_MS).evidence == {
        "window_s": FOUR_HOURS, "energy_kwh": 0.0, "coverage": 1.0,
        "energy_floor_kwh": pytest.approx(STOP_FLOOR_KWH),
    }  # fmt: skip
    assert decide(known(ENOUGH, NO_WATER), LIMITS, NOW_MS).evidence == {
        "window_s": DAY_S, "energy_kwh": 5.0, "coverage": 1.0, "volume_m3": 0.0,
        "volume_floor_m3": pytest.approx(FLOOR_24H_M3),
    }  # fmt: skip
    silent = known(last_heard_ms=NOW_MS - 2_000_000)
    assert decide(silent, LIMITS, NOW_MS).evidence == {"last_seen_ms": NOW_MS - 2_000_000, "limit_s": 1_800}


amounts = st.builds(Usage, st.floats(0, 1e6), st.floats(0, 1))


heard = st.one_of(st.none(), st.integers(NOW_MS - 10**10, NOW_MS + 600_000))


@given(
    st.tuples(amounts, amounts, amounts),
    st.booleans(),
    st.booleans(),
    st.one_of(st.none(), st.floats(0, 1e5)),
    heard,
    heard,
)
def test_whatever_is_known_there_is_one_state_that_began_by_now(used_up, power, flow, design, first, last):
    energy, volume, day = used_up
    facts = known(energy, volume, day, has_power_meter=power, has_flow_meter=flow, design_m3_per_day=design,
                  first_heard_ms=first, last_heard_ms=last)  # fmt: skip
    decision = decide(facts, LIMITS, NOW_MS)
    assert decision.state in {"running", "stopped", "idling", "flow_without_power", "offline", "unknown"}
    assert decision.reason
    assert decision.start_ms <= max(NOW_MS, first or 0)
    assert all(value == value for value in decision.evidence.values())  # noqa: PLR0124 - no NaN
    if decision.state == "stopped" and power and energy.reaches(LIMITS.coverage):
        assert energy.amount < STOP_FLOOR_KWH
