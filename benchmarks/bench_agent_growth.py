"""How the agent's resident memory grows between its polls 500 and 5,000, delivering all the while.

The pace is up to fifty polls a second of two simulated meters, with a real broker and the real collector.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from chain import Chain
from figures import show
from servers import Mosquitto, wait_until

from simulator.meters import SimulatedStation

FIRST, LAST = 500, 5_000
INTERVAL_S = 0.02
WITHIN_S = 600


def main() -> None:
    """Run and print."""
    flow_polls: list[int] = []

    def served(unit_id: int, *_: object) -> None:
        if unit_id == 2:
            flow_polls.append(unit_id)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = Mosquitto("/usr/sbin/mosquitto", folder / "mosquitto")
        broker.start()
        try:
            with (
                SimulatedStation(served=served) as station,
                Chain(folder, line=station.port, broker_port=broker.port) as chain,
            ):
                chain.start("collector")
                first, last, took_s = watch(folder, flow_polls)
        finally:
            broker.kill()
    show("agent: resident memory at poll 500", f"{first / 1e6:.1f} MB", "<= 40 MB")
    show("agent: growth between polls 500 and 5,000", f"{(last - first) / 1e6:+.2f} MB", "<= 1 MB")
    show("agent: polls a second meanwhile", f"{(LAST - FIRST) / took_s:.0f}", "-")


def watch(folder: Path, polls: list[int]) -> tuple[int, int, float]:
    """Resident bytes at both polls, and the seconds between."""
    program = Path(__file__).with_name("fast_agent.py")
    command = [sys.executable, str(program), str(folder / "agent.toml"), str(INTERVAL_S), "1"]
    with (folder / "fast.log").open("wb") as log, subprocess.Popen(command, stderr=log) as agent:
        try:
            process = psutil.Process(agent.pid)
            wait_until(lambda: len(polls) >= FIRST, "500 polls", WITHIN_S)
            first, began_s = process.memory_info().rss, time.monotonic()
            wait_until(lambda: len(polls) >= LAST, "5,000 polls", WITHIN_S)
            return first, process.memory_info().rss, time.monotonic() - began_s
        finally:
            agent.terminate()
            agent.wait()


if __name__ == "__main__":
    main()
