"""The simulated clock: one number in a file that every process of the month has mapped into its memory."""

import mmap
import struct
import time
from pathlib import Path

_NUMBER = struct.Struct("q")


class MonthClock:
    """Milliseconds since the epoch, UTC; only the conductor moves it."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(_NUMBER.pack(0))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _NUMBER.size)

    def now_ms(self) -> int:
        return _NUMBER.unpack_from(self._map)[0]

    def move_to(self, now_ms: int) -> None:
        _NUMBER.pack_into(self._map, 0, now_ms)

    def close(self) -> None:
        self._map.close()


class CreepingClock:
    """The same, creeping on between two moves, so that what is done once a second is done in between too."""

    SPEED = 20
    MOST_MS = 240_000

    def __init__(self, clock: MonthClock) -> None:
        self._clock = clock
        self._moved = (0, 0.0)

    def now_ms(self) -> int:
        at_ms, now_s = self._clock.now_ms(), time.monotonic()
        if at_ms != self._moved[0]:
            self._moved = (at_ms, now_s)
        return at_ms + min(int((now_s - self._moved[1]) * 1000 * self.SPEED), self.MOST_MS)
