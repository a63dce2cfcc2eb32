"""The delivery of one station of a fleet, with both clocks moved by hand."""

import json
import random
import zlib
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.fleet_delivery import MAX_OUTSTANDING, STRIKES, Pacing, StationDelivery
from telemetry.ack import HOLD_CLOCK, HOLD_UNKNOWN_STATION, Ack
from telemetry.batch import MAX_PLAIN_BYTES, ranges
from telemetry.reading import Reading

OUTBOX = "9f3c21ab"
WALL_MS = 1_795_305_600_000


def delivery(*, send_every_ms: int = 5_000, batch: int = 400, keep: int = 600) -> StationDelivery:
    pacing = Pacing(send_every_ms, batch, keep)
    return StationDelivery(OUTBOX, pacing, random.Random(7), first_send_ms=send_every_ms)


def some(count: int, first_t: int = WALL_MS) -> list[Reading]:
    return [
        Reading(t=first_t + place, d="power-1", k="power", x={"energy_kwh": 1.5}) for place in range(count)
    ]


def read(payload: bytes | None) -> dict[str, Any]:
    assert payload is not None
    return json.loads(payload if payload[:1] == b"{" else zlib.decompress(payload))


def seqs(payload: bytes | None) -> list[int]:
    return [each["seq"] for each in read(payload)["readings"]]


def ack(*numbers: int, **other) -> Ack:
    return Ack(now=WALL_MS, outbox=OUTBOX, stored=ranges(numbers), **other)


def greeted(box: StationDelivery, now_ms: int = 0) -> StationDelivery:
    box.connected(now_ms)
    hello = read(box.payload(now_ms, WALL_MS + now_ms))
    assert hello == {"v": 1, "outbox": OUTBOX, "sent": WALL_MS + now_ms, "readings": []}
    box.hear(ack(sent=WALL_MS + now_ms), now_ms)
    if not box.tally.waiting:
        assert box.payload(now_ms, WALL_MS + now_ms) is None
    return box


def all_payloads(box: StationDelivery, now_ms: int) -> list[bytes]:
    found = []
    while (payload := box.payload(now_ms, WALL_MS + now_ms)) is not None:
        found.append(payload)
    return found


def test_data_wait_for_the_answer_to_a_hello_which_is_said_again_after_15_s_doubling_to_5_min():
    box = delivery()
    box.keep(some(3))
    assert box.due_ms() == float("inf")
    assert box.payload(10**6, WALL_MS) is None
    box.connected(0)
    said = [0]
    assert seqs(box.payload(0, WALL_MS)) == []
    while len(said) < 8:
        now_ms = int(box.due_ms())
        assert box.payload(now_ms - 1, WALL_MS + now_ms) is None
        assert seqs(box.payload(now_ms, WALL_MS + now_ms)) == []
        said.append(now_ms)
    waits_s = [(later - earlier) / 1000 for earlier, later in pairwise(said)]
    for waited_s, expected_s in zip(waits_s, [15, 30, 60, 120, 240, 300, 300], strict=True):
        assert 0.8 * expected_s <= waited_s <= 1.2 * expected_s
    box.hear(ack(sent=WALL_MS + 1), said[-1])  # the answer to somebody else's
    assert box.payload(said[-1], WALL_MS) is None
    box.hear(ack(sent=WALL_MS), said[-1])  # a late answer to the first
    assert seqs(box.payload(said[-1], WALL_MS)) == [1, 2, 3]


def test_what_is_not_acknowledged_is_sent_again_and_built_anew_after_15_s_doubling_to_5_min():
    box = greeted(delivery())
    box.keep(some(4))
    assert box.payload(4_999, WALL_MS) is None
    sent = [5_000]
    first = read(box.payload(5_000, WALL_MS + 5_000))
    while len(sent) < 8:
        now_ms = int(box.due_ms())
        again = box.payload(now_ms, WALL_MS + now_ms)
        if again is not None:
            assert read(again) == first | {"sent": WALL_MS + now_ms}
            sent.append(now_ms)
    waits_s = [(later - earlier) / 1000 for earlier, later in pairwise(sent)]
    for waited_s, expected_s in zip(waits_s, [15, 30, 60, 120, 240, 300, 300], strict=True):
        assert 0.8 * expected_s <= waited_s <= 1.2 * expected_s
    assert (box.tally.sent, box.tally.resent) == (32, 28)
    box.hear(ack(1), sent[-1])  # any ack makes it impatient again
    now_ms = sent[-1]
    while (payload := box.payload(now_ms, WALL_MS + now_ms)) is None:
        now_ms = int(box.due_ms())
    assert seqs(payload) == [2, 3, 4]
    box.hear(ack(2, 3, 4), now_ms)
    assert (box.tally.acknowledged, box.tally.waiting) == (4, 0)


