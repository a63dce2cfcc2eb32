"""What a counter that falls may mean: it rolled over, or it began anew, or nobody can say. Pure."""

from collections.abc import Iterable

HOUR_MS = 3_600_000
LIMITS = (
    *(10.0**digits for digits in range(3, 9)),  # 999.999 to 99,999,999.99 on the display
    *(2.0**32 * resolution for resolution in (0.001, 0.01, 0.1)),  # a register of 32 bits: Wh, 0.01 and 0.1
)
"""Where counters go on from 0."""
CLOSE = 0.2
"""A counter rolls over from the last fifth below its limit, whatever the gap."""
PACE_FACTOR = 3.0
"""What passed is believed up to so many times the pace around it."""
LITTLE = 100.0
LITTLE_SHARE = 0.001
"""A counter this close to its limit (units, share of the limit) rolled over, whatever its pace was."""
LONG_MS = 6 * HOUR_MS
LONG_SHARE = 0.05
LONG_PACE = 200.0
"""In a long gap, where the pace at its ends says little: up to this share of the limit and units an hour."""


def pace(steps: Iterable[tuple[int, float]]) -> float:
    """Units per ms in steps `(ms, amount)`; 0 if nothing moved or nothing is known."""
    total_ms, total = 0, 0.0
    for ms, amount in steps:
        total_ms += ms
        total += amount
    return total / total_ms if total_ms else 0.0


def rolled_over(before: float, after: float, ms: int, usual: float) -> float | None:
    """What passed if the counter went through its limit and on from 0; None if it did not.

    Args:
        before: reading before the fall.
        after: reading after it.
        ms: between the two.
        usual: pace around them, units per ms.
    """
    for limit in sorted(LIMITS):
        passed = limit - before + after
        if 0 <= after < before < limit and before >= limit * (1 - CLOSE) and _fits(passed, limit, ms, usual):
            return passed
    return None


def began_anew(after: float, start_ms: int, end_ms: int, usual: float) -> int | None:
    """Since when the counter may have counted `after`, having been set to 0; None if that is not believed.

    It counted `after` at its usual pace, so it began that much time before the reading. What passed before is
    not known, and no stop may be read from it.

    Args:
        after: reading after the fall.
        start_ms: time of the reading before the fall, ms since the epoch, UTC.
        end_ms: likewise of the one after it.
        usual: pace around them, units per ms.
    """
    if after <= 0 or usual <= 0 or after > PACE_FACTOR * usual * (end_ms - start_ms):
        return None
    return max(start_ms, end_ms - max(1, round(after / usual)))


def _fits(passed: float, limit: float, ms: int, usual: float) -> bool:
    return (
        passed <= PACE_FACTOR * usual * ms
        or passed <= min(LITTLE, LITTLE_SHARE * limit)
        or (ms > LONG_MS and passed <= min(LONG_SHARE * limit, LONG_PACE * ms / HOUR_MS))
    )
