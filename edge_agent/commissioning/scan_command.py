"""`qingliu agent scan`: finds the meters on the lines, and says what is wrong with the wires."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import Self

from edge_agent.commissioning.findings import LineSettings, Scan
from edge_agent.commissioning.scan_options import add_options, wanted_of
from edge_agent.commissioning.scan_words import WORDS, Words
from edge_agent.commissioning.sweep import Step
from edge_agent.language import Language, language_in
from service.process import UnavailableError, complain, stop_signals
from service.progress import Progress

BORROWER = "qingliu agent scan"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options of `qingliu agent scan`, but for `--config`."""
    add_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Scan the lines one after the other and show what was found; the exit code.

    Raises:
        SettingsError: `agent.toml` or a profile is wrong.
        UnavailableError: there is no port, or the running agent does not lend its line.
    """
    from edge_agent.commissioning.scan_page import page, scan_json  # noqa: PLC0415 - loaded on use
    from edge_agent.commissioning.station_lines import LineLost, StationLines  # noqa: PLC0415
    from edge_agent.loan import LineNotLentError  # noqa: PLC0415
    from edge_agent.port import PortGone  # noqa: PLC0415

    language = arguments.language or language_in(os.environ)
    words = WORDS[language]
    colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    station = StationLines(arguments.config)
    wanted = wanted_of(arguments, station.profiles)
    ports = [arguments.port] if arguments.port else station.ports()
    if not ports:
        raise UnavailableError(words.no_port)
    writing = _Writing(arguments, language) if arguments.write else None
    scans = []
    failed = False
    with stop_signals() as stop:
        for port in ports:
            with _Watch(language, words, is_shown=sys.stderr.isatty() and not arguments.json) as watch:
                try:
                    scan = station.scan(
                        *(port, wanted),
                        borrower=BORROWER,
                        on_step=watch.at,
                        stop=stop.is_set,
                        on_wait=watch.wait,
                    )
                except LineLost as lost:
                    watch.end()
                    complain([words.lost.format(port=port)])
                    scan, failed = lost.scan, True
                except LineNotLentError as error:
                    raise UnavailableError(error.said(language)) from error
                except PortGone as gone:
                    watch.end()
                    complain([gone.said(language)])
                    failed = True
                    continue
            scans.append(scan)
            line = json.dumps(scan_json(scan), ensure_ascii=False)
            print(line if arguments.json else page(scan, language, colours=colours), flush=True)
            if stop.is_set():
                break
    if not any(scan.units for scan in scans):
        return 1
    if writing is not None:
        return writing.write(scans) or int(failed)
    if not arguments.json:
        port = f" --port {scans[0].port}" if arguments.port else ""
        print(f"\n{words.next.format(command=f'sudo qingliu agent scan --write{port}')}")
    return int(failed)


class _Writing:
    """What `--write` does with the answers; what can be refused is refused before anything is asked."""

    def __init__(self, arguments: argparse.Namespace, language: Language) -> None:
        """Look at the file and at the answers given beforehand.

        Raises:
            SettingsError: `agent.toml` or an answer is wrong.
            UnavailableError: the file cannot be written.
        """
        from edge_agent.commissioning.questions import given_answers, ready_to_write  # noqa: PLC0415
        from edge_agent.commissioning.setup_words import WORDS as SETUP_WORDS  # noqa: PLC0415

        self._words = SETUP_WORDS[language]
        self._config = arguments.config
        self._yes: bool = arguments.yes
        self._given = given_answers(arguments.set, self._words)
        # With --json nothing but the scan stands on the standard output.
        self._screen = sys.stderr if arguments.json else sys.stdout
        ready_to_write(self._config, self._words, yes=self._yes, given=self._given)

    def write(self, scans: Sequence[Scan]) -> int:
        """Ask, and write; the exit code."""
        from edge_agent.commissioning.questions import write_answers  # noqa: PLC0415 - loaded on use

        return write_answers(
            scans,
            self._config,
            ask=self._ask,
            say=self._say,
            words=self._words,
            yes=self._yes,
            given=self._given,
        )

    def _ask(self, prompt: str) -> str:
        print(prompt, end="", flush=True, file=self._screen)
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.rstrip("\n")

    def _say(self, line: str) -> None:
        print(line, flush=True, file=self._screen)


class _Watch:
    """Shows on stderr how far the scan is, and each unit as soon as it is found."""

    def __init__(self, language: Language, words: Words, *, is_shown: bool) -> None:
        self._language = language
        self._words = words
        self._is_shown = is_shown
        self._line: LineSettings | None = None
        self._bar: Progress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        self.end()

    def wait(self) -> None:
        """Say that the running agent is waited for."""
        if self._is_shown:
            complain([self._words.waiting])

    def at(self, step: Step) -> None:
        """Show a step; the bar tells the settings that are tried now."""
        from edge_agent.commissioning.scan_page import told  # noqa: PLC0415 - loaded on use

        if not self._is_shown:
            return
        if self._bar is None or step.line != self._line:
            self.end()
            self._line = step.line
            what = str(step.line)
            self._bar = Progress(sys.stderr, what if step.unit_id else f"{self._words.asking_645} {what}")
        if step.found is not None:
            self._bar.say(told(step.found, self._language))
        self._bar.at(step.share)

    def end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.clear()
