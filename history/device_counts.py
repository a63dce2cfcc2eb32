"""One device's counts as main meter: cut at exchanges, rid of odd samples, with counts by eye. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from history.counter import BELIEVABLE, Steps, steps_between
from history.meter_events import ManualReading, MeterEvents
from history.odd_samples import odd_samples
from telemetry.quantities import TOTAL_BY_KIND
from telemetry.reading import Reading


class Count(NamedTuple):
    """What a counter showed at an instant, ms since the epoch, UTC."""

    t: int
    value: float


class Tenure(NamedTuple):
    """A device's time as main meter.

    Attributes:
        device: its id.
        opening: its counter when it was put in; None if nobody told.
        closing: its counter when the next one took over; None if nobody told or it is still there.
    """

    device: str
    opening: Count | None = None
    closing: Count | None = None


def counts_of(polls: Iterable[Reading]) -> list[Count]:
    """The counts among a device's readings, but for those that no meter shows."""
    found: list[Count] = []
    for poll in polls:
        value = poll.x.get(TOTAL_BY_KIND[poll.k])
        if value is not None and -BELIEVABLE <= value <= BELIEVABLE:
            found.append(Count(poll.t, value))
    return found


def steps_of(
    tenure: Tenure, counts: Sequence[Count], events: MeterEvents
) -> tuple[Steps, list[ManualReading]]:
    """What a device's counter tells while it is the main meter.

    Args:
        tenure: of the device.
        counts: of the box, by time, at most one at an instant.
        events: of the station.

    Returns:
        The steps, before any correction; and the counts by eye that were ignored because they contradict.
    """
    ends: list[tuple[Count | None, Count | None]] = []
    opening = tenure.opening
    for exchange in sorted(each for each in events.exchanges if each.device == tenure.device):
        if (opening is None or exchange.at_ms > opening.t) and (
            tenure.closing is None or exchange.at_ms < tenure.closing.t
        ):
            ends.append((opening, Count(exchange.at_ms, exchange.old_final)))
            opening = Count(exchange.at_ms, exchange.new_initial)
    ends.append((opening, tenure.closing))
    manual = sorted(
        each for each in events.manual if each.device == tenure.device and abs(each.value) <= BELIEVABLE
    )
    whole, ignored = Steps([], []), list[ManualReading]()
    for start, end in ends:
        low = bisect_right(counts, start.t, key=_time) if start else 0
        high = bisect_left(counts, end.t, key=_time) if end else len(counts)
        own = [
            each for each in manual if (not start or each.at_ms > start.t) and (not end or each.at_ms < end.t)
        ]
        steps, contradicting = _life(start, counts[low:high], end, own)
        whole.stretches.extend(steps.stretches)
        whole.bridged.extend(steps.bridged)
        ignored.extend(contradicting)
    return whole, ignored


def _life(
    start: Count | None, counts: Sequence[Count], end: Count | None, manual: Sequence[ManualReading]
) -> tuple[Steps, list[ManualReading]]:
    """One physical meter from being put in to being taken out."""
    odd = odd_samples([count.value for count in counts])
    if odd:
        counts = [count for place, count in enumerate(counts) if place not in odd]
    counts = [*([start] if start else []), *counts, *([end] if end else [])]
    if not manual:
        return steps_between([count.t for count in counts], [count.value for count in counts]), []
    trusted = {count.t for count in counts}
    believed = [each for each in manual if each.at_ms not in trusted and not _contradicts(each, counts)]
    by_eye = {each.at_ms for each in believed}
    merged = sorted([*counts, *(Count(each.at_ms, each.value) for each in believed)])
    eyes = {place for place, count in enumerate(merged) if count.t in by_eye}
    odd = odd_samples([count.value for count in merged], eyes)
    by_eye -= {merged[place].t for place in odd}
    merged = [count for place, count in enumerate(merged) if place not in odd]
    steps = steps_between([count.t for count in merged], [count.value for count in merged], by_eye)
    return steps, [each for each in manual if each.at_ms not in trusted | by_eye]


def _contradicts(manual: ManualReading, counts: Sequence[Count]) -> bool:
    """Whether a count by eye lies below the box's before it or above the box's after it."""
    place = bisect_left(counts, manual.at_ms, key=_time)
    before = counts[place - 1].value if place else None
    after = counts[place].value if place < len(counts) else None
    if (
        before is not None and after is not None and after < before
    ):  # it began anew between, before us or after
        return after < manual.value < before
    return (before is not None and manual.value < before) or (after is not None and manual.value > after)


def _time(count: Count) -> int:
    return count.t
