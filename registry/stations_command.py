"""`qingliu stations import | export | template`: the facility file in and out."""

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path

from registry.config import CentreSettings
from registry.database import Registry
from registry.stations_cells import csv_cells
from registry.stations_columns import STATION_COLUMNS
from registry.stations_records import Record
from registry.stations_rows import Plan
from service.process import UnavailableError, complain, now_ms
from service.progress import Progress
from service.whole_file import write_whole

IMPORT = f"""FILE is CSV (UTF-8, GB18030; separated by , ; or tabs) or XLSX, of which the sheet 站点 or
stations is read, else the first. Heads are English or Chinese; `qingliu stations template` has both:
  {", ".join(column.name for column in STATION_COLUMNS[:9])},
  {", ".join(column.name for column in STATION_COLUMNS[9:17])},
  {", ".join(column.name for column in STATION_COLUMNS[17:])}
Only station is needed. An empty cell leaves what is there, but for review: who is imported is confirmed.
Every bad row is told at once, and nothing is imported unless all is well or --skip-bad is given.
Exit code 0 done, 1 some rows were skipped, 2 nothing imported since rows are bad."""
_BAR_FROM = 500
"""Fewer stations are imported before a bar could be seen."""


def add_import(parser: argparse.ArgumentParser) -> None:
    """Say what `import` takes."""
    parser.add_argument("file", type=Path)
    parser.add_argument("--skip-bad", action="store_true", help="import the good rows, tell the others")
    parser.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--actor", metavar="NAME", help="who, for the audit trail [cli: and the user's name]")
    parser.set_defaults(ask=_import)


def _import(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    from registry.audit import at_command_line  # noqa: PLC0415 - on use
    from registry.stations_import import carry_out, plan_import, read_stations  # noqa: PLC0415

    sheet = read_stations(arguments.file)
    opening = registry.reading if arguments.dry_run else registry.writing
    with opening() as session, Progress(sys.stderr, "importing") as progress:
        plan = plan_import(session, sheet)
        is_refused = bool(plan.bad) and not arguments.skip_bad
        if not is_refused and not arguments.dry_run:
            at = progress.at if len(plan.changes) > _BAR_FROM else _unseen
            actor = at_command_line(arguments.actor)
            carry_out(session, plan, at_ms=now_ms(), actor=actor, zone=settings.zone, progress=at)
    complain(fault.line(sheet.file) for faults in plan.bad.values() for fault in faults)
    if arguments.json:
        print(json.dumps(_answer(sheet.file, plan, arguments, is_refused=is_refused), ensure_ascii=False))
    else:
        for line in _said(plan, is_dry=arguments.dry_run, is_refused=is_refused):
            print(line)
    return 2 if is_refused else int(bool(plan.bad))


def _answer(file: str, plan: Plan, arguments: argparse.Namespace, *, is_refused: bool) -> dict[str, object]:
    return {
        "file": file,
        "dry_run": arguments.dry_run,
        "imported": not is_refused and not arguments.dry_run,
        "added": plan.added,
        "changed": plan.changed,
        "unchanged": plan.unchanged,
        "examples": plan.examples,
        "bad": [
            {"row": row, "station": plan.bad_stations[row], "faults": [fault.line(file) for fault in faults]}
            for row, faults in plan.bad.items()
        ],
    }


def _said(plan: Plan, *, is_dry: bool, is_refused: bool) -> Iterator[str]:
    if plan.examples:
        yield f"{_rows(plan.examples)}: the template's examples, left out"
    if is_refused:
        return
    if plan.bad:
        named = [f"row {row} ({plan.bad_stations[row] or 'no id'})" for row in plan.bad]
        yield f"skipped: {', '.join(named)}"
    counts = f"{len(plan.added)} added, {len(plan.changed)} changed, {len(plan.unchanged)} unchanged"
    skipped = f", {len(plan.bad)} skipped" if plan.bad else ""
    many = len(plan.changes) + len(plan.unchanged)
    stations = f"{many} {'station' if many == 1 else 'stations'}"
    dry = "dry run, nothing changed. Would be: " if is_dry else ""
    yield f"{dry}{stations} imported: {counts}{skipped}"


def _rows(numbers: list[int]) -> str:
    return f"row{'' if len(numbers) == 1 else 's'} {', '.join(map(str, numbers))}"


def _unseen(_share: float) -> None:
    """Show nothing."""


def write_export(
    arguments: argparse.Namespace,
    records: Mapping[str, Record],
    counties: Mapping[str, str],
    at_ms: int,
) -> int:
    """Write the facility file where the options say."""
    out: Path | None = arguments.out
    if out is None:
        sys.stdout.write(csv_text(records))
        sys.stdout.flush()
        return 0
    suffix = out.suffix.lower()
    if suffix not in (".csv", ".xlsx"):
        complain([f"{arguments.prog}: -o: must end with .csv or .xlsx (got {out.name})"])
        return 2
    if suffix == ".csv":
        _write_out(out, csv_text(records).encode("utf-8-sig"))
    else:
        from registry.stations_workbook import stations_workbook  # noqa: PLC0415 - on use

        _write_out(out, stations_workbook(records, counties, at_ms))
    complain([f"{out}: {len(records)} {'station' if len(records) == 1 else 'stations'}"])
    return 0


def write_template(arguments: argparse.Namespace, counties: Mapping[str, str], at_ms: int) -> int:
    """Write the workbook that people fill in; one that is there already is left alone."""
    from registry.stations_workbook import stations_workbook  # noqa: PLC0415 - on use

    out: Path = arguments.out
    if out.suffix.lower() != ".xlsx":
        complain([f"{arguments.prog}: -o: must end with .xlsx (got {out.name})"])
        return 2
    if out.exists():
        complain([f"{out}: is there already. Name another file, or remove it."])
        return 1
    _write_out(out, stations_workbook({}, counties, at_ms, is_template=True))
    print(f"{out}: fill it in, then: qingliu stations import {out}")
    return 0


def csv_text(records: Mapping[str, Record]) -> str:
    """The facility file as CSV, with all columns; importing it changes nothing."""
    text = StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(column.name for column in STATION_COLUMNS)
    rows.writerows(csv_cells(station, record) for station, record in records.items())
    return text.getvalue()


def _write_out(path: Path, data: bytes) -> None:
    """Write a file that appears under its name only when it is whole.

    Raises:
        UnavailableError: it cannot be written.
    """
    try:
        write_whole(path, data)
    except OSError as error:
        raise UnavailableError(f"{path}: cannot be written: {error.strerror}") from error
