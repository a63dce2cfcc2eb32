"""The figures of alarm performance: held against counting by hand, and against brute force."""

import math
import random
import time
from collections import Counter
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.performance import FIGURES, LEAST_FOR_TOP, CountyLoad, Load, Target, performance
from alerting.performance_past import (
    DAY_MS,
    DEFAULT_LIMITS,
    HOUR_MS,
    Annunciation,
    Limits,
    Occurrence,
    Quiet,
    Span,
)
from alerting.performance_windows import (
    PERIOD_MS,
    Flood,
    Standing,
    chattering_in,
    floods_in,
    most_within,
    per_period,
    periods_in,
    standing_in,
)
from service.civil import start_of

MINUTE_MS = 60_000
ZONE = ZoneInfo("Asia/Shanghai")
START = start_of(date(2026, 10, 1), ZONE)
OCTOBER = Span(START, start_of(date(2026, 11, 1), ZONE), ZONE)
A, B = "410882-0001", "410822-0002"
ZONES = [ZONE, ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata"), ZoneInfo("UTC")]


def rings(instants, subject=A, type_="stopped", severity="medium", county="410882"):
    return [Annunciation(at_ms, subject, type_, severity, county) for at_ms in instants]


def alarm(raised_ms, subject=A, type_="stopped", **other):
    return Occurrence(subject, type_, raised_ms, **{"alarmed_ms": raised_ms} | other)


def found(rang=(), occurrences=(), mutes=(), span=OCTOBER, limits=DEFAULT_LIMITS):
    told = performance(rang, occurrences, mutes, span, limits)
    return {each.name: each for each in told.figures}


def values(*past, **other):
    return {name: each.value for name, each in found(*past, **other).items()}


# --- rates and windows ------------------------------------------------------------------------------


def test_rates_of_a_month():
    # 31 days; 14 within the clock hour 10-11, 4 more in the next one, of which 3 within 60 min of the 14
    busy = [START + 10 * HOUR_MS + n * 4 * MINUTE_MS for n in range(15)]
    later = [START + 11 * HOUR_MS + n * 12 * MINUTE_MS for n in range(3)]
    told = found(rings([*busy, *later]))
    assert told["alarms"].value == 18
    assert told["per_day"].value == pytest.approx(18 / 31)
    assert told["per_hour"].value == pytest.approx(18 / 31 / 24)
    assert told["per_hour"].target == Target("<=", 6)
    assert told["peak_hour"].value == 15
    assert told["peak_hour"].is_met is True
    assert told["peak_hour_sliding"].value == 15
    assert told["most_in_period"].value == 3
    assert told["busy_periods"].value == 0
    assert told["floods"].value == 0


def test_a_peak_hour_of_the_clock_hides_what_any_60_minutes_show():
    instants = [START + 2 * HOUR_MS + n * MINUTE_MS for n in range(-8, 8)]
    told = found(rings(instants))
    assert (told["peak_hour"].value, told["peak_hour"].is_met) == (8, True)
    assert told["peak_hour_sliding"].value == 16
    assert told["peak_hour_sliding"].is_met is None


def test_ten_in_a_period_are_bearable_and_eleven_are_not():
    ten = [START + n for n in range(10)]
    bearable = found(rings(ten))
    assert bearable["most_in_period"].is_met is True
    assert bearable["busy_periods"].value == 0
    eleven = found(rings([*ten, START + 10]))
    assert (eleven["most_in_period"].value, eleven["most_in_period"].is_met) == (11, False)
    assert eleven["busy_periods"].value == pytest.approx(1 / (31 * 144))
    assert eleven["busy_periods"].is_met is True


def test_what_lies_outside_and_notices_do_not_count():
    rang = [
        *rings([OCTOBER.start_ms - 1, OCTOBER.end_ms]),
        *rings([OCTOBER.start_ms, OCTOBER.end_ms - 1]),
        *rings([START + 5, START + 6, START + 7], severity="low"),
    ]
    told = values(rang)
    assert (told["alarms"], told["notices"]) == (2, 3)
    assert told["share_low"] == pytest.approx(3 / 5)
    assert told["share_medium"] == pytest.approx(2 / 5)
    assert told["share_high"] == 0


def test_an_empty_span_is_refused_and_a_quiet_one_is_not():
    with pytest.raises(ValueError, match="the span must end after its start"):
        performance([], [], [], Span(START, START, ZONE))
    told = found()
    assert tuple(told) == tuple(FIGURES)
    assert told["per_hour"].is_met is True
    nothing = {"top_ten", "share_low", "share_medium", "share_high", "acknowledged_median", "acknowledged_95",
               "acknowledged_late", "returned_median", "shelved_longest", "suppressed_longest",
               "out_of_service_longest"}  # fmt: skip
    assert {name for name, each in told.items() if each.value is None} == nothing
    assert all(told[name].is_met is None for name in nothing)


@given(
    st.sampled_from(ZONES),
    st.integers(0, 400 * DAY_MS),
    st.integers(1, 4 * DAY_MS),
    st.lists(st.floats(0, 1, exclude_max=True), max_size=60),
)
def test_periods_sum_up_to_the_total_and_lie_in_the_span(zone, offset_ms, length_ms, places):
    span = Span(START + offset_ms, START + offset_ms + length_ms, zone)
    instants = [span.start_ms + int(place * length_ms) for place in places]
    for step_ms in (HOUR_MS, PERIOD_MS):
        counted = per_period(instants, span, step_ms)
        assert counted.total() == len(instants)
        assert len(counted) <= periods_in(span, step_ms)
        assert (
            Counter(begin for begin in counted for at in instants if begin <= at < begin + step_ms) == counted
        )


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ((2026, 3, 29), (2026, 3, 30), 23),
        ((2026, 10, 25), (2026, 10, 26), 25),
        ((2026, 6, 1), (2026, 6, 3), 48),
    ],
)
def test_a_day_may_have_23_or_25_hours(start, end, hours):
    berlin = ZoneInfo("Europe/Berlin")
    span = Span(start_of(date(*start), berlin), start_of(date(*end), berlin), berlin)
    assert periods_in(span, HOUR_MS) == hours
    assert periods_in(span, PERIOD_MS) == 6 * hours


