"""What may be said of a meter, without a registry: times, counts that only rise, factors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_entry_seed import DAY, NOW, ZONE, A, ms

from registry.meter_rules import (
    MeterRecords,
    NewCtCorrection,
    NewExchange,
    NewManualReading,
    RecordedCorrection,
    RecordedExchange,
    RecordedReading,
    faults_of_ct_correction,
    faults_of_exchange,
    faults_of_manual_reading,
    kind_of,
    span_of_correction,
)

P = "power-1"
OCTOBER_1 = ms(2026, 10, 1, 8, 30)
KNOWN = MeterRecords(
    exchanges=(RecordedExchange(P, OCTOBER_1, 500.5, 3.0),),
    corrections=(RecordedCorrection(P, OCTOBER_1, 40.0),),
    manual=(RecordedReading(P, OCTOBER_1 - DAY, 499.0), RecordedReading(P, OCTOBER_1 + DAY, 9.0)),
)


def said(faults):
    return [fault.line("x") for fault in faults]


def exchange(at_ms=NOW, old_final=10.0, new_initial=0.0, known=MeterRecords()):  # noqa: B008 - a tuple
    return said(faults_of_exchange(NewExchange(A, P, at_ms, old_final, new_initial), known, NOW, ZONE))


def reading(at_ms, value, known=KNOWN, reader="李"):
    return said(faults_of_manual_reading(NewManualReading(A, P, at_ms, value, reader), known, NOW, ZONE))


def correction(since_ms=NOW, factor=40.0, kind="power", known=MeterRecords()):  # noqa: B008 - a tuple
    return said(faults_of_ct_correction(NewCtCorrection(A, P, since_ms, factor), kind, known, NOW, ZONE))


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"at_ms": NOW + 601_000}, 'x: at: must not lie in the future (got "2026-11-21 14:15:01").'),
        ({"at_ms": ms(1999, 12, 31)}, 'x: at: must not lie before 2000-01-01 (got "1999-12-31 00:00").'),
        ({"old_final": -0.1}, "x: old_final: must be a number from 0 to 1e12 (got -0.1)."),
        ({"new_initial": float("inf")}, "x: new_initial: must be a number from 0 to 1e12 (got Infinity)."),
        ({"at_ms": OCTOBER_1, "known": KNOWN},
         'x: at: another exchange of this device is at the same time (got "2026-10-01 08:30").'),
        ({"at_ms": OCTOBER_1 - 1, "old_final": 498.0, "known": KNOWN},
         "x: old_final: must not lie below 499, the manual reading of 2026-09-30 08:30 (got 498.0)."),
        ({"at_ms": OCTOBER_1 - 2 * DAY, "new_initial": 500.0, "known": KNOWN},
         "x: new_initial: must not lie above 499, the manual reading of 2026-09-30 08:30 (got 500.0)."),
        ({"at_ms": OCTOBER_1 + 1, "old_final": 2.0, "known": KNOWN},
         "x: old_final: must not lie below 3, with which the meter came in 2026-10-01 08:30 (got 2.0)."),
        ({"at_ms": OCTOBER_1 - 1, "old_final": 499.0, "new_initial": 501.0, "known": KNOWN},
         "x: new_initial: must not lie above 500.5, with which the meter went out 2026-10-01 08:30"),
    ],
)  # fmt: skip
def test_an_exchange_that_cannot_be(given, line):
    [found] = exchange(**given)
    assert found.startswith(line)


def test_all_faults_of_an_exchange_are_told_at_once():
    assert len(exchange(at_ms=NOW * 2, old_final=-1.0, new_initial=float("nan"))) == 3
    assert exchange(at_ms=NOW + 599_000) == exchange(ms(2000, 1, 2)) == []


@pytest.mark.parametrize(
    ("at_ms", "value", "line"),
    [
        (OCTOBER_1 - DAY + 1, 498.9, "must not lie below 499, the manual reading of 2026-09-30 08:30"),
        (OCTOBER_1 - 1, 500.6, "must not lie above 500.5, with which the meter went out 2026-10-01 08:30"),
        (OCTOBER_1, 2.9, "must not lie below 3, with which the meter came in 2026-10-01 08:30"),
        (OCTOBER_1 + 1, 9.1, "must not lie above 9, the manual reading of 2026-10-02 08:30"),
        (OCTOBER_1 + DAY, 9.0, "another manual reading of this device is at the same time"),
        (NOW + DAY, 10.0, "must not lie in the future"),
    ],
)
def test_a_manual_reading_that_contradicts_what_is_on_record(at_ms, value, line):
    [found] = reading(at_ms, value)
    assert line in found


def test_a_lower_reading_is_taken_once_the_exchange_between_is_known():
    only_read = KNOWN._replace(exchanges=(), manual=KNOWN.manual[:1])
    [found] = reading(NOW, 9.0, only_read)
    assert "enter that first: qingliu stations exchange" in found
    assert reading(NOW, 9.0, KNOWN._replace(manual=KNOWN.manual[:1])) == []
    assert reading(OCTOBER_1 - 1, 500.5) == reading(OCTOBER_1, 3.0) == reading(NOW, 9.0) == []
    assert reading(NOW, 9.0, reader=" ") == ['x: reader: is required (got " "). Fill it in.']


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"factor": 0.0}, "factor: must be above 0 and at most 10000 (got 0.0)"),
        ({"factor": 10_001.0}, "factor: must be above 0 and at most 10000"),
        ({"factor": float("nan")}, "factor: must be above 0 and at most 10000"),
        ({"factor": 1.0}, "factor: 1 changes nothing before there is another (got 1.0)"),
        ({"factor": 40.0, "known": KNOWN}, "factor: this factor holds already"),
        (
            {"since_ms": OCTOBER_1, "known": KNOWN},
            "another correction of this device begins at the same time",
        ),
        ({"kind": "flow"}, "device: must be a power meter"),
        ({"since_ms": NOW + DAY}, "since: must not lie in the future"),
    ],
)
def test_a_correction_that_cannot_be(given, line):
    [found] = correction(**given)
    assert line in found


def test_a_correction_holds_until_the_next_one():
    assert correction(factor=1.0, known=KNOWN) == []  # ends the one before
    assert correction(since_ms=OCTOBER_1 - DAY, factor=1.5, known=KNOWN) == []
    assert span_of_correction(OCTOBER_1 - DAY, KNOWN, NOW) == (OCTOBER_1 - DAY, OCTOBER_1)
    assert span_of_correction(OCTOBER_1, KNOWN, NOW) == (OCTOBER_1, NOW)


def test_a_station_without_a_box_names_its_meters_as_a_box_would():
    assert kind_of("flow-2", {}) == "flow"
    assert kind_of("flow-2", {"flow-1": "flow"}) is None
    assert kind_of("main", {"main": "power"}) == "power"
    assert [kind_of(odd, {}) for odd in ("power", "power-", "power-x", "gas-1", "power-1234")] == [None] * 5


steps = st.tuples(st.integers(0, 40), st.sampled_from("er"), st.integers(0, 9), st.integers(0, 9))


@given(st.lists(steps, max_size=14))
def test_whatever_is_taken_in_any_order_never_lets_a_counter_fall(steps):
    known = MeterRecords()
    for step, what, first, second in steps:
        at_ms = OCTOBER_1 + step * DAY
        if what == "e" and not exchange(at_ms, float(first), float(second), known):
            new = RecordedExchange(P, at_ms, float(first), float(second))
            known = known._replace(exchanges=tuple(sorted((*known.exchanges, new))))
        if what == "r" and not reading(at_ms, float(first), known):
            new = RecordedReading(P, at_ms, float(first))
            known = known._replace(manual=tuple(sorted((*known.manual, new))))
    shown = [(each.at_ms, 0, each.old_final, each.new_initial) for each in known.exchanges]
    shown += [(each.at_ms, 1, each.value, each.value) for each in known.manual]
    count = 0.0
    for _, _, before, after in sorted(shown):
        assert before >= count
        count = after
