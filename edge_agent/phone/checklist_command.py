"""`qingliu agent checklist FILE`: is a signed checklist what the station wrote, and whose is it?"""

import argparse
import json
import os
from pathlib import Path

from edge_agent.language import LANGUAGES, language_in
from service.process import UnavailableError
from service.settings import Fault, SettingsError

LONGEST_FILE = 1_000_000
_EXAMPLES = """examples:
  qingliu agent checklist checklist-410882-0012-20261122T081500Z.json --ca ca.crt

exit code: 0 intact (and by that authority, if one is named), 1 changed or not proved, 2 bad usage
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options of `qingliu agent checklist`."""
    parser.description = "Verify a signed checklist: who, when, intact, and signed by which station."
    parser.epilog = _EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--ca", type=Path, help="the centre's authority; its certificate must be there")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--language", choices=LANGUAGES, help="[as $LANG says]")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Verify it.

    Raises:
        SettingsError: a file cannot be read.
        UnavailableError: it is not what the station wrote, or that is not proved.
    """
    from edge_agent.phone.checklist import ChecklistError  # noqa: PLC0415 - the libraries are loaded on use
    from edge_agent.phone.checklist_words import WORDS  # noqa: PLC0415
    from edge_agent.phone.signature import SignatureError, verified  # noqa: PLC0415

    words = WORDS[arguments.language or language_in(os.environ)]
    octets = _octets(arguments.file)
    authority = _octets(arguments.ca) if arguments.ca else None
    try:
        verdict = verified(octets, authority)
    except ChecklistError as error:
        said = words.not_as_written.format(path=arguments.file, reason=error)
        raise UnavailableError(said) from error
    except SignatureError as error:
        text = words.errors[error.code].format(detail=error.detail)
        raise UnavailableError(f"{arguments.file}: {text}") from error
    checklist = verdict.checklist
    if arguments.json:
        print(
            json.dumps(
                {
                    "station": checklist.station,
                    "installer": checklist.installer,
                    "signed_at": checklist.signed_at,
                    "signed_by": verdict.station or None,
                    "issued": verdict.is_issued,
                    "in_dates": verdict.is_dated,
                },
                ensure_ascii=False,
            )
        )
        return 0
    print(
        words.verify.format(
            station=checklist.station, name=checklist.name, by=checklist.installer, when=checklist.signed_at
        )
    )
    if not verdict.station:
        print(words.verify_unsigned)
        return 0
    print(words.intact.format(station=verdict.station))
    print(words.issued if verdict.is_issued else words.not_asked)
    if not verdict.is_dated:
        print(words.undated)
    return 0


def _octets(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LONGEST_FILE)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingsError(
            str(path), [Fault("", f"cannot be read: {reason}", remedy="Name another file.")]
        ) from error
