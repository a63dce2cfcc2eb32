"""The operating rate against rules that always hold, and against a second, slow reading of the definition."""

from datetime import date, timedelta
from fractions import Fraction
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.rate import Excluded, Facility, rate, station_month
from service.civil import Month

MONTHS = st.builds(Month, st.integers(2024, 2028), st.integers(1, 12))
CLASSES = ("in_use", "rebuilding", "to_sewer", "retired", "shut")
OUTCOMES = ("running", "running", "running", "stopped", "stopped", "unknown", "excluded", None)


@st.composite
def cases(draw):
    month = draw(MONTHS)

    def around(before=40, after=40):
        return month.first + timedelta(days=draw(st.integers(-before, 31 + after)))

    facility = Facility(
        id="s",
        county=draw(st.sampled_from("ABC")),
        company="",
        design_m3_per_day=draw(st.sampled_from([None, 0.1, 5.0, 20.0, 33.3])),
        commissioned=draw(st.sampled_from([None, None, around()])),
        classes=tuple(
            sorted({around(): draw(st.sampled_from(CLASSES)) for _ in range(draw(st.integers(0, 3)))}.items())
        ),
    )
    margin = draw(st.integers(0, 10))
    first = month.first - timedelta(days=margin)
    length = draw(st.integers(0, 31 + 2 * margin))
    weather = draw(st.sampled_from([OUTCOMES, ("running", "stopped"), ("running",) * 20 + OUTCOMES]))
    outcomes = draw(st.lists(st.sampled_from(weather), min_size=length, max_size=length))
    verdicts = {first + timedelta(days=n): each for n, each in enumerate(outcomes) if each is not None}
    exclusions = []
    for _ in range(draw(st.integers(0, 3))):
        start = around(60, 10)
        end = start + timedelta(days=draw(st.integers(0, 40)))
        exclusions.append(Excluded(start, end, around(60, 60)))
    abnormal = [around(5, 5) for _ in range(draw(st.sampled_from([0, 0, 1])))]
    until = draw(st.sampled_from([None, None, around(3, 10)]))
    return facility, month, verdicts, exclusions, abnormal, until


def kind(day, facility, verdicts, exclusions, until):
    """What one day is: off the register, excluded, running, stopped or unknown."""
    if (facility.commissioned and day < facility.commissioned) or (until and day > until):
        return "off"
    name = "in_use"
    for since, each in facility.classes:
        name = each if since <= day else name
    if name not in ("in_use", "rebuilding"):
        return "off"
    year, number = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    if any(stop.start <= day <= stop.end and stop.entered < date(year, number, 11) for stop in exclusions):
        return "excluded"
    found = verdicts.get(day)
    return found if found in ("running", "stopped") else "unknown"


def longest_stop(is_stopped, month):
    """The longest stop that touches the month, walking day by day."""
    longest = streak = 0
    touches = False
    for n in range(-120, 160):
        day = month.first + timedelta(days=n)
        if is_stopped(day):
            streak += 1
            touches = touches or month.first <= day <= month.last
            longest = max(longest, streak) if touches else longest
        else:
            streak, touches = 0, False
    return longest


def judged_by_hand(facility, month, verdicts, exclusions, abnormal, until):
    """The definition read day by day, with nothing but dates and whole numbers."""

    def of(day):
        return kind(day, facility, verdicts, exclusions, until)

    length = (month.last - month.first).days + 1
    kinds = [of(month.first + timedelta(days=n)) for n in range(length)]
    running, stopped, unknown, excluded = (
        kinds.count(each) for each in ("running", "stopped", "unknown", "excluded")
    )
    countable = running + stopped + unknown
    longest = longest_stop(lambda day: day in verdicts and of(day) == "stopped", month)
    marked = any((day.year, day.month) == (month.year, month.number) for day in abnormal)
    if countable == 0:
        judgement = "not_counted"
    elif 4 * unknown > countable:
        judgement = "not_assessable"
    elif 10 * running < 9 * (running + stopped) or longest > 3 or marked:
        judgement = "not_normal"
    else:
        judgement = "normal"
    return (countable + excluded, excluded, countable, running, stopped, unknown, longest, marked, judgement)


def likely_case(dice):
    """A month as they are: mostly running, with stops and gaps about as long as the thresholds."""
    month = Month(2026, dice.randint(1, 12))
    first = month.first - timedelta(days=6)
    days = ["running"] * (month.last - first).days + ["running"] * 7
    for _ in range(dice.randint(0, 4)):
        start, length = dice.randrange(len(days)), dice.randint(1, 8)
        days[start : start + length] = [dice.choice(["stopped", "stopped", "unknown"])] * length
    for each in dice.sample(range(len(days)), dice.choice([0, 0, 3, 7])):
        days[each] = dice.choice(["stopped", "unknown", "excluded"])
    begin = month.first + timedelta(days=dice.randint(-50, 25))
    entered = month.after(1).first + timedelta(days=dice.choice([-30, 8, 9, 10]))
    stops = (
        [Excluded(begin, begin + timedelta(days=dice.randint(0, 30)), entered)] if dice.random() < 0.4 else []
    )
    left = month.first + timedelta(days=dice.randint(1, 30))
    facility = Facility(
        "s", "A", "", 20.0,
        commissioned=month.first + timedelta(days=dice.randint(-3, 12)) if dice.random() < 0.2 else None,
        classes=((left, dice.choice(CLASSES)),) if dice.random() < 0.2 else (),
    )  # fmt: skip
    marks = [left] if dice.random() < 0.05 else []
    until = left if dice.random() < 0.2 else None
    verdicts = {first + timedelta(days=n): each for n, each in enumerate(days)}
    return facility, month, verdicts, stops, marks, until


@given(st.integers(0, 2**32))
@settings(max_examples=20)
def test_likely_months_are_what_the_definition_says(seed):
    dice = Random(seed)
    for _ in range(60):
        case = likely_case(dice)
        assert station_month(*case)[1:] == judged_by_hand(*case), case


@given(cases())
@settings(max_examples=200)
def test_a_station_s_month_is_what_the_definition_says(case):
    assert station_month(*case)[1:] == judged_by_hand(*case)


@given(cases())
@settings(max_examples=100)
def test_days_add_up(case):
    found = station_month(*case)
    assert found.running + found.stopped + found.unknown == found.countable_days
    assert found.countable_days + found.excluded_days == found.calendar_days <= len(case[1].days())
    assert found.running_share is None or 0 <= found.running_share <= 1


@given(st.lists(cases(), max_size=8))
@settings(max_examples=60)
def test_rates_lie_between_0_and_1_and_the_city_is_the_sum_of_its_counties(drawn):
    months = [station_month(*case) for case in drawn]
    city = rate(months)
    counties = [rate(each for each in months if each.facility.county == county) for county in "ABC"]
    for n in range(4):
        assert city[n] == sum(county[n] for county in counties)
    assert city.due == city.normal + city.not_normal + city.not_assessable
    assert all(share is None or 0 <= share <= 1 for share in city[4:])
    if city.by_number_strict is not None and city.by_number_lenient is not None:
        assert city.by_number_strict <= city.by_number_lenient
    counted = [each for each in months if each.countable_days]
    known = sum(each.running + each.stopped for each in counted)
    if known:
        assert city.by_days == Fraction(sum(each.running for each in counted), known)
    assert (city.by_number_strict is None) == (not counted)
