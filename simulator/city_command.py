"""`qingliu simulate city`: the boxes of the demo's invented city, until told to end."""

import argparse
import json

from service.process import complain, now_ms, start_log, stop_signals
from simulator.city import FEWEST, MOST, city
from simulator.errors import ParameterError

DONE = 0
BAD_USAGE = 2

_EXAMPLE = """\
example:
  qingliu simulate city --port 1883 --begun 1795305600000 --stations 40
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options of `qingliu simulate city`."""
    parser.description = (
        "Play the boxes of the invented city over plain MQTT until SIGINT or SIGTERM: "
        "a sample every 15 minutes, sent again until the centre acknowledges it."
    )
    parser.epilog = _EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="of the broker [%(default)s]")
    add("--port", type=int, required=True, metavar="N", help="of the broker")
    add("--begun", type=int, required=True, metavar="MS", help="when the city's folder was first made")
    add("--stations", type=int, required=True, metavar="N", help=f"of the city, {FEWEST} to {MOST}")
    add("--since", type=int, metavar="MS", help="send samples from this instant on [now]")
    add("--json", action="store_true", help="print what runs as one line of JSON")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from service.mqtt import Mqtt  # noqa: PLC0415 - the libraries are loaded on use
    from simulator.city_boxes import CityBoxes, boxes  # noqa: PLC0415 - likewise

    start_log()
    if not 1 <= args.port <= 65_535:
        complain([f"--port: 1 to 65535 (got {args.port}). Correct it."])
        return BAD_USAGE
    try:
        stations = city(args.begun / 1000, args.stations)
    except ParameterError as error:
        complain([str(error)])
        return BAD_USAGE
    deliveries = boxes(stations, now_ms() if args.since is None else args.since)
    running = {"boxes": len(deliveries), "stations": len(stations), "broker": f"{args.host}:{args.port}"}

    def announce() -> None:
        told = "city: {boxes} boxes of a city of {stations} stations on {broker}".format_map(running)
        print(json.dumps(running) if args.json else told, flush=True)

    with stop_signals() as stop:
        CityBoxes(Mqtt(host=args.host, port=args.port, tls=False), deliveries).run(stop, announce)
    return DONE
