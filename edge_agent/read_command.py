"""`qingliu agent read`: polls every meter and shows the values, once or again and again."""

import argparse
import os
import sys

from edge_agent.language import LANGUAGES, language_in
from edge_agent.options import number_between
from service.process import UnavailableError, complain, start_log, stop_signals

LONGEST_WATCH_S = 3600
_CLEAR_SCREEN = "\x1b[H\x1b[2J"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options of `qingliu agent read`, but for `--config`."""
    parser.add_argument("--json", action="store_true", help="for machines; with --watch one line a poll")
    parser.add_argument(
        "--watch",
        type=number_between(0.1, LONGEST_WATCH_S, "seconds"),
        nargs="?",
        const=2.0,
        metavar="SECONDS",
        help="poll again and again, so many seconds apart [%(const)s], until Ctrl-C",
    )
    parser.add_argument("--language", choices=LANGUAGES, help="of the page [as $LANG says]")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read and show; the exit code: 1 if a meter gave nothing.

    Raises:
        SettingsError: `agent.toml` is wrong.
        UnavailableError: the running agent does not lend its lines.
    """
    from edge_agent.config import load_agent  # noqa: PLC0415 - the libraries are loaded on use
    from edge_agent.loan import LineNotLentError  # noqa: PLC0415
    from edge_agent.read import failures, lines_of, meters_of, poll_all, table, to_json  # noqa: PLC0415
    from edge_agent.read_words import WORDS  # noqa: PLC0415

    start_log()
    agent = load_agent(arguments.config)
    language = arguments.language or language_in(os.environ)
    progress = None if arguments.json or arguments.watch or not sys.stderr.isatty() else sys.stderr
    page_break = _CLEAR_SCREEN if arguments.watch and sys.stdout.isatty() else ""
    wait = (lambda: complain([WORDS[language].waiting])) if progress else None
    with stop_signals() as stop:
        while True:
            try:
                with lines_of(agent, "qingliu agent read", wait), meters_of(agent) as meters:
                    polls = poll_all(meters, progress)
            except LineNotLentError as error:
                raise UnavailableError(error.said(language)) from error
            if arguments.json:
                print(to_json(agent, polls), flush=True)
            else:
                print(page_break + table(agent, polls, language), flush=True)
            failed = list(failures(polls, language))
            complain(failed)
            if not arguments.watch:
                return 1 if failed else 0
            if stop.wait(arguments.watch):
                return 0
