"""Exchanges, corrections and manual readings in both kinds of registry: kept, audited, counted anew."""

import pytest
from record_entry_seed import BOXLESS, BY, DAY, NOW, A, B, Q, audited, marks, ms, seed
from sqlalchemy import delete

from registry.audit import first_broken
from registry.meter_records import (
    enter_ct_correction,
    enter_exchange,
    enter_manual_reading,
    meter_events,
    remove_ct_correction,
    remove_exchange,
    remove_manual_reading,
)
from registry.meter_rules import MeterRecords, NewCtCorrection, NewExchange, NewManualReading
from registry.record_entry import Entered, RecordError
from registry.tables import DirtyQuarterHour

P = "power-1"
AT = ms(2026, 10, 1, 8, 30) + 7
EXCHANGE = NewExchange(A, P, AT, 500.5, 3.0, "换表")


def clean(registry):
    with registry.writing() as session:
        session.execute(delete(DirtyQuarterHour))


def test_an_exchange_is_written_audited_and_counted_anew(registry):
    seed(registry)
    with registry.writing() as session:
        done = enter_exchange(session, EXCHANGE, BY)
    fields = {"id": 1, "device": P, "at_ms": AT, "old_final": 500.5, "new_initial": 3.0, "note": "换表",
              "entered_by": "王", "entered_ms": NOW}  # fmt: skip
    assert done == Entered(1)
    assert audited(registry) == [("meter.exchange", A, "王", None, fields)]
    assert marks(registry) == [AT - 7 - Q, AT - 7]
    clean(registry)
    with registry.writing() as session:
        remove_exchange(session, done.id, "误录", BY)
    assert audited(registry)[1] == ("meter.exchange.remove", A, "王", fields, {"removed_because": "误录"})
    assert marks(registry) == [AT - 7 - Q, AT - 7]
    with registry.reading() as session:
        assert meter_events(session) == {}
        assert first_broken(session) is None


def test_a_correction_has_every_quarter_hour_until_the_next_one_counted_anew(registry):
    seed(registry)
    since, later = NOW - 300 * DAY, NOW - 30 * DAY
    with registry.writing() as session:
        enter_ct_correction(session, NewCtCorrection(A, P, later, 1.5), BY)
    of_later = marks(registry)
    assert of_later == list(range(later - later % Q, NOW, Q))
    clean(registry)
    with registry.writing() as session:
        done = enter_ct_correction(session, NewCtCorrection(A, P, since, 40.0, "倍率"), BY)
    assert done.warnings == ()
    of_earlier = marks(registry)
    assert of_earlier == list(range(since - since % Q, later, Q))
    clean(registry)
    with registry.writing() as session:
        remove_ct_correction(session, done.id, "误录", BY)
    assert marks(registry) == of_earlier
    assert [row[0] for row in audited(registry)] == ["meter.ct", "meter.ct", "meter.ct.remove"]
    assert marks(registry, B) == []


def test_what_has_no_raw_readings_any_more_is_not_emptied(registry):
    seed(registry)
    with registry.writing() as session:
        done = enter_ct_correction(session, NewCtCorrection(A, P, NOW - 1000 * DAY, 2.0), BY)
        old = enter_manual_reading(session, NewManualReading(A, P, NOW - 500 * DAY, 7.0, "李"), BY)
    assert done.warnings == old.warnings
    assert done.warnings == ("raw readings are kept 400 days: figures from before are not made anew",)
    first = NOW - 399 * DAY
    assert marks(registry)[0] == first - first % Q


def test_manual_readings_also_of_a_station_that_has_no_box_yet(registry):
    seed(registry)
    with registry.writing() as session:
        first = enter_manual_reading(session, NewManualReading(BOXLESS, P, AT, 5.0, "李"), BY)
        enter_manual_reading(session, NewManualReading(BOXLESS, P, AT + DAY, 6.0, "李"), BY)
        with pytest.raises(RecordError, match="device: is no device of this station"):
            enter_manual_reading(session, NewManualReading(A, "power-9", AT, 5.0, "李"), BY)
        with pytest.raises(RecordError, match="value: must not lie below 6"):
            enter_manual_reading(session, NewManualReading(BOXLESS, P, NOW, 5.5, "李"), BY)
    assert marks(registry, BOXLESS) == [AT - 7 - Q, AT - 7, AT - 7 + DAY - Q, AT - 7 + DAY]
    with registry.writing() as session:
        remove_manual_reading(session, first.id, "误读", BY)
        with pytest.raises(RecordError) as refused:
            remove_manual_reading(session, first.id, " ", BY)
    assert [fault.path for fault in refused.value.faults] == ["reason", "remove"]
    with registry.reading() as session:
        assert [each.value for each in meter_events(session)[BOXLESS].manual] == [6.0]
    assert [row[0] for row in audited(registry)] == [
        "meter.manual_reading", "meter.manual_reading", "meter.manual_reading.remove",
    ]  # fmt: skip


def test_what_is_refused_leaves_nothing(registry):
    seed(registry)
    for new in (EXCHANGE._replace(station="nobody"), EXCHANGE._replace(old_final=-1.0, at_ms=2 * NOW)):
        with registry.writing() as session, pytest.raises(RecordError):
            enter_exchange(session, new, BY)
    with registry.writing() as session, pytest.raises(RecordError, match="must be a power meter"):
        enter_ct_correction(session, NewCtCorrection(A, "flow-1", AT, 2.0), BY)
    assert (audited(registry), marks(registry)) == ([], [])


def test_the_records_of_many_stations_in_three_statements(registry):
    seed(registry)
    with registry.writing() as session:
        enter_exchange(session, EXCHANGE, BY)
        enter_exchange(session, EXCHANGE._replace(at_ms=AT - DAY, new_initial=1.0), BY)
        enter_manual_reading(session, NewManualReading(B, "flow-1", AT, 5.0, "李"), BY)
        enter_ct_correction(session, NewCtCorrection(B, P, AT, 2.0), BY)
    with registry.reading() as session:
        every = meter_events(session)
        assert meter_events(session, [B]) == {B: every[B]}
        assert meter_events(session, []) == {}
    assert list(every) == [A, B]
    assert [each.at_ms for each in every[A].exchanges] == [AT - DAY, AT]
    assert every[A].exchanges[1] == (P, AT, 500.5, 3.0)
    assert every[B] == MeterRecords((), ((P, AT, 2.0),), (("flow-1", AT, 5.0),))
    assert every[B].of("flow-1") == MeterRecords(manual=every[B].manual)
