"""Seconds from a fresh clone to the demo's page, with a warm package cache."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from figures import show

RATE = re.compile(r'class="headline"><b>[0-9.]+')
MONTHS_SHOWN = 2
"""This month's rate and last month's stand on a filled page; on the 1st only the last."""
ROOT = Path(__file__).parent.parent


def main() -> None:
    """Run and print."""
    with tempfile.TemporaryDirectory() as name:
        clone = Path(name) / "qingliu"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        began = time.monotonic()
        command = ["make", "-s", "demo", f"ARGS=--json --port 18200 --data {name}/data"]
        with subprocess.Popen(
            command, cwd=clone, stdout=subprocess.PIPE, text=True, start_new_session=True
        ) as demo:
            address = next(json.loads(line)["address"] for line in demo.stdout if line.startswith("{"))
            with urllib.request.urlopen(address + "?lang=en", timeout=10) as page:
                is_filled = len(RATE.findall(page.read().decode())) == MONTHS_SHOWN
            seconds = f"{time.monotonic() - began:.0f} s{'' if is_filled else ', but WITHOUT a rate'}"
            show("fresh clone to filled demo page, warm package cache", seconds, "<= 90 s")
            os.killpg(demo.pid, signal.SIGINT)  # as a terminal's Ctrl-C does
        shutil.rmtree(clone)


if __name__ == "__main__":
    main()
