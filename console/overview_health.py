"""The way of the data through the centre at a glance: broker, collector, store. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from collector.house import SERVICE
from registry.services import SILENT_AFTER_MS
from registry.tables import ServiceHealth

SLOW_S = 10.0
"""A collector that answers later than that is behind."""


class DataWay(NamedTuple):
    """What the collectors last said; None where nobody has said anything lately.

    Attributes:
        broker: is connected; `broker_said` is why not.
        lag_s: from the arrival of the oldest message answered last to its answer, seconds.
        waiting: messages taken in and not yet answered.
        store: takes readings; `store_said` is why not.
    """

    broker: bool | None
    broker_said: str
    lag_s: float | None
    waiting: int
    store: bool | None
    store_said: str

    @property
    def is_slow(self) -> bool:
        """Whether readings come late into the history."""
        return self.lag_s is not None and self.lag_s > SLOW_S


def data_way(said: Iterable[ServiceHealth], now_ms: int) -> DataWay:
    """The worst of what the collectors said within the last minute."""
    heard = [row for row in said if row.name.startswith(SERVICE) and now_ms - row.seen_ms <= SILENT_AFTER_MS]
    if not heard:
        return DataWay(None, "", None, 0, None, "")
    broker, store = (_trouble(heard, name) for name in ("broker", "store"))
    lags = [_number(row, "lag_s") for row in heard]
    waiting = sum(int(_number(row, "waiting_messages")) for row in heard)
    return DataWay(not broker, broker, max(lags), waiting, not store, store)


def _trouble(heard: Iterable[ServiceHealth], name: str) -> str:
    return next((str(row.conditions[name]) for row in heard if name in row.conditions), "")


def _number(row: ServiceHealth, name: str) -> float:
    value = row.figures.get(name)
    return float(value) if isinstance(value, int | float) else 0.0
