"""`qingliu collector …`: readings in, and what was put aside."""

import argparse
import os
import socket
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from collector import quarantine_command
from registry.config import CollectorSettings, load_centre
from registry.database import open_registry
from service.process import now_ms, start_log, stop_signals
from service.systemd import Heart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import Metric

    from collector.collector import Collector

_EXAMPLES = """examples:
  qingliu collector run --config centre.toml
  qingliu collector quarantine list --json
  qingliu collector quarantine show 17
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands of `qingliu collector`."""
    parser.epilog = _EXAMPLES
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    running = commands.add_parser("run", help="collect until stopped")
    running.add_argument("--verbose", action="store_true", help="log more")
    running.set_defaults(run=_run)
    running.add_argument("--config", type=Path, help="centre.toml")
    quarantine = commands.add_parser(
        "quarantine",
        help="what could not be stored, and why",
        epilog=quarantine_command.EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    quarantine_command.register(quarantine)


def _run(arguments: argparse.Namespace) -> int:
    from collector.collector import Collector  # noqa: PLC0415 - the libraries are loaded on use
    from history.opening import open_history  # noqa: PLC0415

    start_log(verbose=arguments.verbose)
    settings = load_centre(arguments.config)
    client_id = f"qingliu-collector-{socket.gethostname()}-{os.getpid()}"
    with (
        closing(open_registry(settings.registry.url)) as registry,
        closing(open_history(settings.history)) as history,
        stop_signals() as stop,
    ):
        collector = Collector(settings, registry, history, now_ms, client_id)
        with _metrics(settings.collector, collector):
            collector.run(stop, Heart().beat)
    return 0


def _metrics(settings: CollectorSettings, collector: "Collector") -> AbstractContextManager[None]:
    """Serve the collector's own numbers where that is wanted."""
    if not settings.metrics_port:
        return nullcontext()
    from collector import metrics  # noqa: PLC0415 - the library is loaded on use
    from collector.house import SERVICE  # noqa: PLC0415

    def collect() -> "Iterator[Metric]":
        yield from metrics.families({SERVICE: msgspec.to_builtins(collector.figures)})
        yield metrics.conditions({SERVICE: collector.conditions.current()})

    return metrics.served(settings.metrics_host, settings.metrics_port, collect)
