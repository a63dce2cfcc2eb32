"""Outside stations over a few sockets, all in one thread; they come back whenever the broker does."""

import json
import selectors
import socket
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import mqtt_wire
from outside_station import OutsideStation
from readings_made import Made

LOOK_EVERY_S = 0.1
TURN_S = 0.02


class _Link:
    """One connection that several stations share."""

    def __init__(self, port: int, number: int, stations: Sequence[OutsideStation]) -> None:
        self._port, self._number = port, number
        self.stations = {f"qingliu/v1/{station.name}/ack": station for station in stations}
        self.socket: socket.socket | None = None
        self.is_ready = False
        self._packets = mqtt_wire.Packets()
        self._out = bytearray()
        self._message = 0

    def open(self) -> None:
        try:
            self.socket = socket.create_connection(("127.0.0.1", self._port), 1)
        except OSError:
            return
        self.socket.settimeout(0)
        self._packets, self._out = mqtt_wire.Packets(), bytearray()
        self._out += mqtt_wire.connect(f"outside-{self._number}")
        self._out += mqtt_wire.subscribe([*self.stations])

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
        self.socket, self.is_ready = None, False
        for station in self.stations.values():
            station.lose_link()

    @property
    def wants_to_write(self) -> bool:
        return bool(self._out)

    def publish(self, station: OutsideStation, leaf: str, payload: bytes, *, retain: bool = False) -> None:
        self._message = self._message % 65_535 + 1
        topic = f"qingliu/v1/{station.name}/{leaf}"
        self._out += mqtt_wire.publish(topic, payload, self._message, retain=retain)

    def greet(self) -> None:
        """What a station says first: that it is there."""
        self.is_ready = True
        for station in self.stations.values():
            told = {"online": True, "version": "outside", "clock": "trusted", "backlog": 1}
            self.publish(station, "status", json.dumps(told).encode(), retain=True)
            station.greet()

    def send_batches(self) -> None:
        for station in self.stations.values() if self.is_ready else ():
            for payload in station.payloads(time.monotonic(), time.time_ns() // 1_000_000):
                self.publish(station, "readings", payload)

    def flush(self) -> None:
        with suppress(BlockingIOError):
            while self._out and self.socket:
                del self._out[: self.socket.send(self._out[: 1 << 18])]

    def read(self) -> None:
        """Hear what came; OSError when the broker is gone."""
        assert self.socket is not None
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionResetError
        for kind, first, body in self._packets.of(data):
            if kind == mqtt_wire.PUBLISH:
                topic, payload = mqtt_wire.published(first, body)
                self.stations[topic].hear(payload, time.monotonic())
            elif kind == mqtt_wire.SUBACK:
                self.greet()


class OutsideFleet:
    """Stations that send until everything is answered."""

    def __init__(self, port: int, stations: Sequence[OutsideStation], links: int = 4) -> None:
        self.stations = stations
        self._links = [_Link(port, number, stations[number::links]) for number in range(links)]
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._goodbyes: list[str] = []
        self._thread = threading.Thread(target=self._run)
        self.failure: BaseException | None = None

    def answered(self) -> int:
        """Readings stored or refused so far."""
        return sum(len(station.stored) + len(station.refused) for station in self.stations)

    def is_done(self) -> bool:
        if self.failure is not None:
            raise AssertionError("the outside stations broke down") from self.failure
        with self._lock:
            return all(station.is_done for station in self.stations)

    def acknowledged(self) -> list[tuple[OutsideStation, list[int]]]:
        """Which numbers of each station were said to be stored up to this instant."""
        with self._lock:
            return [(station, [*station.stored]) for station in self.stations]

    def take(self, readings: Mapping[str, Sequence[Made]]) -> None:
        """More readings for stations, by name."""
        with self._lock:
            for station in self.stations:
                station.take(readings.get(station.name, ()))

    def say_goodbye(self, stations: Iterable[str]) -> None:
        with self._lock:
            self._goodbyes.extend(stations)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        for link in self._links:
            link.close()

    def _run(self) -> None:
        try:
            with selectors.DefaultSelector() as selector:
                self._serve(selector)
        except BaseException as failure:  # noqa: BLE001 - handed to the test, which asks for it
            self.failure = failure

    def _serve(self, selector: selectors.BaseSelector) -> None:
        look_s = 0.0
        while not self._stop.is_set():
            with self._lock:
                self._bid_farewell()
                if time.monotonic() >= look_s:
                    look_s = time.monotonic() + LOOK_EVERY_S
                    self._look_after(selector)
                for link in self._links:
                    if link.socket is not None:
                        wanted = selectors.EVENT_WRITE if link.wants_to_write else 0
                        selector.modify(link.socket, selectors.EVENT_READ | wanted, link)
            for key, events in selector.select(TURN_S):
                with self._lock:
                    self._turn(selector, key.data, events)

    def _turn(self, selector: selectors.BaseSelector, link: _Link, events: int) -> None:
        try:
            if events & selectors.EVENT_READ:
                link.read()
                link.send_batches()
            link.flush()
        except OSError:
            selector.unregister(link.socket)
            link.close()

    def _look_after(self, selector: selectors.BaseSelector) -> None:
        for link in self._links:
            if link.socket is None:
                link.open()
                if link.socket is not None:
                    selector.register(link.socket, selectors.EVENT_READ, link)
            else:
                link.send_batches()

    def _bid_farewell(self) -> None:
        for link in self._links:
            for station in link.stations.values():
                if station.name in self._goodbyes and link.is_ready:
                    link.publish(station, "status", b'{"online":false}', retain=True)
                    self._goodbyes.remove(station.name)
