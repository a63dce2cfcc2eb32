"""`qingliu report year`: the summary of a year by county, as a workbook and printed."""

import argparse
import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.config import load_centre
from registry.database import registry_at
from reporting.month_argument import YEARS
from reporting.shares import per_cent
from service.columns import aligned
from service.process import complain, now_ms

if TYPE_CHECKING:
    from reporting.year import YearFigures, YearGroup
    from reporting.year_words import YearWords

HELP = "the summary of a year by county"
EXAMPLES = """Every month of the year that has verdicts, figured as its report is; a running month counts up
to yesterday. The year's rate is the sum of the normal stations of all months by the sum of those due.
The targets of the plan stand beside it if [reporting] targets_file names their list.

examples:
  qingliu report year 2026
  qingliu report year 2026 -o /tmp --json
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = "Each month's operating rate by county, and what the year comes to."
    parser.epilog = EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("year", help="such as 2026")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path(), metavar="DIR", help="folder to write into [.]"
    )
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--config", type=Path, help="centre.toml")
    parser.set_defaults(run=_run, prog=parser.prog)


def _run(arguments: argparse.Namespace) -> int:
    from reporting.plan import read_plan  # noqa: PLC0415 - the libraries are loaded on use
    from reporting.report_files import ReportError, staged  # noqa: PLC0415 - likewise
    from reporting.year import year_figures  # noqa: PLC0415 - likewise
    from reporting.year_words import YearWords  # noqa: PLC0415 - likewise
    from reporting.year_workbook import YearCover, yearly_workbook  # noqa: PLC0415 - likewise

    text = arguments.year
    if not (text.isascii() and text.isdecimal() and int(text) in YEARS):
        rule = f"must be a year from {YEARS[0]} to {YEARS[-1]}, such as 2026 (got {text[:20]!r})"
        complain([f"{arguments.prog}: year: {rule}."])
        return 2
    settings = load_centre(arguments.config)
    plan = read_plan(settings.reporting.targets_file) if settings.reporting.targets_file else []
    with registry_at(settings.registry.url) as registry, registry.reading() as session:
        figures = year_figures(session, int(text), settings.zone, now_ms(), plan)
    if not figures.months:
        raise ReportError(f"report of {text}: no day of this year has a verdict yet")
    cover = YearCover(settings.centre.name, settings.zone, settings.centre.language)
    file = arguments.output / f"operating-rate-{figures.year}.xlsx"
    with staged(file, yearly_workbook(figures, cover)) as publish:
        publish()
    if arguments.json:
        print(json.dumps(_object(figures, file), ensure_ascii=False))
    else:
        for line in _shown(figures, file, YearWords(settings.centre.language)):
            print(line)
    return 0


def _object(figures: "YearFigures", file: Path) -> dict[str, Any]:
    """The figures for machines; rates as decimals with six digits."""
    from reporting.headline import decimal  # noqa: PLC0415 - likewise

    def told(group: "YearGroup") -> dict[str, Any]:
        months = map(str, figures.months)
        return {
            "county": group.code,
            "name": group.name,
            "months": dict(zip(months, map(decimal, group.strict), strict=True)),
            "due": group.rate.due,
            "normal": group.rate.normal,
            "rate_strict": decimal(group.rate.by_number_strict),
            "rate_by_days": decimal(group.rate.by_days),
            "months_met": group.months_met,
            "months_due": group.months_due,
            "stopped_days": group.stopped_days,
            "volume_m3": group.volume_m3,
            "energy_kwh": group.energy_kwh,
        }

    return {
        "year": figures.year,
        "until": figures.until.isoformat(),
        "file": str(file),
        "city": told(figures.whole) | {"county": "city"},
        "counties": [told(group) for group in figures.counties],
        "plan": [
            line._asdict() | {"share": decimal(line.share), "target": decimal(line.target)}
            for line in figures.plan
        ],
    }


def _shown(figures: "YearFigures", file: Path, words: "YearWords") -> Iterator[str]:
    """The months with data and the year as a table, the plan's table, and what the year's rate is."""
    from reporting.rate import RULES  # noqa: PLC0415 - likewise
    from reporting.words import percent  # noqa: PLC0415 - likewise
    from reporting.year_workbook import reached  # noqa: PLC0415 - likewise

    yield str(file)
    until = figures.until
    day = words.text("day", year=until.year, number=until.month, day=until.day)
    yield f"{words.text('title_year')}　{words.text('year', year=figures.year)}　" + words.text(
        "counted_until", day=day
    )
    after = (
        "year_mean", "year_met", "year_months", "year_by_days", "year_stopped", "volume", "energy",
    )  # fmt: skip
    heads = [words.label("county"), *(words.text(f"month_{month.number}") for month in figures.months)]
    rows = [[*heads, *(words.label(key) for key in after)]]
    named = [(group.name or words.text("without_county"), group) for group in figures.counties]
    for name, group in [*named, (words.text("all"), figures.whole)]:
        cells = [name, *map(_percent, group.strict), _percent(group.rate.by_number_strict)]
        cells += [str(group.months_met), str(group.months_due), _percent(group.rate.by_days)]
        rows.append([*cells, str(group.stopped_days), _amount(group.volume_m3), _amount(group.energy_kwh)])
    yield from aligned(rows, range(1, len(rows[0])))
    if figures.plan:
        keys = ("county", "year_villages", "year_treated", "year_share", "year_target", "year_reached")
        table = [[words.label(key) for key in keys]]
        for line in figures.plan:
            counts = (str(line.villages), str(line.treated))
            shares = (_percent(line.share), _percent(line.target))
            table.append([line.name or line.county, *counts, *shares, reached(line, words)])
        yield words.text("title_year_plan")
        yield from aligned(table, range(1, 5))
    yield words.text("year_definition", target=percent(RULES.target))


def _percent(share: Fraction | None) -> str:
    return "-" if share is None else f"{per_cent(share)}%"


def _amount(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}"
