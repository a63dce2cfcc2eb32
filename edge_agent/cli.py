"""`qingliu agent …`: what runs at the station."""

import argparse
import json
import sys
from pathlib import Path

from edge_agent.config import DEFAULT_PATH
from edge_agent.profile_file import load_profile, profile_names
from service.process import complain, start_log

_EXAMPLES = """examples:
  qingliu agent profiles                     the meter models known
  qingliu agent profiles chint-dtsu666       one of them, with what it asks for
  qingliu agent read --config agent.toml     poll every meter once and show the values
  qingliu agent run --config agent.toml      read, keep and deliver until stopped
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands of `qingliu agent`."""
    parser.epilog = _EXAMPLES
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    running = commands.add_parser("run", help="read, keep and deliver until stopped")
    running.add_argument("--verbose", action="store_true", help="log more")
    running.set_defaults(run=_run)
    reading = commands.add_parser("read", help="poll every meter once")
    reading.add_argument("--json", action="store_true", help="for machines")
    reading.set_defaults(run=_read)
    for command in (running, reading):
        command.add_argument(
            "--config", type=Path, default=DEFAULT_PATH, help="agent.toml [%(default)s]", metavar="FILE"
        )
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


def _read(arguments: argparse.Namespace) -> int:
    from edge_agent.config import load_agent  # noqa: PLC0415 - the libraries are loaded on use
    from edge_agent.read import poll_once, table, to_json  # noqa: PLC0415

    start_log()
    agent = load_agent(arguments.config)
    polls = poll_once(agent, progress=None if arguments.json or not sys.stderr.isatty() else sys.stderr)
    print(to_json(agent, polls) if arguments.json else table(agent, polls))
    failed = [poll for poll in polls if poll.quality == "missing"]
    complain(f"{poll.device}: {poll.why}: {poll.text}" for poll in failed)
    return 1 if failed else 0


def _profiles(arguments: argparse.Namespace) -> int:
    names = [arguments.name] if arguments.name else profile_names(arguments.path)
    profiles = [load_profile(name, arguments.path) for name in names]
    if arguments.json:
        shown = [
            {
                "name": profile.name,
                "kind": profile.kind,
                "maker": profile.maker,
                "model": profile.model,
                "confidence": profile.confidence,
                "source": profile.source,
                "quantities": list(profile.quantity),
                "parameters": {
                    key: {"help": each.help, "default": each.default, "choices": list(each.choices)}
                    for key, each in profile.parameters.items()
                },
            }
            for profile in profiles
        ]
        print(json.dumps(shown[0] if arguments.name else shown, ensure_ascii=False, indent=2))
        return 0
    if not arguments.name:
        for profile in profiles:
            print(
                f"{profile.name:<24} {profile.kind:<6} {profile.confidence}  {profile.maker} {profile.model}"
            )
        return 0
    profile = profiles[0]
    print(
        f"{profile.name}: {profile.maker} {profile.model} ({profile.kind}, confidence {profile.confidence})"
    )
    print(f"source: {profile.source}")
    line = profile.line
    print(f"line:   {line.baudrate} 8{line.parity}{line.stopbits}, unit {line.unit_id}")
    for key, each in profile.parameters.items():
        choices = f", one of {', '.join(each.choices)}" if each.choices else ""
        print(f"asks:   {key} = {each.help}{choices} [{each.default}]")
    for name, value in profile.quantity.items():
        cells = " + ".join(f"0x{part.address:04X} {part.type} {part.order}" for part in value.parts)
        print(f"  {name:<18} {cells}")
    if profile.notes:
        print(profile.notes)
    return 0
