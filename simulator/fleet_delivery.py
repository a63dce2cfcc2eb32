"""What a station of a fleet must send, and when; pure.

The rules are those of an agent's outbox, kept in a bounded memory instead of a file: a hello first, data only
after its ack; at most four batches on their way; what is not acknowledged is sent again, built anew. Two
clocks are arguments: the wall clock (ms since the epoch) dates what is sent, the steady clock (ms) says when.
"""

import math
import random
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from simulator.fleet_memory import Memory
from simulator.fleet_tally import Tally
from simulator.patience import (
    FIRST_HOLD_MS,
    FIRST_RESEND_MS,
    LONGEST_HOLD_MS,
    LONGEST_RESEND_MS,
    Patience,
    refused_of,
    stored_of,
)
from telemetry.ack import HOLD_CLOCK, Ack
from telemetry.batch import compress, encode_batch
from telemetry.reading import Reading

MAX_OUTSTANDING = 4
READINGS_PER_BATCH = 400
READINGS_KEPT = 600
"""Five hours of two meters a minute; about 260 kB a station."""
STRIKES = 3
"""A reading that alone draws so many errors is set aside."""


class Pacing(NamedTuple):
    """How a station delivers.

    Attributes:
        send_every_ms: what waits is sent so often, real ms.
        batch: at most so many readings in one batch.
        keep: at most so many readings wait; the oldest are lost beyond these.
    """

    send_every_ms: int = 300_000
    batch: int = READINGS_PER_BATCH
    keep: int = READINGS_KEPT


class _Outstanding(NamedTuple):
    seqs: frozenset[int]
    due_ms: int


