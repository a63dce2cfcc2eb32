"""`qingliu simulate stop|start|status|unplug|plug STATION`: switches a live station of a running demo."""

import argparse
import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from service.process import complain
from simulator.control import send
from simulator.errors import ControlError, RefusedError

DONE = 0
FAILED = 1
BAD_USAGE = 2
WORDS = {
    "stop": "switch the treatment of a live station of the demo off",
    "start": "switch it on again",
    "status": "say what it does now",
    "unplug": "unplug the adapter of its meters",
    "plug": "plug it in again",
}
_OPPOSITE = {"stop": "start", "start": "stop", "unplug": "plug", "plug": "unplug"}
CONTROL = "control"
USUAL_FOLDER = Path("demo-data")


def register(parser: argparse.ArgumentParser, word: str) -> None:
    """Add the options of one of the words."""
    parser.description = f"{WORDS[word].capitalize()}."
    parser.epilog = f"example:\n  qingliu simulate {word} 410882-demo1\n"
    add_station(parser)
    parser.set_defaults(run=_run, word=word)


def add_station(parser: argparse.ArgumentParser) -> None:
    """Add what every command for a live station takes: which, in what folder, and how to answer."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("station", metavar="STATION", help="id of a live station, such as 410882-demo1")
    parser.add_argument(
        "--data", type=Path, default=USUAL_FOLDER, metavar="DIR", help="the demo's folder [%(default)s]"
    )
    parser.add_argument("--json", action="store_true", help="print the station's state as one line of JSON")


def tell(args: argparse.Namespace, words: str, in_words: Callable[[dict[str, Any]], str]) -> int:
    """Say a line to the station of the command line and print its answer; returns the exit code.

    Args:
        args: the parsed command line of `add_station`.
        words: what the station is told.
        in_words: puts its state into a sentence, where no JSON is wanted.
    """
    remedy = f"Start it with: qingliu demo{folder_option(args.data)}"
    live = sorted(path.parent.name for path in args.data.glob(f"*/{CONTROL}") if path.is_socket())
    if not live:
        complain([f"{args.data}: the folder of a running demo (got no live station). {remedy}"])
        return FAILED
    if args.station not in live:
        complain([f"STATION: a live station of {args.data} (got {args.station!r}). Say {' or '.join(live)}."])
        return BAD_USAGE
    try:
        answer = send(args.data / args.station / CONTROL, words)
    except RefusedError as error:
        complain([error.why])
        return BAD_USAGE
    except ControlError:
        complain([f"{args.data}: the folder of a running demo (got no answer from {args.station}). {remedy}"])
        return FAILED
    print(answer if args.json else f"{args.station}: {in_words(json.loads(answer))}")
    return DONE


def folder_option(data: Path) -> str:
    """How to name the folder on a command line; nothing for the usual one."""
    return "" if data == USUAL_FOLDER else f" --data {shlex.quote(str(data))}"


def _run(args: argparse.Namespace) -> int:
    return tell(args, args.word, lambda state: _in_words(args, state))


def _in_words(args: argparse.Namespace, state: dict[str, Any]) -> str:
    now = f"{state['active_power_kw']:.3f} kW, {state['flow_m3h']:.1f} m³/h"
    again = f"qingliu simulate {_OPPOSITE.get(args.word)} {args.station}{folder_option(args.data)}"
    if args.word == "stop":
        return (
            f"treatment stopped; {now}. "
            f"Its alarm is on the page within 3 minutes; start it again with: {again}"
        )
    if args.word == "start":
        return f"treatment started; {now}. Its alarm clears within 3 minutes; stop it again with: {again}"
    if args.word == "unplug":
        return f"adapter unplugged, its port is gone; plug it in again with: {again}"
    if args.word == "plug":
        return f"adapter plugged in again at {state['port']}; unplug it again with: {again}"
    does = "treatment runs" if state["running"] else "treatment is stopped"
    adapter = "" if state["plugged"] else "adapter unplugged; "
    fault = "" if state["fault"] == "none" else f"fault {state['fault']}; "
    counters = f"counters at {state['energy_kwh']:.3f} kWh and {state['volume_m3']:.3f} m³"
    return f"{does}; {now}; {adapter}{fault}{counters}"
