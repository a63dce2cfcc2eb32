"""`qingliu stations …`: the facility file from the command line."""

import argparse
import json
from contextlib import closing
from pathlib import Path

from sqlalchemy import select

from registry.config import load_centre
from registry.database import open_registry
from registry.stations import COLUMNS, import_csv
from registry.tables import Station

_EXAMPLES = """examples:
  qingliu stations import stations.csv --config centre.toml
  qingliu stations list --json
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands of `qingliu stations`."""
    parser.epilog = _EXAMPLES
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    importing = commands.add_parser(
        "import", help="add or update stations from a CSV file", description=f"Columns: {', '.join(COLUMNS)}."
    )
    importing.add_argument("file", type=Path)
    importing.set_defaults(run=_import)
    listing = commands.add_parser("list", help="show the stations")
    listing.add_argument("--json", action="store_true", help="for machines")
    listing.set_defaults(run=_list)
    for command in (importing, listing):
        command.add_argument("--config", type=Path, help="centre.toml")


def _import(arguments: argparse.Namespace) -> int:
    settings = load_centre(arguments.config)
    with closing(open_registry(settings.registry.url)) as registry, registry.writing() as session:
        count = import_csv(session, arguments.file)
    print(f"{count} stations imported")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    settings = load_centre(arguments.config)
    with closing(open_registry(settings.registry.url)) as registry, registry.reading() as session:
        stations = list(session.scalars(select(Station).order_by(Station.id)))
    if arguments.json:
        shown = ("id", "name", "county_code", "process", "design_m3_per_day", "rated_kw", "review")
        print(json.dumps([{key: getattr(s, key) for key in shown} for s in stations], ensure_ascii=False))
        return 0
    for station in stations:
        design = f"{station.design_m3_per_day:g} m³/d" if station.design_m3_per_day is not None else "-"
        print(f"{station.id:<16} {station.process or '-':<18} {design:>12}  {station.name}")
    return 0
