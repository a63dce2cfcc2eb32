"""`qingliu agent enrol BUNDLE`: introduce this box to the centre."""

import argparse
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.civil_time import civil
from edge_agent.config import DEFAULT_PATH
from edge_agent.language import LANGUAGES, Language, language_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_agent.commissioning.enrol import Enrolment
    from edge_agent.commissioning.enrol_words import Words
    from edge_agent.commissioning.identity import BoxClock, Remark

_EXAMPLES = """examples:
  sudo qingliu agent enrol 410882-0012.tar.gz             once for each box
  sudo qingliu agent enrol 410882-0012.tar.gz             again is harmless
  sudo qingliu agent enrol 410882-0007.tar.gz --replace   the box moves to another station

The bundle comes from the centre: qingliu stations enrol. Compare the two fingerprints by telephone if you
do not trust the way it came. Lines, meters and comments of agent.toml stay.

exit code: 0 enrolled or already so, 1 when it cannot be written, 2 when the bundle or agent.toml is wrong
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Fill in the parser of `qingliu agent enrol`; `--config` is added with that of the other commands."""
    parser.description = "Check the centre's bundle and put its files beside agent.toml."
    parser.epilog = _EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("bundle", type=Path, metavar="BUNDLE.tar.gz", help="what the centre made")
    parser.add_argument(
        "--owner", metavar="USER", help="user who shall own the files [qingliu, if there is one]"
    )
    parser.add_argument("--replace", action="store_true", help="become another station")
    parser.add_argument("--json", action="store_true", help="for machines, in one line")
    parser.add_argument("--language", choices=LANGUAGES, help="of the page [as $LANG says]")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Enrol; returns the exit code.

    Raises:
        SettingsError: the bundle or the present file is wrong.
        UnavailableError: it cannot be written.
    """
    from edge_agent.commissioning.bundle import read_bundle  # noqa: PLC0415
    from edge_agent.commissioning.enrol import enrol  # noqa: PLC0415
    from edge_agent.commissioning.enrol_words import WORDS  # noqa: PLC0415
    from edge_agent.commissioning.identity import BoxClock  # noqa: PLC0415
    from service.system_clock import ntp_synchronised  # noqa: PLC0415 - the libraries are loaded on use

    language: Language = arguments.language or language_in(os.environ)
    words = WORDS[language]
    clock = BoxClock(datetime.now(UTC), ntp_synchronised())
    done = enrol(
        read_bundle(arguments.bundle, words),
        arguments.config,
        clock=clock,
        words=words,
        owner=arguments.owner,
        replace=arguments.replace,
    )
    if arguments.json:
        print(json.dumps(as_data(done), ensure_ascii=False))
    else:
        print("\n".join(page(done, clock, words)))
    return 0


def as_data(done: "Enrolment") -> dict[str, object]:
    """What was done, for machines; language-free."""
    ends = done.identity.ends
    return {
        "state": done.state,
        "station": done.station,
        "name": done.name,
        "broker": done.broker,
        "user": done.user,
        "ends": None if ends is None else f"{ends:%Y-%m-%dT%H:%M:%SZ}",
        "authority": done.identity.authority,
        "certificate": done.identity.certificate,
        "remarks": [each._asdict() for each in done.identity.remarks],
        "config": str(done.config),
        "former": done.former,
        "kept": None if done.kept is None else str(done.kept),
        "has_meters": done.has_meters,
    }


def page(done: "Enrolment", clock: "BoxClock", words: "Words") -> "Iterable[str]":
    """What was done, for people."""
    from edge_agent.terminal import table  # noqa: PLC0415 - loaded on use

    identity = done.identity
    rows = [(words.station, f"{done.station}  {done.name}".rstrip()), (words.centre, done.broker)]
    if done.user:
        rows.append((words.login, words.user_name.format(name=done.user)))
    if identity.ends is not None:
        rows.append((words.valid_until, f"{civil(identity.ends):%Y-%m-%d}"))
    rows.append((words.authority, identity.authority))
    if identity.certificate:
        rows.append((words.certificate, identity.certificate))
    patterns = {
        "enrolled": words.enrolled,
        "renewed": words.renewed,
        "replaced": words.replaced,
        "unchanged": words.unchanged,
    }
    yield patterns[done.state].format(former=done.former)
    yield from table(rows, indent="  ")
    for remark in identity.remarks:
        yield f"! {said(remark, clock, words)}"
    if done.kept is not None:
        yield words.kept.format(path=done.kept)
    if done.state in ("renewed", "replaced"):
        yield words.restart
    options = "" if done.config == DEFAULT_PATH else f" --config {done.config}"
    yield (words.next_check if done.has_meters else words.next_scan).format(options=options)


def said(remark: "Remark", clock: "BoxClock", words: "Words") -> str:
    """A remark in words."""
    patterns = {
        "clock_unset": words.clock_unset,
        "clock_doubtful": words.clock_doubtful,
        "ends_soon": words.ends_soon,
    }
    return patterns[remark.code].format(now=f"{civil(clock.now):%Y-%m-%d}", days=remark.days)
