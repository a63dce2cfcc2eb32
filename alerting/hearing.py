"""Whether the centre hears its stations: while it does not, their silence says nothing of them.

A collector that was down, lost its broker or could not store makes every station look silent; after it has
come back it takes a while until all have delivered what they held. No alarm of silence rings before.
"""

from collections.abc import Iterable

from registry.services import SILENT_AFTER_MS
from registry.tables import ServiceHealth

COLLECTOR = "collector"
CAUGHT_UP_LAG_S = 60.0
"""A collector whose answers lag further behind has not caught up."""


class Hearing:
    """Since when the centre hears."""

    def __init__(self, grace_s: int) -> None:
        self._grace_ms = grace_s * 1000
        self.since_ms: int | None = None
        """Since when it has heard without a break; None while it is deaf."""
        self.deaf_since_ms: int | None = None
        """Since when it has been deaf; None while it hears."""

    def look(self, services: Iterable[ServiceHealth], now_ms: int) -> None:
        """Take in what the centre's services last said of themselves."""
        collectors = [each for each in services if each.name.startswith(COLLECTOR)]
        if all(_is_well(each, now_ms) for each in collectors):
            self.deaf_since_ms = None
            if self.since_ms is None:
                self.since_ms = now_ms
        else:
            self.since_ms = None
            if self.deaf_since_ms is None:
                self.deaf_since_ms = now_ms

    def hears(self, now_ms: int) -> bool:
        """Whether a silence means something: the centre has heard for the time of grace."""
        return self.since_ms is not None and now_ms - self.since_ms >= self._grace_ms


def _is_well(collector: ServiceHealth, now_ms: int) -> bool:
    if now_ms - collector.seen_ms > SILENT_AFTER_MS or collector.conditions:
        return False
    lag_s = collector.figures.get("lag_s", 0.0)
    return not isinstance(lag_s, int | float) or lag_s <= CAUGHT_UP_LAG_S
