"""`qingliu history …`: is the store well; readings out, readings in."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from collector.instants import WHEN, UsageError, instant_of
from history.check import check_history
from history.export import csv_writer, jsonl_writer, pages
from history.importing import ReadingsFile
from history.influx_wal import seal
from history.opening import open_history
from history.port import StationReading
from history.quarter_hours import floor_to_quarter
from history.readings_csv import COLUMNS, UnreadableFileError
from registry.config import load_centre
from service.process import UnavailableError, complain, now_ms
from service.progress import Progress
from service.whole_file import written_whole

_EXAMPLES = """examples:
  qingliu history check --config centre.toml
  qingliu history export --station 410882-0012 --from 2026-10-01 --to 2026-10-31 -o october.csv
  qingliu history export --station 410882-0012 --from 2026-10-01T08:00:00+08:00 --to 2026-10-02 --format jsonl
  qingliu history import october.csv
"""
_IMPORT = f"""Columns: {", ".join(COLUMNS[:5])}, the quantities, and why; only the first four are needed.
An empty cell is not measured. Nothing is imported if anything in the file is wrong, unless --skip-bad is
given. Importing the same file again changes nothing."""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands of `qingliu history`."""
    parser.epilog = _EXAMPLES
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    checking = commands.add_parser("check", help="whether the store is reachable, readable and writable")
    checking.set_defaults(run=_check)
    exporting = commands.add_parser("export", help="readings of a station as CSV or lines of JSON")
    exporting.add_argument("--station", required=True, metavar="ID", help="such as 410882-0012")
    exporting.add_argument("--device", metavar="D", help="such as power-1; else all of them")
    exporting.add_argument("--from", required=True, dest="start", metavar="TIME", help=WHEN)
    exporting.add_argument(
        "--to",
        required=True,
        dest="end",
        metavar="TIME",
        help="likewise; a day is included",
    )
    exporting.add_argument("--format", choices=("csv", "jsonl"), default="csv")
    exporting.add_argument("--why", action="store_true", help="a last column: the cause of what is not good")
    exporting.add_argument("-o", dest="out", type=Path, metavar="FILE", help="else to standard output")
    exporting.set_defaults(run=_export)
    importing = commands.add_parser(
        "import",
        help="readings from a CSV file as export writes it",
        description=_IMPORT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    importing.add_argument("file", type=Path)
    importing.add_argument("--skip-bad", action="store_true", help="import the good rows, tell the others")
    importing.set_defaults(run=_import)
    sealing = commands.add_parser(
        "seal-wal",
        help="before influxd starts: let it write nothing behind a torn write",
        description="Put an empty segment behind the last one of each write-ahead log of InfluxDB 1 and 2."
        " Without it, readings that influxd acknowledges after a kill can be lost at its next start.",
        epilog="example, as configs/influxdb/qingliu.conf has it before each start of influxd:\n"
        "  qingliu history seal-wal /var/lib/influxdb/wal",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sealing.add_argument("folder", type=Path, metavar="DIR", help="wal-dir of influxd")
    sealing.set_defaults(run=_seal)
    for command in (checking, exporting, importing):
        command.add_argument("--config", type=Path, help="centre.toml")


def _check(arguments: argparse.Namespace) -> int:
    worst = 0
    for finding in check_history(load_centre(arguments.config).history):
        print(f"{finding.step:<10} {'no:' if finding.exit_code else 'yes:'} {finding.text}", flush=True)
        worst = finding.exit_code
    return worst


def _export(arguments: argparse.Namespace) -> int:
    settings = load_centre(arguments.config)
    try:
        start_ms, end_ms = _span(arguments, settings.zone)
    except UsageError as error:
        complain([f"qingliu history export: {error}"])
        return 2
    count = 0
    with (
        closing(open_history(settings.history)) as history,
        _output(arguments.out) as out,
        Progress(sys.stderr, "exporting") as progress,
    ):
        write = csv_writer(out, with_why=arguments.why) if arguments.format == "csv" else jsonl_writer(out)
        for at_ms, readings in pages(history, arguments.station, arguments.device, start_ms, end_ms):
            for reading in readings:
                write(arguments.station, reading)
            count += len(readings)
            progress.at((at_ms - start_ms) / (end_ms - start_ms))
    if not count:
        complain([f"no reading of {arguments.station} in this span"])
    return 0


def _span(arguments: argparse.Namespace, zone: ZoneInfo) -> tuple[int, int]:
    start_ms = instant_of("--from", arguments.start, zone)
    end_ms = instant_of("--to", arguments.end, zone, is_end=True)
    if end_ms <= start_ms:
        raise UsageError(f"--to: must lie after --from (got {arguments.end[:40]!a})")
    return start_ms, end_ms


def _seal(arguments: argparse.Namespace) -> int:
    folder = arguments.folder
    if not folder.is_dir():
        complain([f"{folder}: no such folder; must be influxd's wal-dir. See wal-dir in influxdb.conf."])
        return 2
    try:
        count = seal(folder)
    except OSError as error:
        complain([f"{error.filename}: cannot be sealed: {error.strerror}. Run this as the user of influxd."])
        return 1
    print(f"{count} {'log' if count == 1 else 'logs'} sealed in {folder}")
    return 0


@contextmanager
def _output(path: Path | None) -> Iterator[TextIO]:
    """Standard output, or a file that appears under its name only when it is whole."""
    if path is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    try:
        with written_whole(path) as file:
            out = TextIOWrapper(file, encoding="utf-8", newline="")
            yield out
            out.detach()  # with all that it held back
    except OSError as error:
        raise UnavailableError(f"{path}: cannot be written: {error.strerror}") from error


def _import(arguments: argparse.Namespace) -> int:
    from collector.ingest import beginnings  # noqa: PLC0415 - the libraries are loaded on use
    from registry.database import open_registry  # noqa: PLC0415
    from registry.devices import note_devices  # noqa: PLC0415
    from registry.dirty import mark_dirty  # noqa: PLC0415
    from registry.stations import known_ids  # noqa: PLC0415

    settings = load_centre(arguments.config)
    path = arguments.file
    with closing(open_registry(settings.registry.url)) as registry:
        with registry.reading() as session:
            known = known_ids(session)

        def mark(readings: Sequence[StationReading]) -> None:
            with registry.writing() as session:
                note_devices(session, beginnings(readings))
                mark_dirty(session, {(each.station, floor_to_quarter(each.reading.t)) for each in readings})

        try:
            with Progress(sys.stderr, "checking ") as progress:
                found = ReadingsFile(path, known, now_ms(), progress.at).check(progress.say)
            if found.bad and not arguments.skip_bad:
                remedy = "Mend them, or leave them out with --skip-bad."
                wrong = f"{found.bad} row{' is' if found.bad == 1 else 's are'} wrong"
                complain([f"{path}: nothing imported, because {wrong}. {remedy}"])
                return 1
            with (
                closing(open_history(settings.history)) as history,
                Progress(sys.stderr, "importing") as progress,
            ):
                done = ReadingsFile(path, known, now_ms(), progress.at).write(history, progress.say, mark)
        except UnreadableFileError as error:
            complain([f"{path}: {error}"])
            return 1
    readings = f"{done.good} reading{'' if done.good == 1 else 's'}"
    rows = f"{found.bad} wrong row{'' if found.bad == 1 else 's'}"
    print(f"{readings} imported, {rows} left out, {done.bad} refused by the store")
    return 1 if done.bad else 0
