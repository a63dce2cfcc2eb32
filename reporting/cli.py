"""`qingliu report …`: the worker that makes the monthly reports, and one month by hand."""

import argparse
import json
import os
import socket
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from registry.config import CentreSettings, load_centre
from registry.database import open_registry
from service.civil import Month
from service.process import complain, now_ms, start_log, stop_signals

if TYPE_CHECKING:
    from reporting.figures import MonthFigures

_EXAMPLES = """examples:
  qingliu report run --config centre.toml
  qingliu report month 2026-10                      the file into this folder
  qingliu report month 2026-10 -o /tmp --json
"""
_YEARS = range(2000, 3000)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands of `qingliu report`."""
    parser.epilog = _EXAMPLES
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    running = commands.add_parser(
        "run",
        help="make the reports that are due, until stopped",
        description="Makes the report of each month that is over and has none, on the 1st and after a pause.",
    )
    running.add_argument("--verbose", action="store_true", help="log more")
    running.set_defaults(run=_run)
    making = commands.add_parser(
        "month",
        help="one month's report by hand",
        description="Writes the report as a preview, registers nothing, and prints the headline figures. "
        "A running month counts up to yesterday.",
        epilog="example:\n  qingliu report month 2026-10 -o /tmp",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    making.add_argument("month", help="such as 2026-10")
    making.add_argument(
        "-o", "--output", type=Path, default=Path(), metavar="DIR", help="folder to write into [.]"
    )
    making.add_argument("--json", action="store_true", help="for machines")
    making.set_defaults(run=_month)
    for command in (running, making):
        command.add_argument("--config", type=Path, help="centre.toml")


def _run(arguments: argparse.Namespace) -> int:
    from reporting.worker import Worker  # noqa: PLC0415 - the libraries are loaded on use

    start_log(verbose=arguments.verbose)
    settings = load_centre(arguments.config)
    holder = f"{socket.gethostname()}-{os.getpid()}"
    with closing(open_registry(settings.registry.url)) as registry, stop_signals() as stop:
        Worker(settings, registry, now_ms, holder).run(stop)
    return 0


def _month(arguments: argparse.Namespace) -> int:
    from reporting.monthly import ReportError, staged, summary  # noqa: PLC0415 - likewise
    from reporting.workbook import Cover, monthly_workbook  # noqa: PLC0415 - likewise

    try:
        month = _month_of(arguments.month)
    except ValueError as error:
        complain([f"month: {error}"])
        return 2
    settings = load_centre(arguments.config)
    figures = _figures(settings, month)
    if figures is None:
        raise ReportError(f"report of {month}: no day of this month has a verdict yet")
    cover = Cover(settings.centre.name, None, settings.zone, settings.centre.language)
    file = arguments.output / f"operating-rate-{month}.xlsx"
    with staged(file, monthly_workbook(figures, cover)) as publish:
        publish()
    if arguments.json:
        print(json.dumps({"month": str(month), "file": str(file), **summary(figures)}, ensure_ascii=False))
    else:
        print(_shown(file, figures))
    return 0


def _month_of(text: str) -> Month:
    month = Month.parse(text)
    if month.year not in _YEARS:
        raise ValueError(f"must lie in the years {_YEARS[0]} to {_YEARS[-1]} (got {text!r})")
    return month


def _figures(settings: CentreSettings, month: Month) -> "MonthFigures | None":
    """The month's figures; None if no day has a verdict."""
    from reporting.figures import month_figures  # noqa: PLC0415 - likewise
    from reporting.records import has_verdicts  # noqa: PLC0415 - likewise

    with closing(open_registry(settings.registry.url)) as registry, registry.reading() as session:
        if not has_verdicts(session, month):
            return None
        return month_figures(session, month, settings.zone, now_ms())


def _shown(file: Path, figures: "MonthFigures") -> str:
    """The headline figures as a small table; a rate that nothing is known of is a dash."""
    city = figures.city
    counts = (
        ("due to run", city.due),
        ("normal", city.normal),
        ("not normal", city.not_normal),
        ("not assessable", city.not_assessable),
    )
    rates = (
        ("strict", city.by_number_strict),
        ("lenient", city.by_number_lenient),
        ("by days", city.by_days),
        ("by capacity", city.by_capacity),
        ("completeness", city.completeness),
    )
    lines = [f"{file}", f"operating rate of {figures.month}, counted until {figures.until}"]
    lines += [f"  {name:<16}{count:>10}" for name, count in counts]
    lines += [f"  {name:<16}{'-' if share is None else f'{float(share):.2%}':>10}" for name, share in rates]
    return "\n".join(lines)
