"""`qingliu console run`: the web pages for the duty desk."""

import argparse
import logging
import socket
import threading
from contextlib import closing
from pathlib import Path

from console import chart_bundle
from console.app import create_app
from console.server import address_of, listen, reporting_health, serve
from history.opening import open_history
from registry.config import CentreSettings, is_loopback, load_centre
from registry.database import open_registry
from service.conditions import Conditions
from service.process import now_ms, start_log, stop_signals

logger = logging.getLogger(__name__)

_EXAMPLES = """examples:
  qingliu console run --config centre.toml
  qingliu console run --port 8081          another port than the file's
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands of `qingliu console`."""
    parser.epilog = _EXAMPLES
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    running = commands.add_parser("run", help="serve the pages until stopped")
    running.add_argument("--config", type=Path, help="centre.toml")
    running.add_argument("--host", type=_loopback, help="instead of the file's; a loopback address")
    running.add_argument("--port", type=_port, help="instead of the file's; 0 takes any free one")
    running.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    start_log()
    settings = load_centre(arguments.config)
    host = arguments.host or settings.console.host
    port = settings.console.port if arguments.port is None else arguments.port
    with stop_signals() as stop, listen(host, port) as taken:
        _serve(settings, taken, stop)
    return 0


def _serve(settings: CentreSettings, taken: socket.socket, stop: threading.Event) -> None:
    conditions = Conditions(logger)
    bundle = chart_bundle.bundle_path()
    try:
        chart_bundle.ensure(bundle)
    except chart_bundle.BundleError as error:
        conditions.begin("charts", str(error))
    with (
        closing(open_registry(settings.registry.url)) as registry,
        closing(open_history(settings.history)) as history,
        reporting_health(registry, now_ms, conditions),
    ):
        app = create_app(settings, registry, history, now_ms, bundle, conditions)
        print(f"console: {address_of(taken)}", flush=True)
        serve(app, taken, stop)


def _loopback(text: str) -> str:
    """A host that only this machine reaches, because these pages have no login."""
    if not is_loopback(text):
        raise argparse.ArgumentTypeError(
            f"must be a loopback address, because this version has no login (got {text}). Write 127.0.0.1."
        )
    return text


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"must be a port from 0 to 65535 (got {text})")
    return int(text)
