"""Which entries of the quarantine a command means."""

import argparse
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from collector.instants import UsageError, instant_of
from registry.database import Registry
from registry.quarantine import EVERYTHING, Wanted, find_ids, numbered

_LARGEST = 2**63 - 1
_DAY_MS = 86_400_000
_MOST_NAMED = 5


def whole_number(text: str) -> int:
    """A number from 1 on, as argparse wants it.

    Raises:
        argparse.ArgumentTypeError: it is not one.
    """
    if text.isascii() and text.isdecimal() and len(text) < 20 and 1 <= int(text) <= _LARGEST:
        return int(text)
    raise argparse.ArgumentTypeError(f"must be a whole number from 1 on (got {text[:40]!a})")


def wanted_of(arguments: argparse.Namespace, zone: ZoneInfo, now_ms: int) -> Wanted:
    """What the options ask for, as far as the command has them.

    Raises:
        UsageError: a time cannot be read.
    """
    before = getattr(arguments, "before", None)
    since = getattr(arguments, "since", None)
    before_ms = None if before is None else instant_of("--before", before, zone)
    days = getattr(arguments, "older_than", None)
    return Wanted(
        station=arguments.station,
        code=arguments.code,
        since_ms=None if since is None else instant_of("--since", since, zone),
        before_ms=before_ms if days is None else now_ms - days * _DAY_MS,
    )


def chosen_ids(registry: Registry, ids: Iterable[int], wanted: Wanted) -> list[int]:
    """The numbers of the entries meant, oldest first: those named, else those that the options fit.

    Raises:
        UsageError: entries are named beside options, or one of them is not there.
    """
    named = sorted(set(ids))
    if named and wanted != EVERYTHING:
        raise UsageError("entries are named either by ID or by options. Leave one of them out.")
    with registry.reading() as session:
        if not named:
            return find_ids(session, wanted)
        there = {entry.id for entry in numbered(session, named)}
    missing = [number for number in named if number not in there]
    if missing:
        shown = ", ".join(str(number) for number in missing[:_MOST_NAMED])
        more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
        remedy = "The list says which there are: qingliu collector quarantine list"
        raise UsageError(f"ID: there is no such entry in quarantine (got {shown}{more}). {remedy}")
    return named
