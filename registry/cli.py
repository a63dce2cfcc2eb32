"""`qingliu stations …`: the facility file from the command line."""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from registry import enrol_command, identity_command, records_command, stations_command
from registry.config import CentreSettings, load_centre
from registry.database import Registry, registry_at
from registry.stations_cells import BadCellError, choice_of
from registry.stations_list import in_class, lines, objects
from registry.stations_records import Record, Wanted, classes_on, county_names, station_records
from registry.stations_show import page, whole_file
from service.civil import day_of
from service.process import complain, now_ms

_EXAMPLES = """examples:
  qingliu stations template -o stations.xlsx
  qingliu stations import stations.xlsx --dry-run
  qingliu stations import stations.csv --config centre.toml
  qingliu stations list --county 沁阳市 --class 在用
  qingliu stations show 410882-0001
  qingliu stations export --class rebuilding -o rebuilding.xlsx
  qingliu stations ca init
  qingliu stations enrol 410882-0001 -o 410882-0001.tar.gz
"""
_LISTS = {"process": "process", "class": "class_", "review": "review"}
"""Options that take a word of a closed list, and where argparse puts it."""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands of `qingliu stations`."""
    parser.epilog = _EXAMPLES
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    importing = commands.add_parser(
        "import",
        help="add or update stations from a CSV or XLSX file",
        description=stations_command.IMPORT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    stations_command.add_import(importing)
    exporting = commands.add_parser("export", help="the facility file as CSV or XLSX")
    _add_choice(exporting, "county", "class")
    exporting.add_argument("-o", dest="out", type=Path, metavar="FILE", help=".csv or .xlsx, else to stdout")
    exporting.set_defaults(ask=_export)
    listing = commands.add_parser("list", help="show the stations")
    _add_choice(listing, "county", "process", "company", "class", "review")
    listing.set_defaults(ask=_list)
    showing = commands.add_parser("show", help="everything of one station")
    showing.add_argument("station", metavar="ID", help="such as 410882-0001")
    showing.set_defaults(ask=_show)
    making = commands.add_parser("template", help="an empty workbook to fill in and import")
    making.add_argument("-o", dest="out", type=Path, metavar="FILE", default=Path("stations.xlsx"),
                        help="[%(default)s]")  # fmt: skip
    making.set_defaults(ask=_template)
    for command in (listing, showing):
        command.add_argument("--json", action="store_true", help="for machines")
    for command in (importing, exporting, listing, showing, making):
        command.add_argument("--config", type=Path, help="centre.toml")
        command.set_defaults(run=_run, prog=command.prog)
    records_command.register(commands)
    enrol_command.register(commands)
    identity_command.register(commands)


def _add_choice(command: argparse.ArgumentParser, *names: str) -> None:
    helps = {
        "county": "its code or name",
        "process": "such as A2O or A²/O",
        "company": "the O&M company's name",
        "class": "class of today, such as in_use or 在用",
        "review": "confirmed or pending",
    }
    for name in names:
        command.add_argument(f"--{name}", dest=_LISTS.get(name, name), default="", metavar=name.upper(),
                             help=helps[name])  # fmt: skip


def _run(arguments: argparse.Namespace) -> int:
    """Open the registry and do what was asked; what fails is said in one line."""
    settings = load_centre(arguments.config)
    try:
        with registry_at(settings.registry.url) as registry:
            return int(arguments.ask(arguments, settings, registry))
    except BadCellError as error:
        complain([f"{arguments.prog}: {error.rule} (got {error.got})"])
        return 2


def _chosen(
    arguments: argparse.Namespace, settings: CentreSettings, registry: Registry
) -> tuple[dict[str, Record], dict[str, str]]:
    """The stations that the options ask for, and today's classes.

    Raises:
        BadCellError: an option names what there is not.
    """
    words = {name: getattr(arguments, place, "") for name, place in _LISTS.items()}
    for name, word in words.items():
        try:
            words[name] = choice_of(name, word) if word else ""
        except BadCellError as error:
            raise BadCellError(f"--{name}: {error.rule}", error.got) from error
    with registry.reading() as session:
        counties = county_names(session)
        if arguments.county and arguments.county not in {*counties, *counties.values()}:
            known = ", ".join(f"{code} {name}" for code, name in counties.items()) or "none"
            raise BadCellError(f"--county: must be a known code or name; known are {known}", arguments.county)
        company = getattr(arguments, "company", "")
        wanted = Wanted(arguments.county, words["process"], company, words["review"])
        records = station_records(session, wanted)
        classes = classes_on(session, day_of(now_ms(), settings.zone))
    return in_class(records, classes, words["class"]), classes


def _list(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    records, classes = _chosen(arguments, settings, registry)
    if arguments.json:
        _print_json(objects(records, classes))
    elif records:
        _print_lines(lines(records, classes))
    else:
        complain(["no station fits"])
    return 0


def _show(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    with registry.reading() as session:
        file = whole_file(session, arguments.station, day_of(now_ms(), settings.zone))
    if file is None:
        complain([f"{arguments.prog}: {arguments.station}: no such station. See qingliu stations list."])
        return 1
    if arguments.json:
        _print_json(file)
    else:
        _print_lines(page(file, settings.zone))
    return 0


def _export(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    records, _ = _chosen(arguments, settings, registry)
    with registry.reading() as session:
        counties = county_names(session)
    return stations_command.write_export(arguments, records, counties, now_ms())


def _template(arguments: argparse.Namespace, _settings: CentreSettings, registry: Registry) -> int:
    with registry.reading() as session:
        counties = county_names(session)
    return stations_command.write_template(arguments, counties, now_ms())


def _print_json(value: Any) -> None:  # noqa: ANN401 - what JSON takes, and dates
    print(json.dumps(value, ensure_ascii=False, default=str))


def _print_lines(texts: Iterable[str]) -> None:
    for line in texts:
        print(line)