def test_a_period_that_is_only_touched_is_one():
    span = Span(START + 29 * MINUTE_MS, START + 41 * MINUTE_MS, ZONE)
    assert periods_in(span, PERIOD_MS) == 3


close = st.lists(st.integers(0, 90), max_size=80).map(sorted)


@given(close, st.integers(1, 60))
def test_the_most_in_any_window_is_that_of_brute_force(instants, window):
    brute = max((sum(at - window < other <= at for other in instants) for at in instants), default=0)
    assert most_within(instants, window) == brute


# --- floods -----------------------------------------------------------------------------------------


def minutes(*at):
    return sorted(START + int(each * MINUTE_MS) for each in at)


def test_eleven_in_ten_minutes_are_a_flood_until_fewer_than_five_are():
    eleven = [n * 0.5 for n in range(11)]
    instants = minutes(*eleven, 6, 40)
    # the five newest are those at 3.5, 4, 4.5, 5 and 6; the last ten minutes hold four of them from 13.5 on
    assert floods_in(instants, OCTOBER.end_ms) == [
        Flood(START, START + int(13.5 * MINUTE_MS), 12),
    ]
    assert floods_in(minutes(*eleven[1:]), OCTOBER.end_ms) == []


def test_a_flood_goes_on_while_five_come_in_ten_minutes():
    steady = [2 * n for n in range(3, 30)]
    (flood,) = floods_in(minutes(*[n * 0.5 for n in range(11)], *steady), OCTOBER.end_ms)
    assert flood.alarms == 38
    assert flood.end_ms == START + (2 * 25 + 10) * MINUTE_MS


def test_a_flood_that_swells_again_out_of_the_same_ten_minutes_is_one():
    # the last ten minutes hold one from 10 on, and that one with ten more at 15
    instants = minutes(*[0] * 10, 9.5, *[15] * 10)
    assert floods_in(instants, OCTOBER.end_ms) == [Flood(START, START + 25 * MINUTE_MS, 21)]
    assert [each.alarms for each in floods_in(minutes(*[0] * 11, 9.5, *[15] * 9), OCTOBER.end_ms)] == [12]


def test_two_floods_and_one_that_the_span_cuts():
    first, second = [n * 0.1 for n in range(11)], [100 + n * 0.1 for n in range(12)]
    end_ms = START + 104 * MINUTE_MS
    one, two = floods_in(minutes(*first, *second), end_ms)
    assert (one.alarms, two.alarms) == (11, 12)
    assert one.end_ms < two.start_ms
    assert two.end_ms == end_ms
    told = found(rings(minutes(*first, *second)), span=Span(START, end_ms, ZONE))
    assert told["floods"].value == 2
    share = (one.end_ms - one.start_ms + 4 * MINUTE_MS) / (104 * MINUTE_MS)
    assert told["flood_time"].value == pytest.approx(share)
    assert told["flood_time"].is_met is False


