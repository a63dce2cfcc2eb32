"""Running sums against sums made the slow way, and what is known of a civil day."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.ledger import NOTHING_KNOWN, Ledger
from alerting.verdict import MeterDay
from history.port import QUARTER_HOUR_MS, QuarterHour

Q = QUARTER_HOUR_MS
HOUR = 4 * Q
DAY = 24 * HOUR
START = 1_790_000 * Q
A = "a"

amounts = st.one_of(st.none(), st.integers(0, 50).map(float))
days = st.lists(st.tuples(amounts, amounts), max_size=60)


def rows(figures, first=0):
    return [QuarterHour(A, START + (first + n) * Q, *pair) for n, pair in enumerate(figures)]


@given(days, st.integers(-10 * Q, 70 * Q), st.integers(1, 40 * Q))
def test_a_window_is_the_sum_of_what_lies_in_it(figures, start, length):
    start_ms, end_ms = START + start, START + start + length
    window = Ledger(rows(figures)).window(start_ms, end_ms)
    for place, used in enumerate((window.energy, window.volume)):
        amount, covered = Fraction(0), 0
        for number, pair in enumerate(figures):
            begins, ends = START + number * Q, START + (number + 1) * Q
            if pair[place] is None or begins >= end_ms or ends <= start_ms:
                continue
            covered += min(ends, end_ms) - max(begins, start_ms)
            amount += Fraction(pair[place]) * (ends - max(begins, start_ms)) / Q
        assert used.coverage == pytest.approx(covered / length)
        assert used.amount == pytest.approx(float(amount), abs=1e-6)


def test_no_rows_know_nothing():
    ledger = Ledger([])
    assert ledger.window(0, Q) == (0, Q, NOTHING_KNOWN, NOTHING_KNOWN)
    assert ledger.power.day(0, DAY) == MeterDay()
    assert ledger.power.last_sample_ms(DAY) is None
    assert ledger.flow.mute_since_ms(DAY) is None


def sampled(good, missing=()):
    """A day of quarter hours with such numbers of samples."""
    missing = list(missing) or [0] * len(good)
    return Ledger(
        [
            QuarterHour(A, START + n * Q, power_good=a, power_missing=b)
            for n, (a, b) in enumerate(zip(good, missing, strict=True))
        ]
    ).power


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
    assert (day.amount, day.spans_day) == (float(last - first), spans)


def test_since_when_a_meter_is_mute():
    power = sampled([1, 1, 0, 0, 0, 0], [0, 0, 0, 1, 0, 0])
    assert [power.mute_since_ms(START + n * Q) for n in range(7)] == [
        None, None, None, None, START + 2 * Q, START + 2 * Q, START + 2 * Q]  # fmt: skip
    assert power.last_sample_ms(START + 9 * Q) == START + 4 * Q
    assert sampled([0, 0], [1, 0]).mute_since_ms(START + 2 * Q) == START
