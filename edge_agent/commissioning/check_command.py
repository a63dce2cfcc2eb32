"""`qingliu agent check`: whether all is well, from the configuration to the centre's ack."""

import argparse
import json
import os
import shutil
import sys
from contextlib import closing

from edge_agent.language import LANGUAGES, language_in
from edge_agent.options import number_between

LONGEST_TIMEOUT_S = 120
EXAMPLES = """examples:
  sudo qingliu agent check                   everything, one line each, and what to do where it is red
  sudo qingliu agent check --only port,meter
  sudo qingliu agent check --json | jq '.checks[] | select(.state == "fail")'

checks: configuration, port, meter, clock, disk, dns, tcp, tls, login, round_trip
A running agent goes on meanwhile: it lends its line, and its connection stays.

exit code: 0 when nothing is red, 1 when something is, 2 when agent.toml is wrong
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `qingliu agent check`, but for `--config`."""
    parser.epilog = EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--json", action="store_true", help="for machines, in one line")
    parser.add_argument("--language", choices=LANGUAGES, help="of the texts [as $LANG says]")
    parser.add_argument(
        "--only", type=_names, default=(), metavar="NAME,…", help="these checks only, and what they need"
    )
    parser.add_argument(
        "--timeout",
        type=number_between(0.1, LONGEST_TIMEOUT_S, "seconds"),
        default=10.0,
        metavar="S",
        help="seconds that name, connection, login and ack are waited for, each [%(default)g]",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the checks and show each as it comes; the exit code."""
    from edge_agent.commissioning.check import checks  # noqa: PLC0415 - the libraries are loaded on use
    from edge_agent.commissioning.check_page import as_data, exit_code, lines, summary  # noqa: PLC0415
    from edge_agent.commissioning.check_words import WORDS  # noqa: PLC0415

    language = arguments.language or language_in(os.environ)
    words = WORDS[language]
    is_watched = sys.stdout.isatty() and not arguments.json
    colours = is_watched and not os.environ.get("NO_COLOR")

    def begin(label: str) -> None:
        if is_watched:
            print(f"\r\x1b[K… {label}", end="", flush=True)

    results = []
    found = checks(
        arguments.config, language, only=arguments.only, timeout_s=arguments.timeout, on_begin=begin
    )
    try:
        with closing(found):
            for result in found:
                results.append(result)
                if arguments.json:
                    continue
                columns = shutil.get_terminal_size().columns if is_watched else None
                page = "\n".join(lines(result, words, colours=colours, columns=columns))
                print(("\r\x1b[K" if is_watched else "") + page, flush=True)
    except KeyboardInterrupt:
        print(("\r\x1b[K" if is_watched else "") + words.stopped, file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(as_data(results), ensure_ascii=False))
    else:
        print(("\r\x1b[K" if is_watched else "") + f"\n{summary(results, words)}")
    return exit_code(results)


def _names(text: str) -> tuple[str, ...]:
    from edge_agent.commissioning.check_result import NAMES  # noqa: PLC0415 - loaded on use

    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in NAMES:
            rule = f"no such check (got {name!r}); known are {', '.join(NAMES)}"
            raise argparse.ArgumentTypeError(rule)
    return names