def brute_floods(instants, end_ms):
    """A flood's stages, minute by minute, by the definition."""

    def count(at):
        return sum(at - PERIOD_MS < each <= at for each in instants)

    spans, start = [], None
    for at in range(0, max(instants, default=0) + 2 * PERIOD_MS, MINUTE_MS):
        if start is None and count(at) > 10:
            start = min(each for each in instants if at - PERIOD_MS < each <= at)
            if spans and start <= spans[-1][1]:
                start = spans.pop()[0]
        elif start is not None and count(at) < 5:
            spans.append((start, at))
            start = None
    assert start is None
    return [
        Flood(start, min(end, end_ms), sum(start <= each <= end for each in instants)) for start, end in spans
    ]


@given(st.lists(st.integers(0, 60), max_size=120), st.integers(0, 30))
def test_floods_are_those_of_brute_force_and_disjoint(at, rest):
    instants = sorted(each * MINUTE_MS for each in at)
    end_ms = max(instants, default=0) + rest * MINUTE_MS + 1
    floods = floods_in(instants, end_ms)
    assert floods == brute_floods(instants, end_ms)
    assert all(0 <= each.start_ms < each.end_ms <= end_ms for each in floods)
    assert all(one.end_ms < two.start_ms for one, two in pairwise(floods))
    assert all(each.alarms > 10 for each in floods)


# --- chattering, fleeting, stale ---------------------------------------------------------------------


def test_three_in_a_day_chatter_and_three_in_more_than_a_day_do_not():
    thrice = [alarm(START), alarm(START + HOUR_MS), alarm(START + DAY_MS - 1)]
    assert chattering_in(thrice) == [(A, "stopped")]
    assert chattering_in([*thrice[:2], alarm(START + DAY_MS)]) == []
    assert chattering_in([*thrice[:2], alarm(START + 5, type_="idling"), alarm(START + 6, B)]) == []
    assert chattering_in(thrice, Limits(chatter_times=4)) == []
    assert chattering_in(thrice, Limits(chatter_ms=2 * HOUR_MS, chatter_times=2)) == [(A, "stopped")]
    assert values((), thrice)["chattering"] == 1


def test_notices_and_shelves_that_end_do_not_chatter():
    assert chattering_in([alarm(START + n, alarmed_ms=None) for n in range(5)]) == []
    assert values(rings([START, START + 5, START + 9]), [alarm(START)])["chattering"] == 0


@pytest.mark.parametrize(
    ("returned", "acknowledged", "is_fleeting"),
    [(10, None, True), (10.001, None, False), (9, 5, False), (9, 9.5, True), (None, None, False)],
)
def test_fleeting_is_what_goes_before_anybody_looks(returned, acknowledged, is_fleeting):
    def at(minute):
        return None if minute is None else START + int(minute * MINUTE_MS)

    one = alarm(START, returned_ms=at(returned), acknowledged_ms=at(acknowledged))
    told = found((), [one])["fleeting"]
    assert told.value == is_fleeting
    assert told.is_met is not is_fleeting


def test_fleeting_has_its_limit_and_its_span():
    one = alarm(START, returned_ms=START + 15 * MINUTE_MS)
    assert values((), [one], limits=Limits(fleeting_ms=20 * MINUTE_MS))["fleeting"] == 1
    assert values((), [one], span=Span(START, START + 9 * MINUTE_MS, ZONE))["fleeting"] == 0
    assert values((), [alarm(START - 1, returned_ms=START + 1)])["fleeting"] == 0


def test_what_stands_is_counted_at_the_end_of_each_day():
    noon = START + 12 * HOUR_MS
    span = Span(START, START + 4 * DAY_MS + HOUR_MS, ZONE)
    standing = standing_in(
        [
            alarm(noon),
            alarm(noon, B, followed_up_ms=START + 2 * DAY_MS),
            alarm(noon, B, "idling", returned_ms=START + 3 * DAY_MS),
            alarm(noon, "410822-0003", quiet=(Quiet("shelved", "", "", noon, START + 3 * DAY_MS),)),
            alarm(noon, "410822-0004", alarmed_ms=None),
            alarm(START + 3 * DAY_MS, "410822-0005"),
            alarm(noon, "410822-0006", alarmed_ms=START + 4 * DAY_MS),
        ],
        span,
    )
    assert standing == [
        Standing(START + DAY_MS, 0, 0),
        Standing(START + 2 * DAY_MS, 4, 2),
        Standing(START + 3 * DAY_MS, 3, 2),
        Standing(START + 4 * DAY_MS, 4, 3),
        Standing(span.end_ms, 5, 4),
    ]


