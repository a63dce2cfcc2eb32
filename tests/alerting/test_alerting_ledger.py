"""Running sums against sums made the slow way, in any order of puts; and what is known of a civil day."""

from fractions import Fraction
from itertools import pairwise
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_station import DAY, HOUR, MINUTE, START, A, Q

from alerting.ledger import NOTHING_KNOWN, Ledger, MeterLedger
from alerting.verdict import MeterDay
from history.port import QuarterHour

SPAN = 30
amounts = st.one_of(st.none(), st.integers(0, 6).map(float))
puts = st.lists(st.tuples(st.integers(0, SPAN - 1), amounts, st.booleans()), max_size=50)
"""Quarter hours in any order: late ones, overwritten ones, gaps; bridged or not."""
places = st.integers(-5, SPAN + 5)
MOST = 2.0


def meter_of(written):
    meter = MeterLedger()
    for number, amount, is_bridged in written:
        meter.put(START + number * Q, amount, amount, (int(amount is not None), 0, is_bridged))
    return meter


def rows_of(written):
    """What stands at each place in the end."""
    return {number: (amount, is_bridged) for number, amount, is_bridged in written}


def amount_at(rows, number):
    return rows.get(number, (None, False))[0]


def is_quiet(rows, number):
    amount = amount_at(rows, number)
    return amount is not None and amount <= MOST


@given(puts, st.integers(-5 * Q, (SPAN + 5) * Q), st.integers(1, 20 * Q))
def test_a_window_is_the_sum_of_what_lies_in_it(written, start, length):
    used = meter_of(written).usage(START + start, START + start + length)
    amount, covered = Fraction(0), 0
    for number, (passed, _) in rows_of(written).items():
        begins, ends = number * Q, (number + 1) * Q
        if passed is None or begins >= start + length or ends <= start:
            continue
        covered += min(ends, start + length) - max(begins, start)
        amount += Fraction(passed) * (ends - max(begins, start)) / Q
    assert used.coverage == pytest.approx(covered / length)
    assert used.amount == pytest.approx(float(amount), abs=1e-9)


@given(puts, places, places, st.integers(1, 8))
def test_the_least_window_is_the_least_of_all_windows(written, first, last, steps):
    rows = rows_of(written)
    windows = [range(end - steps, end) for end in range(first + 1, last + 1)]
    solid = {number for number, (amount, is_bridged) in rows.items() if amount is not None and not is_bridged}
    found = [
        sum(amount_at(rows, number) for number in window) for window in windows if solid.issuperset(window)
    ]
    least = meter_of(written).least(START + first * Q, START + last * Q, steps * Q)
    assert least == (pytest.approx(min(found), abs=1e-9) if found else None)


@given(puts, places, st.integers(0, Q - 1))
def test_a_quiet_run_ends_at_the_instant(written, at, into_it):
    meter, rows = meter_of(written), rows_of(written)
    if at > max(rows, default=-10) + 1:
        return  # nothing is asked of what lies ahead
    begins = at
    while is_quiet(rows, begins - 1):
        begins -= 1
    assert meter.quiet_since_ms(START + at * Q + into_it, MOST) == START + begins * Q


@given(puts, places, places)
def test_quiet_runs_are_whole_and_touch_the_span(written, first, last):
    rows = rows_of(written)
    runs, begins = [], None
    for number in range(SPAN + 1):
        if is_quiet(rows, number):
            begins = number if begins is None else begins
        elif begins is not None:
            runs.append((begins, number))
            begins = None
    wanted = [
        (START + begins * Q, START + ends * Q) for begins, ends in runs if begins < last and ends > first
    ]
    found = meter_of(written).quiet_runs(START + first * Q, START + last * Q, MOST)
    assert found == (wanted if first < last else [])


