"""`qingliu`: finds the sub-command, imports its room, and runs it.

No room is imported before the sub-command is known, so that the agent on a small box never pays for the
centre's libraries. What is wrong with a file or missing on the machine is said here, in one way for all.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from service.process import UnavailableError, complain
from service.settings import SettingsError

ROOMS = {
    "agent": ("edge_agent.cli", "read the meters of one station and deliver to the centre"),
    "collector": ("collector.cli", "take readings in, write them, acknowledge them"),
    "alerting": ("alerting.cli", "quarter hours, station states and alarms"),
    "report": ("reporting.cli", "the monthly operating-rate report"),
    "console": ("console.cli", "web pages for the duty desk"),
    "serve": ("qingliu.serve", "collector, alerting, reports and console of a small site in one"),
    "doctor": ("qingliu.doctor_command", "is every part of the centre well, and what to do if not"),
    "backup": ("qingliu.backup_command", "one archive of the whole centre, while it runs"),
    "restore": ("qingliu.restore_command", "a centre out of such an archive"),
    "history": ("collector.history_command", "the store of readings: check it, export, import"),
    "stations": ("registry.cli", "the facility file, and what is entered about stations"),
    "simulate": ("simulator.cli", "meters, a whole fleet; stop, start and spoil the demo's live stations"),
    "demo": ("qingliu.demo", "everything on this machine, no server needed"),
}
_HOW_TO_INSTALL = (
    "At a station install qingliu[edge], at the centre qingliu[centre], for the demo qingliu[demo]."
)
_EXAMPLES = """examples:
  qingliu demo                            see all of it on this machine
  qingliu agent read --config agent.toml  poll the meters once
  qingliu COMMAND --help                  what a command takes
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 done, 1 failed, 2 bad usage or configuration."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="qingliu",
        description="Keeps village sewage-treatment stations running.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=version("qingliu"))
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    chosen = next((word for word in words if not word.startswith("-")), None)
    for name, (module, summary) in ROOMS.items():
        room = commands.add_parser(
            name, help=summary, description=summary, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        if name == chosen:
            try:
                importlib.import_module(module).register(room)
            except ModuleNotFoundError as error:
                complain([f"qingliu {name}: the package {error.name} is not installed. {_HOW_TO_INSTALL}"])
                return 1
    parsed = parser.parse_args(words)
    try:
        return int(parsed.run(parsed))
    except SettingsError as error:
        complain(error.lines())
        return 2
    except UnavailableError as error:
        complain([str(error)])
        return 1
    except BrokenPipeError:  # the reader of a pipe such as `| head` has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