def test_at_most_four_batches_are_on_their_way_and_an_ack_makes_room():
    box = greeted(delivery(batch=10))
    box.keep(some(60))
    batches = all_payloads(box, 5_000)
    assert [seqs(each) for each in batches] == [[*range(n, n + 10)] for n in (1, 11, 21, 31)]
    box.hear(ack(*range(1, 11)), 5_001)
    assert [seqs(each) for each in all_payloads(box, 5_001)] == [[*range(41, 51)]]
    box.connected(6_000)  # what was on its way is sent anew over the next connection
    assert seqs(box.payload(6_000, WALL_MS)) == []
    box.hear(ack(sent=WALL_MS), 6_000)
    assert len(all_payloads(box, 6_000)) == MAX_OUTSTANDING


def test_acks_of_another_outbox_mean_nothing():
    box = greeted(delivery())
    box.keep(some(3))
    all_payloads(box, 5_000)
    box.hear(Ack(now=WALL_MS, outbox="00000000", stored=[(0, 99)], refused=[(0, 99, "x", "x")]), 5_001)
    box.hear(Ack(now=WALL_MS, outbox="00000000", hold="unknown_station"), 5_001)
    assert (box.tally.waiting, box.tally.acknowledged, box.hold) == (3, 0, None)


def test_refused_readings_are_let_go_and_counted():
    box = greeted(delivery())
    box.keep(some(3))
    all_payloads(box, 5_000)
    box.hear(ack(1, 3, refused=[(2, 2, "implausible_time", "…")]), 5_001)
    assert (box.tally.acknowledged, box.tally.refused, box.tally.waiting) == (2, 1, 0)
    assert all_payloads(box, 10**6) == []


def test_a_hold_is_tried_with_one_batch_after_30_s_doubling_to_5_min_and_loses_nothing():
    box = greeted(delivery(batch=10))
    box.keep(some(30))
    assert len(all_payloads(box, 5_000)) == 3
    now_ms, waits_s = 5_000, []
    for _ in range(6):
        box.hear(Ack(now=WALL_MS, outbox=OUTBOX, hold=HOLD_UNKNOWN_STATION), now_ms)
        assert box.hold == HOLD_UNKNOWN_STATION
        due_ms = int(box.due_ms())
        assert all_payloads(box, due_ms - 1) == []
        waits_s.append((due_ms - now_ms) / 1000)
        now_ms = due_ms
        assert [seqs(each) for each in all_payloads(box, now_ms)] == [[*range(1, 11)]]
    for waited_s, expected_s in zip(waits_s, [30, 60, 120, 240, 300, 300], strict=True):
        assert 0.8 * expected_s <= waited_s <= 1.2 * expected_s
    box.hear(ack(*range(1, 11)), now_ms)
    assert box.hold is None
    assert sum(len(seqs(each)) for each in all_payloads(box, now_ms)) == 20


def test_a_hold_for_the_clock_begins_again_with_a_hello():
    box = greeted(delivery())
    box.keep(some(3))
    all_payloads(box, 5_000)
    box.hear(Ack(now=WALL_MS, outbox=OUTBOX, hold=HOLD_CLOCK), 5_000)
    now_ms = int(box.due_ms())
    assert 24_000 <= now_ms - 5_000 <= 36_000
    assert seqs(box.payload(now_ms, WALL_MS + now_ms)) == []
    assert box.payload(now_ms, WALL_MS + now_ms) is None
    box.hear(ack(sent=WALL_MS + now_ms), now_ms)
    assert [seqs(each) for each in all_payloads(box, now_ms)] == [[1, 2, 3]]


def test_after_an_error_readings_go_singly_and_the_one_that_draws_three_is_set_aside():
    box = greeted(delivery())
    box.keep(some(4))
    all_payloads(box, 5_000)
    error, tries = Ack(now=WALL_MS, error="not_json"), []
    box.hear(error, 5_001)
    now_ms = 5_002
    while box.tally.waiting:
        (payload,) = all_payloads(box, now_ms)
        (seq,) = seqs(payload)
        tries.append(seq)
        box.hear(error if seq == 2 else ack(seq), now_ms)
        now_ms += 1
    assert tries == [1, *[2] * STRIKES, 3, 4]
    assert (box.tally.acknowledged, box.tally.refused) == (3, 1)


def test_a_full_memory_loses_the_oldest_and_counts_them():
    box = delivery(keep=10)
    box.keep(some(8))
    box.keep(some(7, WALL_MS + 100))
    assert (box.tally.made, box.tally.lost, box.tally.waiting) == (15, 5, 10)
    greeted(box)
    assert [seqs(each) for each in all_payloads(box, 1)] == [[*range(6, 16)]]
    box.keep(some(10, WALL_MS + 200))
    box.hear(ack(*range(1, 16)), 2)  # of which none is there any more
    assert (box.tally.lost, box.tally.acknowledged, box.tally.waiting) == (15, 0, 10)


