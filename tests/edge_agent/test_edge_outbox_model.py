"""The outbox against a dictionary: whatever is done to it, nothing is lost uncounted and nothing invented.

It is so small that floods of readings are thinned out, and it is opened anew between any two steps.
"""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge_agent.meter import Poll
from edge_agent.outbox import Outbox

OFFSET = 1_763_740_000_000
ranges = st.lists(st.tuples(st.integers(0, 60), st.integers(-2, 12)), max_size=3).map(
    lambda pairs: [(first, first + more) for first, more in pairs]
)


class OutboxModel(RuleBasedStateMachine):
    """`waiting` maps seq to (device, boot, at, t); instants are few, so that they collide."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.boot = 0
        self.waiting: dict[int, tuple[str, int, int, int | None]] = {}
        self.accepted = self.refused = self.thinned = 0
        self.outbox = self._open()
        self.id = self.outbox.id

    def _open(self) -> Outbox:
        return Outbox(Path(self.folder.name) / "o.db", boot=f"boot-{self.boot}", max_mb=0.08)

    @initialize()
    def is_empty(self):
        assert self.outbox.backlog() == 0

    @rule(
        polls=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5)), max_size=4),
        offset=st.sampled_from([None, OFFSET, OFFSET + 1, OFFSET - 3_600_000]),
    )
    def accept(self, polls, offset):
        self.outbox.accept(
            [Poll(device, "power", at, "good", None, {"energy_kwh": 1.0}) for device, at in polls], offset
        )
        for device, at in polls:
            self.accepted += 1
            t = None if offset is None else at + offset
            self.waiting[self.accepted] = (device, self.boot, at, t)
        self._leave_thinned()

    @rule(start=st.integers(0, 9), offset=st.sampled_from([None, OFFSET]), count=st.integers(50, 300))
    def flood(self, start, offset, count):
        """So many minutes of a meter; some of its days came before."""
        self.accept([("a", start * 86_400_000 + minute * 60_000) for minute in range(count)], offset)

    def _leave_thinned(self):
        """What is not there any more must be what was counted as thinned, and older than what is finer."""
        there = {seq for (seq,) in self.outbox._file.rows("SELECT seq FROM waiting")}
        gone = self.waiting.keys() - there
        assert self.outbox.thinned_count() - self.thinned == len(gone)
        assert not gone or max(gone) < max(there)
        self.thinned += len(gone)
        for seq in gone:
            del self.waiting[seq]

    @rule(offset=st.sampled_from([OFFSET, OFFSET + 2]))
    def date(self, offset):
        lost = [seq for seq, (_, boot, _, t) in self.waiting.items() if t is None and boot != self.boot]
        assert self.outbox.date(offset) == len(lost)
        self.refused += len(lost)
        for seq in lost:
            del self.waiting[seq]
        self._leave_thinned()
        for seq, (device, boot, at, t) in self.waiting.items():
            self.waiting[seq] = (device, boot, at, at + offset if t is None else t)

    @rule(named=ranges)
    def drop(self, named):
        self.outbox.drop(named)
        self._leave(named)

    @rule(named=ranges)
    def refuse(self, named):
        self.outbox.refuse(named, "code", "text")
        self.refused += self._leave(named)
        self._leave_thinned()  # the refused table needs room too

    def _leave(self, named) -> int:
        gone = {seq for seq in self.waiting if any(first <= seq <= last for first, last in named)}
        for seq in gone:
            del self.waiting[seq]
        return len(gone)

    @rule(reboots=st.booleans())
    def reopen(self, reboots):
        self.outbox.close()
        self.boot += reboots
        self.outbox = self._open()
        assert self.outbox.id == self.id
        assert self.outbox.thinned_count() == self.thinned
        assert [(self.accepted,)] == self.outbox._file.rows("SELECT seq FROM accepted")

    @rule(limit=st.integers(1, 5), newest_first=st.booleans(), without=st.sets(st.integers(1, 20)))
    def choose(self, limit, newest_first, without):
        dated = [seq for seq, (_, _, _, t) in self.waiting.items() if t is not None and seq not in without]
        chosen = self.outbox.waiting(limit=limit, newest_first=newest_first, without=without)
        assert [each.seq for each in chosen] == sorted(dated, reverse=newest_first)[:limit]

    @invariant()
    def nothing_is_lost_or_invented(self):
        found = {each.seq: each.t for each in self.outbox.waiting(limit=10_000, newest_first=False)}
        wanted = {seq: t for seq, (_, _, _, t) in self.waiting.items() if t is not None}
        assert found.keys() == wanted.keys()
        taken = set()
        for seq, t in found.items():
            assert (
                t >= wanted[seq]
            )  # a collision moves it on, never back, and by no more than there are others
            assert t - wanted[seq] <= self.accepted
            assert (self.waiting[seq][0], t) not in taken
            taken.add((self.waiting[seq][0], t))
            self.waiting[seq] = (*self.waiting[seq][:3], t)  # and for good
        assert self.outbox.backlog() == len(self.waiting)
        assert self.outbox.oldest_t() == (found[min(found)] if found else None)
        assert self.outbox.refused_count() == self.refused

    def teardown(self):
        self.outbox.close()
        self.folder.cleanup()


OutboxModel.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestOutboxModel = OutboxModel.TestCase
