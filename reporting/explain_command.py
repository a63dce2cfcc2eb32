"""`qingliu report explain`: how a station's month came about."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from registry.config import CentreSettings, load_centre
from service.civil import Month
from service.process import complain, now_ms

if TYPE_CHECKING:
    from reporting.explain import Explanation

HELP = "how a station's month came about, day by day"
_ABOUT = """Shows the counts of a station's month, each condition beside its threshold, which of them
decided, and every day with its verdict, reason and figures. The figures are the report's. A month that
still runs counts up to yesterday."""
_EXAMPLES = """examples:
  qingliu report explain 410882-0012 2026-10
  qingliu report explain 410882-0012 2026-10 --language en
  qingliu report explain 410882-0012 2026-10 --json
"""
_LANGUAGES = ("zh-CN", "en")
_YEARS = range(2000, 3000)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description, parser.epilog = _ABOUT, _EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("station", metavar="STATION", help="such as 410882-0012")
    parser.add_argument("month", metavar="MONTH", help="such as 2026-10")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--language", choices=_LANGUAGES, help="of the words [as the centre's]")
    parser.add_argument("--config", type=Path, help="centre.toml")
    parser.set_defaults(run=_run, prog=parser.prog)


def _run(arguments: argparse.Namespace) -> int:
    try:
        month = Month.parse(arguments.month)
        if month.year not in _YEARS:
            years = f"the years {_YEARS[0]} to {_YEARS[-1]}"
            raise ValueError(f"must lie in {years} (got {arguments.month!r})")  # noqa: TRY301 - one way to say both
    except ValueError as error:
        complain([f"{arguments.prog}: MONTH: {error}. Write year and month."])
        return 2
    return _explain(arguments, load_centre(arguments.config), month)


def _explain(arguments: argparse.Namespace, settings: CentreSettings, month: Month) -> int:
    from registry.database import registry_at  # noqa: PLC0415 - the libraries are loaded on use
    from registry.tables import Station  # noqa: PLC0415 - likewise
    from reporting.explain_records import explain  # noqa: PLC0415 - likewise

    with registry_at(settings.registry.url) as registry, registry.reading() as session:
        explained = explain(session, arguments.station, month, settings.zone, now_ms())
        if explained is not None:
            return _print(arguments, settings, explained)
        is_known = session.get(Station, arguments.station) is not None
    rule = "is to be checked and does not count yet" if is_known else "is not on the register"
    remedy = "Import it first." if is_known else "See qingliu stations list."
    complain([f"{arguments.prog}: STATION: {rule} (got {arguments.station!r}). {remedy}"])
    return 2


def _print(arguments: argparse.Namespace, settings: CentreSettings, explained: "Explanation") -> int:
    from reporting.explain_data import plain  # noqa: PLC0415 - likewise
    from reporting.explain_text import page  # noqa: PLC0415 - likewise
    from reporting.words import Words  # noqa: PLC0415 - likewise

    if arguments.json:
        print(json.dumps(plain(explained, settings.zone), ensure_ascii=False))
        return 0
    words = Words(arguments.language or settings.centre.language)
    coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for line in page(explained, words, settings.zone, coloured=coloured):
        print(line)
    return 0
