"""The delivery of one box, with both clocks moved by hand."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from simulator.city import Event, city
from simulator.city_boxes import boxes
from simulator.city_delivery import MOST_WAITING, READINGS_PER_BATCH, BoxDelivery
from simulator.course import Course, readings
from telemetry.ack import Ack
from telemetry.batch import MAX_PLAIN_BYTES, encode_batch

BEGUN_S = datetime(2026, 11, 22, 2, 0, tzinfo=UTC).timestamp()
BEGUN_MS = int(BEGUN_S * 1000)
STATIONS = city(BEGUN_S)
ORDINARY = STATIONS[4]
HOUR_MS = 3_600_000


def box(since_ms: int = BEGUN_MS, station=ORDINARY) -> BoxDelivery:
    return BoxDelivery(Course(station), since_ms)


def ack(delivery: BoxDelivery, seqs: list[int], **other) -> Ack:
    return Ack(now=0, outbox=delivery.outbox, stored=[(seq, seq) for seq in seqs], **other)


def seqs(batch) -> list[int]:
    return [reading.seq for reading in batch]


def test_a_sample_is_sent_when_it_falls_due_and_is_what_the_course_says():
    delivery = box()
    assert delivery.batch(BEGUN_MS, 0) == []
    batch = delivery.batch(BEGUN_MS + HOUR_MS, 0)
    told = list(readings(Course(ORDINARY), BEGUN_MS, BEGUN_MS + HOUR_MS))
    assert [(each.t, each.d, each.k, each.q, each.x) for each in batch] == [
        (each.t, each.d, each.k, each.q, each.x) for each in told
    ]
    assert seqs(batch) == list(range(batch[0].seq, batch[0].seq + 8))
    first = told[0].t
    assert box().batch(first + 199, 0) == []
    assert [each.t for each in box().batch(first + 200, 0)] == [first, first + 200]


@pytest.mark.parametrize("step_ms", [1, 199, 500, 7_000])
def test_however_the_ticks_fall_both_meters_of_a_sample_are_sent_at_the_first_tick_after_it(step_ms):
    first_ms = Course(ORDINARY).box.next_sample_ms(BEGUN_MS)
    delivery = box()
    for sample_ms in (first_ms, first_ms + HOUR_MS // 4, first_ms + HOUR_MS // 2):
        sent = []
        for wall_ms in range(sample_ms - 600, sample_ms + 200 + step_ms, step_ms):
            batch = delivery.batch(wall_ms, wall_ms)
            delivery.settle(ack(delivery, seqs(batch)), wall_ms)
            sent += [reading.t for reading in batch]
        assert sent == [sample_ms, sample_ms + 200]


def test_without_an_ack_it_is_sent_again_after_15_seconds_doubling_to_5_minutes():
    delivery, wall_ms = box(), BEGUN_MS + HOUR_MS
    batch = delivery.batch(wall_ms, 0)
    sent_at, steady_ms = [0], 0
    while len(sent_at) < 9:
        steady_ms += 100
        again = delivery.batch(wall_ms, steady_ms)
        if again:
            assert again == batch
            sent_at.append(steady_ms)
    waits_s = [(later - earlier) / 1000 for earlier, later in pairwise(sent_at)]
    for waited_s, expected_s in zip(waits_s, [15, 30, 60, 120, 240, 300, 300, 300], strict=True):
        assert 0.79 * expected_s < waited_s < 1.21 * expected_s
    delivery.settle(ack(delivery, seqs(batch)), steady_ms)
    assert delivery.batch(wall_ms + HOUR_MS, steady_ms) != []
    assert delivery.batch(wall_ms + HOUR_MS, steady_ms + 18_100) != []


def test_what_an_ack_names_is_never_sent_again():
    delivery, wall_ms = box(), BEGUN_MS + HOUR_MS
    first = seqs(delivery.batch(wall_ms, 0))
    delivery.settle(ack(delivery, first[:3], refused=[(first[3], first[3], "unknown_quantity", "…")]), 1)
    assert delivery.batch(wall_ms, 10_000) == []
    assert seqs(delivery.batch(wall_ms, 30_000)) == first[4:]
    delivery.settle(ack(delivery, first), 30_001)
    assert delivery.batch(wall_ms, 10**9) == []
    later = seqs(delivery.batch(wall_ms + HOUR_MS, 10**9))
    assert len(later) == 8
    assert not set(later) & set(first)


def test_acks_of_other_outboxes_and_errors_settle_nothing():
    delivery, wall_ms = box(), BEGUN_MS + HOUR_MS
    batch = delivery.batch(wall_ms, 0)
    delivery.settle(Ack(now=0, outbox="00000000", stored=[(0, 10**9)]), 0)
    delivery.settle(Ack(now=0, error="not_json"), 0)
    assert delivery.batch(wall_ms, 30_000) == batch


def test_a_hold_is_waited_out_longer_each_time_and_loses_nothing():
    delivery, wall_ms = box(), BEGUN_MS + HOUR_MS
    batch = delivery.batch(wall_ms, 0)
    held = Ack(now=0, outbox=delivery.outbox, hold="unknown_station")
    delivery.settle(held, 0)
    assert delivery.batch(wall_ms, 23_900) == []
    assert delivery.batch(wall_ms, 36_100) == batch
    delivery.settle(held, 36_100)
    delivery.connection_lost()
    assert delivery.batch(wall_ms, 36_100 + 47_900) == []
    assert delivery.batch(wall_ms, 36_100 + 72_100) == batch
    delivery.settle(ack(delivery, seqs(batch)), 200_000)
    delivery.settle(held, 200_000)
    assert delivery.batch(wall_ms + HOUR_MS, 236_100) != []


def test_a_lost_connection_sends_at_once_again():
    delivery, wall_ms = box(), BEGUN_MS + HOUR_MS
    batch = delivery.batch(wall_ms, 0)
    delivery.connection_lost()
    assert delivery.batch(wall_ms, 1) == batch


def test_a_restarted_city_gives_the_same_numbers():
    whole = box(BEGUN_MS - 6 * HOUR_MS).batch(BEGUN_MS, 0)
    late = box(BEGUN_MS - 2 * HOUR_MS).batch(BEGUN_MS, 0)
    assert late == whole[-len(late) :]
    assert len({box(station=station).outbox for station in STATIONS}) == len(STATIONS)
    assert box().outbox == box().outbox


def test_a_long_absence_is_made_up_batch_by_batch_in_order():
    delivery, got = box(BEGUN_MS - 20 * 24 * HOUR_MS), []
    while batch := delivery.batch(BEGUN_MS, 0):
        assert len(batch) <= READINGS_PER_BATCH
        assert len(encode_batch(delivery.outbox, BEGUN_MS, batch)) < MAX_PLAIN_BYTES
        assert len(delivery._waiting) <= MOST_WAITING
        got += batch
        delivery.settle(ack(delivery, seqs(batch)), 0)
    assert [each.t for each in got] == [
        each.t for each in readings(Course(ORDINARY), BEGUN_MS - 20 * 24 * HOUR_MS, BEGUN_MS)
    ]
    assert len(set(seqs(got))) == len(got) == 20 * 192


def test_the_largest_batch_keeps_below_the_contracts_limit():
    delivery = box(BEGUN_MS - 3 * 24 * HOUR_MS, replace(STATIONS[38], meters=("power",)))
    batch = delivery.batch(BEGUN_MS, 0)
    assert len(batch) == READINGS_PER_BATCH
    assert len(encode_batch(delivery.outbox, BEGUN_MS, batch)) < MAX_PLAIN_BYTES


@pytest.mark.parametrize(("kind", "comes_later"), [("mast_down", True), ("box_dead", False)])
def test_a_silent_box_is_not_heard_and_what_it_kept_comes_afterwards(kind, comes_later):
    start_s, end_s = BEGUN_S + 3600, BEGUN_S + 3 * 3600
    delivery = box(station=replace(ORDINARY, events=(Event(kind, start_s, end_s),)))
    assert [delivery.is_heard(BEGUN_MS + int(h * HOUR_MS)) for h in (0.9, 1, 2, 2.9, 3)] == [
        *(True, False, False, False, True),
    ]
    batch = delivery.batch(BEGUN_MS + 4 * HOUR_MS, 0)
    assert len(batch) == (32 if comes_later else 16)


def test_there_are_the_boxes_of_connected_stations_that_are_not_live():
    there = {each.station for each in boxes(STATIONS, BEGUN_MS)}
    assert there == {each.id for each in STATIONS[2:] if each.connected_from is not None}
    assert len(there) == 36
