"""The centre's own numbers as Prometheus reads them: what its services last said of themselves."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from collector.house import SERVICE
from collector.metrics import conditions, families
from console.health import judged
from registry.tables import ServiceHealth

CONTENT_TYPE = CONTENT_TYPE_LATEST
_NONE: Mapping[str, int] = MappingProxyType({})


def exposition(
    said: Sequence[ServiceHealth],
    now_ms: int,
    rooms: Mapping[str, int] = _NONE,
    ends: Mapping[str, int] = _NONE,
) -> bytes:
    """The text format; a collector's figures are up to 15 s old.

    Args:
        said: what the services said of themselves.
        now_ms: ms since the epoch, UTC.
        rooms: bytes left on the disk where a store lies, by the store's name.
        ends: when the first certificate of a role ends, ms since the epoch, by role.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Said(said, now_ms))
    registry.register(_Found(rooms, ends))
    return generate_latest(registry)


class _Said(Collector):
    def __init__(self, said: Sequence[ServiceHealth], now_ms: int) -> None:
        self._said = said
        self._now_ms = now_ms

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("qingliu_up", "Whether a service was heard lately.", labels=["service"])
        seen = GaugeMetricFamily(
            "qingliu_seen_timestamp_seconds", "When a service last said how it is.", labels=["service"]
        )
        for service in judged(self._said, self._now_ms):
            up.add_metric([service.name], not service.is_silent)
            if service.seen_ms is not None:
                seen.add_metric([service.name], service.seen_ms / 1000)
        yield up
        yield seen
        yield conditions({row.name: row.conditions for row in self._said})
        collectors = {row.name: row.figures for row in self._said if row.name.startswith(SERVICE)}
        yield from families(collectors)


class _Found(Collector):
    def __init__(self, rooms: Mapping[str, int], ends: Mapping[str, int]) -> None:
        self._rooms = rooms
        self._ends = ends

    def collect(self) -> Iterator[Metric]:
        free = GaugeMetricFamily(
            "qingliu_store_free_bytes", "Left on the disk where a store lies.", labels=["store"]
        )
        for store, free_bytes in self._rooms.items():
            free.add_metric([store], free_bytes)
        ends = GaugeMetricFamily(
            "qingliu_certificate_end_timestamp_seconds", "When the first of its certificates ends.",
            labels=["role"],
        )  # fmt: skip
        for role, end_ms in self._ends.items():
            ends.add_metric([role], end_ms / 1000)
        yield free
        yield ends
