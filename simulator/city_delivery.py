"""What a box of the invented city has still to deliver, and when; pure.

The box's outbox is its course: readings are taken from it as they fall due, so that a city started anew
numbers them as before. Readings that were sent wait until the centre's ack names them. Two clocks are
arguments: the wall clock (ms since the epoch) says which samples are due, the steady clock (ms) when to
send again.
"""

import random
from hashlib import blake2b

from simulator.box import ASKED_AFTER_MS, QUARTER_MS
from simulator.course import Course, readings
from simulator.patience import (
    FIRST_HOLD_MS,
    FIRST_RESEND_MS,
    LONGEST_HOLD_MS,
    LONGEST_RESEND_MS,
    Patience,
    refused_of,
    stored_of,
)
from telemetry.ack import Ack
from telemetry.reading import NumberedReading, Reading

READINGS_PER_BATCH = 150
"""A power reading has about 300 bytes of JSON; a batch may have 64,000."""
MOST_WAITING = 2 * READINGS_PER_BATCH
"""What falls due beyond these is left in the course for a while."""
SAMPLE_TAKES_MS = max(ASKED_AFTER_MS.values())
_TAKEN_AT_ONCE_MS = READINGS_PER_BATCH // 2 * QUARTER_MS


class BoxDelivery:
    """The delivery of one box; at most one batch is on its way.

    Attributes:
        station: id of its station.
        outbox: 8 hex digits made from that id.
    """

    def __init__(self, course: Course, since_ms: int) -> None:
        self.station = course.station.id
        self.outbox = blake2b(self.station.encode(), digest_size=4).hexdigest()
        self._course = course
        self._taken_ms = since_ms
        self._waiting: dict[int, NumberedReading] = {}
        self._on_their_way: set[int] = set()
        self._not_before_ms = 0
        chance = random.Random(course.station.seed)  # noqa: S311 - jitter, not a secret
        self._resend = Patience(FIRST_RESEND_MS, LONGEST_RESEND_MS, chance)
        self._hold = Patience(FIRST_HOLD_MS, LONGEST_HOLD_MS, chance)

    def is_heard(self, wall_ms: int) -> bool:
        """Whether the box lives and reaches the broker."""
        quarter, script = wall_ms // QUARTER_MS, self._course.script
        return not (script.is_unheard(quarter) or script.is_late(quarter))

    def batch(self, wall_ms: int, steady_ms: int) -> list[NumberedReading]:
        """What is to be sent now, by time, and counts as sent; nothing while an ack may come, or held."""
        if steady_ms < self._not_before_ms:
            return []
        if self._on_their_way:
            self._resend.grow()
        self._take(wall_ms)
        chosen = list(self._waiting.values())[:READINGS_PER_BATCH]
        self._on_their_way = {reading.seq for reading in chosen}
        if chosen:
            self._not_before_ms = steady_ms + self._resend.wait_ms()
        return chosen

    def settle(self, ack: Ack, steady_ms: int) -> None:
        """Let go what an ack of this outbox names, or wait if it holds us; other acks mean nothing."""
        if ack.outbox != self.outbox:
            return
        if ack.hold is not None:
            self._on_their_way.clear()
            self._not_before_ms = steady_ms + self._hold.wait_ms()
            self._hold.grow()
            return
        for seq in stored_of(ack, self._waiting) | refused_of(ack, self._waiting):
            del self._waiting[seq]
            self._on_their_way.discard(seq)
        self._resend.reset()
        self._hold.reset()
        if not self._on_their_way:
            self._not_before_ms = steady_ms

    def connection_lost(self) -> None:
        """Send what was on its way anew, over the next connection."""
        if self._on_their_way:
            self._on_their_way.clear()
            self._not_before_ms = 0

    def _take(self, wall_ms: int) -> None:
        """Take from the course the samples that are over; one under way waits for its last meter."""
        box, over_ms = self._course.box, wall_ms - SAMPLE_TAKES_MS
        while len(self._waiting) < MOST_WAITING and box.next_sample_ms(self._taken_ms) <= over_ms:
            end_ms = min(box.next_sample_ms(over_ms + 1), self._taken_ms + _TAKEN_AT_ONCE_MS)
            for reading in readings(self._course, self._taken_ms, end_ms):
                numbered = self._numbered(reading)
                self._waiting[numbered.seq] = numbered
            self._taken_ms = end_ms

    def _numbered(self, reading: Reading) -> NumberedReading:
        """Number a reading by its quarter hour and meter, so that it never has another number."""
        quarters = reading.t // QUARTER_MS - int(self._course.station.past_start_s * 1000) // QUARTER_MS
        seq = 2 * quarters + (reading.k == "flow")
        return NumberedReading(
            seq=seq, t=reading.t, d=reading.d, k=reading.k, q=reading.q, why=reading.why, x=reading.x
        )