@given(puts, places, places)
def test_it_stirs_at_the_first_step_with_more(written, first, last):
    rows = rows_of(written)
    loud = [number for number in rows if first <= number < last and (amount_at(rows, number) or 0.0) > MOST]
    found = meter_of(written).stirs_at_ms(START + first * Q, START + last * Q, MOST)
    assert found == (START + min(loud) * Q if loud else None)


@given(puts, places, places)
def test_amounts_and_levels_are_those_that_stand(written, first, last):
    rows, meter = rows_of(written), meter_of(written)
    span = range(first, last)
    if span and last > min(rows, default=last):
        assert meter.amounts(START + first * Q, START + last * Q) == [amount_at(rows, each) for each in span]
    assert meter.levels(START + first * Q, START + last * Q) == [
        amount for each in span if (amount := amount_at(rows, each)) is not None
    ]


@given(puts, st.randoms())
def test_up_to_when_amounts_are_known(written, shuffle):
    meter, rows = meter_of(written), rows_of(written)
    some = [number for number in rows if amount_at(rows, number) is not None]
    until_ms = START + (max(some) + 1) * Q if some else None
    assert meter.until_ms(START + DAY) == until_ms
    if until_ms is not None:
        assert meter.until_ms(until_ms - 1) == until_ms - 1
        assert meter.good_until_ms(START + DAY) >= until_ms
    unordered = list(rows.items())
    shuffle.shuffle(unordered)
    again = meter_of((number, *row) for number, row in unordered)
    assert again.until_ms(START + DAY) == until_ms
    assert again.usage(START, START + DAY) == pytest.approx(meter.usage(START, START + DAY))


@given(puts, places, puts)
def test_what_is_forgotten_changes_nothing_after_it(written, before, later):
    kept, whole = meter_of(written), meter_of(written)
    kept.forget_before(START + before * Q)
    for number, amount, is_bridged in later:
        if number >= before:
            for meter in (kept, whole):
                meter.put(START + number * Q, amount, amount, (1, 0, is_bridged))
    span = START + max(before, 0) * Q, START + SPAN * Q
    if span[0] < span[1]:
        assert kept.usage(*span) == pytest.approx(whole.usage(*span))
        assert kept.levels(*span) == whole.levels(*span)


def test_both_meters_are_kept_apart():
    rows = [
        QuarterHour(A, START, 1.0, 2.0, 4.0, 4.0, 8.0, 8.0, power_good=3, flow_good=2),
        QuarterHour(A, START + Q, None, 5.0, flow_bridged=True, power_missing=1),
    ]
    ledger = Ledger(rows)
    assert ledger.power.usage(START, START + 2 * Q) == (1.0, 0.5)
    assert ledger.flow.usage(START, START + 2 * Q) == (7.0, 1.0)
    assert (ledger.power.levels(START, START + DAY), ledger.flow.levels(START, START + DAY)) == ([4.0], [8.0])
    assert ledger.flow.least(START, START + DAY, 2 * Q) is None  # one of them is bridged
    assert ledger.power.sampled_steps == 1
    assert ledger.power.good_until_ms(START + DAY) == START + Q
    ledger.forget_before(START + Q)
    assert ledger.starts_ms == START + Q


def test_no_rows_know_nothing():
    ledger = Ledger([])
    assert ledger.starts_ms is None
    meter = ledger.power
    assert meter.usage(0, Q) == NOTHING_KNOWN == meter.sampled(0, Q)
    assert meter.day(0, DAY) == MeterDay()
    assert (meter.until_ms(DAY), meter.good_until_ms(DAY), meter.least(0, DAY, Q)) == (None, None, None)
    assert (meter.quiet_runs(0, DAY, 1.0), meter.stirs_at_ms(0, DAY, 0.0)) == ([], None)
    assert meter.amounts(0, 2 * Q) == [None, None]
    assert meter.interval_ms(DAY) == DAY


