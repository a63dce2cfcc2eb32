"""`qingliu demo`: everything on one machine, as child processes of one parent that stops them all."""

import argparse
import fcntl
import json
import os
import shlex
import shutil
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from threading import Event

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from qingliu.children import Children, Death
from qingliu.demo_files import DemoCity, DemoError, Paths, known_city, write_settings
from qingliu.demo_meters import count_on
from qingliu.demo_past import prepare
from qingliu.demo_registry import register_city
from qingliu.demo_steps import PORTS_TRIED, Step, free_port, stages
from service.process import complain, now_ms, stop_signals
from simulator.switch_command import USUAL_FOLDER

READY_WITHIN_S = 60.0
FEWEST_STATIONS, MOST_STATIONS = 3, 500
_EXAMPLES = """examples:
  qingliu demo
  qingliu demo --port 9000 --data /tmp/qingliu-demo --stations 100
  qingliu simulate stop 410882-demo1      in another terminal: its alarm comes within 3 minutes
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options of `qingliu demo`."""
    parser.epilog = _EXAMPLES
    parser.add_argument(
        "--port", type=_port, default=8080, help="of the console; the next free one is taken [%(default)s]"
    )
    parser.add_argument(
        "--data", type=Path, default=USUAL_FOLDER, help="folder to keep everything in [%(default)s]"
    )
    parser.add_argument(
        "--stations", type=_stations, metavar="N", help="stations of the invented city, 3 to 500 [40]"
    )
    parser.add_argument(
        "--past-days",
        type=_days,
        metavar="N",
        help="days of past to prepare [from the first day of the month before last]",
    )
    parser.add_argument("--json", action="store_true", help="print the address as a line of JSON")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    data = arguments.data.resolve()
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DemoError(f"{data}: {error.strerror}. Name another folder with --data.") from error
    paths = Paths(data)
    with ExitStack() as open_things:
        _lock(data, open_things)
        known = known_city(paths, arguments.stations, now_ms())
        broker_port, console_port = _free_port(0), _free_port(arguments.port)
        if arguments.port not in (console_port, 0):
            complain([f"port {arguments.port} is busy, taking {console_port}"])
        children = Children(data / "log")
        open_things.callback(children.stop)
        stop = open_things.enter_context(stop_signals())
        live = [station for station in known.stations() if station.is_live]
        write_settings(paths, live, broker_port=broker_port, console_port=console_port)
        _prepare(paths, known, arguments.past_days, stop)
        if stop.is_set():
            return 0
        count_on(paths, live, now_ms())
        ports = {"broker_port": broker_port, "console_port": console_port}
        for stage in stages(paths, known, **ports, now_ms=now_ms()):
            _start(children, stage, stop)
        if stop.is_set():
            return 0
        _announce(paths, known, f"http://127.0.0.1:{console_port}/", as_json=arguments.json)
        while not stop.wait(0.5):
            death = children.death()
            if death is not None:
                raise _died(death, children)
    return 0


def _prepare(paths: Paths, known: DemoCity, past_days: int | None, stop: Event) -> None:
    """Register the city and bring its past into the stores, with a bar where somebody looks."""
    register_city(paths, known.stations())
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty(),
    ) as progress:  # fmt: skip
        task = progress.add_task("a city's past 准备历史数据", total=known.count)
        prepare(paths, known, now_ms(), past_days, stop, lambda: progress.advance(task))


def _start(children: Children, stage: list[Step], stop: Event) -> None:
    """Start the parts of a stage together, and wait until all are ready or the demo is to stop."""
    if stop.is_set():
        return
    for step in stage:
        children.start(step.name, step.words)
    deadline = time.monotonic() + READY_WITHIN_S
    waiting = list(stage)
    while waiting := [step for step in waiting if not step.is_ready()]:
        _say(f"starting {', '.join(step.name for step in waiting)} …")
        death = children.death()
        if death is not None:
            raise _died(death, children)
        if time.monotonic() > deadline:
            name = waiting[0].name
            raise DemoError(f"{name} is not ready after {READY_WITHIN_S:.0f} s. See {children.log_of(name)}.")
        if stop.wait(0.1):
            break
    _say("")


def _say(text: str) -> None:
    """Show what is waited for, where somebody looks."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()


def _died(death: Death, children: Children) -> DemoError:
    return DemoError(
        f"{death.name} ended by itself (exit code {death.exit_code}): {death.last_words}. "
        f"See {children.log_of(death.name)}."
    )


def _announce(paths: Paths, known: DemoCity, address: str, *, as_json: bool) -> None:
    data = paths.data
    if as_json:
        print(json.dumps({"address": address, "data": str(data)}), flush=True)  # noqa: T201 - a command prints
        return
    print(  # noqa: T201 - a command prints
        f"\n  Qingliu demo: {address}\n"
        f"  演示已启动：请用浏览器打开上面的地址。\n\n"
        f"  An invented city of {known.count} stations, two of them live; data and logs in {data}\n"
        f"  To see an alarm, say in another terminal:  {_switch(data, known.stations()[0].id)}\n"
        f"  Ctrl-C stops everything\n",
        flush=True,
    )


def _switch(data: Path, station: str) -> str:
    """How to stop a live station, ready to be copied into a terminal that is in this folder."""
    beside = Path(sys.executable).with_name("qingliu")
    program = "qingliu" if shutil.which("qingliu") or not beside.exists() else os.path.relpath(beside)
    where = "" if data == USUAL_FOLDER.resolve() else f" --data {shlex.quote(str(data))}"
    return f"{program} simulate stop {station}{where}"


def _lock(data: Path, open_things: ExitStack) -> None:
    """Keep a second demo out of the folder; the lock is on the folder itself and goes with the process."""
    try:
        descriptor = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise DemoError(f"{data}: {error.strerror}. Name another folder with --data.") from error
    open_things.callback(os.close, descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise DemoError(
            f"{data}: another demo runs in this folder. Stop it, or name another with --data."
        ) from error


def _port(text: str) -> int:
    return _whole(text, 0, 65_535, "a port")


def _stations(text: str) -> int:
    return _whole(text, FEWEST_STATIONS, MOST_STATIONS, "a number")


def _days(text: str) -> int:
    return _whole(text, 1, 92, "a number")


def _whole(text: str, low: int, high: int, what: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 9 and low <= int(text) <= high):
        raise argparse.ArgumentTypeError(f"must be {what} from {low} to {high} (got {text})")
    return int(text)


def _free_port(wanted: int) -> int:
    port = free_port(wanted)
    if port is None:
        last = min(wanted + PORTS_TRIED - 1, 65_535)
        raise DemoError(f"ports {wanted} to {last} are all busy. Name another with --port.")
    return port
