"""`qingliu collector quarantine replay | purge`: empty the quarantine, into the history or for good."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

from collector.instants import WHEN, UsageError
from collector.quarantine_choice import chosen_ids, wanted_of, whole_number
from collector.quarantine_page import outcome_line, outcome_summary
from collector.replay import Outcome, replay
from history.opening import open_history
from history.port import History, HistoryError
from registry.audit import at_command_line
from registry.config import CentreSettings
from registry.database import Registry
from registry.quarantine import EVERYTHING, numbered
from registry.quarantine_trail import Actor, discard
from registry.stations import known_ids
from service.process import complain, first_line, now_ms

REPLAY = """Checks the kept payloads once more, as the collector does, and writes what is good now to the
history. An entry that is stored wholly is removed; another stays, with today's reason. With nothing named,
every entry is tried. Doing it twice changes nothing. Exit code 1 if something could not be replayed."""
PURGE = (
    """Removes entries for good. Options given together must all fit. Asks first, unless --yes is given."""
)
_PURGED = "qingliu collector quarantine purge"
"""Why an entry is gone, in the audit trail."""
_YES = {"y", "yes", "是"}


def add_replay(parser: argparse.ArgumentParser) -> None:
    """Say what `replay` takes."""
    _add_choice(parser)
    parser.set_defaults(ask=_replay)


def add_purge(parser: argparse.ArgumentParser) -> None:
    """Say what `purge` takes."""
    _add_choice(parser)
    age = parser.add_mutually_exclusive_group()
    age.add_argument("--before", metavar="TIME", help=f"last received before {WHEN}")
    age.add_argument("--older-than", type=whole_number, metavar="DAYS", help="last received so long ago")
    parser.add_argument("--all", action="store_true", help="every entry")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.set_defaults(ask=_purge)


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", type=whole_number, nargs="*", metavar="ID", help="as the list says")
    parser.add_argument("--station", default="", metavar="ID", help="such as 410882-0012")
    parser.add_argument("--code", default="", help="such as unknown_quantity")
    parser.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")


def _replay(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    now, is_dry = now_ms(), arguments.dry_run
    ids = chosen_ids(registry, arguments.ids, wanted_of(arguments, settings.zone, now))
    with registry.reading() as session:
        known = known_ids(session)
    outcomes: list[Outcome] = []
    trouble = ""
    with _history(settings, is_dry=is_dry) as history:
        try:
            for outcome in replay(registry, history, ids, known, Actor(at_command_line(None), now)):
                outcomes.append(outcome)
                if not arguments.json:
                    print(outcome_line(outcome, is_dry=is_dry), flush=True)
        except HistoryError as error:
            trouble = first_line(error)
    done = sum(outcome.fate == "replayed" for outcome in outcomes)
    if arguments.json:
        answer = {
            "dry_run": is_dry,
            "entries": [outcome._asdict() for outcome in outcomes],
            "replayed": done,
            "readings": sum(outcome.stored for outcome in outcomes),
            "error": trouble or None,
        }
        print(json.dumps(answer, ensure_ascii=False))
    else:
        print(outcome_summary(outcomes, is_dry=is_dry))
    if trouble:
        complain([trouble, "What is not told above was not tried. Replay it again when the store is well."])
    return 0 if done == len(outcomes) and not trouble else 1


def _purge(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    wanted = wanted_of(arguments, settings.zone, now_ms())
    is_narrowed = bool(arguments.ids) or wanted != EVERYTHING
    if is_narrowed == arguments.all:
        rule = "--all goes with nothing else" if is_narrowed else "nothing says which entries"
        raise UsageError(f"{rule}. Give IDs, --station, --code, --before or --older-than, or only --all.")
    ids = chosen_ids(registry, arguments.ids, wanted)
    entries = f"{len(ids):,} {'entry' if len(ids) == 1 else 'entries'}"
    is_real = bool(ids) and not arguments.dry_run
    if is_real and not arguments.yes and not _agreed(entries):
        complain(["nothing removed"])
        return 1
    if is_real:
        by = Actor(at_command_line(None), now_ms())
        with registry.writing() as session:
            discard(session, numbered(session, ids), _PURGED, by)
    if arguments.json:
        answer = {"dry_run": arguments.dry_run, "removed": len(ids) if is_real else 0, "ids": ids}
        print(json.dumps(answer))
    else:
        print(
            f"dry run, nothing changed. {entries} would be removed"
            if arguments.dry_run
            else f"{entries} removed"
        )
    return 0


def _agreed(entries: str) -> bool:
    """Ask whoever sits at the terminal.

    Raises:
        UsageError: nobody does.
    """
    if not sys.stdin.isatty():
        raise UsageError(f"would remove {entries}, and nobody is there to be asked. Add --yes.")
    sys.stderr.write(f"Remove {entries} for good? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in _YES


@contextmanager
def _history(settings: CentreSettings, *, is_dry: bool) -> Iterator[History | None]:
    """The history, or none for a dry run."""
    if is_dry:
        yield None
        return
    with closing(open_history(settings.history)) as history:
        yield history
