"""A collector in a thread of the test, and stations that speak the contract from outside."""

import json
import logging
import re
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from servers import wait_until
from sqlalchemy import select

from collector.collector import Collector
from history.embedded import EmbeddedHistory
from history.port import HistoryError, Rejected, StationReading
from registry.config import CentreSettings, CollectorSettings
from registry.database import Registry
from registry.tables import Base, Presence, Station
from service.broker import Connection, Message, Will
from service.mqtt import Mqtt
from service.process import now_ms
from telemetry.ack import Ack, decode_ack
from telemetry.topics import topic

A, B = "410882-0001", "410882-0002"
OUTBOX = "9f3c21ab"


class Clock:
    """The system's clock, which the test may put forward."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def __call__(self) -> int:
        return now_ms() + self.ahead_ms


class RecordingHistory:
    """The embedded history, which notes every attempt and fails while told to."""

    def __init__(self, path: Path) -> None:
        self._real = EmbeddedHistory(path)
        self.attempts = 0
        self.is_failing = False
        self.retry_after_s: float | None = None
        self.unwanted = ""
        self.surprise: Exception | None = None

    def write(self, readings: Sequence[StationReading]) -> list[Rejected]:
        self.attempts += 1
        if self.surprise is not None:
            surprise, self.surprise = self.surprise, None
            raise surprise
        if self.is_failing:
            raise HistoryError("history: the disk is full", self.retry_after_s)
        bad = [each for each in readings if each.reading.d == self.unwanted]
        self._real.write([each for each in readings if each not in bad])
        return [Rejected(each, "field type conflict") for each in bad]

    def stored(self, station: str) -> list[tuple[str, int]]:
        return [(reading.d, reading.t) for reading in self._real.raw(station, None, 0, 2**60)]

    def close(self) -> None:
        self._real.close()


class Centre:
    """Stores, a clock, and the collector over them."""

    def __init__(self, mqtt: Mqtt, registry: Registry, history: RecordingHistory) -> None:
        self.mqtt, self.registry, self.history, self.clock = mqtt, registry, history, Clock()
        self.collector: Collector

    @contextmanager
    def running(self, *, may_log: str = "$never", **settings: object) -> Iterator[Collector]:
        """Collect until the block ends; any error in its log fails the test, but those that it may log."""
        known = CentreSettings(mqtt=self.mqtt, collector=CollectorSettings(**settings))
        self.collector = Collector(known, self.registry, self.history, self.clock, "collector")
        stop, failures = threading.Event(), []
        watch = logging.Handler(logging.ERROR)
        watch.emit = failures.append
        logging.getLogger("collector").addHandler(watch)
        thread = threading.Thread(target=self.collector.run, args=(stop,))
        thread.start()
        try:
            wait_until(self._is_connected, "the collector is connected")
            yield self.collector
        finally:
            stop.set()
            thread.join(30)
            logging.getLogger("collector").removeHandler(watch)
        assert not thread.is_alive()
        messages = [record.getMessage() for record in failures]
        assert [message for message in messages if not re.search(may_log, message)] == []

    def _is_connected(self) -> bool:
        """It answers a hello."""
        with Outside(self.mqtt.actual_port, "probe") as probe:
            probe.hello()
            return probe.hears(lambda: probe.acks, 0.2)

    def register(self, *stations: str) -> None:
        with self.registry.writing() as session:
            session.add_all(Station(id=station) for station in stations)

    def rows(self, model: type[Base]) -> list:
        with self.registry.reading() as session:
            return [row for row in session.scalars(select(model))
                    if getattr(row, "station_id", None) != "probe"]  # fmt: skip

    def presence(self, station: str = A) -> Presence | None:
        with self.registry.reading() as session:
            return session.get(Presence, station)


class Outside:
    """A station as the contract describes it, with every right it should not have."""

    def __init__(self, port: int, station: str = A, will: Will | None = None) -> None:
        self.station = station
        self.acks: list[Ack] = []
        self._number = 0
        self._connection = Connection(
            Mqtt(host="127.0.0.1", port=port, tls=False),
            f"station-{station}",
            subscriptions=[(topic(station, "ack"), 0)],
            on_message=self._heard,
            will=will,
        )

    def _heard(self, message: Message) -> None:
        self.acks.append(decode_ack(message.payload))

    def publish(self, payload: bytes, leaf: str = "readings", *, retain: bool = False) -> None:
        self._connection.publish(topic(self.station, leaf), payload, qos=1, retain=retain)

    def send(self, *readings: dict, sent: int | None = None, outbox: str = OUTBOX) -> None:
        self.publish(batch(*readings, sent=sent, outbox=outbox))

    def hello(self, sent: int | None = None) -> None:
        self.send(sent=sent)

    def status(self, *, retain: bool = True, **status: object) -> None:
        self.publish(json.dumps(status).encode(), "status", retain=retain)

    def hears(self, condition: Callable[[], object], within_s: float) -> bool:
        """Go on listening until the condition holds; False if it does not in time."""
        try:
            self.until(condition, "", within_s)
        except AssertionError:
            return False
        return True

    def until(self, condition: Callable[[], object], what: str, within_s: float = 20.0) -> None:
        def true_after_a_step() -> object:
            self._connection.step(0.02)
            return condition()

        wait_until(true_after_a_step, what, within_s, every_s=0)

    def stored(self) -> list[int]:
        return [seq for ack in self.acks for first, last in ack.stored for seq in range(first, last + 1)]

    def vanish(self) -> None:
        """As when the box loses its power: no goodbye."""
        self._connection._client._sock.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._connection.close()


START_MS = now_ms()
"""Readings are dated from here, a millisecond apart: two in one millisecond would overwrite each other."""


def batch(*readings: dict, sent: int | None = None, outbox: str = OUTBOX) -> bytes:
    sent = now_ms() if sent is None else sent
    return json.dumps({"v": 1, "outbox": outbox, "sent": sent, "readings": list(readings)}).encode()


def reading(seq: int, t: int | None = None, d: str = "power-1") -> dict:
    t = START_MS + seq if t is None else t
    return {"seq": seq, "t": t, "d": d, "k": "power", "x": {"energy_kwh": float(seq)}}
