"""`qingliu alerting backtest`: what alerting would have said of a past that lies in files."""

import argparse
import json
import sys
import time
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from service.process import complain
from service.progress import Progress

HELP = "what alerting would have said of a past that lies in files"
EXAMPLES = """Writes states.csv, days.csv and alarms.csv. The rows of the readings stand in order of arrival;
without a column `arrived` the clock is the greatest time seen so far.

examples:
  qingliu alerting backtest --stations stations.csv --readings readings.csv -o out
  qingliu alerting backtest --stations stations.csv --readings readings.csv --exclusions stops.csv -o out \\
      --params stop_window_s=21600 stop_floor_kwh_per_day=0.8
  qingliu alerting backtest --stations stations.csv --readings readings.csv -o out \\
      --params centre.toml coverage=0.9
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--stations", type=Path, required=True, metavar="FILE", help="the facility file, CSV")
    parser.add_argument(
        "--readings", type=Path, required=True, metavar="FILE", help="readings as they arrived, CSV"
    )
    parser.add_argument("--exclusions", type=Path, metavar="FILE", help="approved stops, CSV")
    parser.add_argument(
        "-o", dest="out", type=Path, required=True, metavar="DIR", help="where the results go"
    )
    parser.add_argument(
        "--params",
        nargs="+",
        default=[],
        metavar="KEY=VALUE",
        help="other thresholds: keys of [alerting], or a TOML file with that table",
    )
    parser.add_argument("--timezone", default="Asia/Shanghai", metavar="ZONE", help="of the civil days")
    parser.add_argument("--processes", type=int, metavar="N", help="how many judge at once [one a processor]")
    parser.add_argument("--json", action="store_true", help="the summary for machines")
    parser.set_defaults(run=_run, prog=parser.prog)


def _run(arguments: argparse.Namespace) -> int:
    try:
        zone = ZoneInfo(arguments.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        rule = f"must be a known time zone (got {arguments.timezone[:40]!r})"
        complain([f"{arguments.prog}: --timezone: {rule}. Write for example Asia/Shanghai."])
        return 2
    if arguments.processes is not None and arguments.processes < 1:
        complain(
            [f"{arguments.prog}: --processes: must be 1 or more (got {arguments.processes}). Leave it out."]
        )
        return 2
    try:
        return _judge(arguments, zone)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        place = f"{error.filename}: " if error.filename else ""
        complain([f"{place}{error.strerror or error}. Mend the path or the file."])
        return 2


def _judge(arguments: argparse.Namespace, zone: ZoneInfo) -> int:
    from alerting.backtest import Inputs, judge_all, spooled  # noqa: PLC0415 - the libraries are loaded on use
    from alerting.backtest_files import Output  # noqa: PLC0415 - likewise
    from alerting.backtest_params import settings_of  # noqa: PLC0415 - likewise
    from alerting.backtest_stations import exclusions_of, stations_of  # noqa: PLC0415 - likewise
    from alerting.backtest_summary import Extent, lines, summary, warnings  # noqa: PLC0415 - likewise
    from alerting.holidays import holidays_from  # noqa: PLC0415 - likewise
    from alerting.judging import Rules  # noqa: PLC0415 - likewise

    began = time.monotonic()
    stations = stations_of(arguments.stations)
    exclusions = exclusions_of(arguments.exclusions, stations, zone) if arguments.exclusions else {}
    settings = settings_of(arguments.params)
    rules = Rules(settings, zone, holidays_from(settings.holidays_file))
    inputs = Inputs(stations, exclusions, rules)
    with (
        Progress(sys.stderr, "judging") as progress,
        spooled(arguments.readings, progress.at) as spool,
        Output(arguments.out, zone) as output,
        closing(judge_all(inputs, spool, progress.at, arguments.processes)) as judged,
    ):
        for each in judged:
            output.write(each, spool.last_ms or 0)
        rows = spool.stations
    extent = Extent(
        stations=len(stations),
        readings=sum(rows.values()),
        strangers={name: count for name, count in rows.items() if name not in stations},
        behind=[name for name in spool.behind if name in stations],
        first_ms=spool.first_ms,
        last_ms=spool.last_ms,
        took_s=time.monotonic() - began,
    )
    complain(warnings(extent, str(arguments.readings)))
    if arguments.json:
        print(json.dumps(summary(extent, output.counts, zone), ensure_ascii=False))
    else:
        print(*lines(extent, output.counts, zone), sep="\n")
    return 0
