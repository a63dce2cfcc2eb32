"""`qingliu report freeze`: a person makes the draft of a report final."""

import argparse
from pathlib import Path

from registry.config import load_centre
from registry.database import registry_at
from reporting.month_argument import month_argument
from service.process import complain, now_ms

HELP = "make the draft of a month's report final"
_LONGEST_BY, _LONGEST_WHY = 64, 1_000
_DESCRIPTION = """Freezes the draft of a month's report for good; the audit trail keeps the hash of each file.
The first revision is frozen by itself on the 12th; a further one, because figures changed, by a person.
It is the draft that was looked at: if its figures have changed since, it is made anew instead."""
_EXAMPLES = """examples:
  qingliu report freeze 2026-10 --by "Wang Fang" --note "verdict of 410882-0012 corrected"
  qingliu report freeze 2026-10 --by "Wang Fang" --early "asked for by the province"
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description, parser.epilog = _DESCRIPTION, _EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("month", help="such as 2026-10")
    parser.add_argument("--by", required=True, metavar="NAME", help="who is responsible")
    parser.add_argument("--note", default="", metavar="TEXT", help="kept with the revision")
    parser.add_argument(
        "--early", default="", metavar="REASON", help="freeze although approved stops may still be entered"
    )
    parser.add_argument("--config", type=Path, help="centre.toml")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from reporting.life import freeze_by_person  # noqa: PLC0415 - the libraries are loaded on use
    from reporting.monthly import Freezing  # noqa: PLC0415 - likewise

    faults = list(_faults(arguments))
    try:
        month = month_argument(arguments.month)
    except ValueError as error:
        faults.insert(0, f"month: {error}")
    if faults:
        complain(faults)
        return 2
    settings = load_centre(arguments.config)
    freezing = Freezing(arguments.by.strip(), arguments.note.strip(), arguments.early.strip())
    with registry_at(settings.registry.url) as registry:
        report = freeze_by_person(registry, settings, month, now_ms(), freezing)
    print(f"report of {month}: revision {report.revision} is frozen")
    for file in report.files.values():
        print(f"  {file['sha256']}  {file['name']}")
    return 0


def _faults(arguments: argparse.Namespace) -> list[str]:
    faults = []
    if not arguments.by.strip():
        faults.append("--by: must name a person (got nothing)")
    for name, longest in (("by", _LONGEST_BY), ("note", _LONGEST_WHY), ("early", _LONGEST_WHY)):
        given = getattr(arguments, name).strip()
        if len(given) > longest:
            faults.append(f"--{name}: must have at most {longest} letters (got {len(given)}). Shorten it.")
        if not given.isprintable():
            faults.append(f"--{name}: must be a line of text (got {given[:20]!r})")
    return faults
