import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge_agent.delivery import FIRST_WAIT_MS, LONGEST_WAIT_MS, MAX_OUTSTANDING, STRIKES, Delivery
from telemetry.ack import Ack


class Even(random.Random):
    """Chance without chance."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


def delivery(*batches: range) -> Delivery:
    made = Delivery(Even())
    for batch in batches:
        made.sent(batch, 0)
    return made


def stored(*ranges: tuple[int, int]) -> Ack:
    return Ack(now=0, stored=list(ranges))


def test_four_batches_at_most():
    some = delivery()
    for number in range(MAX_OUTSTANDING):
        assert some.may_send(0)
        some.sent([number], 0)
    assert not some.may_send(10**9)
    some.settle(stored((0, 0)))
    assert some.may_send(0)


def due(some: Delivery, start_ms: int) -> int:
    """When the oldest batch expires, found by trying."""
    low, high = start_ms, start_ms + 2 * LONGEST_WAIT_MS
    outstanding = list(some._outstanding)
    while low < high:
        middle = (low + high) // 2
        wait = some._wait_ms
        if some.expire(middle):
            high, some._outstanding, some._wait_ms = middle, list(outstanding), wait
        else:
            low = middle + 1
    some._outstanding = outstanding
    return low


def test_the_wait_doubles_up_to_five_minutes_and_any_ack_resets_it():
    some, now, waits = delivery(), 0, []
    for _ in range(8):
        some.sent([1], now)
        after = due(some, now)
        waits.append(after - now)
        assert some.on_their_way() == {1}
        assert some.expire(after)
        assert not some.on_their_way()
        now = after
    assert waits == [15_000, 30_000, 60_000, 120_000, 240_000, 300_000, 300_000, 300_000]
    some.settle(stored())
    some.sent([1], now)
    assert due(some, now) - now == FIRST_WAIT_MS


@given(st.randoms(use_true_random=False), st.integers(0, 10))
def test_the_wait_is_spread_by_a_fifth(chance, doublings):
    some, now = Delivery(chance), 0
    for _ in range(doublings):
        some.sent([1], now)
        now += 10**6
        assert some.expire(now)
    some.sent([1], now)
    whole = min(FIRST_WAIT_MS * 2**doublings, LONGEST_WAIT_MS)
    assert not some.expire(now + round(0.8 * whole) - 1)
    assert some.expire(now + round(1.2 * whole))


def test_acks_settle_only_what_was_sent():
    some = delivery(range(10, 20), range(30, 40))
    stored_ranges, refused = [(0, 12), (11, 14), (35, 10**9)], [(15, 15, "c", "t"), (50, 60, "c", "t")]
    settled = some.settle(Ack(now=0, stored=stored_ranges, refused=refused))
    assert settled == ([(10, 14), (35, 39)], [([(15, 15)], "c", "t")])
    assert some.on_their_way() == {16, 17, 18, 19, 30, 31, 32, 33, 34}
    assert some.settle(stored((10, 14))) == ([], [])  # a second time: nothing


def test_a_late_ack_counts_after_the_batch_was_given_up_or_the_connection_lost():
    some = delivery(range(3))
    assert some.expire(10**6)
    assert some.settle(stored((0, 0))).stored == [(0, 0)]
    some.connection_lost()
    assert some.settle(stored((1, 2))).stored == [(1, 2)]


def test_enormous_and_odd_ranges_are_cheap():
    some = delivery(*(range(start, start + 400) for start in range(0, 1600, 400)))
    wide = [(0, 10**9), (-(10**9), 10**9), (5, 2**62), (7, 3), *((number, 10**9) for number in range(200))]
    settled = some.settle(Ack(now=0, stored=wide, refused=[(0, 10**9, "c", "t")] * 200))
    assert settled.stored == [(0, 1599)]
    assert not some.on_their_way()


def test_a_hold_stops_everything_for_longer_each_time():
    some, now, waits = delivery(range(3), range(3, 6)), 0, []
    for _ in range(6):
        some.hold("unknown_station", now)
        assert not some.on_their_way()
        assert not some.may_send(now)
        wait = next(wait for wait in range(0, 400_000, 1000) if some.may_send(now + wait))
        waits.append(wait)
        now += wait
    assert waits == [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]
    assert some.hold_reason == "unknown_station"
    some.sent(range(3), now)
    assert not some.may_send(now)  # one batch is enough to ask again; mobile data costs money
    some.settle(stored((0, 2)))
    assert some.may_send(now)
    assert some.hold_reason is None


def test_an_error_means_one_at_a_time_and_three_strikes():
    some = delivery(range(3))
    assert some.error() == []
    assert some.one_at_a_time
    for strike in range(STRIKES):
        assert some.may_send(0)
        some.sent([1], 0)
        assert not some.may_send(0)
        assert some.error() == ([(1, 1)] if strike == STRIKES - 1 else [])
    for seq in (0, 2):
        assert some.one_at_a_time
        some.sent([seq], 0)
        assert some.settle(stored((seq, seq))).stored == [(seq, seq)]
    assert not some.one_at_a_time
    assert some.may_send(0)


def test_the_errors_of_one_salvo_strike_no_innocent_reading():
    """Four batches on their way draw four errors; the answers to the last three come after a single was sent."""  # noqa: E501
    some = delivery(range(10), range(10, 20), range(20, 30), range(30, 40))
    assert some.error() == []
    some.sent([0], 0)
    for _ in range(MAX_OUTSTANDING - 1):
        assert some.error() == []
        assert some.on_their_way() == {0}
    for strike in range(STRIKES):
        assert some.error() == ([(0, 0)] if strike == STRIKES - 1 else [])
        some.sent([0], 0)


def test_the_errors_owed_are_forgotten_with_the_connection():
    some = delivery(range(10), range(10, 20))
    some.error()
    some.connection_lost()
    for strike in range(STRIKES):
        some.sent([0], 0)
        assert some.error() == ([(0, 0)] if strike == STRIKES - 1 else [])


def test_an_error_to_nothing_does_no_harm():
    some = delivery()
    assert [some.error() for _ in range(5)] == [[]] * 5
    assert not some.one_at_a_time


class DeliveryModel(RuleBasedStateMachine):
    """An outbox of twenty readings and a centre that answers late, twice, wrongly or not at all."""

    def __init__(self) -> None:
        super().__init__()
        self.delivery = Delivery(random.Random(1))
        self.now = 0
        self.outbox = set(range(20))
        self.ever_sent: set[int] = set()
        self.answers: list[list[int]] = []

    @rule(milliseconds=st.integers(0, 400_000))
    def time_passes(self, milliseconds):
        self.now += milliseconds
        self.delivery.expire(self.now)

    @precondition(lambda self: self.delivery.may_send(self.now))
    @rule(size=st.integers(1, 6))
    def send(self, size):
        size = 1 if self.delivery.one_at_a_time else size
        batch = sorted(self.outbox - self.delivery.on_their_way())[:size]
        if batch:
            self.delivery.sent(batch, self.now)
            self.ever_sent |= set(batch)
            self.answers.append(batch)

    @precondition(lambda self: self.answers)
    @rule(data=st.data(), keep=st.booleans())
    def an_answer_comes(self, data, keep):
        batch = data.draw(st.sampled_from(self.answers))
        if not keep:
            self.answers.remove(batch)
        self._leave(self.delivery.settle(stored(*((seq, seq) for seq in batch))), set(batch))

    @rule(first=st.integers(-5, 25), width=st.integers(0, 10**9))
    def a_wild_answer_comes(self, first, width):
        named = {seq for seq in self.ever_sent if first <= seq <= first + width}
        self._leave(self.delivery.settle(stored((first, first + width))), named)

    def _leave(self, settled, named):
        gone = {seq for first, last in settled.stored for seq in range(first, last + 1)}
        assert gone == named & self.outbox
        self.outbox -= gone

    @rule()
    def the_connection_breaks(self):
        self.delivery.connection_lost()
        assert not self.delivery.on_their_way()

    @rule()
    def the_centre_holds(self):
        self.delivery.hold("clock", self.now)
        assert not self.delivery.may_send(self.now)

    @rule()
    def the_centre_could_not_read(self):
        for first, last in self.delivery.error():
            gone = set(range(first, last + 1))
            assert len(gone) == 1
            assert gone <= self.outbox & self.ever_sent
            self.outbox -= gone

    @invariant()
    def only_what_waits_is_on_its_way(self):
        assert self.delivery.on_their_way() <= self.outbox
        assert len(self.delivery._outstanding) <= MAX_OUTSTANDING

    def teardown(self):
        """Whatever happened: with patience and a good centre everything is delivered."""
        for _ in range(100):
            if not self.outbox:
                break
            self.time_passes(400_000)
            self.send(6)
            self._leave(self.delivery.settle(stored((0, 99))), self.ever_sent)
        assert not self.outbox


DeliveryModel.TestCase.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
TestDeliveryModel = DeliveryModel.TestCase


@pytest.mark.parametrize("reason", ["unknown_station", "clock"])
def test_a_hold_is_named(reason):
    some = delivery()
    assert some.hold_reason is None
    some.hold(reason, 0)
    assert some.hold_reason == reason
