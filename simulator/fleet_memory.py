"""The readings of a fleet's station that wait: numbered, encoded once, in a bounded memory; pure."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

import msgspec

from telemetry.batch import MAX_PLAIN_BYTES
from telemetry.reading import NumberedReading, Reading

BACKLOG_IS_OLD_MS = 3_600_000
_ENVELOPE_BYTES = 100

_encoder = msgspec.json.Encoder()


class Kept(NamedTuple):
    """One reading: its instant (ms since the epoch), and its JSON with its number."""

    t: int
    json: bytes


class Memory:
    """What waits, by number; the oldest give way when it is full."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[int, Kept] = {}
        self._next_seq = 1

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def oldest_t(self) -> int | None:
        """When the oldest reading was taken, ms since the epoch; None if none waits."""
        return next(iter(self._kept.values())).t if self._kept else None

    def keep(self, readings: Iterable[Reading]) -> list[int]:
        """Number readings and keep them; returns the numbers of those that gave way."""
        for reading in readings:
            numbered = NumberedReading(seq=self._next_seq, **msgspec.structs.asdict(reading))
            self._kept[self._next_seq] = Kept(reading.t, _encoder.encode(numbered))
            self._next_seq += 1
        gone = list(self._kept)[: max(len(self._kept) - self._most, 0)]
        self.forget(gone)
        return gone

    def forget(self, seqs: Iterable[int]) -> None:
        """Let go of some; of others nothing is known."""
        for seq in seqs:
            self._kept.pop(seq, None)

    def chosen(self, wall_ms: int, limit: int, without: Collection[int]) -> list[int]:
        """Numbers for one batch, oldest first, but newest first once the backlog exceeds an hour."""
        is_old = self.oldest_t is not None and wall_ms - self.oldest_t > BACKLOG_IS_OLD_MS
        size, chosen = _ENVELOPE_BYTES, list[int]()
        for seq in reversed(self._kept) if is_old else self._kept:
            if seq in without:
                continue
            size += len(self._kept[seq].json) + 1
            if len(chosen) == limit or size > MAX_PLAIN_BYTES:
                break
            chosen.append(seq)
        return chosen

    def encoded(self, seqs: Collection[int]) -> list[msgspec.Raw]:
        """These readings as they travel, by number."""
        return [msgspec.Raw(self._kept[seq].json) for seq in sorted(seqs)]
