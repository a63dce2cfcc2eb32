"""`qingliu report rate`: the operating rate of a month from files alone, without a centre."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from reporting.month_argument import month_argument
from service.civil import Month
from service.process import complain
from service.progress import Progress

HELP = "a month's rate from files alone"
EXAMPLES = """Files are CSV (UTF-8, GB18030; separated by , ; or tabs) or XLSX; heads English or Chinese,
other columns are ignored:
  stations     station,county,design_m3_per_day,class,commissioned,retired
  days         station,date,verdict                  running, stopped, unknown, excluded or 运行, 停运 …
  exclusions   station,start,end,reason,applicant,approver,entered
  inspections  station,result,date                   normal, abnormal or 正常, 非正常
Writes rate_counties.csv and rate_stations.csv. A countable day without a row is unknown. Everything that is
wrong is told at once, with exit code 2, and nothing is written then.

examples:
  qingliu report rate --month 2026-10 --stations stations.csv --days days.csv -o out
  qingliu report rate --month 2026-10 --stations 设施.xlsx --days days.csv --exclusions stops.csv \\
      --inspections visits.csv -o out --json
"""
_HEADS = {
    "due": "due to run",
    "normal": "normal",
    "not_normal": "not normal",
    "not_assessable": "not assessable",
    "rate_strict": "strict",
    "rate_lenient": "lenient",
    "rate_by_days": "by days",
    "rate_by_capacity": "by capacity",
    "completeness": "completeness",
}


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = "The operating rate of a month by county, from files alone; no centre is needed."
    parser.epilog = EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--month", required=True, help="such as 2026-10")
    parser.add_argument("--stations", type=Path, required=True, metavar="FILE", help="the facilities")
    parser.add_argument("--days", type=Path, required=True, metavar="FILE", help="their days' verdicts")
    parser.add_argument("--exclusions", type=Path, metavar="FILE", help="approved stops")
    parser.add_argument("--inspections", type=Path, metavar="FILE", help="visits and what they found")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="folder to write into"
    )
    parser.add_argument(
        "--timezone", default="Asia/Shanghai", metavar="ZONE", help="of the civil days [Asia/Shanghai]"
    )
    parser.add_argument("--json", action="store_true", help="print the row of all stations for machines")
    parser.set_defaults(run=_run, prog=parser.prog)


def _run(arguments: argparse.Namespace) -> int:
    from reporting.rate_files import RateFiles, month_of_files  # noqa: PLC0415 - loaded on use
    from reporting.rate_results import county_rows, write_rates  # noqa: PLC0415 - likewise

    faults = []
    try:
        month = month_argument(arguments.month)
    except ValueError as error:
        faults.append(f"{arguments.prog}: --month: {error}.")
    try:
        zone = ZoneInfo(arguments.timezone)
    except (ValueError, OSError, KeyError):  # of the name's form, of the place that holds zones, of the name
        rule = f"must be a zone such as Asia/Shanghai (got {arguments.timezone[:40]!r})"
        faults.append(f"{arguments.prog}: --timezone: {rule}.")
    if faults:
        complain(faults)
        return 2
    files = RateFiles(arguments.stations, arguments.days, arguments.exclusions, arguments.inspections)
    with Progress(sys.stderr, "reading") as progress:
        found = month_of_files(files, month, zone, progress.at)
    complain(f"warning: {line}" for line in found.warnings)
    rows = county_rows(found.stations)
    written = write_rates(arguments.output, found.stations, rows)
    if arguments.json:
        told = {"month": str(month), **rows[0], "files": [str(file) for file in written]}
        print(json.dumps(told, ensure_ascii=False))
    else:
        for line in _shown(month, rows, written):
            print(line)
    return 0


def _shown(
    month: Month, rows: Sequence[Mapping[str, str | int | None]], written: Sequence[Path]
) -> Iterator[str]:
    """The figures of all stations, and where the rest is; a rate that there is not is a dash."""
    yield from map(str, written)
    city = rows[0]
    yield f"operating rate of {month}, {len(rows) - 1} counties"
    for name, head in _HEADS.items():
        value = city[name]
        yield f"  {head:<16}{'-' if value is None else value:>10}"
