"""`qingliu simulate fault STATION WORDS…`: spoils what the meters of a live station answer."""

import argparse
from typing import Any

from service.process import complain
from simulator.errors import ParameterError
from simulator.fault_words import KNOWN, order
from simulator.switch_command import BAD_USAGE, add_station, folder_option, tell

_EXAMPLES = """examples:
  qingliu simulate fault 410882-demo1 late 0.7
  qingliu simulate fault 410882-demo1 exception 6 unit 2
  qingliu simulate fault 410882-demo1 silence times 3
  qingliu simulate fault 410882-demo1 none
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options of `qingliu simulate fault`."""
    parser.description = "Spoil what the meters of a live station of the demo answer, until told otherwise."
    width = max(len(form.usage) for form in KNOWN.values())
    listed = "\n".join(f"  {form.usage:{width}}  {form.effect}" for form in KNOWN.values())
    parser.epilog = f"faults:\n{listed}\n\n{_EXAMPLES}"
    add_station(parser)
    parser.add_argument(
        "words",
        nargs="+",
        metavar="WORDS",
        help="a fault of those below, then unit N for one meter only, times N for so many answers only",
    )
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    """Tell the station; returns the exit code."""
    try:
        words = order(" ".join(args.words)).words
    except ParameterError as error:
        complain([str(error)])
        return BAD_USAGE

    def in_words(state: dict[str, Any]) -> str:
        if state["fault"] == "none":
            return "no fault, every answer is right again"
        end = f"qingliu simulate fault {args.station} none{folder_option(args.data)}"
        return f"fault {state['fault']}; end it with: {end}"

    return tell(args, f"fault {words}", in_words)
