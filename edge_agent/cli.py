"""`qingliu agent …`: what runs at the station."""

import argparse
import json
import os
import sys
from pathlib import Path

from edge_agent import read_command
from edge_agent.commissioning import check_command, enrol_command, scan_command
from edge_agent.config import DEFAULT_PATH
from edge_agent.language import LANGUAGES, language_in
from edge_agent.phone import checklist_command, web_command
from edge_agent.profile_file import load_profile, profile_names
from edge_agent.status_words import WORDS
from service.process import complain, start_log
from service.settings import SettingsError

_EXAMPLES = """in front of the cabinet, one after the other:
  sudo qingliu agent enrol BUNDLE.tar.gz     put the station's identity in place
  sudo qingliu agent scan --write            find the meters and write agent.toml
  sudo qingliu agent read --watch            their values, until Ctrl-C
  sudo qingliu agent check                   all that must be right, one line each
  sudo systemctl restart qingliu-agent
  sudo qingliu agent status                  how the running agent is
  sudo qingliu agent web                     all of this on a phone

also:
  qingliu agent profiles                     the meter models known
  qingliu agent profiles chint-dtsu666       one of them, with what it asks for
  qingliu agent run --config agent.toml      read, keep and deliver until stopped
"""
_STATUS_EXAMPLES = """examples:
  sudo qingliu agent status                  a page; its first line is "well" or "N troubles"
  qingliu agent status --language zh-CN      the same in Chinese
  qingliu agent status --json | jq .link     one line of JSON

exit code: 0 when all is well, 1 when something is wrong or no agent runs, 2 when agent.toml is wrong
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands of `qingliu agent`."""
    parser.epilog = _EXAMPLES
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    running = commands.add_parser("run", help="read, keep and deliver until stopped")
    running.add_argument("--verbose", action="store_true", help="log more")
    running.set_defaults(run=_run)
    reading = commands.add_parser("read", help="poll every meter and show the values")
    read_command.register(reading)
    asking = commands.add_parser(
        "status",
        help="ask the running agent how it is",
        description="Ask the running agent how it is; what is wrong stands first.",
        epilog=_STATUS_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    asking.add_argument("--json", action="store_true", help="for machines, in one line")
    asking.add_argument("--language", choices=LANGUAGES, help="of the page [as $LANG says]")
    asking.set_defaults(run=_status)
    enrolling = commands.add_parser("enrol", help="introduce this box to the centre, with its bundle")
    enrol_command.register(enrolling)
    scanning = commands.add_parser("scan", help="find the meters on the lines")
    scan_command.register(scanning)
    checking = commands.add_parser("check", help="is all as it should be, from the ports to the centre's ack")
    check_command.register(checking)
    for command in (running, reading, asking, enrolling, scanning, checking):
        command.add_argument(
            "--config", type=Path, default=DEFAULT_PATH, help="agent.toml [%(default)s]", metavar="FILE"
        )
    web_command.register(commands.add_parser("web", help="all of this on the installer's phone"))
    checklist_command.register(commands.add_parser("checklist", help="verify a signed checklist"))
    profiles = commands.add_parser("profiles", help="the meter models known, or one of them")
    profiles.add_argument("name", nargs="?", help="show this one")
    profiles.add_argument("--path", type=Path, help="folder of the installer's own profiles")
    profiles.add_argument("--json", action="store_true", help="for machines")
    profiles.set_defaults(run=_profiles)


def _run(arguments: argparse.Namespace) -> int:
    from edge_agent.config import load_agent  # noqa: PLC0415 - the libraries are loaded on use
    from edge_agent.run import run_agent  # noqa: PLC0415

    start_log(verbose=arguments.verbose)
    return run_agent(load_agent(arguments.config))


def _status(arguments: argparse.Namespace) -> int:
    from edge_agent.config import load_agent  # noqa: PLC0415 - the libraries are loaded on use
    from edge_agent.status_page import ask_agent, control_path, page  # noqa: PLC0415
    from edge_agent.status_troubles import troubles  # noqa: PLC0415

    words = WORDS[arguments.language or language_in(os.environ)]
    line, status = ask_agent(control_path(load_agent(arguments.config).settings), words)
    is_terminal = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    print(line if arguments.json else page(status, words, colours=is_terminal))
    return 1 if troubles(status, words) else 0


def _profiles(arguments: argparse.Namespace) -> int:
    from edge_agent.profile_page import as_data, page  # noqa: PLC0415 - loaded on use

    if arguments.name:
        profile = load_profile(arguments.name, arguments.path)
        print(_as_json(as_data(profile)) if arguments.json else page(profile))
        return 0
    profiles, faults = [], []
    for name in profile_names(arguments.path):
        try:
            profiles.append(load_profile(name, arguments.path))
        except SettingsError as error:
            faults += error.lines()
    if arguments.json:
        print(_as_json([as_data(profile) for profile in profiles]))
    else:
        for each in profiles:
            print(f"{each.name:<24} {each.kind:<6} {each.confidence}  {each.maker} {each.model}")
    complain(faults)
    return 2 if faults else 0


def _as_json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2)
