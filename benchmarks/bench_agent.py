"""The agent's resident memory, CPU and requests per poll, at two simulated meters and a real broker."""

import sys
import tempfile
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from chain import Chain
from figures import show
from servers import Mosquitto

from simulator.meters import SimulatedStation

WATCHED_S = 60.0


def main() -> None:
    """Run and print."""
    requests: list[int] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = Mosquitto("/usr/sbin/mosquitto", folder / "mosquitto")
        broker.start()
        try:
            with (
                SimulatedStation(served=lambda unit, *_: requests.append(unit)) as station,
                Chain(folder, line=station.port, broker_port=broker.port) as chain,
            ):
                chain.start("collector")
                polls, fast_cpu_s, _ = watch(chain, 1, requests)
                show(
                    "agent: requests per poll, power meter (10 values)",
                    f"{requests.count(1) / polls:.0f}",
                    "1",
                )
                show(
                    "agent: requests per poll, flow meter (2 values)", f"{requests.count(2) / polls:.0f}", "1"
                )
                show("agent: CPU per poll of two meters", f"{fast_cpu_s / polls * 1000:.1f} ms", "-")
                _, cpu_s, rss = watch(chain, 60, requests)
                show(
                    "agent: CPU at two meters, 60 s", f"{cpu_s / WATCHED_S * 100:.2f} % of a core", "<= 0.5 %"
                )
                show("agent: resident memory", f"{rss / 1e6:.1f} MB", "<= 40 MB")
        finally:
            broker.kill()


def watch(chain: Chain, interval_s: int, requests: list[int]) -> tuple[int, float, int]:
    """Polls, CPU seconds and resident bytes of an agent that was watched after its start."""
    config = chain.folder / "agent.toml"
    text = config.read_text()
    config.write_text(
        text.replace("interval_s = 1\nsend_every_s = 1", f"interval_s = {interval_s}\nsend_every_s = 300")
    )
    process = psutil.Process(chain.start("agent"))
    time.sleep(5)
    requests.clear()
    before = sum(process.cpu_times()[:2])
    time.sleep(WATCHED_S)
    used = sum(process.cpu_times()[:2]) - before
    rss = process.memory_info().rss
    chain.stop("agent")
    config.write_text(text)
    return max(requests.count(2), 1), used, rss


if __name__ == "__main__":
    main()