def test_the_newest_come_first_once_the_backlog_exceeds_an_hour():
    box = greeted(delivery(batch=5))
    box.keep(some(20, WALL_MS - 3_700_000))
    assert [seqs(each) for each in all_payloads(box, 5_000)] == [
        [16, 17, 18, 19, 20], [11, 12, 13, 14, 15], [6, 7, 8, 9, 10], [1, 2, 3, 4, 5],
    ]  # fmt: skip


def test_a_batch_keeps_below_the_contracts_limit():
    box = greeted(delivery(keep=2000))
    wide = {f"voltage_l{n}_v": 229.12345678901 for n in (1, 2, 3)} | {"energy_kwh": 123456.78901234567}
    box.keep(Reading(t=WALL_MS + n, d="power-1", k="power", x=wide) for n in range(900))
    batches = all_payloads(box, 5_000)
    sizes = [len(json.dumps(read(each), separators=(",", ":"))) for each in batches]
    assert max(sizes) <= MAX_PLAIN_BYTES
    assert len(seqs(batches[0])) < 400


def test_each_time_to_send_comes_once_however_late():
    box = greeted(delivery(send_every_ms=1_000))
    box.keep(some(1))
    assert len(all_payloads(box, 1_000)) == 1
    box.hear(ack(1), 1_000)
    assert box.due_ms() == 2_000
    box.keep(some(1))
    assert len(all_payloads(box, 4_700)) == 1
    box.hear(ack(2), 4_700)
    assert box.due_ms() == 5_000


class _Centre:
    """A centre that does what the drawn fortune says, and watches that no rule is broken."""

    def __init__(self, box: StationDelivery, draw) -> None:
        self.box, self.draw, self.now_ms = box, draw, 0
        self.on_their_way: list[list[int]] = []
        self.let_go: set[int] = set()
        self.greeted, self.hello = False, None

    def take(self) -> None:
        for payload in all_payloads(self.box, self.now_ms):
            numbers = seqs(payload)
            if not numbers:
                self.hello = read(payload)["sent"]
                continue
            assert self.greeted
            assert not self.let_go.intersection(numbers)
            self.on_their_way.append(numbers)

    def step(self) -> None:
        what = self.draw(st.sampled_from(["wait", "keep", "answer", "lose", "hold", "error", "foreign"]))
        box = self.box
        if what == "wait":
            self.now_ms += self.draw(st.sampled_from([1, 1_000, 20_000, 400_000]))
        elif what == "keep":
            box.keep(some(self.draw(st.integers(1, 9)), WALL_MS + self.now_ms))
        elif what == "answer":
            self.answer()
        elif what == "lose":
            box.disconnected()
            self.greeted, self.hello = False, None
            self.on_their_way.clear()
            box.connected(self.now_ms)
        elif what == "hold" and self.greeted:
            reason = self.draw(st.sampled_from([HOLD_CLOCK, HOLD_UNKNOWN_STATION]))
            box.hear(Ack(now=0, outbox=OUTBOX, hold=reason), self.now_ms)
            self.greeted = box.hold != HOLD_CLOCK and self.greeted
        elif what == "error":
            box.hear(Ack(now=0, error="not_json"), self.now_ms)
        elif what == "foreign":
            box.hear(Ack(now=0, outbox="00000000", stored=[(0, 10**6)]), self.now_ms)
        self.take()
        tally = box.tally
        assert tally.made == tally.acknowledged + tally.refused + tally.lost + tally.waiting
        assert len(box._outstanding) <= MAX_OUTSTANDING
        flat = [seq for batch in box._outstanding for seq in batch.seqs]
        assert len(flat) == len(set(flat))

    def answer(self) -> None:
        if self.hello is not None:
            self.box.hear(ack(sent=self.hello), self.now_ms)
            self.greeted, self.hello = True, None
        elif self.on_their_way:
            numbers = self.on_their_way.pop(0)
            kept = self.draw(st.sets(st.sampled_from(numbers), min_size=1))
            self.let_go |= kept
            self.box.hear(ack(*kept), self.now_ms)

    def be_well(self) -> None:
        """From now on everything is answered."""
        for _ in range(500):
            while self.hello is not None or self.on_their_way:
                if self.hello is None:
                    numbers = self.on_their_way.pop(0)
                    self.let_go.update(numbers)
                    self.box.hear(ack(*numbers), self.now_ms)
                else:
                    self.answer()
                self.take()
            if not self.box.tally.waiting:
                return
            self.now_ms = max(self.now_ms + 1, int(self.box.due_ms()) + 1)
            self.take()


@settings(max_examples=60)
@given(st.data(), st.integers(0, 60))
def test_through_any_misfortune_no_rule_is_broken_and_all_is_delivered_when_the_centre_is_well(data, steps):
    box = delivery(batch=data.draw(st.integers(1, 5)), keep=data.draw(st.integers(2, 40)))
    centre = _Centre(box, data.draw)
    box.connected(0)
    centre.take()
    for _ in range(steps):
        centre.step()
    centre.be_well()
    tally = box.tally
    assert tally.waiting == 0
    assert tally.acknowledged + tally.refused + tally.lost == tally.made