def test_a_window_that_ends_in_the_running_step_counts_it_whole():
    meter = meter_of([(0, 1.0, False), (1, 0.5, False)])
    assert meter.usage(START + Q // 3, START + Q + Q // 3) == (pytest.approx(2 / 3 + 0.5), pytest.approx(1.0))


@pytest.mark.parametrize(
    ("every", "good", "interval_ms"),
    [
        (1, 15, MINUTE),
        (1, 3, 5 * MINUTE),
        (1, 1, Q),
        (1, 60_000, 1_000),
        (4, 1, HOUR),
        (96, 1, DAY),
    ],
)
def test_the_usual_interval_of_samples(every, good, interval_ms):
    meter = MeterLedger()
    for number in range(30):
        meter.put(START + number * every * Q, 1.0, 1.0, (good, 0, False))
    assert meter.interval_ms(START + 30 * every * Q) == interval_ms


def test_failed_polls_show_the_interval_too():
    meter = MeterLedger()
    for number in range(30):
        meter.put(START + number * Q, None, None, (0, 3, False))
    assert meter.interval_ms(START + 30 * Q) == 300_000
    meter.put(START + 60 * Q, 1.0, 1.0, (3, 0, False))  # one long gap is not the usual
    assert meter.interval_ms(START + 61 * Q) == 300_000


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), min_size=2, max_size=60))
def test_the_interval_is_the_median_of_the_last_ones(samples):
    meter = MeterLedger()
    for number, good in samples:
        meter.put(START + number * Q, 1.0, 1.0, (good, 0, False))
    last = sorted(dict(samples).items())[-21:]
    gaps = [later[0] - earlier[0] for earlier, later in pairwise(last)]
    if len(last) < 2:
        wanted = DAY if last[0][1] < 2 else Q // last[0][1]
    elif median(gaps) > 1:
        wanted = round(median(gaps) * Q)
    else:
        wanted = round(Q / median(good for _, good in last))
    assert meter.interval_ms(START + 50 * Q) == wanted


def test_what_the_samples_say():
    meter = MeterLedger()
    for number in range(8):
        meter.put(START + number * Q, 0.0, 4.0, (3, 0, False))
    assert meter.sampled(START, START + 2 * HOUR) == (8.0, 1.0)
    assert meter.sampled(START, START + 4 * HOUR) == (pytest.approx(8.8), pytest.approx(0.55))


def test_a_daily_sample_holds_for_its_day():
    meter = MeterLedger()
    for number in range(5):
        meter.put(START + number * 96 * Q, 1.0, 2.0, (1, 0, False))
    assert meter.sampled(START + 2 * DAY, START + 4 * DAY) == (96.0, 1.0)


def sampled(good):
    """A day of quarter hours with such numbers of samples."""
    rows = [QuarterHour(A, START + n * Q, power_good=each) for n, each in enumerate(good)]
    return Ledger(rows).power


@pytest.mark.parametrize(
    ("good", "hours"),
    [
        ([1] * 96, 24),
        ([1, 1, 1, 0] * 24, 24),
        ([15] * 72 + [0] * 24, 18),
        ([1] * 68 + [1, 1, 0, 0] * 7, 17),
        ([1, 0, 0, 0] * 24, 24),  # sampled by the hour
        ([0] * 96, 0),
        ([180] * 4 + [1] * 92, 24),  # an hour of another sampling interval spoils nothing
    ],
)
def test_an_hour_is_valid_with_three_quarters_of_its_samples(good, hours):
    assert sampled(good).day(START, START + DAY).valid_hours == hours


@pytest.mark.parametrize(
    ("first", "last", "spans"),
    [(0, 96, True), (24, 72, True), (25, 96, False), (0, 71, False)],
)
def test_counters_near_both_midnights_span_the_day(first, last, spans):
    ledger = Ledger([QuarterHour(A, START + n * Q, energy_kwh=1.0) for n in range(first, last)])
    day = ledger.power.day(START, START + DAY)
    assert (day.amount, day.spans_day, day.share) == (float(last - first), spans, (last - first) / 96)
