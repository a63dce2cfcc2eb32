"""`qingliu serve`: the whole centre of a small site, as child processes of a parent that keeps them alive."""

import argparse
import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from qingliu.serve_part import MISCONFIGURED, Part
from registry.config import load_centre
from service.process import start_log, stop_signals
from service.systemd import Heart

logger = logging.getLogger("serve")

LOOK_EVERY_S = 0.5
STOP_WITHIN_S = 45.0
"""A report that is being made takes so long at most."""
PARTS = {
    "collector": (("collector", "run"), 120.0),
    "console": (("console", "run"), 120.0),
    "alerting": (("alerting", "run"), 900.0),
    "reporting": (("report", "run"), 1_800.0),
}
"""What each part's command is, and after how many seconds of silence it is taken for stuck."""
_EXAMPLES = """examples:
  qingliu serve --config centre.toml

A part that ends or hangs is started again, the others go on. Where each part is to have a unit of its own
(systemd), start the four `run` commands instead: docs/backup.md names the units.
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options of `qingliu serve`."""
    parser.epilog = _EXAMPLES
    parser.add_argument("--config", type=Path, help="centre.toml")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    start_log()
    load_centre(arguments.config)  # all its faults at once, instead of four times
    config = [] if arguments.config is None else ["--config", str(arguments.config)]
    parts = [Part(name, ["qingliu", *words, *config], stuck_s) for name, (words, stuck_s) in PARTS.items()]
    with stop_signals() as stop:
        return keep(parts, stop, Heart().beat)


def keep(
    parts: Sequence[Part],
    stop: threading.Event,
    beat: Callable[[], None],
    monotonic_s: Callable[[], float] = time.monotonic,
) -> int:
    """Start the parts and keep them until told to stop.

    Args:
        parts: in the order of their start; they are stopped the other way round.
        stop: ends it.
        beat: tells the service manager that we are ready, and then that we work.
        monotonic_s: the clock.

    Returns:
        0 when told to stop; 2 if the settings let a part not even start.
    """
    is_up = False
    try:
        for part in parts:
            part.start(monotonic_s())
        while not stop.wait(LOOK_EVERY_S):
            for part in parts:
                part.look(monotonic_s())
                if part.is_misconfigured:
                    logger.error("%s cannot run with these settings", part.name)
                    return MISCONFIGURED
            is_up = is_up or all(part.was_tried for part in parts)
            if is_up:
                beat()
    finally:
        for part in reversed(parts):
            part.ask_to_stop()
        end_s = time.monotonic() + STOP_WITHIN_S
        for part in reversed(parts):
            part.stop(max(0.0, end_s - time.monotonic()))
    return 0
