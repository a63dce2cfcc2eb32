"""`qingliu collector quarantine …`: look at what could not be stored; the clearing stands in its own room."""

import argparse
import json
import sys
from pathlib import Path

from collector.clearing_command import PURGE, REPLAY, add_purge, add_replay
from collector.instants import WHEN, UsageError
from collector.payload_view import view
from collector.quarantine_choice import chosen_ids, wanted_of, whole_number
from collector.quarantine_page import entry_object, table, whole_object, whole_page
from collector.replay import is_capped
from registry.config import CentreSettings, load_centre
from registry.database import Registry, registry_at
from registry.quarantine import EVERYTHING, find, numbered
from service.process import complain, now_ms

EXAMPLES = """examples:
  qingliu collector quarantine list --station 410882-0012 --since 2026-10-01
  qingliu collector quarantine show 17
  qingliu collector quarantine show 17 --raw > payload.bin
  qingliu collector quarantine replay --code unknown_quantity --dry-run
  qingliu collector quarantine replay 17 18
  qingliu collector quarantine purge --older-than 90 --yes
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands of `qingliu collector quarantine`."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    listing = commands.add_parser("list", help="the entries, newest first")
    listing.add_argument("--station", default="", metavar="ID", help="such as 410882-0012")
    listing.add_argument("--code", default="", help="such as unknown_quantity")
    listing.add_argument("--since", metavar="TIME", help=f"last received since {WHEN}")
    listing.add_argument("--limit", type=whole_number, default=200, metavar="N", help="at most [%(default)s]")
    listing.set_defaults(ask=_list)
    showing = commands.add_parser("show", help="everything of one entry, its payload made readable")
    showing.add_argument("id", type=whole_number, metavar="ID", help="as the list says")
    form = showing.add_mutually_exclusive_group()
    form.add_argument("--raw", action="store_true", help="only the payload's bytes, as they came")
    showing.set_defaults(ask=_show)
    again = commands.add_parser("replay", help="try to store it once more", description=REPLAY)
    add_replay(again)
    purging = commands.add_parser("purge", help="remove entries for good", description=PURGE)
    add_purge(purging)
    for command in (listing, showing, again, purging):
        machines = form if command is showing else command
        machines.add_argument("--json", action="store_true", help="for machines")
        command.add_argument("--config", type=Path, help="centre.toml")
        command.set_defaults(run=_run, prog=command.prog)


def _run(arguments: argparse.Namespace) -> int:
    """Open the registry and do what was asked; what fails is said in one line."""
    settings = load_centre(arguments.config)
    try:
        with registry_at(settings.registry.url) as registry:
            return int(arguments.ask(arguments, settings, registry))
    except UsageError as error:
        complain([f"{arguments.prog}: {error}"])
        return 2


def _list(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    wanted = wanted_of(arguments, settings.zone, now_ms())
    with registry.reading() as session:
        entries = find(session, wanted, arguments.limit)
    if arguments.json:
        print(json.dumps([entry_object(entry) for entry in entries], ensure_ascii=False))
    elif entries:
        print(*table(entries, settings.zone), sep="\n")
    else:
        complain(["nothing in quarantine fits"])
    return 0


def _show(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    ids = chosen_ids(registry, [arguments.id], EVERYTHING)
    with registry.reading() as session:
        [entry] = numbered(session, ids)
    if arguments.raw:
        sys.stdout.buffer.write(entry.payload)
        sys.stdout.flush()
        if is_capped(entry):
            complain([f"entry {entry.id}: only {len(entry.payload)} of {entry.size_bytes} bytes were kept"])
        return 0
    seen = view(entry.payload, entry.size_bytes)
    if arguments.json:
        print(json.dumps(whole_object(entry, seen), ensure_ascii=False))
    else:
        print(*whole_page(entry, seen, settings.zone), sep="\n")
    return 0
