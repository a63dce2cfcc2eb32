"""Which device is the main meter of its kind, and when: one at a time, so that nothing counts twice. Pure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from history.device_counts import Count, Tenure
from history.meter_events import NO_EVENTS, MeterEvents


class _Offer(NamedTuple):
    """A device that could take over, and how the one before it ends."""

    at_ms: int
    device: str
    ended: Tenure
    begun: Tenure


def succession(
    counts: Mapping[str, Sequence[Count]], events: MeterEvents = NO_EVENTS, known_from_ms: float = -math.inf
) -> list[Tenure]:
    """The main meters of a kind, one after another.

    The first device by name is the main meter. It is succeeded by a device that had not counted before: at
    the instant that an exchange of that device names, or when the main meter counts no more. A device that
    counted beside the main meter is a sub-meter and never takes over.

    Args:
        counts: by device, by time.
        events: of the station.
        known_from_ms: since when a device counts is not known if that was earlier.
    """
    lives = {device: (counted[0].t, counted[-1].t) for device, counted in counts.items() if counted}
    tenures = [Tenure(min(lives))] if lives else []
    while offers := list(_offers(tenures, lives, events, known_from_ms)):
        _, _, ended, begun = min(offers)
        tenures[-1:] = [ended, begun]
    return tenures


def _offers(
    tenures: Sequence[Tenure],
    lives: Mapping[str, tuple[int, int]],
    events: MeterEvents,
    known_from_ms: float,
) -> Iterator[_Offer]:
    """Who could succeed the last main meter."""
    had = {tenure.device for tenure in tenures}
    for device, (first_ms, _) in lives.items():
        if device in had or first_ms < known_from_ms:
            continue
        current = tenures[-1]
        since_ms, until_ms = lives[current.device]
        told = [
            each for each in events.exchanges if each.device == device and since_ms < each.at_ms <= first_ms
        ]
        if told:
            last = max(told, key=lambda exchange: exchange.at_ms)
            ended = current._replace(closing=Count(last.at_ms, last.old_final))
            yield _Offer(last.at_ms, device, ended, Tenure(device, Count(last.at_ms, last.new_initial)))
        elif first_ms > until_ms:
            yield _Offer(first_ms, device, current, Tenure(device))
