"""`qingliu simulate stop|start|status STATION`: switches a live station of a running demo."""

import argparse
import json
import shlex
from pathlib import Path
from typing import Any

from service.process import complain
from simulator.control import send
from simulator.errors import ControlError

DONE = 0
FAILED = 1
BAD_USAGE = 2
WORDS = {
    "stop": "switch the treatment of a live station of the demo off",
    "start": "switch it on again",
    "status": "say what it does now",
}
CONTROL = "control"
USUAL_FOLDER = Path("demo-data")


def register(parser: argparse.ArgumentParser, word: str) -> None:
    """Add the options of one of the words."""
    parser.description = f"{WORDS[word].capitalize()}."
    parser.epilog = f"example:\n  qingliu simulate {word} 410882-demo1\n"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("station", metavar="STATION", help="id of a live station, such as 410882-demo1")
    parser.add_argument(
        "--data", type=Path, default=USUAL_FOLDER, metavar="DIR", help="the demo's folder [%(default)s]"
    )
    parser.add_argument("--json", action="store_true", help="print the station's state as one line of JSON")
    parser.set_defaults(run=_run, word=word)


def _run(args: argparse.Namespace) -> int:
    remedy = f"Start it with: qingliu demo{_in(args.data)}"
    live = sorted(path.parent.name for path in args.data.glob(f"*/{CONTROL}") if path.is_socket())
    if not live:
        complain([f"{args.data}: the folder of a running demo (got no live station). {remedy}"])
        return FAILED
    if args.station not in live:
        complain([f"STATION: a live station of {args.data} (got {args.station!r}). Say {' or '.join(live)}."])
        return BAD_USAGE
    try:
        answer = send(args.data / args.station / CONTROL, args.word)
    except ControlError:
        complain([f"{args.data}: the folder of a running demo (got no answer from {args.station}). {remedy}"])
        return FAILED
    print(answer if args.json else _in_words(args, json.loads(answer)))
    return DONE


def _in_words(args: argparse.Namespace, state: dict[str, Any]) -> str:
    now = f"{state['active_power_kw']:.3f} kW, {state['flow_m3h']:.1f} m³/h"
    again = f"qingliu simulate {'stop' if state['running'] else 'start'} {args.station}{_in(args.data)}"
    if args.word == "stop":
        told = (
            f"treatment stopped; {now}. "
            f"Its alarm is on the page within 3 minutes; start it again with: {again}"
        )
    elif args.word == "start":
        told = f"treatment started; {now}. Its alarm clears within 3 minutes; stop it again with: {again}"
    else:
        does = "treatment runs" if state["running"] else "treatment is stopped"
        counters = f"counters at {state['energy_kwh']:.3f} kWh and {state['volume_m3']:.3f} m³"
        told = f"{does}; {now}; {counters}"
    return f"{args.station}: {told}"


def _in(data: Path) -> str:
    """How to name the folder on a command line; nothing for the usual one."""
    return "" if data == USUAL_FOLDER else f" --data {shlex.quote(str(data))}"
