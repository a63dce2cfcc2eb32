"""Which entries of the quarantine a command means."""

import argparse
from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from history.readings_csv import instant
from registry.database import Registry
from registry.quarantine import EVERYTHING, Wanted, find_ids, numbered
from service.civil import start_of

WHEN = "a civil day, or an instant such as 2026-10-01T08:00:00+08:00"
_LARGEST = 2**63 - 1
_DAY_MS = 86_400_000
_MOST_NAMED = 5


class UsageError(ValueError):
    """What was asked for cannot be meant; the text says why in one line."""


def whole_number(text: str) -> int:
    """A number from 1 on, as argparse wants it.

    Raises:
        argparse.ArgumentTypeError: it is not one.
    """
    if text.isascii() and text.isdecimal() and len(text) < 20 and 1 <= int(text) <= _LARGEST:
        return int(text)
    raise argparse.ArgumentTypeError(f"must be a whole number from 1 on (got {text[:40]!a})")


def instant_of(option: str, text: str | None, zone: ZoneInfo) -> int | None:
    """The instant that an option names, ms since the epoch; a civil day is its beginning.

    Raises:
        UsageError: it is neither.
    """
    if text is None:
        return None
    try:
        return start_of(date.fromisoformat(text), zone)
    except (ValueError, OverflowError):
        pass
    try:
        return instant(text)
    except (ValueError, OverflowError) as error:
        example = "2026-10-01 or 2026-10-01T08:00:00+08:00"
        raise UsageError(f"{option}: must be such as {example} (got {text[:40]!a})") from error


def wanted_of(arguments: argparse.Namespace, zone: ZoneInfo, now_ms: int) -> Wanted:
    """What the options ask for, as far as the command has them.

    Raises:
        UsageError: a time cannot be read.
    """
    before_ms = instant_of("--before", getattr(arguments, "before", None), zone)
    days = getattr(arguments, "older_than", None)
    return Wanted(
        station=arguments.station,
        code=arguments.code,
        since_ms=instant_of("--since", getattr(arguments, "since", None), zone),
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
