"""The options of `qingliu agent scan`: what to ask, and where."""

import argparse
import re
from collections.abc import Sequence
from itertools import product
from typing import get_args

from edge_agent.commissioning.findings import LineSettings
from edge_agent.commissioning.sweep import Wanted, usual_lines
from edge_agent.language import LANGUAGES
from edge_agent.options import number_between
from edge_agent.profile import Parity, Profile, StopBits

_EXAMPLES = """examples:
  sudo qingliu agent scan                        the usual settings and addresses
  sudo qingliu agent scan --write                and write agent.toml from the answers
  sudo qingliu agent scan --write --yes --set power-1.ct=20        the same without questions
  qingliu agent scan --port /dev/ttyUSB0 --ids 1-4 --baudrate 9600
  qingliu agent scan --line 9600-8E1,2400-8E1 --all
  qingliu agent scan --json | jq '.units[].candidates[0].profile'

It only reads. A running agent lends its line and goes on afterwards. Ctrl-C ends it and shows what was found.

exit code: 0 when a meter was found, 1 when none or a port cannot be used, 2 for wrong options or agent.toml
"""
LONGEST_TIMEOUT_S = 10.0
_LAST_UNIT_ID = 247
_BAUDRATES = (9600, 19200, 4800, 2400)
_BAUD_RANGE = range(300, 115_201)
_LINE = re.compile(r"(\d{3,6})[- ]?8([NEO])([12])", re.IGNORECASE)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add all but `--config`."""
    parser.description = "Find the meters on the lines: every setting, every address."
    parser.epilog = _EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--port", help="device file [those of agent.toml, else all there are]", metavar="FILE"
    )
    ids = parser.add_mutually_exclusive_group()
    ids.add_argument("--ids", type=unit_ids, help="addresses to ask, as 1-32,247 [the usual]", metavar="LIST")
    ids.add_argument("--all", action="store_true", help="all addresses, 1 to 247; takes long")
    parser.add_argument(
        "--line", type=lines, default=(), help="settings, as 9600-8E1 [the usual]", metavar="LIST"
    )
    parser.add_argument("--baudrate", type=_baudrates, default=(), help="as 9600,2400", metavar="LIST")
    parser.add_argument("--parity", type=_parities, default=(), help="of N, E and O, as N,E", metavar="LIST")
    parser.add_argument("--stopbits", type=_stopbits, default=(), help="of 1 and 2", metavar="LIST")
    parser.add_argument(
        "--timeout",
        type=number_between(0.01, LONGEST_TIMEOUT_S, "seconds"),
        help="seconds to wait for each answer at first",
        metavar="SECONDS",
    )
    parser.add_argument("--no-dlt645", action="store_true", help="do not look for DL/T 645 meters at the end")
    parser.add_argument(
        "--write", action="store_true", help="ask what only you know, and write the meters into agent.toml"
    )
    parser.add_argument("--yes", action="store_true", help="with --write: ask nothing, take the likeliest")
    parser.add_argument(
        "--set", action="append", default=[], help="with --write: an answer beforehand", metavar="NAME=ANSWER"
    )
    parser.add_argument("--json", action="store_true", help="for machines, one line a port")
    parser.add_argument("--language", choices=LANGUAGES, help="of the page [as $LANG says]")


def wanted_of(arguments: argparse.Namespace, profiles: Sequence[Profile]) -> Wanted:
    """What the options ask for; what they leave open is as usual."""
    chosen = tuple(arguments.line)
    if arguments.baudrate or arguments.parity or arguments.stopbits:
        chosen += tuple(
            LineSettings(*each)
            for each in product(
                arguments.baudrate or _BAUDRATES, arguments.parity or ("N", "E"), arguments.stopbits or (1,)
            )
        )
    wanted = Wanted(lines=tuple(dict.fromkeys(chosen)) or usual_lines(profiles))
    if arguments.all:
        wanted = wanted._replace(unit_ids=tuple(range(1, _LAST_UNIT_ID + 1)))
    elif arguments.ids:
        wanted = wanted._replace(unit_ids=arguments.ids)
    if arguments.timeout:
        waits = wanted.waits
        wanted = wanted._replace(
            waits=waits._replace(
                quick_s=arguments.timeout,
                patient_s=max(waits.patient_s, arguments.timeout),
                confirm_s=max(waits.confirm_s, arguments.timeout),
            )
        )
    return wanted._replace(dlt645=not arguments.no_dlt645)


def unit_ids(text: str) -> tuple[int, ...]:
    """Read `1-32,247`.

    Raises:
        argparse.ArgumentTypeError: it is no such list.
    """
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        ends = (first, last if dash else first)
        if not all(re.fullmatch(r"[0-9]{1,3}", end) for end in ends):
            raise _wrong("must be addresses as 1-32,247", text)
        low, high = map(int, ends)
        if not 1 <= low <= high <= _LAST_UNIT_ID:
            raise _wrong(f"must be addresses from 1 to {_LAST_UNIT_ID}, the lower first", text)
        found += range(low, high + 1)
    return tuple(dict.fromkeys(found))


def lines(text: str) -> tuple[LineSettings, ...]:
    """Read `9600-8E1,2400-8N2`.

    Raises:
        argparse.ArgumentTypeError: it is no such list.
    """
    found = []
    for part in text.split(","):
        match = _LINE.fullmatch(part.strip())
        if match is None or int(match[1]) not in _BAUD_RANGE:
            raise _wrong("must be settings as 9600-8E1,2400-8N2", text)
        baudrate, parity, stopbits = match.groups()
        found.append(LineSettings(int(baudrate), _parities(parity)[0], _stopbits(stopbits)[0]))
    return tuple(found)


def _baudrates(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"[0-9]{1,6}", part) and int(part) in _BAUD_RANGE for part in parts):
        raise _wrong(f"must be speeds from {_BAUD_RANGE[0]} to {_BAUD_RANGE[-1]}, as 9600,2400", text)
    return tuple(map(int, parts))


def _parities(text: str) -> tuple[Parity, ...]:
    known: dict[str, Parity] = {each: each for each in get_args(Parity)}
    try:
        return tuple(known[part.strip().upper()] for part in text.split(","))
    except KeyError as error:
        raise _wrong("must be of N, E and O, as N,E", text) from error


def _stopbits(text: str) -> tuple[StopBits, ...]:
    known: dict[str, StopBits] = {str(each): each for each in get_args(StopBits)}
    try:
        return tuple(known[part.strip()] for part in text.split(","))
    except KeyError as error:
        raise _wrong("must be 1, 2 or 1,2", text) from error


def _wrong(rule: str, text: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f"{rule} (got {text!r})")
