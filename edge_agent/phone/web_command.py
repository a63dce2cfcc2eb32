"""`qingliu agent web`: the installer's site on the box's own Wi-Fi, for as long as one visit takes."""

import argparse
import os
import sys
import threading
import time
from pathlib import Path

from edge_agent.config import DEFAULT_PATH
from edge_agent.language import LANGUAGES, language_in
from edge_agent.options import number_between
from edge_agent.phone.gate import PIN_DIGITS, Gate, is_pin, new_pin
from edge_agent.phone.web_words import WORDS
from service.process import UnavailableError, start_log, stop_signals
from service.settings import Fault, SettingsError

_EXAMPLES = """examples:
  sudo qingliu agent web                                     shows the address and a PIN
  sudo qingliu agent web --pin-file /etc/qingliu/web.pin     the PIN of the label in the cabinet
  sudo qingliu agent web --minutes 60 --port 80
"""
LONGEST_MINUTES = 480
_LOOK_EVERY_S = 0.5


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options of `qingliu agent web`."""
    parser.description = "A small site for the installer's phone; it closes by itself."
    parser.epilog = _EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--config", type=Path, default=DEFAULT_PATH, help="agent.toml [%(default)s]", metavar="FILE"
    )
    parser.add_argument("--host", default="0.0.0.0", help="address to listen on [%(default)s: all]")  # noqa: S104 - the phone comes from outside; the PIN keeps others out
    parser.add_argument("--port", type=int, default=8080, help="[%(default)s]")
    parser.add_argument(
        "--minutes",
        type=number_between(0.01, LONGEST_MINUTES, "minutes"),
        default=30,
        help="closes after so long [%(default)s]",
        metavar="N",
    )
    parser.add_argument(
        "--pin-file", type=Path, help="holds the PIN; without it a fresh one is shown", metavar="FILE"
    )
    parser.add_argument(
        "--name", action="append", default=[], help="by which the box may be called too", metavar="HOST"
    )
    parser.add_argument("--data", type=Path, help="folder of the checklists [the outbox's]", metavar="DIR")
    parser.add_argument("--language", choices=LANGUAGES, help="of the console, and of the pages at first")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Open the site, until its time is over or somebody ends it.

    Raises:
        SettingsError: the PIN file holds none.
        UnavailableError: the address is taken.
    """
    from edge_agent.phone.addresses import addresses_of  # noqa: PLC0415 - the libraries are loaded on use
    from edge_agent.phone.cabinet import Cabinet  # noqa: PLC0415
    from edge_agent.phone.real_tools import RealTools  # noqa: PLC0415
    from edge_agent.phone.server import PhoneServer  # noqa: PLC0415
    from edge_agent.phone.site import Opening, Site  # noqa: PLC0415

    words = WORDS[arguments.language or language_in(os.environ)]
    start_log()
    kept = pin_in(arguments.pin_file) if arguments.pin_file else None
    pin = kept or new_pin()
    open_s = 60.0 * arguments.minutes
    gate = Gate(pin, open_s=open_s, now_s=time.monotonic())
    cabinet = Cabinet(arguments.config, RealTools(), data=arguments.data)
    site = Site(gate, cabinet, Opening(open_s, arguments.language or "zh-CN"), time.monotonic)
    try:
        server = PhoneServer(arguments.host, arguments.port, site.answer, names=arguments.name)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        place = f"{arguments.host}:{arguments.port}"
        raise UnavailableError(words.taken.format(place=place, reason=reason)) from error
    with stop_signals() as stop, server:
        serving = threading.Thread(target=server.serve_forever, args=(0.1,), name="phone")
        serving.start()
        try:
            print(words.open)
            for address in addresses_of(arguments.host, server.port):
                print(f"  {address}")
            print(words.pin_of_file.format(path=arguments.pin_file) if kept else words.pin.format(pin=pin))
            print(words.closes.format(minutes=f"{arguments.minutes:g}"), flush=True)
            while gate.left_s(time.monotonic()) and not stop.wait(_LOOK_EVERY_S):
                pass
        finally:
            server.shutdown()
            serving.join()
            cabinet.jobs.end()
    print(words.ended if stop.is_set() else words.closed, file=sys.stderr)
    return 0


def pin_in(path: Path) -> str | None:
    """The PIN that a file holds; None if there is no such file.

    Raises:
        SettingsError: it cannot be read, or holds something else.
    """
    remedy = f"Write {PIN_DIGITS} digits into it: the label in the cabinet."
    try:
        text = path.read_text("utf-8-sig").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise SettingsError(str(path), [Fault("", f"cannot be read: {reason}", remedy=remedy)]) from error
    if not is_pin(text):
        raise SettingsError(str(path), [Fault("", f"must hold {PIN_DIGITS} digits", remedy=remedy)])
    return text
