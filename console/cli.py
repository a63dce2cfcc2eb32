"""`qingliu console`: the web pages for the duty desk, and who may log in to them."""

import argparse
import logging
import socket
import threading
from contextlib import closing
from pathlib import Path

from console import chart_bundle, user_command
from console.app import create_app
from console.login_pages import FIRST_USER
from console.server import address_of, listen, reporting_health, serve
from history.opening import open_history
from registry.accounts import any_user
from registry.config import CentreSettings, load_centre
from registry.console_settings import PLAIN_HTTP, PLAIN_HTTP_REMEDY, ConsoleSettings, is_loopback
from registry.database import Registry, open_registry
from service.conditions import Conditions
from service.process import complain, now_ms, start_log, stop_signals
from service.systemd import Heart

logger = logging.getLogger(__name__)

_EXAMPLES = """examples:
  qingliu console run --config centre.toml
  qingliu console run --port 8081          another port than the file's
  qingliu console add-user 王工 --role admin
  qingliu console add-user 李工 --role operator --counties 410823,410882
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands of `qingliu console`."""
    parser.epilog = _EXAMPLES
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    running = commands.add_parser("run", help="serve the pages until stopped")
    running.add_argument("--config", type=Path, help="centre.toml")
    running.add_argument("--host", help="instead of the file's; other than loopback only with https")
    running.add_argument("--port", type=_port, help="instead of the file's; 0 takes any free one")
    running.add_argument(
        "--open-demo", action="store_true",
        help="no login: everybody is an operator; on a loopback address only, and only for a demo",
    )  # fmt: skip
    running.set_defaults(run=_run)
    user_command.register(commands)


def _run(arguments: argparse.Namespace) -> int:
    start_log()
    settings = load_centre(arguments.config)
    host = arguments.host or settings.console.host
    port = settings.console.port if arguments.port is None else arguments.port
    refusal = _refusal(settings.console, host, open_demo=arguments.open_demo)
    if refusal:
        complain([refusal])
        return 2
    with stop_signals() as stop, listen(host, port) as taken:
        _serve(settings, taken, stop, open_demo=arguments.open_demo)
    return 0


def _serve(settings: CentreSettings, taken: socket.socket, stop: threading.Event, *, open_demo: bool) -> None:
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
        if not open_demo:
            _tell_of_first_user(registry)
        app = create_app(settings, registry, history, now_ms, bundle, conditions, open_demo=open_demo)
        print(f"console: {address_of(taken, is_tls=settings.console.is_tls)}", flush=True)
        serve(app, taken, stop, settings.console, Heart().beat)


def _tell_of_first_user(registry: Registry) -> None:
    with registry.reading() as session:
        if not any_user(session):
            logger.warning("nobody can log in yet; make the first administrator: %s", FIRST_USER)


def _refusal(console: ConsoleSettings, host: str, *, open_demo: bool) -> str:
    """Why the pages are not served there; empty if they are."""
    if open_demo and not is_loopback(host):
        return f"console: --open-demo: must be on a loopback address (got {host}). Write --host 127.0.0.1."
    if not console.may_listen_on(host):
        return f"console: --host: {PLAIN_HTTP} (got {host}). {PLAIN_HTTP_REMEDY}"
    return ""


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"must be a port from 0 to 65535 (got {text})")
    return int(text)
