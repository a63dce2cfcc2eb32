"""What passed, from momentary values alone: for a meter that has no counter. Pure."""

from collections.abc import Sequence

from history.counter import Steps, Stretch

LONGEST_STEP_MS = 7_200_000
"""Momentary values further apart tell nothing of the time between them."""
HOUR_MS = 3_600_000


def steps_of_samples(times: Sequence[int], levels: Sequence[float | None]) -> Steps:
    """The integral of momentary values as if a counter had shown it.

    Args:
        times: of the samples, rising, ms since the epoch, UTC.
        levels: at each of them, kW or m³/h; None where not measured.
    """
    found = Steps([], [])
    run: list[tuple[int, float]] = []
    last: tuple[int, float] | None = None
    for t, level in zip(times, levels, strict=True):
        if level is None:
            continue
        if last is None or t - last[0] > LONGEST_STEP_MS:
            _end(run, found)
            run = [(t, 0.0)]
        else:
            passed = max(0.0, (last[1] + level) / 2 * (t - last[0]) / HOUR_MS)
            run.append((t, run[-1][1] + passed))
        last = (t, level)
    _end(run, found)
    return found


def _end(run: Sequence[tuple[int, float]], found: Steps) -> None:
    if len(run) > 1:
        found.stretches.append(Stretch([t for t, _ in run], [passed for _, passed in run]))
