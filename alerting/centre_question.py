"""A command that asks the centre's registry something: opens it, and says what is wrong in one way."""

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.audit import LONGEST_ACTOR, at_command_line
from registry.config import CentreSettings, load_centre
from registry.database import Registry, registry_at
from registry.record_cells import Cells
from registry.record_entry import RecordError, faults_of_text
from registry.tables import Company, County, Station
from service.process import complain
from service.settings import Fault

Ask = Callable[[argparse.Namespace, CentreSettings, Registry], int]


def add_question(parser: argparse.ArgumentParser, summary: str, examples: str, ask: Ask) -> None:
    """Give a parser its words, `--config`, and what it runs."""
    parser.description = f"{summary[0].upper()}{summary[1:]}."
    parser.epilog = examples
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    run_with_registry(parser, ask)


def run_with_registry(parser: argparse.ArgumentParser, ask: Ask) -> None:
    """Give a parser `--config`, and what it runs."""
    parser.add_argument("--config", type=Path, help="centre.toml")
    parser.set_defaults(run=_run, ask=ask, prog=parser.prog)


def options(arguments: argparse.Namespace, names: Iterable[str], zone: ZoneInfo) -> Cells:
    """The options of some names as cells; one that was not given is empty."""
    given: Mapping[str, object] = vars(arguments)
    return Cells({name: str(given.get(name) or "") for name in names}, names, zone)


def who(given: Cells, name: str | None) -> str:
    """Who acts; none named is the system's user. What is wrong with the name is noted in the cells."""
    if name is not None:
        given.faults += faults_of_text("by", given.text("by"), LONGEST_ACTOR, is_required=True)
    return at_command_line(given.text("by"))


def unknown_names(
    session: Session, *, county: str = "", company: str = "", station: str = ""
) -> Iterator[Fault]:
    """Names that are not on the register: an empty list because of them would say that all is well."""
    if county:
        yield from _unless_known(
            "county", county, "a known county's code", session.scalars(select(County.code))
        )
    if company:
        known = session.scalars(select(Company.name))
        yield from _unless_known("company", company, "a known company's name", known)
    if station and session.get(Station, station) is None:
        yield Fault("station", "is not on the register", station, "See qingliu stations list.")


def _unless_known(option: str, given: str, rule: str, known: Iterable[str]) -> Iterator[Fault]:
    names = sorted(known)
    if given not in names:
        remedy = f"Known: {', '.join(names)}." if names else "Import the stations first."
        yield Fault(option, f"must be {rule}", given, remedy)


def _run(arguments: argparse.Namespace) -> int:
    settings = load_centre(arguments.config)
    ask: Ask = arguments.ask
    try:
        with registry_at(settings.registry.url) as registry:
            return ask(arguments, settings, registry)
    except RecordError as error:
        complain(fault._replace(path=_spelt(fault.path)).line(arguments.prog) for fault in error.faults)
        return 2


def _spelt(name: str) -> str:
    """How a field is called at the command line; what a parser takes without a name is in capitals."""
    return name if not name or name.isupper() else f"--{name.replace('_', '-')}"
