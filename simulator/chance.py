"""Chance that can be repeated: numbers and slow waves that depend on a seed and a name only.

Nothing here keeps state, so a value at a given time never depends on who asked before.
"""

import hashlib
import math
from dataclasses import dataclass

_PERIODS_S = (97.0, 431.0, 1777.0)
"""Wave lengths of a `Wander`; primes, so that the pattern takes days to come round again."""
_WEIGHTS = (0.25, 0.35, 0.40)


def fraction(seed: int, *what: str | int) -> float:
    """Draw the number in [0, 1) that belongs to this seed and this name, always the same one."""
    text = ":".join(map(str, (seed, *what)))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest()) / 2**56


@dataclass(frozen=True)
class Wander:
    """A slow, smooth wave of time around zero, never beyond -1 or 1, with an exact integral.

    Attributes:
        phases: where each of the waves starts, radians.
    """

    phases: tuple[float, float, float]

    @classmethod
    def of(cls, seed: int, name: str) -> "Wander":
        """Make the wave of this name."""
        first, second, third = (2 * math.pi * fraction(seed, name, i) for i in range(3))
        return cls((first, second, third))

    def at(self, time_s: float) -> float:
        """Height of the wave at a time, seconds."""
        height = 0.0
        for weight, period, phase in zip(_WEIGHTS, _PERIODS_S, self.phases, strict=True):
            height += weight * math.sin(math.tau * (time_s % period) / period + phase)
        return height

    def integral(self, start_s: float, end_s: float) -> float:
        """Area under the wave from one time to another, in seconds."""
        return self._primitive(end_s) - self._primitive(start_s)

    def _primitive(self, time_s: float) -> float:
        return -sum(
            weight * period / (2 * math.pi) * math.cos(2 * math.pi * (time_s % period) / period + phase)
            for weight, period, phase in zip(_WEIGHTS, _PERIODS_S, self.phases, strict=True)
        )
