"""`qingliu report …`: the worker that makes the monthly reports, and what people ask of them by hand."""

import argparse
import os
import socket
from contextlib import closing
from pathlib import Path

from registry.config import load_centre
from registry.database import open_registry
from reporting import (
    explain_command,
    freeze_command,
    list_command,
    month_command,
    rate_command,
    verify_command,
    year_command,
)
from service.process import now_ms, start_log, stop_signals
from service.systemd import Heart

_EXAMPLES = """examples:
  qingliu report run --config centre.toml
  qingliu report month 2026-10 -o /tmp              the files of a month, as a preview
  qingliu report list                               what was made, and its hashes
  qingliu report freeze 2026-10 --by "Wang Fang"    make a draft final
  qingliu report verify                             are all files still what was made?
  qingliu report explain 410882-0012 2026-10        how a station's month came about
"""
_COMMANDS = {
    "month": month_command,
    "list": list_command,
    "freeze": freeze_command,
    "verify": verify_command,
    "explain": explain_command,
    "rate": rate_command,
    "year": year_command,
}


def register(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands of `qingliu report`."""
    parser.epilog = _EXAMPLES
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    running = commands.add_parser(
        "run",
        help="draft, freeze and revise the reports that are due, until stopped",
        description="Drafts the report of each month that is over on the 1st, daily anew until it freezes it "
        "on the 12th, and drafts a further revision when figures have changed; after a pause it catches up.",
    )
    running.add_argument("--verbose", action="store_true", help="log more")
    running.add_argument("--config", type=Path, help="centre.toml")
    running.set_defaults(run=_run)
    for name, command in _COMMANDS.items():
        command.register(commands.add_parser(name, help=command.HELP))


def _run(arguments: argparse.Namespace) -> int:
    from reporting.worker import Worker  # noqa: PLC0415 - the libraries are loaded on use

    start_log(verbose=arguments.verbose)
    settings = load_centre(arguments.config)
    holder = f"{socket.gethostname()}-{os.getpid()}"
    with closing(open_registry(settings.registry.url)) as registry, stop_signals() as stop:
        Worker(settings, registry, now_ms, holder).run(stop, Heart().beat)
    return 0
