"""The options of a fleet: what each may be, and the plan that they make."""

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from simulator.fleet_delivery import Pacing
from simulator.fleet_plan import CONNECTS_PER_S, STATUS_EVERY_MS, Plan


@dataclass(frozen=True)
class _Bound:
    """What an option may be."""

    option: str
    least: float
    most: float

    def fault(self, value: float) -> str | None:
        """The line that says what is wrong with a value, or None."""
        if self.least <= value <= self.most:
            return None
        return f"{self.option}: {self.least:g} to {self.most:g} (got {value:g}). Choose a number of these."


_BOUNDS = {
    "stations": _Bound("--stations", 1, 20_000),
    "port": _Bound("--port", 1, 65_535),
    "interval": _Bound("--interval", 1, 86_400),
    "speed": _Bound("--speed", 1, 600),
    "send_every": _Bound("--send-every", 1, 86_400),
    "batch": _Bound("--batch", 1, 400),
    "keep": _Bound("--keep", 2, 100_000),
    "duration": _Bound("--duration", 0.1, 1e9),
}
_SHORTEST_INTERVAL_S = 0.1


def faults_of(args: argparse.Namespace) -> Iterator[str]:
    """What is wrong with the options, a line each."""
    for name, bound in _BOUNDS.items():
        value = getattr(args, name)
        fault = None if name == "duration" and value == math.inf else bound.fault(value)
        if fault:
            yield fault
    if args.speed > 0 and 0 < args.interval / args.speed < _SHORTEST_INTERVAL_S:
        rule = f"with --speed {args.speed:g} at least {_SHORTEST_INTERVAL_S * args.speed:g}"
        yield f"--interval: {rule} (got {args.interval:g}). Choose a slower speed."
    if args.password_file and not Path(args.password_file).is_file():
        yield f"--password-file: a file (got {args.password_file!r}). Mend the path."
    if args.username and not args.password_file:
        yield "--password-file: is required with --username (got nothing). Name the file."


def plan_of(args: argparse.Namespace) -> Plan:
    """What all stations have in common."""
    return Plan(
        interval_ms=1000 * args.interval / args.speed,
        pacing=Pacing(max(round(1000 * args.send_every / args.speed), 1), args.batch, args.keep),
        status_every_ms=max(round(STATUS_EVERY_MS / args.speed), 1000),
        spread_ms=1000 * args.stations // CONNECTS_PER_S,
    )
