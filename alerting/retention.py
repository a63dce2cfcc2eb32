"""What is old enough is deleted: once a civil day, at night, a little in each tick so that nobody waits."""

import time
from itertools import chain
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from history.port import History, HistoryError
from notify.outbox import forget
from registry.database import Registry
from service.civil import clock_of
from service.conditions import Conditions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

FROM_HOUR = 2
QUARTER_HOUR_DAYS = 5 * 366
MESSAGE_DAYS = 400
DAY_MS = 86_400_000
SHARE_S = 0.5
"""Of a tick."""


class Retention:
    """Deletes raw readings after so many days, quarter hours after five years, messages after 400 days."""

    def __init__(
        self,
        history: History,
        registry: Registry,
        raw_days: int,
        zone: ZoneInfo,
        conditions: Conditions,
    ) -> None:
        self._registry = registry
        self._history = history
        self._raw_days = raw_days
        self._zone = zone
        self._conditions = conditions
        self._done: date | None = None
        self._doing: Iterator[None] | None = None

    def raw_before_ms(self, now_ms: int) -> int:
        """Readings before this instant may have been deleted, ms since the epoch."""
        return now_ms - self._raw_days * DAY_MS

    def step(self, now_ms: int) -> None:
        """Delete for a moment, if something is due; where a store cannot, that is said and tried next day."""
        try:
            if self._doing is None:
                self._begin(now_ms)
            end_s = time.monotonic() + SHARE_S
            for _ in self._doing or ():
                if time.monotonic() > end_s:
                    return
        except HistoryError as error:
            self._conditions.begin("retention", f"old readings stay: {error}")
        else:
            if self._doing is not None:
                self._conditions.end("retention")
        self._doing = None

    def _begin(self, now_ms: int) -> None:
        """Once a civil day, when the night has come."""
        local = clock_of(now_ms, self._zone)
        if self._done != local.date() and local.hour >= FROM_HOUR:
            self._done = local.date()
            before_ms = now_ms - QUARTER_HOUR_DAYS * DAY_MS
            self._doing = chain(
                forget(self._registry, now_ms - MESSAGE_DAYS * DAY_MS),
                self._history.drop(self.raw_before_ms(now_ms), before_ms),
            )
