"""`qingliu demo`: everything on one machine, as child processes of one parent that stops them all."""

import argparse
import fcntl
import json
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Event
from typing import NamedTuple

from qingliu.children import Children, Death
from qingliu.demo_files import LIVE_STATIONS, write_files
from service.process import UnavailableError, complain, stop_signals

READY_WITHIN_S = 60.0
PORTS_TRIED = 20
_EXAMPLES = """examples:
  qingliu demo
  qingliu demo --port 9000 --data /tmp/qingliu-demo
"""


class DemoError(UnavailableError):
    """The demo cannot start or go on."""


class _Step(NamedTuple):
    """One child, and how to know that it is ready."""

    name: str
    words: list[str]
    is_ready: Callable[[], bool]


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options of `qingliu demo`."""
    parser.epilog = _EXAMPLES
    parser.add_argument("--port", type=_port, default=8080, help="of the console; the next free one is taken")
    parser.add_argument(
        "--data", type=Path, default=Path("demo-data"), help="folder to keep everything in [%(default)s]"
    )
    parser.add_argument("--json", action="store_true", help="print the address as a line of JSON")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    data = arguments.data.resolve()
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DemoError(f"{data}: {error.strerror}. Name another folder with --data.") from error
    with ExitStack() as open_things:
        _lock(data, open_things)
        broker_port, console_port = _free_port(0), _free_port(arguments.port)
        if arguments.port not in (console_port, 0):
            complain([f"port {arguments.port} is busy, taking {console_port}"])
        write_files(data, broker_port=broker_port, console_port=console_port)
        children = Children(data / "log")
        open_things.callback(children.stop)
        stop = open_things.enter_context(stop_signals())
        for step in _steps(data, broker_port, console_port):
            _start(children, step, stop)
            if stop.is_set():
                return 0
        _announce(data, f"http://127.0.0.1:{console_port}/", as_json=arguments.json)
        while not stop.wait(0.5):
            death = children.death()
            if death is not None:
                raise _died(death, children)
    return 0


def _steps(data: Path, broker_port: int, console_port: int) -> list[_Step]:
    centre = ["--config", str(data / "centre.toml")]
    address = f"http://127.0.0.1:{console_port}/health"
    steps = [
        _Step(
            "broker",
            ["qingliu.embedded_broker", "--port", str(broker_port)],
            lambda: _listens(broker_port),
        ),
        _Step("collector", ["qingliu", "collector", "run", *centre], lambda: True),
        _Step("alerting", ["qingliu", "alerting", "run", *centre], lambda: True),
        _Step("console", ["qingliu", "console", "run", *centre], lambda: _answers(address)),
    ]
    for number, station in enumerate(LIVE_STATIONS):
        folder = data / station.id
        port = folder / "rs485"
        meters = ["qingliu", "simulate", "meters", "--link", str(port), "--seed", str(number)]
        meters += ["--pace", f"{station.pace:g}", "--population", str(station.population)]
        meters += ["--memory", str(folder / "counters.json"), "--control", str(folder / "control")]
        steps.append(_Step(f"meters-{station.id}", meters, port.exists))
        agent = ["qingliu", "agent", "run", "--config", str(folder / "agent.toml")]
        steps.append(_Step(f"agent-{station.id}", agent, lambda: True))
    return steps


def _start(children: Children, step: _Step, stop: Event) -> None:
    is_terminal = sys.stderr.isatty()
    if is_terminal:
        sys.stderr.write(f"\r\x1b[Kstarting {step.name} …")
        sys.stderr.flush()
    children.start(step.name, step.words)
    deadline = time.monotonic() + READY_WITHIN_S
    while not step.is_ready():
        death = children.death()
        if death is not None:
            raise _died(death, children)
        if time.monotonic() > deadline:
            raise DemoError(
                f"{step.name} is not ready after {READY_WITHIN_S:.0f} s. See {children.log_of(step.name)}."
            )
        if stop.wait(0.1):
            return
    if is_terminal:
        sys.stderr.write("\r\x1b[K")


def _died(death: Death, children: Children) -> DemoError:
    return DemoError(
        f"{death.name} ended by itself (exit code {death.exit_code}): {death.last_words}. "
        f"See {children.log_of(death.name)}."
    )


def _announce(data: Path, address: str, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"address": address, "data": str(data)}), flush=True)  # noqa: T201
        return
    print(  # noqa: T201
        f"\n  Qingliu demo: {address}\n"
        f"  演示已启动：请用浏览器打开上面的地址。\n\n"
        f"  two live simulated stations; data and logs in {data}\n"
        f"  Ctrl-C stops everything\n",
        flush=True,
    )


def _lock(data: Path, open_things: ExitStack) -> None:
    """Keep a second demo out of the folder; the lock goes with the process."""
    try:
        descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
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
    if not text.isascii() or not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"must be a port from 0 to 65535 (got {text})")
    return int(text)


def _free_port(wanted: int) -> int:
    """The wanted port if it is free, else one of the next; any free one for 0."""
    last = min(wanted + PORTS_TRIED - 1, 65_535) if wanted else 0
    for port in range(wanted, last + 1):
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoError(f"ports {wanted} to {last} are all busy. Name another with --port.")


def _listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=1):  # noqa: S310 - our own loopback address
            return True
    except urllib.error.HTTPError:
        return True  # it answers, even if not all is well yet
    except OSError:
        return False
