"""What the demo starts, in which order, and how it knows that each part is ready."""

import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import NamedTuple

from history.embedded import EmbeddedHistory
from qingliu.demo_files import PACE, DemoCity, Paths
from registry.database import open_registry
from registry.tables import ServiceHealth
from simulator.city import CityStation

PORTS_TRIED = 20


class Step(NamedTuple):
    """One child, and how to know that it is ready."""

    name: str
    words: list[str]
    is_ready: Callable[[], bool]


def stages(
    paths: Paths, known: DemoCity, *, broker_port: int, console_port: int, now_ms: int
) -> list[list[Step]]:
    """The parts in the order of their start; those of a stage start together, the next when all are ready.

    The collector listens before the live stations speak, and they are heard before anybody judges them.
    """
    centre = ["--config", str(paths.centre)]
    since_ms = max(known.prepared_ms.values(), default=known.begun_ms)
    city = ["--port", str(broker_port), "--begun", str(known.begun_ms), "--stations", str(known.count)]
    health = f"http://127.0.0.1:{console_port}/health"
    broker = ["qingliu.embedded_broker", "--port", str(broker_port)]
    live = [station for station in known.stations() if station.is_live]
    return [
        [Step("broker", broker, partial(_listens, broker_port))],
        [
            Step(
                "collector",
                ["qingliu", "collector", "run", *centre],
                partial(_reports, paths, "collector", now_ms, is_well=True),
            ),
            Step("console", ["qingliu", "console", "run", "--open-demo", *centre], partial(_answers, health)),
            *(_meters(paths, number, station) for number, station in enumerate(live)),
        ],
        [_agent(paths, station, now_ms) for station in live],
        [
            Step(
                "alerting",
                ["qingliu", "alerting", "run", *centre],
                partial(_reports, paths, "alerting", now_ms),
            ),
            Step(
                "reporting",
                ["qingliu", "report", "run", *centre],
                partial(_reports, paths, "reporting", now_ms),
            ),
            Step("city", ["qingliu", "simulate", "city", *city, "--since", str(since_ms)], lambda: True),
        ],
    ]


def _meters(paths: Paths, number: int, station: CityStation) -> Step:
    folder = paths.agent(station.id).parent
    words = ["qingliu", "simulate", "meters", "--link", str(folder / "rs485"), "--seed", str(number)]
    words += ["--pace", f"{PACE:g}", "--population", str(station.population)]
    words += ["--memory", str(paths.counters(station.id)), "--control", str(folder / "control")]
    return Step(f"meters-{station.id}", words, (folder / "rs485").exists)


def _agent(paths: Paths, station: CityStation, now_ms: int) -> Step:
    words = ["qingliu", "agent", "run", "--config", str(paths.agent(station.id))]
    return Step(f"agent-{station.id}", words, partial(_is_heard, paths, station.id, now_ms))


def free_port(wanted: int) -> int | None:
    """The wanted port if it is free, else one of the next; any free one for 0; None if all are busy."""
    for port in range(wanted, min(wanted + PORTS_TRIED, 65_536) if wanted else 1):
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return None


def _reports(paths: Paths, service: str, since_ms: int, *, is_well: bool = False) -> bool:
    """Whether a service has said since then how it is, and has nothing due (or that nothing troubles it)."""
    with closing(open_registry(paths.registry_url)) as registry, registry.reading() as session:
        said = session.get(ServiceHealth, service)
        if said is None or said.seen_ms < since_ms or (is_well and said.conditions):
            return False
        return bool(said.conditions) or not said.figures.get("due")


def _is_heard(paths: Paths, station: str, since_ms: int) -> bool:
    with closing(EmbeddedHistory(paths.history)) as history:
        return any(reading.t >= since_ms for reading in history.latest([station]).get(station, ()))


def _listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=1):  # noqa: S310 - our own loopback address
            return True
    except urllib.error.HTTPError:
        return True  # it answers, even if not all is well yet
    except OSError:
        return False
