"""The agent's resident memory, CPU and requests per poll, at two simulated meters and a real broker.

ThingsBoard's gateway is then measured by the same code, at the same meters, with the same broker.
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import psutil

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from chain import Chain
from figures import lacking, show
from servers import Mosquitto
from thingsboard_gateway import CONTIGUOUS, VERSION, GatewayError, ThingsBoardGateway

from simulator.meters import SimulatedStation
from telemetry.quantities import NAMES_BY_KIND

SETTLED_S, FAST_S, SLOW_S = 5.0, 30.0, 60.0
POWER, FLOW = 1, 2
GATEWAY = f"ThingsBoard gateway {VERSION}"
PROFILE = """\
name = "ten-contiguous"
kind = "power"
maker = "x"
model = "x"
source = "invented for this benchmark: ten floats side by side in the simulated power meter"
confidence = "A"
[quantity]
"""
Asked = list[tuple[int, int]]
"""Unit and first address of each answered request."""


class Watched(NamedTuple):
    """What a process took in a span: CPU seconds; resident bytes at its end; requests answered meanwhile."""

    cpu_s: float
    rss: int
    asked: Asked


def main() -> None:
    """Run and print."""
    asked: Asked = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = Mosquitto("/usr/sbin/mosquitto", folder / "mosquitto")
        broker.start()
        stack.callback(broker.kill)
        meters = SimulatedStation(served=lambda unit, address, *_: asked.append((unit, address)))
        station = stack.enter_context(meters)
        chain = stack.enter_context(Chain(folder, line=station.port, broker_port=broker.port))
        chain.start("collector")
        _agent(chain, asked)
        chain.stop("collector")
        try:
            with ThingsBoardGateway(
                folder / "peer", line=station.port, mqtt_port=broker.port, interval_s=60
            ) as gateway:
                _told_of_gateway(watch(gateway.pid, SLOW_S, asked, gateway.listen))
        except (GatewayError, AssertionError) as error:
            for row in ("agent-memory", "agent-cpu", "requests"):
                lacking(GATEWAY, str(error), beside=row)


def _agent(chain: Chain, asked: Asked) -> None:
    """The agent at a poll each second of ten contiguous values, then at 60 s with the shipped profiles."""
    profiles = chain.folder / "profiles"
    profiles.mkdir()
    (profiles / "ten-contiguous.toml").write_text(PROFILE + _quantities())
    config = chain.folder / "agent.toml"
    shipped = config.read_text()
    config.write_text(
        shipped.replace('"chint-dtsu666"', '"ten-contiguous"') + f'[profiles]\npath = "{profiles}"\n'
    )
    fast = watch(chain.start("agent"), FAST_S, asked)
    chain.stop("agent")
    show(
        "agent: requests per poll, 10 contiguous values",
        f"{per_poll(fast.asked, POWER):g}",
        "1",
        row="requests",
    )
    polls = sum(unit == FLOW for unit, _ in fast.asked) / max(per_poll(fast.asked, FLOW), 1)
    show("agent: CPU per poll of two meters", f"{fast.cpu_s / max(polls, 1) * 1000:.1f} ms", "-")

    slow_text = shipped.replace("interval_s = 1\nsend_every_s = 1", "interval_s = 60\nsend_every_s = 300")
    if slow_text == shipped:
        raise SystemExit("tests/chain.py writes another agent.toml than this expects")
    config.write_text(slow_text)
    slow = watch(chain.start("agent"), SLOW_S, asked)
    chain.stop("agent")
    for unit, what in ((POWER, "power meter (10 values)"), (FLOW, "flow meter (2 values)")):
        show(f"agent: requests per poll, shipped profile, {what}", f"{per_poll(slow.asked, unit):g}", "-")
    cpu = f"{slow.cpu_s / SLOW_S * 100:.2f} % of a core"
    show("agent: CPU at two meters, 60 s", cpu, "<= 0.5 %", row="agent-cpu")
    show("agent: resident memory", f"{slow.rss / 1e6:.1f} MB", "<= 40 MB", row="agent-memory")


def _told_of_gateway(slow: Watched) -> None:
    show(f"{GATEWAY}: resident memory", f"{slow.rss / 1e6:.1f} MB", "-", beside="agent-memory")
    cpu = f"{slow.cpu_s / SLOW_S * 100:.2f} % of a core"
    show(f"{GATEWAY}: CPU at two meters, 60 s", cpu, "-", beside="agent-cpu")
    show(
        f"{GATEWAY}: requests per poll, 10 contiguous values",
        f"{per_poll(slow.asked, POWER):g}",
        "-",
        beside="requests",
    )


def watch(pid: int, seconds: float, asked: Asked, wait: Callable[[float], None] = time.sleep) -> Watched:
    """Watch a process that has had some seconds to settle."""
    process = psutil.Process(pid)
    _pass(SETTLED_S, wait)
    asked.clear()
    before = sum(process.cpu_times()[:2])
    _pass(seconds, wait)
    return Watched(sum(process.cpu_times()[:2]) - before, process.memory_info().rss, list(asked))


def per_poll(asked: Asked, unit: int) -> float:
    """Requests to a unit for each poll of it; a poll asks for no address twice."""
    times = Counter(address for each, address in asked if each == unit)
    if not times:
        raise SystemExit(f"unit {unit} was not polled while it was watched")
    return round(times.total() / max(times.values()), 2)


def _pass(seconds: float, wait: Callable[[float], None]) -> None:
    """Wait in steps that may end early."""
    until_s = time.monotonic() + seconds
    while (left_s := until_s - time.monotonic()) > 0:
        wait(min(left_s, 1.0))


def _quantities() -> str:
    pairs = zip(NAMES_BY_KIND["power"], CONTIGUOUS, strict=True)
    return "".join(
        f'{name} = {{ address = {at}, type = "f32", plausible = [-1e9, 1e9] }}\n' for name, at in pairs
    )


if __name__ == "__main__":
    main()
