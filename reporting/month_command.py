"""`qingliu report month`: a month's report by hand, as a preview that is not registered."""

import argparse
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from registry.config import CentreSettings, load_centre
from registry.database import open_registry
from reporting.month_argument import month_argument
from reporting.shares import per_cent
from service.civil import Month
from service.process import complain, now_ms

if TYPE_CHECKING:
    from reporting.edition import Trend
    from reporting.figures import MonthFigures

HELP = "one month's report by hand"
_DESCRIPTION = """Writes the report as a preview, registers nothing, and prints the headline figures.
A running month counts up to yesterday."""
_EXAMPLES = """examples:
  qingliu report month 2026-10 -o /tmp
  qingliu report month 2026-10 --county 410823 --language en --format xlsx
"""
_FORMATS = {"xlsx": "xlsx", "pdf": "pdf", "data": "json"}


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description, parser.epilog = _DESCRIPTION, _EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("month", help="such as 2026-10")
    parser.add_argument("--county", metavar="CODE", help="its stations alone, such as 410823")
    parser.add_argument("--language", choices=("zh-CN", "en"), help="of the files [the centre's]")
    parser.add_argument(
        "--format", default="xlsx,pdf", metavar="F", help=f"any of {','.join(_FORMATS)} [xlsx,pdf]"
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=Path(), metavar="DIR", help="folder to write into [.]"
    )
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--config", type=Path, help="centre.toml")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from reporting.headline import summary  # noqa: PLC0415 - the libraries are loaded on use
    from reporting.report_files import ReportError, staged  # noqa: PLC0415 - likewise

    formats = list(dict.fromkeys(arguments.format.split(",")))
    try:
        month = month_argument(arguments.month)
        _check(formats)
    except ValueError as error:
        complain([f"month: {error}"])
        return 2
    settings = load_centre(arguments.config)
    try:
        read = _read(settings, month, arguments.county)
    except LookupError as error:
        complain([f"--county: {error.args[0]}"])
        return 2
    if read is None:
        raise ReportError(f"report of {month}: no day of this month has a verdict yet")
    figures, trend = read
    of_county = f"-{arguments.county}" if arguments.county else ""
    makers = _makers(figures, settings, arguments.language, trend)
    files = {
        kind: arguments.output / f"operating-rate-{month}{of_county}.{_FORMATS[kind]}" for kind in formats
    }
    for kind, file in files.items():
        with staged(file, makers[kind]()) as publish:
            publish()
    if arguments.json:
        named = {kind: str(file) for kind, file in files.items()}
        said = {"month": str(month), "file": named[formats[0]], "files": named, **summary(figures)}
        print(json.dumps(said, ensure_ascii=False))
    else:
        print("\n".join([*map(str, files.values()), _shown(figures)]))
    return 0


def _check(formats: list[str]) -> None:
    """Refuse what is no format.

    Raises:
        ValueError: names it.
    """
    for each in formats:
        if each not in _FORMATS:
            raise ValueError(f"--format must be any of {','.join(_FORMATS)} (got {each[:20]!r})")


def _read(settings: CentreSettings, month: Month, county: str | None) -> "tuple[MonthFigures, Trend] | None":
    """The month's figures and the trend before it; None if no day has a verdict.

    Raises:
        LookupError: no such county; the text says which there are.
    """
    from sqlalchemy import select  # noqa: PLC0415 - likewise

    from registry.tables import County  # noqa: PLC0415 - likewise
    from reporting.drawing import plan_of  # noqa: PLC0415 - likewise
    from reporting.edition import trend_until  # noqa: PLC0415 - likewise
    from reporting.figures import month_figures  # noqa: PLC0415 - likewise
    from reporting.records import has_verdicts  # noqa: PLC0415 - likewise

    with closing(open_registry(settings.registry.url)) as registry, registry.reading() as session:
        counties = sorted(session.scalars(select(County.code)))
        if county is not None and county not in counties:
            known = f"Choose of: {', '.join(counties)}" if counties else "Import the stations first"
            raise LookupError(f"must be a known county's code (got {county[:20]!r}). {known}.")
        if not has_verdicts(session, month):
            return None
        figures = month_figures(
            session, month, settings.zone, now_ms(), county=county, plan=plan_of(settings)
        )
        return figures, trend_until(session, figures, county)


def _makers(
    figures: "MonthFigures", settings: CentreSettings, language: str | None, trend: "Trend"
) -> dict[str, Callable[[], bytes]]:
    """How each format is made."""
    from reporting.edition import Edition, cover_of, data_of, document_of, workbook_of  # noqa: PLC0415 - likewise

    edition = Edition(None, "preview")
    cover = cover_of(settings, edition, language)
    return {
        "xlsx": lambda: workbook_of(figures, cover),
        "pdf": lambda: document_of(figures, cover, trend),
        "data": lambda: data_of(figures, settings, edition),
    }


def _shown(figures: "MonthFigures") -> str:
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
    lines = [f"operating rate of {figures.month}, counted until {figures.until}"]
    lines += [f"  {name:<16}{count:>10}" for name, count in counts]
    lines += [f"  {name:<16}{'-' if share is None else per_cent(share) + '%':>10}" for name, share in rates]
    return "\n".join(lines)
