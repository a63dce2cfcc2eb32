"""`qingliu simulate meters`: a station on a pseudo-terminal until it is told to end."""

import argparse
import json
from contextlib import ExitStack
from pathlib import Path

from service.process import complain, stop_signals
from simulator.control import ControlServer
from simulator.errors import SimulatorError
from simulator.memory import recall, remember
from simulator.meters import SimulatedStation
from simulator.orders import SAID, sentence
from simulator.parameters import StationParameters

DONE = 0
BAD_USAGE = 2
REMEMBER_EVERY_S = 1.0

_EXAMPLE = """\
example:
  qingliu simulate meters --link /tmp/station --pace 60 --control /tmp/station.control

  The two meters then answer on /tmp/station at 9600 8N1: a CHINT DTSU666 as unit 1, a Micro Sensor MFE600 as
  unit 2. With --pace 60 the village's day takes 24 minutes; kWh and m3 still agree with kW and m3/h.
  The socket of --control takes a line of words, and answers with the station's state as a line of JSON.
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options of `qingliu simulate meters`."""
    usual = StationParameters()
    parser.description = "Play a village station's two Modbus RTU meters until SIGINT or SIGTERM."
    parser.epilog = _EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("--link", type=Path, metavar="PATH", help="stable name for the port (a symbolic link)")
    add("--seed", type=int, default=0, metavar="N", help="chooses one life of many [%(default)s]")
    add(
        "--pace", type=float, default=usual.pace, metavar="N", help="village seconds per second [%(default)s]"
    )
    add(
        "--population",
        type=int,
        default=usual.population,
        metavar="N",
        help="people connected, 68.5 litres each a day [%(default)s]",
    )
    add("--blower-kw", type=float, default=usual.blower_kw, metavar="KW", help="rated power [%(default)s]")
    add("--power-unit", type=int, default=1, metavar="N", help="address of the power meter [%(default)s]")
    add("--flow-unit", type=int, default=2, metavar="N", help="address of the flow meter [%(default)s]")
    add("--baudrate", type=int, metavar="N", help="as slow as a line of this speed [as fast as it can]")
    add("--control", type=Path, metavar="PATH", help=f"unix socket that takes {sentence(SAID)}")
    add("--memory", type=Path, metavar="FILE", help="keep the counters here over restarts")
    add("--json", action="store_true", help="print port and addresses as one line of JSON")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    """Serve until a signal comes; returns the exit code."""
    try:
        with stop_signals() as stop, ExitStack() as open_things:
            station = open_things.enter_context(_station(args))
            if args.control:
                open_things.enter_context(ControlServer(args.control, station))
            _announce(station, as_json=args.json)
            if args.memory:
                while not stop.wait(REMEMBER_EVERY_S):
                    remember(args.memory, station.snapshot())
                remember(args.memory, station.snapshot())
            stop.wait()
    except SimulatorError as error:
        complain([str(error)])
        return BAD_USAGE
    return DONE


def _station(args: argparse.Namespace) -> SimulatedStation:
    parameters = StationParameters(population=args.population, blower_kw=args.blower_kw, pace=args.pace)
    if args.memory:
        parameters = recall(args.memory, parameters)
    return SimulatedStation(
        parameters,
        seed=args.seed,
        power_unit=args.power_unit,
        flow_unit=args.flow_unit,
        link=args.link,
        baudrate=args.baudrate,
    )


def _announce(station: SimulatedStation, *, as_json: bool) -> None:
    ready = {"port": station.port, "power_unit": station.power_unit, "flow_unit": station.flow_unit}
    if as_json:
        print(json.dumps(ready), flush=True)
    else:
        print(
            f"meters: power unit {station.power_unit}, flow unit {station.flow_unit} on {station.port}",
            flush=True,
        )
