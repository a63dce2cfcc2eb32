"""What a civil day counts as; every boundary from both sides."""

from datetime import date
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_station import DAY, FIRST, START, ZONE, approved_stop, fill, station_file

from alerting.baseline import Baseline
from alerting.day import judge
from alerting.known import Thresholds
from alerting.ledger import Ledger
from alerting.verdict import MeterDay, StationDay, judge_day
from service.civil import ONE_DAY, start_of

USUAL = Baseline(energy_kwh=10.0, volume_m3=20.0, days=28)
FLOOR_KWH = 0.5
LITTLE = 1e-9


def whole(amount, share=1.0):
    return MeterDay(amount, 24, spans_day=True, share=share)


def judged(power, flow, *, usual=USUAL, floor=FLOOR_KWH, **other):
    known = StationDay(*(whole(each) if isinstance(each, float) else each for each in (power, flow)), **other)
    judgement = judge_day(known, usual, floor)
    assert "valid_hours" in judgement.evidence
    return judgement.verdict, judgement.reason


def case(*meters, **other):
    """A day that is judged when its test runs."""
    return partial(judged, *meters, **other)


LATE = MeterDay(3.0, 17, spans_day=False, share=0.7)
HALF = 0.5
UNLEARNT = USUAL._replace(days=13)
CASES = {
    "as usual": (case(10.0, 20.0), ("running", "energy_as_expected")),
    "exactly a low load's limit": (case(3.0, 20.0), ("running", "energy_as_expected")),
    "low energy with much effluent": (case(3.0 - LITTLE, 10.0 + LITTLE), ("stopped", "too_little_energy")),
    "low energy with little effluent": (case(3.0 - LITTLE, 10.0), ("running", "low_load")),
    "low energy with a drop": (case(3.0 - LITTLE, 0.4 + LITTLE), ("running", "low_load")),
    "low energy and dry": (
        case(3.0 - LITTLE, 0.4, is_even=True), ("stopped", "little_energy_no_effluent")),
    "low energy and dry by a guess": (
        case(2.0, 0.0, is_even=True, usual=UNLEARNT), ("running", "low_load")),
    "low energy and dry, but with a peak": (case(2.0, 0.0), ("running", "low_load")),
    "low and even energy with a drop": (case(2.0, 0.4 + LITTLE, is_even=True), ("running", "low_load")),
    "low energy, effluent not measured": (case(1.0, None), ("running", "low_load")),
    "low energy, effluent not known": (case(1.0, LATE), ("running", "low_load")),
    "exactly the floor": (case(0.5, None), ("running", "low_load")),
    "exactly the floor, dry": (case(0.5, 0.0, is_even=True), ("stopped", "little_energy_no_effluent")),
    "below the floor, dry": (case(0.5 - LITTLE, 0.4), ("stopped", "no_energy_no_effluent")),
    "below the floor, wet": (case(0.5 - LITTLE, 20.0), ("stopped", "no_energy")),
    "below the floor, effluent not known": (case(0.0, None), ("stopped", "no_energy")),
    "idle for as long as the limit": (case(10.0, 0.0, idles=True), ("stopped", "idling")),
    "idle, but not yet so long": (case(10.0, 0.0), ("running", "energy_as_expected")),
    "a wetland with water": (case(0.0, 1.0, works_without_power=True), ("running", "effluent_as_expected")),
    "a wetland without": (case(0.0, 0.0, works_without_power=True), ("stopped", "no_energy_no_effluent")),
    "only a flow meter": (case(None, 0.4 + LITTLE), ("running", "effluent_as_expected")),
    "only a flow meter, dry": (case(None, 0.4), ("stopped", "no_effluent")),
    "no meter": (case(None, None), ("unknown", "no_data")),
    "nothing known": (case(MeterDay(), 20.0), ("unknown", "no_data")),
    "17 valid hours": (case(LATE, 20.0), ("unknown", "too_little_data")),
    "18 valid hours": (case(MeterDay(3.0, 18, share=0.75), 20.0), ("running", "energy_as_expected")),
    "bridged": (
        case(MeterDay(0.0, 0, spans_day=True, share=1.0), 0.0), ("stopped", "no_energy_no_effluent")),
    "bridged, but too little of it": (
        case(MeterDay(5.0, 0, spans_day=True, share=0.449), 20.0), ("unknown", "too_little_data")),
    "just enough of it": (
        case(MeterDay(5.0, 0, spans_day=True, share=0.45), 20.0), ("running", "energy_as_expected")),
    "half a day, half its limit": (case(whole(1.5, HALF), None), ("running", "energy_as_expected")),
    "half a day, less": (case(whole(1.5 - LITTLE, HALF), None), ("running", "low_load")),
    "half a day, half the floor": (case(whole(0.25, HALF), None), ("running", "low_load")),
    "half a day, below it": (case(whole(0.25 - LITTLE, HALF), None), ("stopped", "no_energy")),
    "half a day of a flow meter alone": (case(None, whole(0.2, HALF)), ("stopped", "no_effluent")),
    "half a day of it, a drop more": (
        case(None, whole(0.2 + LITTLE, HALF)), ("running", "effluent_as_expected")),
    "half a day of much effluent": (case(2.0, whole(5.1, HALF)), ("stopped", "too_little_energy")),
    "below the floor, effluent hardly known": (
        case(0.0, MeterDay(0.0, 17, share=0.7)), ("stopped", "no_energy")),
    "below the floor, a drop where no effluent is usual": (
        case(0.0, 0.01, usual=USUAL._replace(volume_m3=None)), ("stopped", "no_energy")),
    "only a flow meter, a drop where none is usual": (
        case(None, 0.01, usual=USUAL._replace(volume_m3=None)), ("running", "effluent_as_expected")),
    "half a day of a wetland with water": (
        case(0.0, whole(0.2 + LITTLE, HALF), works_without_power=True), ("running", "effluent_as_expected")),
    "exactly 18 valid hours of flow alone": (
        case(None, MeterDay(8.0, 18, share=0.75)), ("running", "effluent_as_expected")),
    "17 valid hours of flow alone": (
        case(None, MeterDay(8.0, 17, share=0.7)), ("unknown", "too_little_data")),
    "excluded": (case(0.0, 0.0, excluded="maintenance"), ("excluded", "approved_stop")),
    "excluded, and nothing known": (case(None, None, excluded="season"), ("excluded", "approved_stop")),
    "samples without a counter": (case(MeterDay(None, 24), 20.0), ("unknown", "too_little_data")),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_day_is(name):
    judge_it, wanted = CASES[name]
    assert judge_it() == wanted


shares = st.floats(0, 1)


@given(
    st.one_of(
        st.none(),
        st.builds(
            MeterDay, st.one_of(st.none(), st.floats(0, 1e6)), st.integers(0, 24), st.booleans(), shares
        ),
    ),
    st.one_of(
        st.none(),
        st.builds(
            MeterDay, st.one_of(st.none(), st.floats(0, 1e6)), st.integers(0, 24), st.booleans(), shares
        ),
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
    excluded = judge_day(StationDay(whole(1.5), None, excluded="season"), USUAL, 0.5)
    assert (excluded.evidence["stop"], excluded.evidence["energy_kwh"]) == ("season", 1.5)


def day_of(power, flow=None, **file):
    """The verdict of a civil day whose quarter hours are given."""
    ledger = Ledger()
    for meter, given_so in ((ledger.power, power), (ledger.flow, flow)):
        if given_so:
            fill(meter, given_so[0], START + DAY, levels=given_so[1] if len(given_so) > 1 else True)
    limits = Thresholds(1_800, 14_400, 86_400, 86_400, 0.5, 0.75)
    judgement = judge(station_file(**file), ledger, FIRST, USUAL, limits, ZONE)
    return judgement.verdict, judgement.reason


EIGHTHS = [0.1, 0.15] * 48
"""12 kWh in a day of quarter hours."""


def test_a_counter_that_rests_against_its_samples_does_not_stop_a_day():
    levels = [0.4, 0.6] * 48
    assert day_of((EIGHTHS,)) == ("running", "energy_as_expected")
    assert day_of(([0.0] * 96, levels)) == ("running", "energy_as_expected")
    assert day_of(([0.0] * 96, [0.02, 0.06] * 48))[0] == "stopped"  # 0.96 kWh: less than twice the floor
    assert day_of(([0.0] * 96, levels[:40] + [None] * 56))[0] == "stopped"  # too few samples


@pytest.mark.parametrize(("peak", "wanted"), [(0.3, "stopped"), (0.3 + 1e-6, "running")])
def test_a_dry_day_with_little_energy_stands_unless_an_hour_used_as_much_as_usual(peak, wanted):
    """The usual day is 10 kWh, an hour's share of that 0.42 kWh; an hour of a machine has 60 % of it."""
    hour = [peak * 5 / 6 / 4] * 4
    assert day_of(([0.02] * 40 + hour + [0.02] * 52,), ([0.0] * 192,))[0] == wanted


def test_a_meter_that_repeats_its_last_answer_says_nothing():
    assert day_of(([0.0] * 96, [0.5] * 96)) == ("unknown", "no_data")
    assert day_of(([0.0] * 96, [0.5, 0.505] * 48)) == ("running", "energy_as_expected")  # it measures
    assert day_of(([0.0] * 96, [0.5, 0.52] * 48)) == ("running", "energy_as_expected")


MORNING = [0.2] * 24 + [0.0] * 72
"""4.8 kWh until six in the morning, then nothing is counted."""


def test_a_day_in_which_an_answer_was_repeated_runs_by_what_was_counted_but_never_stands_by_it():
    """The usual day is 10 kWh; after six in the morning the last answer, 0.8 kW, comes again and again."""
    told = [0.8] * 96
    assert day_of((MORNING, told)) == ("running", "energy_as_expected")
    assert day_of(([0.02] * 24 + [0.0] * 72, told)) == ("unknown", "too_little_data")
    assert day_of(([0.02] * 24 + [0.0] * 72, [*told[:90], *[0.0] * 6])) == ("unknown", "too_little_data")
    assert day_of(([0.02] * 24 + [0.0] * 72, [0.08] * 24 + [0.0] * 72)) == ("stopped", "no_energy")
    assert (
        day_of(([0.02] * 84 + [0.0] * 12, told))[1] != "too_little_data"
    )  # three hours: no more than a pause


def test_a_stop_of_which_enough_is_known_stands_beside_repetitions():
    """For 19 hours the meter measured, and nothing was used; then it repeats an answer."""
    assert day_of(([0.0] * 96, [0.0] * 76 + [0.8] * 20)) == ("stopped", "no_energy")


def test_a_flow_meter_that_stands_still_proves_no_idling():
    dry, passing = [0.0] * 192, [0.8, 0.9] * 96
    assert day_of((EIGHTHS,), (dry, passing)) == ("running", "energy_as_expected")
    assert day_of((EIGHTHS,), (dry, [0.8] * 192)) == ("running", "energy_as_expected")
    assert day_of((EIGHTHS,), (dry, [0.001] * 192)) == ("stopped", "idling")  # a trickle
    assert day_of((EIGHTHS,), (dry, passing[:40] + [None] * 152)) == ("stopped", "idling")  # too few samples


def test_a_day_idles_when_the_idling_limit_has_passed():
    dry = [0.0] * 192
    assert day_of((EIGHTHS,), (dry,)) == ("stopped", "idling")
    assert day_of((EIGHTHS,), ([0.2, *dry[1:]],)) == ("stopped", "idling")
    assert day_of((EIGHTHS,), ([0.0] * 140 + [0.5] + [0.0] * 51,)) == ("running", "energy_as_expected")


@pytest.mark.parametrize(
    ("entered", "wanted"),
    [
        (date(2026, 3, 9), "excluded"),
        (date(2026, 3, 20), "excluded"),
        (date(2026, 4, 10), "excluded"),
        (date(2026, 4, 11), "stopped"),
    ],
)
def test_an_approved_stop_that_was_entered_too_late_does_not_count(entered, wanted):
    late_ms = start_of(entered + ONE_DAY, ZONE) - 1
    stop = approved_stop(FIRST - ONE_DAY, FIRST, late_ms)
    assert day_of(([0.0] * 96,), exclusions=[stop])[0] == wanted


def test_a_day_next_to_an_approved_stop_counts():
    stop = approved_stop(FIRST + ONE_DAY, FIRST + ONE_DAY, START)
    assert day_of(([0.0] * 96,), exclusions=[stop])[0] == "stopped"
