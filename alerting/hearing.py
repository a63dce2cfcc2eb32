"""Whether the centre hears its stations: while it does not, their silence says nothing of them.

A collector that was down, lost its broker or could not store makes every station look silent; after it has
come back it takes a while until all have delivered what they held. No alarm of silence rings before. So that
nobody takes the quiet for peace, the deafness itself is told when it lasts.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from registry.services import SILENT_AFTER_MS
from registry.tables import ServiceHealth

COLLECTOR = "collector"
CAUGHT_UP_LAG_S = 60.0
"""A collector whose answers lag further behind has not caught up."""
DEAF_TOLD_AFTER_MS = 900_000


class Deafness(NamedTuple):
    """What is to be told of it.

    Attributes:
        since_ms: when it began.
        why: what the collectors say is wrong.
        is_over: the centre hears again.
    """

    since_ms: int
    why: str
    is_over: bool


class Hearing:
    """Since when the centre hears."""

    def __init__(self, grace_s: int) -> None:
        self._grace_ms = grace_s * 1000
        self.since_ms: int | None = None
        """Since when it has heard without a break; None while it is deaf."""
        self.deaf_since_ms: int | None = None
        """Since when it has been deaf; None while it hears."""
        self._why = ""
        self._told: Deafness | None = None

    def look(self, services: Iterable[ServiceHealth], now_ms: int) -> None:
        """Take in what the centre's services last said of themselves."""
        collectors = [each for each in services if each.name.startswith(COLLECTOR)]
        if all(_is_well(each, now_ms) for each in collectors):
            self.deaf_since_ms = None
            if self.since_ms is None:
                self.since_ms = now_ms
        else:
            self.since_ms = None
            ill = next(each for each in collectors if not _is_well(each, now_ms))
            self._why = _why(ill.conditions)
            if self.deaf_since_ms is None:  # a dead one has been silent for longer than we have looked
                self.deaf_since_ms = min(now_ms, ill.seen_ms + SILENT_AFTER_MS)

    def news(self, now_ms: int) -> Deafness | None:
        """What is to be told now: that it has been deaf for long, or, after that, that it hears again.

        It is the same until it has been `told`.
        """
        if self.deaf_since_ms is None:
            return self._told and self._told._replace(is_over=True)
        if self._told is None and now_ms - self.deaf_since_ms >= DEAF_TOLD_AFTER_MS:
            return Deafness(self.deaf_since_ms, self._why, is_over=False)
        return None

    def told(self, news: Deafness) -> None:
        """Take note that people will be told."""
        self._told = None if news.is_over else news

    def hears(self, now_ms: int) -> bool:
        """Whether a silence means something: the centre has heard for the time of grace."""
        return self.since_ms is not None and now_ms - self.since_ms >= self._grace_ms


def _why(conditions: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {text}" for name, text in sorted(conditions.items()))


def _is_well(collector: ServiceHealth, now_ms: int) -> bool:
    if now_ms - collector.seen_ms > SILENT_AFTER_MS or collector.conditions:
        return False
    lag_s = collector.figures.get("lag_s", 0.0)
    return not isinstance(lag_s, int | float) or lag_s <= CAUGHT_UP_LAG_S
