"""Which readings are on their way, when to send them again, and what an ack settles; pure.

Nothing here trusts the broker: a batch counts as delivered when the centre's ack names its readings, and an
ack settles only what this process has sent. All instants are of the monotonic clock, in ms.
"""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from telemetry.ack import Ack, Range
from telemetry.batch import ranges

MAX_OUTSTANDING = 4
FIRST_WAIT_MS = 15_000
LONGEST_WAIT_MS = 300_000
FIRST_HOLD_MS = 30_000
LONGEST_HOLD_MS = 300_000
JITTER = 0.2
STRIKES = 3
"""A reading that alone draws so many errors is set aside."""


class Settled(NamedTuple):
    """What an ack settles of ours: ranges to let go, and ranges to set aside with code and text."""

    stored: list[Range]
    refused: list[tuple[list[Range], str, str]]


class _Outstanding(NamedTuple):
    seqs: frozenset[int]
    due_ms: int


class Delivery:
    """The state of one outbox's delivery."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._outstanding: list[_Outstanding] = []
        self._sent: set[int] = set()
        self._wait_ms = FIRST_WAIT_MS
        self._hold_ms = 0
        self._held_until_ms = 0
        self.hold_reason: str | None = None
        self._doubted: set[int] = set()
        self._errors_owed = 0
        self._strikes: Counter[int] = Counter()

    @property
    def one_at_a_time(self) -> bool:
        """Whether an error made us send readings singly."""
        return bool(self._doubted)

    @property
    def outstanding(self) -> int:
        """How many batches are on their way."""
        return len(self._outstanding)

    def may_send(self, now_ms: int) -> bool:
        """Whether another batch may go out."""
        is_probing = self.one_at_a_time or self.hold_reason is not None
        limit = 1 if is_probing else MAX_OUTSTANDING
        return now_ms >= self._held_until_ms and len(self._outstanding) < limit

    def on_their_way(self) -> set[int]:
        """The readings not to send again yet."""
        return {seq for batch in self._outstanding for seq in batch.seqs}

    def sent(self, seqs: Iterable[int], now_ms: int) -> None:
        """Note that a batch went out."""
        batch = frozenset(seqs)
        self._sent |= batch
        self._outstanding.append(_Outstanding(batch, now_ms + self._jittered(self._wait_ms)))

    def expire(self, now_ms: int) -> bool:
        """Give up waiting for overdue batches; True if some of their readings must be sent again."""
        kept = [batch for batch in self._outstanding if now_ms < batch.due_ms]
        if len(kept) == len(self._outstanding):
            return False
        self._outstanding = kept
        self._errors_owed = 0
        self._wait_ms = min(2 * self._wait_ms, LONGEST_WAIT_MS)
        return True

    def connection_lost(self) -> None:
        """Forget what was on its way; it is sent anew over the next connection."""
        self._outstanding.clear()
        self._errors_owed = 0

    def settle(self, ack: Ack) -> Settled:
        """Take an ack of our outbox; readings it names that we never sent are left alone."""
        self._wait_ms = FIRST_WAIT_MS
        self._hold_ms = self._held_until_ms = 0
        self.hold_reason = None
        stored = self._ours([(first, last) for first, last in ack.stored])
        refused = [(self._ours([(first, last)]), code, text) for first, last, code, text in ack.refused]
        for settled in (stored, *[each for each, _, _ in refused]):
            self._forget(settled)
        return Settled(stored, [each for each in refused if each[0]])

    def hold(self, reason: str, now_ms: int) -> None:
        """Stop sending for a while, longer each time, and remember why."""
        self._outstanding.clear()
        self._wait_ms = FIRST_WAIT_MS
        self.hold_reason = reason
        self._hold_ms = min(2 * self._hold_ms or FIRST_HOLD_MS, LONGEST_HOLD_MS)
        self._held_until_ms = now_ms + self._jittered(self._hold_ms)

    def error(self) -> list[Range]:
        """Take the centre's word that a payload of ours was unreadable.

        Returns:
            What is to be set aside: a reading that drew the error alone, three times.
        """
        if self._errors_owed and self.one_at_a_time:  # of a batch that went out beside the first to fail
            self._errors_owed -= 1
            return []
        on_their_way = self.on_their_way()
        batches = len(self._outstanding)
        self._outstanding.clear()
        if not self.one_at_a_time:
            self._doubted, self._errors_owed = on_their_way, max(batches - 1, 0)
            return []
        self._strikes.update(on_their_way)
        hopeless = ranges(seq for seq in on_their_way if self._strikes[seq] >= STRIKES)
        self._forget(hopeless)
        return hopeless

    def _ours(self, named: Sequence[Range]) -> list[Range]:
        return ranges(seq for seq in self._sent if any(first <= seq <= last for first, last in named))

    def _forget(self, settled: Iterable[Range]) -> None:
        gone = {seq for first, last in settled for seq in range(first, last + 1)}
        self._sent -= gone
        self._doubted -= gone
        for seq in gone:
            self._strikes.pop(seq, None)
        self._outstanding = [
            batch._replace(seqs=batch.seqs - gone) for batch in self._outstanding if batch.seqs - gone
        ]

    def _jittered(self, wait_ms: int) -> int:
        return round(wait_ms * self._chance.uniform(1 - JITTER, 1 + JITTER))
