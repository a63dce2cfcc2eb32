"""How long to wait before the same is said again: the contract's figures, and waits that double; pure.

Shared by all who play a box without being one: the boxes of the invented city, and those of a fleet.
"""

import random
from collections.abc import Iterable

from telemetry.ack import Ack

FIRST_RESEND_MS, LONGEST_RESEND_MS = 15_000, 300_000
"""After so long without an ack a batch is sent again."""
FIRST_HOLD_MS, LONGEST_HOLD_MS = 30_000, 300_000
"""After so long a box that is held tries again."""
JITTER = 0.2


class Patience:
    """A wait that doubles from a first to a longest, each ±20 % by chance; all in ms."""

    def __init__(self, first_ms: int, longest_ms: int, chance: random.Random) -> None:
        self._first_ms = self._now_ms = first_ms
        self._longest_ms = longest_ms
        self._chance = chance

    def wait_ms(self) -> int:
        """How long to wait this time."""
        return round(self._now_ms * self._chance.uniform(1 - JITTER, 1 + JITTER))

    def grow(self) -> None:
        """Wait twice as long from now on."""
        self._now_ms = min(2 * self._now_ms, self._longest_ms)

    def reset(self) -> None:
        """Begin with the first wait again."""
        self._now_ms = self._first_ms


def stored_of(ack: Ack, ours: Iterable[int]) -> set[int]:
    """Which of our numbers an ack calls stored."""
    return {seq for seq in ours if any(first <= seq <= last for first, last in ack.stored)}


def refused_of(ack: Ack, ours: Iterable[int]) -> set[int]:
    """Which of our numbers an ack refuses for good."""
    return {seq for seq in ours if any(first <= seq <= last for first, last, _, _ in ack.refused)}
