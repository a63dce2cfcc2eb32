"""What a station's own days teach, in whatever order they are known."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_station import DAY, FIRST, START, ZONE, Life, fill, quarters, station_file

from alerting.baseline import WINDOWS_H, DayTraits
from alerting.judging import Rules, judge_and_learn
from alerting.known import DayStates
from alerting.learning import UsualDays, traits
from alerting.ledger import Ledger
from alerting.verdict import DayJudgement
from registry.config import AlertingSettings
from service.civil import ONE_DAY

AS_USUAL = DayJudgement("running", "energy_as_expected", {})
LAST = 200
found = st.builds(
    DayTraits, st.floats(0, 100), st.floats(0, 100), st.lists(st.floats(0, 50), min_size=12, max_size=12),
    st.just(()), st.booleans(),
)  # fmt: skip


def day(number):
    return FIRST + number * ONE_DAY


@given(
    st.dictionaries(st.integers(0, LAST), found | st.floats(0, 5), max_size=50),
    st.randoms(),
    st.lists(st.integers(0, LAST + 1), min_size=1, max_size=4),
)
def test_the_order_in_which_days_are_known_changes_nothing(lessons, shuffle, asked):
    in_order, shuffled = UsualDays("A2O", 40.0), UsualDays("A2O", 40.0)
    numbers = list(lessons)
    shuffle.shuffle(numbers)
    for usual, order in ((in_order, sorted(lessons)), (shuffled, numbers)):
        for number in order:
            usual.before(day(asked[0]))  # what is asked meanwhile changes nothing either
            if isinstance(lessons[number], DayTraits):
                usual.accept(day(number), lessons[number])
            else:
                usual.stood(day(number), lessons[number])
    for number in asked:
        assert shuffled.before(day(number)) == in_order.before(day(number))


@given(st.lists(st.tuples(st.integers(0, 30), st.one_of(st.none(), found)), max_size=60))
def test_a_rejected_day_leaves_nothing_behind(steps):
    usual, last = UsualDays("A2O", 40.0), {}
    for number, lesson in steps:
        if lesson is None:
            usual.stood(day(number), 0.1)
            usual.reject(day(number))
            last.pop(number, None)
        else:
            usual.accept(day(number), lesson)
            last[number] = lesson
    fresh = UsualDays("A2O", 40.0)
    for number, lesson in last.items():
        fresh.accept(day(number), lesson)
    assert usual.before(day(31)) == fresh.before(day(31))


def accepted(numbers, energy=10.0):
    usual = UsualDays("A2O", 40.0)
    for number in numbers:
        usual.accept(day(number), DayTraits(energy, 20.0))
    return usual


def test_only_days_before_count():
    usual = accepted(range(20))
    usual.accept(day(20), DayTraits(999.0, 999.0))
    assert (usual.before(day(20)).energy_kwh, usual.before(day(20)).days) == (10.0, 20)


def test_days_longer_ago_than_120_days_tell_nothing():
    usual = accepted(range(14))
    assert usual.before(day(120)).days == 14
    assert usual.before(day(121)).days == 13
    assert usual.before(day(134)).days == 0


def test_the_first_days_are_held_against_the_first_baseline_of_the_station_s_own():
    usual = UsualDays("A2O", 40.0)
    settled = [usual.accept(day(number), DayTraits(10.0, 20.0)) for number in range(20)]
    assert settled == [False] * 13 + [True] + [False] * 6
    assert [usual.before(day(number)).days for number in (0, 5, 13, 14, 15)] == [14, 14, 14, 14, 15]
    few = accepted(range(13))
    assert [few.before(day(number)).days for number in (0, 4, 5, 13)] == [0, 0, 5, 13]


def test_a_day_known_anew_settles_nothing():
    usual = accepted(range(14))
    assert not usual.accept(day(3), DayTraits(11.0, 20.0))
    usual.reject(day(3))
    assert usual.accept(day(3), DayTraits(10.0, 20.0))


@pytest.mark.parametrize(
    ("reason", "young", "later"),
    [
        ("energy_as_expected", True, True),
        ("effluent_as_expected", True, True),
        ("low_load", True, False),
        ("too_little_energy", True, False),
        ("no_energy", False, False),
        ("idling", False, False),
        ("too_little_data", False, False),
        ("approved_stop", False, False),
    ],
)
def test_which_days_are_learnt_from(reason, young, later):
    judged = DayJudgement("running", reason, {})
    assert accepted(range(13)).takes(day(13), judged) == young
    assert accepted(range(14)).takes(day(14), judged) == later


def test_what_a_day_tells():
    ledger = Ledger()
    ends_ms = START + 3 * DAY
    fill(ledger.power, quarters((48, 1.0), (10, 1.0), (5, 0.0), (9, 1.0)), ends_ms)
    fill(ledger.flow, quarters((12, 2.0), (6, None)), ends_ms - 6 * 3_600_000)
    told = traits(ledger, day(2), ZONE, doubtful=True)
    assert (told.energy_kwh, told.volume_m3, told.is_doubtful) == (19.0, pytest.approx(48.0), True)
    assert dict(zip(WINDOWS_H, told.least_kwh, strict=True)) == pytest.approx(
        {1: 0, 4: 0, 5: 0, 6: 1, 8: 3, 10: 5, 12: 7, 16: 11, 20: 15, 24: 19, 36: 31, 48: 43}
    )
    assert told.least_m3[:7] == [2.0, 8.0, 10.0, 12.0, 16.0, 20.0, 24.0]
    assert set(told.least_m3[7:]) == {None}
    assert traits(Ledger(), day(2), ZONE) == DayTraits(None, None, [], [], is_doubtful=False)


def lesson(usual, number, words=("running",), *, energy=10.0, stood=False, holidays=frozenset(), **file):
    """Judge a day of so much energy."""
    ledger = Ledger()
    fill(ledger.power, quarters((24, energy / 24)), START + (number + 1) * DAY)
    fill(ledger.flow, quarters((24, 20 / 24 if energy > 1 else 0.0)), START + (number + 1) * DAY)
    rules = Rules(AlertingSettings(), ZONE, holidays)
    return judge_and_learn(
        station_file(**file), ledger, day(number), usual, rules, DayStates(set(words), stood)
    )


@pytest.mark.parametrize(
    ("state", "young", "later"),
    [
        ("running", True, True),
        ("low_load", True, True),
        ("offline", True, True),
        ("unknown", True, True),
        ("stopped", True, False),
        ("flow_without_power", True, False),
        ("idling", False, False),
        ("power_cut", False, False),
        ("meter_fault", False, False),
        ("planned_stop", False, False),
    ],
)
def test_days_with_such_a_state_are_learnt_from(state, young, later):
    first = lesson(accepted(range(13)), 13, ("running", state))
    assert (first.traits is not None) == young
    assert not young or first.traits.is_doubtful == (state in {"stopped", "flow_without_power"})
    assert first.settles == young
    assert (lesson(accepted(range(14)), 14, ("running", state)).traits is not None) == later


def test_nothing_is_learnt_from_a_festival():
    usual = accepted(range(20))
    assert lesson(usual, 20, holidays=frozenset({day(20)})).traits is None
    assert lesson(usual, 20, holidays=frozenset({day(21)})).traits is not None


def test_a_day_that_turns_out_bad_is_forgotten():
    usual = accepted(range(20))
    lesson(usual, 20)
    assert usual.before(day(21)).days == 21
    lesson(usual, 20, ("stopped",), energy=0.2)
    assert usual.before(day(21)).days == 20


@pytest.mark.parametrize(("stood", "standby"), [(True, 0.3), (False, None)])
def test_a_day_that_it_stood_from_end_to_end_tells_the_standby_load(stood, standby):
    usual = accepted(range(20))
    found_so = lesson(usual, 20, ("stopped",), energy=0.3, stood=stood)
    assert found_so.judged.verdict == "stopped"
    assert found_so.standing_kwh == (standby and pytest.approx(standby))
    assert usual.before(day(21)).standby_kwh == (standby and pytest.approx(standby))
    assert usual.before(day(20) + timedelta(days=121)).standby_kwh is None


def test_the_first_days_are_judged_anew_with_the_first_baseline():
    """By process and scale 12 kWh are next to nothing; by its own days they are the usual."""
    life = Life(lambda _: 0.125, lambda _: 0.2, design=500.0, process="MBR")
    life.live(14 * 24)
    life.course.finish(life.now_ms)
    assert {life.verdict(number) for number in range(14)} == {("running", "energy_as_expected")}
    young = Life(lambda _: 0.125, lambda _: 0.2, design=500.0, process="MBR").live(4 * 24)
    young.course.finish(young.now_ms)
    assert young.verdict(2) == ("running", "low_load")