class StationDelivery:
    """The delivery of one station.

    Attributes:
        outbox: 8 hex digits, the scope of every number.
        tally: what became of its readings.
        hold: the reason for which the centre holds it, or None.
    """

    def __init__(self, outbox: str, pacing: Pacing, chance: random.Random, *, first_send_ms: int = 0) -> None:
        self.outbox = outbox
        self.tally = Tally()
        self.hold: str | None = None
        self._pacing = pacing
        self._memory = Memory(pacing.keep)
        self._sent: set[int] = set()
        self._outstanding: list[_Outstanding] = []
        self._resend = Patience(FIRST_RESEND_MS, LONGEST_RESEND_MS, chance)
        self._hello = Patience(FIRST_RESEND_MS, LONGEST_RESEND_MS, chance)
        self._held = Patience(FIRST_HOLD_MS, LONGEST_HOLD_MS, chance)
        self._held_until_ms = 0
        self._is_connected = self._is_greeted = self._is_draining = False
        self._hello_due_ms = 0
        self._hellos: set[int] = set()
        self._send_due_ms = first_send_ms
        self._doubted: set[int] = set()
        self._errors_owed = 0
        self._strikes: Counter[int] = Counter()

    @property
    def oldest_t(self) -> int | None:
        """When the oldest reading that waits was taken, ms since the epoch."""
        return self._memory.oldest_t

    def keep(self, readings: Iterable[Reading]) -> None:
        """Let new readings wait; beyond the bound the oldest are lost."""
        readings = list(readings)
        lost = self._memory.keep(readings)
        self.tally.made += len(readings)
        self.tally.lost += len(lost)
        self._forget(set(lost))

    def connected(self, steady_ms: int) -> None:
        """Begin anew with a hello; nothing of an older connection is on its way."""
        self.disconnected()
        self._is_connected = True
        self._hello_due_ms = steady_ms
        self._hello.reset()

    def disconnected(self) -> None:
        """Nothing can be sent until there is a connection again."""
        self._is_connected = self._is_greeted = False
        self._outstanding.clear()
        self._hellos.clear()
        self._errors_owed = 0

    def hurry(self) -> None:
        """Send at once what waits."""
        self._is_draining = True

    def due_ms(self) -> float:
        """When to ask next what is to be sent, on the steady clock; inf while there is no connection."""
        if not self._is_connected:
            return math.inf
        if not self._is_greeted:
            return max(self._hello_due_ms, self._held_until_ms)
        again_ms = min((batch.due_ms for batch in self._outstanding), default=math.inf)
        if self._is_draining and self._has_room():
            return min(again_ms, self._held_until_ms)
        return min(again_ms, self._send_due_ms)

    def payload(self, steady_ms: int, wall_ms: int) -> bytes | None:
        """The batch (or hello) to be sent now, which then counts as sent; None when there is none."""
        if steady_ms < self.due_ms():
            return None
        if not self._is_greeted:
            self._hello_due_ms = steady_ms + self._hello.wait_ms()
            self._hello.grow()
            self._hellos.add(wall_ms)
            return encode_batch(self.outbox, wall_ms, [])
        self._expire(steady_ms)
        if steady_ms >= self._send_due_ms:
            every_ms = self._pacing.send_every_ms
            self._send_due_ms += every_ms * ((steady_ms - self._send_due_ms) // every_ms + 1)
            self._is_draining = True
        if not (self._is_draining and self._has_room() and steady_ms >= self._held_until_ms):
            return None
        limit = 1 if self._doubted else self._pacing.batch
        chosen = self._memory.chosen(wall_ms, limit, without=self._on_their_way())
        if not chosen:
            self._is_draining = False
            return None
        self.tally.sent += len(chosen)
        self.tally.resent += len(self._sent.intersection(chosen))
        self._sent.update(chosen)
        self._outstanding.append(_Outstanding(frozenset(chosen), steady_ms + self._resend.wait_ms()))
        return compress(encode_batch(self.outbox, wall_ms, self._memory.encoded(chosen)))

    def hear(self, ack: Ack, steady_ms: int) -> None:
        """Obey an ack; those of another outbox mean nothing."""
        if ack.error is not None:
            self._doubt()
            self._is_draining = True
            return
        if ack.outbox != self.outbox:
            return
        is_hello = ack.sent is not None and ack.sent in self._hellos
        if is_hello:
            self._hellos.clear()
            self._is_greeted = self._is_draining = True
        if ack.hold is not None:
            self._wait_in_hold(ack.hold, steady_ms)
            return
        self.hold, self._held_until_ms = None, 0
        self._resend.reset()
        self._held.reset()
        stored, refused = stored_of(ack, self._sent), refused_of(ack, self._sent)
        self.tally.acknowledged += len(stored)
        self.tally.refused += len(refused - stored)
        self._forget(stored | refused)

    def _wait_in_hold(self, reason: str, steady_ms: int) -> None:
        """Try again later, with one batch; after `clock` with a hello, since it was about its `sent`."""
        self._outstanding.clear()
        self._resend.reset()
        self.hold = reason
        self._held_until_ms = steady_ms + self._held.wait_ms()
        self._held.grow()
        self._is_draining = True
        if reason == HOLD_CLOCK:
            self._is_greeted, self._hello_due_ms = False, self._held_until_ms

    def _doubt(self) -> None:
        """Send readings singly, since the centre could not read a batch; let go of one that is the cause."""
        if self._errors_owed and self._doubted:  # of a batch that went out beside the first to fail
            self._errors_owed -= 1
            return
        on_their_way = self._on_their_way()
        batches = len(self._outstanding)
        self._outstanding.clear()
        if not self._doubted:
            self._doubted, self._errors_owed = on_their_way, max(batches - 1, 0)
            return
        self._strikes.update(on_their_way)
        hopeless = {seq for seq in on_their_way if self._strikes[seq] >= STRIKES}
        self.tally.refused += len(hopeless)
        self._forget(hopeless)

    def _has_room(self) -> bool:
        return len(self._outstanding) < (1 if self._doubted or self.hold is not None else MAX_OUTSTANDING)

    def _expire(self, steady_ms: int) -> None:
        """Give up waiting for batches that are overdue; their readings are to be sent again."""
        kept = [batch for batch in self._outstanding if steady_ms < batch.due_ms]
        if len(kept) < len(self._outstanding):
            self._outstanding = kept
            self._errors_owed = 0
            self._resend.grow()
            self._is_draining = True

    def _on_their_way(self) -> set[int]:
        return {seq for batch in self._outstanding for seq in batch.seqs}

    def _forget(self, gone: set[int]) -> None:
        self._memory.forget(gone)
        for seq in gone:
            self._strikes.pop(seq, None)
        self._sent -= gone
        self._doubted -= gone
        self._outstanding = [
            batch._replace(seqs=batch.seqs - gone) for batch in self._outstanding if batch.seqs - gone
        ]
        self.tally.waiting = len(self._memory)
