"""`qingliu collector …`: readings in, and what was put aside."""

import argparse
import json
import os
import socket
from contextlib import closing
from datetime import datetime
from pathlib import Path

from registry.config import CentreSettings, load_centre
from registry.database import open_registry
from service.process import now_ms, start_log, stop_signals

_EXAMPLES = """examples:
  qingliu collector run --config centre.toml
  qingliu collector quarantine list --json
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands of `qingliu collector`."""
    parser.epilog = _EXAMPLES
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    running = commands.add_parser("run", help="collect until stopped")
    running.add_argument("--verbose", action="store_true", help="log more")
    running.set_defaults(run=_run)
    quarantine = commands.add_parser("quarantine", help="what could not be stored, and why")
    listing = quarantine.add_subparsers(metavar="COMMAND", required=True).add_parser(
        "list", help="the newest entries"
    )
    listing.add_argument("--json", action="store_true", help="for machines")
    listing.set_defaults(run=_list)
    for command in (running, listing):
        command.add_argument("--config", type=Path, help="centre.toml")


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
        Collector(settings, registry, history, now_ms, client_id).run(stop)
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from registry.quarantine import newest  # noqa: PLC0415 - the libraries are loaded on use

    settings = load_centre(arguments.config)
    with closing(open_registry(settings.registry.url)) as registry, registry.reading() as session:
        entries = newest(session)
    if arguments.json:
        shown = ("id", "received_ms", "station_id", "code", "text", "count", "size_bytes")
        rows = [{key: getattr(entry, key) for key in shown} for entry in entries]
        print(json.dumps(rows, ensure_ascii=False))
        return 0
    for entry in entries:
        when = _local(entry.received_ms, settings)
        print(f"{when}  {entry.station_id:<16} {entry.count:>5} x  {entry.code:<18} {entry.text}")
    return 0


def _local(at_ms: int, settings: CentreSettings) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, settings.zone):%Y-%m-%d %H:%M:%S}"
