"""A tiny centre that a test plays by hand, and an uplink of the real agent in a thread beside it."""

import logging
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from servers import wait_until

from edge_agent.clock import Clock
from edge_agent.config import AgentSettings
from edge_agent.meter import Poll, boot_ms
from edge_agent.outbox import Outbox
from edge_agent.uplink import Uplink
from service.broker import Connection, Message, Will
from service.conditions import Conditions
from service.mqtt import Mqtt
from service.process import now_ms
from service.settings import parse
from telemetry.status import Status

STATION = "410882-0001"
SETTINGS = """
[station]
id = "410882-0001"
[bus.main]
port = "/dev/null"
[[device]]
id = "power-1"
profile = "chint-dtsu666"
bus = "main"
unit_id = 1
[sampling]
send_every_s = 1
[mqtt]
host = "127.0.0.1"
port = PORT
tls = false
"""


class Centre:
    """Hears the station's readings and status; says what the test wants it to say."""

    def __init__(self, port: int, *, will: Will | None = None) -> None:
        self.statuses: list[dict[str, Any]] = []
        self.batches: list[dict[str, Any]] = []
        self.payloads: list[bytes] = []
        self.connection = Connection(
            Mqtt(host="127.0.0.1", port=port, tls=False),
            "centre",
            subscriptions=[(f"qingliu/v1/{STATION}/{leaf}", 1) for leaf in ("readings", "status")],
            on_message=self._hear,
            will=will,
        )
        self.answer: Callable[[dict[str, Any]], None] = lambda batch: None

    def _hear(self, message: Message) -> None:
        if message.topic.endswith("status"):
            self.statuses.append(msgspec.json.decode(message.payload))
            return
        self.payloads.append(message.payload)
        text = message.payload if message.payload[:1] == b"{" else zlib.decompress(message.payload)
        assert len(text) <= 64_000
        self.batches.append(msgspec.json.decode(text))
        self.answer(self.batches[-1])

    @property
    def hellos(self) -> list[dict[str, Any]]:
        return [batch for batch in self.batches if not batch["readings"]]

    @property
    def data(self) -> list[dict[str, Any]]:
        return [batch for batch in self.batches if batch["readings"]]

    def seqs(self) -> list[int]:
        return [reading["seq"] for batch in self.data for reading in batch["readings"]]

    def say(self, **ack: object) -> None:
        self.say_bytes(msgspec.json.encode({"v": 1, "now": now_ms(), **ack}))

    def say_bytes(self, payload: bytes) -> None:
        self.connection.publish(f"qingliu/v1/{STATION}/ack", payload, qos=0)

    def greet(self, batch: dict[str, Any]) -> bool:
        """Answer a hello; False for data."""
        if not batch["readings"]:
            self.say(outbox=batch["outbox"], sent=batch["sent"])
        return not batch["readings"]

    def store(self, batch: dict[str, Any]) -> None:
        """Answer as a centre that is well."""
        if not self.greet(batch):
            seqs = [reading["seq"] for reading in batch["readings"]]
            self.say(outbox=batch["outbox"], stored=[[seq, seq] for seq in seqs])

    def until(self, is_true: Callable[[], object], what: str, within_s: float = 10.0) -> None:
        wait_until(lambda: is_true() or self.connection.step(0.02) or is_true(), what, within_s, 0.0)

    def listen(self, seconds: float) -> None:
        end = boot_ms() + 1000 * seconds
        while boot_ms() < end:
            self.connection.step(0.02)


class Station:
    """An outbox with an uplink."""

    def __init__(self, folder: Path, port: int, clock: Clock) -> None:
        self.clock = clock
        self.fatal: list[str] = []
        self.outbox = Outbox(folder / "outbox.db", boot="boot", max_mb=8)
        self.conditions = Conditions(logging.getLogger("station"))
        settings = parse(SETTINGS.replace("PORT", str(port)), "agent.toml", AgentSettings)
        self.uplink = Uplink(
            settings,
            self.outbox,
            clock,
            self.conditions,
            lambda: Status(online=True, backlog=self.outbox.backlog()),
            fatal=self.fatal.append,
        )
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.uplink.run, args=(self.stop,))

    def take(self, count: int, *, age_ms: int = 0, dated: bool = True) -> None:
        at = boot_ms() - age_ms
        values = {"voltage_l1_v": 230.1, "power_factor": 0.987}
        polls = [
            Poll("power-1", "power", at + number, "good", None, values | {"energy_kwh": 20_000.125 + number})
            for number in range(count)
        ]
        self.outbox.accept(polls, self.clock.offset_ms() if dated else None)

    def end(self) -> None:
        self.stop.set()
        if self.thread.is_alive():
            self.thread.join(10)
        assert not self.thread.is_alive()
        self.outbox.close()


def trusted() -> Clock:
    return Clock(synchronised=lambda: True)


def untrusted() -> Clock:
    """A box that woke in 1970 and hears no NTP."""
    return Clock(wall_ms=lambda: 1000, synchronised=lambda: False)


@contextmanager
def agent(folder: Path, port: int, clock: Clock | None = None) -> Iterator[Station]:
    station = Station(folder, port, clock or trusted())
    with closing(station.outbox):
        try:
            yield station
        finally:
            station.end()
