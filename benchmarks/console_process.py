"""A console in a process of its own: `console_process.py FOLDER` serves what lies there, says its address."""

import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from typing import NamedTuple

from console_load import DAY_MS, NOW_MS, settings_of, stores

from console.app import create_app
from console.chart_bundle import bundle_path, ensure
from console.server import address_of, listen, serve

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]  # fmt: skip
"""For a Chromium that speaks to nobody but the console."""


class Running(NamedTuple):
    """A console that answers."""

    pid: int
    address: str


def chromium() -> str | None:
    """The browser's program, where there is one."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    """Serve what is in a folder."""
    with Popen([sys.executable, __file__, str(folder)], stdout=PIPE, text=True) as server:
        try:
            address = (server.stdout or sys.stdin).readline().strip()
            if not address:
                raise SystemExit("the console did not start")
            yield Running(server.pid, address)
        finally:
            server.terminate()


def main() -> None:
    """Serve, until it is ended."""
    folder = Path(sys.argv[1])
    bundle = bundle_path()
    ensure(bundle)
    with stores(folder) as (registry, history), listen("127.0.0.1", 0) as taken:
        app = create_app(
            settings_of(folder), registry, history,
            lambda: NOW_MS + time.monotonic_ns() // 1_000_000 % DAY_MS, bundle, open_demo=True,
        )  # fmt: skip
        print(address_of(taken), flush=True)
        serve(app, taken, threading.Event())


if __name__ == "__main__":
    main()
