"""Single odd samples of a counter, up and back or down and back, that no meter counted. Pure."""

from collections.abc import Collection, Iterator, Sequence

LONGEST_RUN = 2
"""So many odd samples in a row are left out; more of them are no accident of one poll."""


def odd_samples(values: Sequence[float], doubtful: Collection[int] | None = None) -> set[int]:
    """The places of samples that nonsense was read at, told by the neighbours that agree with each other.

    One or two samples are odd if the count before them is not above the count after them, and each of them
    lies below the one before or above the one after. Where both a dip and a spike could be seen, the dip is:
    a counter that was read as 0 is the usual accident. It does not matter to the sum which one is left out.
    But a dip ends at a level that stands: between two spikes a true count only looks like one.
    Whether a sample is odd depends on the seven samples before and after it, on no others.

    Args:
        values: of the counter, by time.
        doubtful: only these places can be odd; by default all.
    """
    dips: set[int] = set()
    spikes: list[tuple[int, int]] = []
    for low, high in _windows(values):
        inside = range(low + 1, high)
        if doubtful is not None and not all(place in doubtful for place in inside):
            continue
        if any(values[place] < values[low] for place in inside):
            if _stands(values, high):
                dips.update(inside)
        else:
            spikes.append((low, high))
    odd = set(dips)
    for low, high in spikes:
        if low not in dips and high not in dips:
            odd.update(range(low + 1, high))
    return odd


def _windows(values: Sequence[float]) -> Iterator[tuple[int, int]]:
    """The neighbours that agree across samples which fit neither; a counter that never falls has none."""
    last = len(values) - 1
    seen: set[tuple[int, int]] = set()
    for fall in _falls(values):
        for low in range(max(fall - LONGEST_RUN, 0), fall + 1):
            for high in range(max(fall + 1, low + 2), min(low + LONGEST_RUN + 1, last) + 1):
                if (low, high) not in seen and _agree(values, low, high):
                    seen.add((low, high))
                    yield low, high


def _stands(values: Sequence[float], place: int) -> bool:
    """Whether the counter is soon seen at a level again, or above it."""
    after = values[place + 1 : place + 2 + LONGEST_RUN]
    return not after or any(value >= values[place] for value in after)


def _falls(values: Sequence[float]) -> Iterator[int]:
    return (place for place in range(len(values) - 1) if values[place + 1] < values[place])


def _agree(values: Sequence[float], low: int, high: int) -> bool:
    before, after = values[low], values[high]
    return before <= after and all(
        values[place] < before or values[place] > after for place in range(low + 1, high)
    )
