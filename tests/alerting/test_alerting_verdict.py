"""What a civil day counts as, and what is usual; every boundary from both sides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.baseline import KWH_PER_M3, AcceptedDay, Baseline, learn
from alerting.verdict import MeterDay, StationDay, judge_day

USUAL = Baseline(energy_kwh=10.0, volume_m3=20.0, days=28)
FLOOR_KWH = 0.5
LITTLE = 1e-9


def whole(amount):
    return MeterDay(amount, 24, spans_day=True)


def judged(power, flow, *, usual=USUAL, floor=FLOOR_KWH, **other):
    known = StationDay(*(whole(each) if isinstance(each, float) else each for each in (power, flow)), **other)
    judgement = judge_day(known, usual, floor)
    return judgement.verdict, judgement.reason


LATE = MeterDay(3.0, 17, spans_day=False)
CASES = {
    "as usual": (judged(10.0, 20.0), ("running", "energy_as_expected")),
    "exactly a low load's limit": (judged(3.0, 20.0), ("running", "energy_as_expected")),
    "low energy with much effluent": (judged(3.0 - LITTLE, 10.0 + LITTLE), ("stopped", "too_little_energy")),
    "low energy with little effluent": (judged(3.0 - LITTLE, 10.0), ("running", "low_load")),
    "low energy, effluent not measured": (judged(1.0, None), ("running", "low_load")),
    "low energy, effluent not known": (judged(1.0, LATE), ("running", "low_load")),
    "exactly the floor": (judged(0.5, 0.0), ("running", "low_load")),
    "below the floor, dry": (judged(0.5 - LITTLE, 0.4), ("stopped", "no_energy_no_effluent")),
    "below the floor, wet": (judged(0.5 - LITTLE, 20.0), ("stopped", "no_energy")),
    "below the floor, effluent not known": (judged(0.0, None), ("stopped", "no_energy")),
    "idle for as long as the limit": (judged(10.0, 0.0, idles=True), ("stopped", "idling")),
    "idle, but not yet so long": (judged(10.0, 0.0), ("running", "energy_as_expected")),
    "a wetland with water": (judged(0.0, 1.0, works_without_power=True), ("running", "effluent_as_expected")),
    "a wetland without": (judged(0.0, 0.0, works_without_power=True), ("stopped", "no_energy_no_effluent")),
    "only a flow meter": (judged(None, 0.4 + LITTLE), ("running", "effluent_as_expected")),
    "only a flow meter, dry": (judged(None, 0.4), ("stopped", "no_effluent")),
    "no meter": (judged(None, None), ("unknown", "no_data")),
    "nothing known": (judged(MeterDay(), 20.0), ("unknown", "no_data")),
    "17 valid hours": (judged(LATE, 20.0), ("unknown", "too_little_data")),
    "18 valid hours": (judged(MeterDay(3.0, 18), 20.0), ("running", "energy_as_expected")),
    "bridged": (judged(MeterDay(0.0, 0, spans_day=True), 0.0), ("stopped", "no_energy_no_effluent")),
    "samples without a counter": (judged(MeterDay(None, 24), 20.0), ("unknown", "too_little_data")),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_day_is(name):
    got, wanted = CASES[name]
    assert got == wanted


@given(
    st.one_of(
        st.none(),
        st.builds(MeterDay, st.one_of(st.none(), st.floats(0, 1e6)), st.integers(0, 24), st.booleans()),
    ),
    st.one_of(
        st.none(),
        st.builds(MeterDay, st.one_of(st.none(), st.floats(0, 1e6)), st.integers(0, 24), st.booleans()),
    ),
    st.floats(0, 1e4),
    st.floats(0, 1e4),
)
def test_more_energy_never_turns_running_into_stopped(power, flow, usual_kwh, usual_m3):
    usual = Baseline(usual_kwh, usual_m3, 28)
    floor = usual.floor_kwh(0.5)
    first = judge_day(StationDay(power, flow), usual, floor)
    if power is None or power.amount is None:
        return
    more = judge_day(StationDay(power._replace(amount=power.amount * 2 + 1), flow), usual, floor)
    assert (first.verdict, more.verdict) in {
        ("running", "running"), ("stopped", "stopped"), ("stopped", "running"), ("unknown", "unknown")
    }  # fmt: skip


def test_the_evidence_is_what_the_verdict_rests_on():
    judgement = judge_day(StationDay(whole(1.5), whole(18.0)), USUAL, 0.5)
    assert judgement.reason == "too_little_energy"
    assert judgement.evidence == {
        "energy_kwh": 1.5, "volume_m3": 18.0, "energy_floor_kwh": 0.5, "expected_kwh": 10.0,
        "expected_m3": 20.0, "valid_hours": 24.0,
    }  # fmt: skip


def accepted(count, energy=10.0, volume=20.0):
    return [AcceptedDay(energy, volume)] * count


def test_before_fourteen_days_process_and_scale_are_the_guess():
    assert learn(accepted(13), "MBR", 40.0) == Baseline(20.0 * KWH_PER_M3["MBR"], 20.0, 0)
    assert learn(accepted(13), "", 40.0).energy_kwh == 20.0 * KWH_PER_M3["other"]
    assert learn([], "A2O", None) == Baseline(None, None, 0)
    assert learn(accepted(14), "MBR", 40.0) == Baseline(10.0, 20.0, 14)


def test_only_the_last_28_days_count_and_their_odd_ones_weigh_nothing():
    days = accepted(20, 99.0, 99.0) + accepted(15) + accepted(13, 500.0, 500.0)
    assert learn(days, "A2O", 20.0) == Baseline(10.0, 20.0, 28)


def test_a_meter_that_is_not_there_is_not_learnt():
    assert learn(accepted(20, energy=None), "A2O", None) == Baseline(None, 20.0, 20)


@pytest.mark.parametrize(
    ("usual_kwh", "floor"), [(None, 0.5), (100.0, 5.0), (10.0, 0.5), (1.0, 0.3), (0.0, 0.0)]
)
def test_the_floor_leaves_room_for_box_and_lamp_where_it_can(usual_kwh, floor):
    assert Baseline(usual_kwh).floor_kwh(0.5) == pytest.approx(floor)
