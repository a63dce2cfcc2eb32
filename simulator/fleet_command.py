"""`qingliu simulate fleet`: many stations, each with its own MQTT connection, until told to end."""

import argparse
import json
import math
import shutil
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from service.process import complain, now_ms, start_log, stop_signals
from simulator.errors import ParameterError

if TYPE_CHECKING:
    from simulator.fleet_station import FleetStation
    from simulator.fleet_tally import Progress

DONE = 0
FAILED = 1
BAD_USAGE = 2
PREFIX = "410882-F"
JSON_EVERY_S = 10.0
SPARE_FILES = 64
CHINA = timezone(timedelta(hours=8))

_EPILOG = """\
examples:
  qingliu simulate fleet --register fleet.csv --stations 2000     then: qingliu stations import fleet.csv
  qingliu simulate fleet --stations 2000 --interval 60
  qingliu simulate fleet --stations 2000 --interval 60 --speed 60 --duration 120 --json

  With --speed S a station reads and sends S times as often, and its village's day passes S times as fast; the
  readings are stamped with the real time, in which kWh and m3 agree with kW and m3/h. What is not
  acknowledged is sent again after 15 s, doubling to 5 min, at every speed.
  A station keeps --keep readings until they are acknowledged; beyond these the oldest are lost, and counted
  (600 readings are about 260 kB a station).
  Each start is a new outbox; the counters begin where an average life since 2025 has brought them.
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options of `qingliu simulate fleet`."""
    parser.description = (
        "Play stations with a power and a flow meter each, every one with an MQTT connection of its own, "
        "by the contract's rules of delivery, until SIGINT or SIGTERM."
    )
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="of the broker, plain MQTT [%(default)s]")
    add("--port", type=int, default=1883, metavar="N", help="of the broker [%(default)s]")
    add("--username", default="", metavar="NAME", help="of all stations [each its own id]")
    add("--password-file", default="", metavar="FILE", help="file that holds their password")
    add("--stations", type=int, default=10, metavar="N", help="how many [%(default)s]")
    add("--prefix", default=PREFIX, help="of their ids, before 0001 [%(default)s]")
    add("--interval", type=float, default=60, metavar="S", help="from reading to reading [%(default)s]")
    add("--send-every", type=float, default=300, metavar="S", help="from batch to batch [%(default)s]")
    add("--speed", type=float, default=1, metavar="S", help="so many times as fast [%(default)s]")
    add("--batch", type=int, default=400, metavar="N", help="most readings in a batch [%(default)s]")
    add("--keep", type=int, default=600, metavar="N", help="most readings that wait [%(default)s]")
    add("--duration", type=float, default=math.inf, metavar="S", help="end by itself, after real seconds")
    add("--register", metavar="FILE", help="write a stations.csv of these stations (- prints it), and end")
    add("--json", action="store_true", help=f"a line of JSON every {JSON_EVERY_S:g} s, and at the end")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from simulator.fleet_options import faults_of  # noqa: PLC0415 - loaded on use
    from simulator.fleet_station import fleet_stations, station_ids  # noqa: PLC0415 - likewise

    faults = list(faults_of(args))
    try:
        ids = station_ids(args.prefix, args.stations)
    except ParameterError as error:
        faults.append(str(error))
    if faults:
        complain(faults)
        return BAD_USAGE
    began_s = now_ms() / 1000
    stations = list(fleet_stations(ids, now_s=began_s, pace=args.speed))
    if args.register is None:
        return _play(args, stations)
    from simulator.fleet_register import stations_csv  # noqa: PLC0415 - likewise

    text = stations_csv(stations, datetime.fromtimestamp(began_s, CHINA).date())
    if args.register == "-":
        sys.stdout.write(text)
        return DONE
    try:
        Path(args.register).write_text(text, encoding="utf-8")
    except OSError as error:
        complain([f"--register: {args.register}: {error.strerror}. Name another file."])
        return FAILED
    told = f"{len(stations)} stations written. Next: qingliu stations import {args.register}"
    print(json.dumps({"stations": len(stations), "file": args.register}) if args.json else told)
    return DONE


def _play(args: argparse.Namespace, stations: "list[FleetStation]") -> int:
    """Play them; returns the exit code."""
    from service.mqtt import Mqtt  # noqa: PLC0415 - the libraries are loaded on use
    from simulator.fleet import Fleet  # noqa: PLC0415 - likewise
    from simulator.fleet_link import BrokerError, address_of  # noqa: PLC0415 - likewise
    from simulator.fleet_options import plan_of  # noqa: PLC0415 - likewise
    from simulator.open_files import allow_open_files  # noqa: PLC0415 - likewise

    start_log()
    needed = len(stations) + SPARE_FILES
    allowed = allow_open_files(needed)
    if allowed < needed:
        most = max(allowed - SPARE_FILES, 0)
        rule = f"at most {most} with this user's limit of open files (got {len(stations)})"
        complain([f"--stations: {rule}. Choose fewer, or raise the limit (ulimit -Hn) to {needed}."])
        return BAD_USAGE
    mqtt = Mqtt(
        host=args.host, port=args.port, tls=False, username=args.username, password_file=args.password_file
    )
    teller = _Teller(as_json=args.json)
    try:
        fleet = Fleet(mqtt, address_of(mqtt), stations, plan_of(args))
    except BrokerError as error:
        complain([str(error)])
        return BAD_USAGE
    teller.begin(args, stations)
    with stop_signals() as stop:
        progress = fleet.run(stop, teller.tell, duration_s=args.duration)
    teller.end(progress)
    return DONE if progress.connects else FAILED


class _Teller:
    """Says how it goes: on a terminal on one line, as JSON every ten seconds, else at the end only."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._on_terminal = sys.stdout.isatty() and not as_json
        self._next_s = JSON_EVERY_S

    def begin(self, args: argparse.Namespace, stations: "list[FleetStation]") -> None:
        if self._as_json:
            return
        ids = stations[0].id if len(stations) == 1 else f"{stations[0].id} to {stations[-1].id}"
        pace = f"a reading of each meter every {args.interval / args.speed:g} s"
        print(f"fleet: {len(stations)} stations ({ids}) on {args.host}:{args.port}, {pace}", flush=True)

    def tell(self, progress: "Progress") -> None:
        if self._on_terminal:
            width = shutil.get_terminal_size().columns - 1  # a line that wraps cannot be overwritten
            print(f"\r\x1b[K{progress.line()[:width]}", end="", flush=True)
        elif self._as_json and progress.seconds >= self._next_s:
            self._next_s += JSON_EVERY_S
            print(json.dumps(progress.figures()), flush=True)

    def end(self, progress: "Progress") -> None:
        if self._as_json:
            print(json.dumps(progress.figures() | {"ended": True}), flush=True)
        else:
            start = "\r\x1b[K" if self._on_terminal else ""
            print(f"{start}ended after {progress.line()}", flush=True)
