"""`qingliu simulate trials`: a set of stations whose true condition is known, to try a detection on."""

import argparse
import sys
from pathlib import Path

from service.process import complain
from service.progress import Progress
from simulator.errors import ParameterError

DONE = 0
FAILED = 1
BAD_USAGE = 2
STATIONS, DAYS = 150, 60

_EPILOG = """\
example:
  qingliu simulate trials -o trials --seed 1
  qingliu alerting backtest --stations trials/stations.csv --readings trials/readings.csv \\
    --exclusions trials/exclusions.csv -o judged

  The set holds the files of a back-test, and truth_states.csv, truth_heard.csv, truth_days.csv and
  truth_stations.csv with what was the case: which plant stood still when, what the centre could not hear, the
  verdict and the amounts of each day, and each station's kind of scenario.
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options of `qingliu simulate trials`."""
    parser.description = (
        "Write stations, their readings in order of arrival, and the truth about them: stops, storms, "
        "holidays, silent links, faulty meters, exchanged counters. The same seed writes the same files."
    )
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("-o", "--output", type=Path, required=True, metavar="DIR", help="where the files go")
    add("--seed", type=int, default=1, metavar="N", help="another one, another set [%(default)s]")
    add("--stations", type=int, default=STATIONS, metavar="N", help="how many [%(default)s]")
    add("--days", type=int, default=DAYS, metavar="N", help="civil days [%(default)s]")
    add("--kinds", nargs="+", default=[], metavar="KIND", help="of scenario, such as stop storm link [all]")
    add("--plain", action="store_true", help="no columns for arrival, quality, voltages and power factor")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from simulator.trial_cast import cast  # noqa: PLC0415 - loaded on use
    from simulator.trial_files import write_trials  # noqa: PLC0415 - likewise

    try:
        window, stations = cast(args.seed, args.stations, args.days, args.kinds)
    except ParameterError as error:
        complain([str(error)])
        return BAD_USAGE
    try:
        with Progress(sys.stderr, "trials") as progress:
            count = write_trials(
                args.output, window, stations, args.seed, is_plain=args.plain, progress=progress.at
            )
    except OSError as error:
        place = error.filename or args.output
        complain([f"{place}: cannot be written ({error.strerror}). Choose another folder with -o."])
        return FAILED
    print(f"{args.output}: {len(stations)} stations, {window.days} days, {count} readings")
    return DONE
