"""`qingliu report verify`: whether files, rows and audit trail still say the same."""

import argparse
import json
from pathlib import Path

from registry.config import load_centre
from registry.database import registry_at
from reporting.month_argument import month_argument
from service.process import complain

HELP = "hold the files of the reports against their hashes and the audit trail"
_DESCRIPTION = """Looks whether each file is there and has the SHA-256 of its row, whether the row of a frozen
revision is as the audit trail has it, and whether the audit trail itself holds. Exit code 1 if not."""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = _DESCRIPTION
    parser.add_argument("month", nargs="?", help="such as 2026-10 [all]")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--config", type=Path, help="centre.toml")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from reporting.verify import verify  # noqa: PLC0415 - the libraries are loaded on use

    month = None
    if arguments.month is not None:
        try:
            month = month_argument(arguments.month)
        except ValueError as error:
            complain([f"month: {error}"])
            return 2
    settings = load_centre(arguments.config)
    with registry_at(settings.registry.url) as registry, registry.reading() as session:
        found = verify(session, settings, month)
    if arguments.json:
        print(json.dumps(found._asdict(), ensure_ascii=False))
    elif found.faults:
        complain(found.faults)
    else:
        print(f"{found.reports} revisions, {found.files} files: all as they were made")
    return 1 if found.faults else 0