def test_five_standing_red_are_too_many():
    old = [alarm(START - 2 * DAY_MS, f"410822-{n:04}") for n in range(5)]
    told = found((), old)
    assert (told["stale"].value, told["stale"].target) == (5, None)
    assert (told["standing_red"].value, told["standing_red"].is_met) == (5, False)
    assert found((), old[1:])["standing_red"].is_met is True


@given(
    st.lists(
        st.tuples(st.integers(-50, 200), st.none() | st.integers(0, 120), st.none() | st.integers(0, 120)),
        max_size=30,
    )
)
def test_standing_is_that_of_brute_force(lives):
    span = Span(START, START + 5 * DAY_MS + HOUR_MS, ZONE)
    occurrences = [
        alarm(
            START + raised * HOUR_MS,
            returned_ms=None if lasted is None else START + (raised + lasted) * HOUR_MS,
            followed_up_ms=None if followed is None else START + (raised + followed) * HOUR_MS,
        )
        for raised, lasted, followed in lives
    ]
    for at_ms, stale, red in standing_in(occurrences, span):
        old = [
            each
            for each in occurrences
            if each.raised_ms + DAY_MS < at_ms and (each.returned_ms is None or each.returned_ms > at_ms)
        ]
        assert stale == len(old)
        assert red == sum(each.followed_up_ms is None or each.followed_up_ms > at_ms for each in old)


# --- who rings, how soon somebody looks, what is quiet -----------------------------------------------


def test_the_ten_busiest_are_judged_only_where_ten_could_be_few():
    many = [ring for n in range(LEAST_FOR_TOP) for ring in rings([START + n * HOUR_MS], f"s-{n:03}")]
    assert (found(many)["top_ten"].value, found(many)["top_ten"].is_met) == (0.05, True)
    assert found(many[:-1])["top_ten"].is_met is None
    bad = [*many, *rings([START + 7, START + 8, START + 9], B, "idling", "high", None)]
    told = performance(bad, [], [], OCTOBER)
    assert told.top[0] == Load(B, "idling", 3, 3 / 203)
    assert [each.subject for each in told.top[1:]] == [f"s-{n:03}" for n in range(9)]
    assert found(bad)["top_ten"].is_met is False


def test_counties_the_busiest_first():
    rang = [
        *rings([START], county="410822"),
        *rings([START] * 2, county="410882"),
        *rings([START] * 9, county=None, severity="low"),
    ]
    assert performance(rang, [], [], OCTOBER).counties == [
        CountyLoad("410882", 2, 0),
        CountyLoad("410822", 1, 0),
        CountyLoad(None, 0, 9),
    ]


def test_time_to_acknowledge_counts_what_still_waits():
    span = Span(START, START + 10 * HOUR_MS, ZONE)
    lives = [
        alarm(START, acknowledged_ms=START + 10 * MINUTE_MS),
        alarm(START, acknowledged_ms=START + 61 * MINUTE_MS),
        alarm(START, closed_ms=START + 20 * MINUTE_MS),
        alarm(START + 2 * HOUR_MS),
        alarm(START + 2 * HOUR_MS, acknowledged_ms=START + 11 * HOUR_MS),
        alarm(START - DAY_MS, alarmed_ms=START, followed_up_ms=START),
        alarm(START - 1, acknowledged_ms=START),
    ]
    told = found((), lives, span=span)
    assert told["acknowledged_median"].value == 61 * 60
    assert told["acknowledged_95"].value == 8 * 3600
    assert told["acknowledged_late"].value == pytest.approx(3 / 5)
    assert told["acknowledged_late"].is_met is None


def test_95_percent_is_the_nearest_rank():
    lives = [alarm(START, acknowledged_ms=START + n * 1000) for n in range(1, 101)]
    assert values((), lives)["acknowledged_95"] == 95
    assert values((), lives[:20])["acknowledged_95"] == 19
    assert values((), lives[:1])["acknowledged_95"] == 1


