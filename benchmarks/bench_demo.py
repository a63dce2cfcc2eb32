"""Seconds from a fresh clone to the demo's page, with a warm package cache."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from figures import show
from servers import free_port

RATE = re.compile(r'class="headline"><b>[0-9.]+')
MONTHS_SHOWN = 2
"""This month's rate and last month's stand on a filled page; on the 1st only the last."""
ROOT = Path(__file__).parent.parent
OF_AN_OUTER_MAKE = {"MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "MFLAGS", "ARGS"}
"""What `make bench` hands down, and a person in a fresh clone does not have."""


def main() -> None:
    """Run and print."""
    with tempfile.TemporaryDirectory() as name:
        clone = Path(name) / "qingliu"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        began = time.monotonic()
        command = ["make", "-s", "demo", f"ARGS=--json --port {free_port()} --data {name}/data"]
        environment = {key: value for key, value in os.environ.items() if key not in OF_AN_OUTER_MAKE}
        with subprocess.Popen(
            command, cwd=clone, stdout=subprocess.PIPE, text=True, start_new_session=True, env=environment
        ) as demo:
            try:
                is_filled = _is_filled(demo.stdout or [])
                took_s = time.monotonic() - began
            finally:
                os.killpg(demo.pid, signal.SIGINT)  # as a terminal's Ctrl-C does
        shutil.rmtree(clone)
    show(
        "fresh clone to filled demo page, warm package cache",
        f"{took_s:.0f} s{'' if is_filled else ', but WITHOUT a rate'}",
        "<= 90 s",
        row="demo",
        within=is_filled and took_s <= 90,
    )


def _is_filled(lines: Iterable[str]) -> bool:
    """Wait for the demo's address, and look whether its page has its rates."""
    for line in lines:
        if line.startswith("{"):
            address = json.loads(line)["address"]
            with urllib.request.urlopen(address + "?lang=en", timeout=10) as page:
                return len(RATE.findall(page.read().decode())) == MONTHS_SHOWN
    raise SystemExit("the demo ended before it told its address")


if __name__ == "__main__":
    main()
