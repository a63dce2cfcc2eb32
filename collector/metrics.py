"""A collector's figures in the form that Prometheus reads."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector as Source

from collector.figures import WRITE_BOUNDS_S
from service.process import UnavailableError

Figures = Mapping[str, Any]
_PREFIX = "qingliu_collector_"
_COUNTERS = {
    "readings_stored": ("stored_readings", "Readings written to the history, repetitions included."),
    "readings_acknowledged": ("acknowledged_readings", "Readings named as stored in an acknowledgement."),
    "quarantined": ("quarantined", "Things put aside in quarantine."),
    "store_failures": ("store_failures", "Tries to store that failed and were or will be repeated."),
    "exceptions": ("exceptions", "Unforeseen failures that were survived."),
}
_COUNTERS_BY = {
    "messages": ("messages", "fate", "Messages received, by what became of them."),
    "refused": ("refused_readings", "reason", "Readings refused for good, by reason."),
    "unreadable": ("unreadable_messages", "reason", "Messages that could not be read, by reason."),
    "held": ("held", "reason", "Answers that hold an outbox, by reason."),
}
_GAUGES = {
    "waiting_messages": ("queue_messages", "Messages taken in and not yet answered."),
    "waiting_bytes": ("queue_bytes", "Bytes of those that wait as they came."),
    "lag_s": ("lag_seconds", "From the arrival of the oldest message answered last to its answer."),
}
_Family = TypeVar("_Family", CounterMetricFamily, GaugeMetricFamily)


def families(by_service: Mapping[str, Figures]) -> Iterator[Metric]:
    """The families of several collectors; each sample is labelled with its service."""
    for key, (name, text) in _COUNTERS.items():
        counter = CounterMetricFamily(_PREFIX + name, text, labels=["service"])
        yield _filled(counter, key, by_service)
    for key, (name, text) in _GAUGES.items():
        gauge = GaugeMetricFamily(_PREFIX + name, text, labels=["service"])
        yield _filled(gauge, key, by_service)
    for key, (name, label, text) in _COUNTERS_BY.items():
        counter = CounterMetricFamily(_PREFIX + name, text, labels=["service", label])
        for service, figures in by_service.items():
            for value, count in sorted(figures.get(key, {}).items()):
                counter.add_metric([service, value], count)
        yield counter
    writes = HistogramMetricFamily(
        _PREFIX + "write_seconds", "Durations of writes to the history.", labels=["service"]
    )
    for service, figures in by_service.items():
        writes.add_metric([service], list(_buckets(figures)), figures.get("writes_s", 0.0))
    yield writes


def conditions(by_service: Mapping[str, Mapping[str, str]]) -> Metric:
    """What is wrong with whom just now: 1 for each condition that stands."""
    family = GaugeMetricFamily("qingliu_condition", "A trouble that stands.", labels=["service", "condition"])
    for service, names in by_service.items():
        for name in sorted(names):
            family.add_metric([service, name], 1)
    return family


@contextmanager
def served(host: str, port: int, collect: Callable[[], Iterable[Metric]]) -> Iterator[None]:
    """Answer GET /metrics in a thread of its own while the block runs.

    Raises:
        UnavailableError: nobody can listen there.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Source(collect))
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise UnavailableError(
            f"metrics {host}:{port}: {error.strerror}. Change metrics_host or metrics_port under [collector]."
        ) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Source(Source):
    def __init__(self, ask: Callable[[], Iterable[Metric]]) -> None:
        self._ask = ask

    def collect(self) -> Iterable[Metric]:
        return self._ask()


def _filled(family: _Family, key: str, by_service: Mapping[str, Figures]) -> _Family:
    for service, figures in by_service.items():
        family.add_metric([service], figures.get(key, 0))
    return family


def _buckets(figures: Figures) -> Iterator[tuple[str, float]]:
    """Cumulated, as Prometheus wants them."""
    classes = figures.get("write_classes") or [0] * (len(WRITE_BOUNDS_S) + 1)
    total = 0
    for bound, count in zip([*map(str, WRITE_BOUNDS_S), "+Inf"], classes, strict=True):
        total += count
        yield bound, total