def test_time_to_return_begins_with_the_condition():
    span = Span(START, START + 10 * HOUR_MS, ZONE)
    lives = [
        alarm(START, returned_ms=START + HOUR_MS),
        alarm(START - DAY_MS, alarmed_ms=START + HOUR_MS, returned_ms=START + 2 * HOUR_MS),
        alarm(START + 4 * HOUR_MS),
    ]
    assert values((), lives, span=span)["returned_median"] == 6 * 3600


def test_quietness_has_numbers_durations_and_reasons():
    mutes = [
        Quiet("shelved", A, "stopped", START - HOUR_MS, START + 11 * HOUR_MS, "flood"),
        Quiet("shelved", B, "", START, START + 11 * HOUR_MS + HOUR_MS + 1, " "),
        Quiet("shelved", B, "idling", START - 9 * DAY_MS, START, ""),
        Quiet("out_of_service", B, "", OCTOBER.end_ms - DAY_MS, None, "pump"),
        Quiet("out_of_service", A, "", OCTOBER.end_ms, None, ""),
    ]
    lives = [
        alarm(START, quiet=(Quiet("suppressed", A, "offline", START, START + HOUR_MS),
                            Quiet("shelved", A, "offline", START, None)))
    ]  # fmt: skip
    told = performance((), lives, mutes, OCTOBER)
    got = {each.name: each.value for each in told.figures}
    assert (got["shelved"], got["shelved_longest"]) == (2, 12 * 3600 + 0.001)
    assert (got["shelved_over_shift"], got["shelved_without_reason"]) == (1, 1)
    assert told.long_shelves == [mutes[1]]
    assert (got["out_of_service"], got["out_of_service_longest"]) == (1, 86_400)
    assert (got["suppressed"], got["suppressed_longest"]) == (1, 3600)
    assert found((), lives, mutes)["shelved_without_reason"].is_met is False


# --- the whole ---------------------------------------------------------------------------------------


def a_month(number, seed=1):
    chance = random.Random(seed)
    rang, lives = [], []
    for n in range(number):
        at_ms = START + chance.randrange(31 * DAY_MS)
        subject, type_ = (
            f"410882-{chance.randrange(2000):04}",
            chance.choice(["stopped", "offline", "idling"]),
        )
        severity = chance.choice(["low", "medium", "high"])
        rang.append(Annunciation(at_ms, subject, type_, severity, f"4108{n % 11:02}"))
        lives.append(
            Occurrence(
                subject,
                type_,
                at_ms,
                None if severity == "low" else at_ms,
                chance.choice([None, at_ms + chance.randrange(40 * HOUR_MS)]),
                chance.choice([None, at_ms + chance.randrange(2 * HOUR_MS)]),
                at_ms + DAY_MS,
                None,
                (Quiet("suppressed", subject, type_, at_ms, at_ms + HOUR_MS),) if n % 7 == 0 else (),
            )
        )
    return rang, lives


@given(st.randoms(use_true_random=False), st.integers(0, 60))
def test_the_order_of_what_is_given_does_not_matter(chance, number):
    rang, lives = a_month(number, seed=number)
    mutes = [Quiet("shelved", each.subject, each.type, each.at_ms, None, "x") for each in rang[::3]]
    told = performance(rang, lives, mutes, OCTOBER)
    for each in (rang, lives, mutes):
        chance.shuffle(each)
    again = performance(rang, lives, mutes, OCTOBER)
    assert again.figures == told.figures
    assert again == told


def test_totals_agree():
    rang, lives = a_month(3_000)
    told = performance(rang, lives, [], OCTOBER)
    got = {each.name: each.value for each in told.figures}
    assert got["alarms"] + got["notices"] == 3_000
    assert sum(each.alarms for each in told.counties) == got["alarms"]
    assert sum(each.notices for each in told.counties) == got["notices"]
    assert got["share_low"] + got["share_medium"] + got["share_high"] == pytest.approx(1)
    assert math.isclose(got["per_day"] * 31, got["alarms"])
    assert [each.at_ms for each in told.standing] == [*OCTOBER.midnights()[1:-1], OCTOBER.end_ms]


def seconds_for(number):
    rang, lives = a_month(number)
    begun_s = time.process_time()
    performance(rang, lives, [], OCTOBER)
    return time.process_time() - begun_s


def test_ten_times_as_much_takes_no_hundred_times_as_long():
    seconds_for(1_000)
    assert seconds_for(50_000) < 50 * max(seconds_for(5_000), 0.005)
