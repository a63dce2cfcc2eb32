"""The boxes of all stations of the invented city that no real agent plays, in one process.

One connection serves them all; it is made anew when the broker goes. What the centre has not acknowledged is
sent again, so the command may be stopped and started like the boxes it stands for.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import closing

from service.broker import BrokerError, Connection, Message
from service.conditions import Conditions
from service.mqtt import Mqtt
from service.process import now_ms
from simulator.city_delivery import BoxDelivery
from simulator.city_station import CityStation
from simulator.course import Course
from telemetry.ack import UnreadableAckError, decode_ack
from telemetry.batch import compress, encode_batch
from telemetry.status import Status, encode_status
from telemetry.topics import every_station, parse, topic

logger = logging.getLogger(__name__)

CLIENT_ID = "qingliu-city"
VERSION = "demo"
STEP_S = 0.5
MOST_AT_ONCE = 500
FIRST_RECONNECT_S = 1.0
LONGEST_RECONNECT_S = 30.0


def boxes(stations: Iterable[CityStation], since_ms: int) -> list[BoxDelivery]:
    """The boxes there are: of stations that are connected, and not live.

    Args:
        stations: of the city.
        since_ms: the first sample to send is not before this instant, ms since the epoch.
    """
    return [
        BoxDelivery(Course(station), since_ms)
        for station in stations
        if not station.is_live and station.connected_from is not None
    ]


def monotonic_ms() -> int:
    """The monotonic clock, ms."""
    return time.monotonic_ns() // 1_000_000


class CityBoxes:
    """The running boxes; `run` is their whole life."""

    def __init__(
        self,
        mqtt: Mqtt,
        deliveries: Iterable[BoxDelivery],
        *,
        wall_ms: Callable[[], int] = now_ms,
        steady_ms: Callable[[], int] = monotonic_ms,
    ) -> None:
        self._mqtt = mqtt
        self._boxes = {box.station: box for box in deliveries}
        self._wall_ms = wall_ms
        self._steady_ms = steady_ms
        self._conditions = Conditions(logger)
        self._inbox: deque[Message] = deque()
        self._announced: set[str] = set()

    def run(self, stop: threading.Event, on_running: Callable[[], None] = lambda: None) -> None:
        """Connect, deliver, reconnect, until told to stop; `on_running` is called at the first connection."""
        wait_s, is_news = FIRST_RECONNECT_S, True
        while not stop.is_set():
            try:
                with closing(self._connected()) as connection:
                    wait_s = FIRST_RECONNECT_S
                    if is_news:
                        on_running()
                        is_news = False
                    self._serve(connection, stop)
            except BrokerError as error:
                self._conditions.begin("broker", str(error))
            for box in self._boxes.values():
                box.connection_lost()
            stop.wait(wait_s)
            wait_s = min(2 * wait_s, LONGEST_RECONNECT_S)

    def _connected(self) -> Connection:
        self._inbox.clear()
        self._announced.clear()
        subscriptions = [(every_station("ack"), 0)]
        connection = Connection(
            self._mqtt, CLIENT_ID, subscriptions=subscriptions, on_message=self._inbox.append
        )
        self._conditions.end("broker")
        return connection

    def _serve(self, connection: Connection, stop: threading.Event) -> None:
        while not stop.is_set():
            now = self._wall_ms()
            for box in self._boxes.values():
                self._tend(connection, box, now)
            connection.gather(STEP_S, MOST_AT_ONCE)
            while self._inbox:
                self._hear(self._inbox.popleft())

    def _tend(self, connection: Connection, box: BoxDelivery, now: int) -> None:
        """Say what a box has to say: that it is there, that it has gone, its readings."""
        is_heard = box.is_heard(now)
        if is_heard != (box.station in self._announced):
            status = _there(box) if is_heard else Status(online=False)
            connection.publish(topic(box.station, "status"), encode_status(status), qos=1, retain=True)
            self._announced ^= {box.station}
        if not is_heard:
            return
        batch = box.batch(now, self._steady_ms())
        if batch:
            payload = compress(encode_batch(box.outbox, now, batch))
            connection.publish(topic(box.station, "readings"), payload, qos=1)

    def _hear(self, message: Message) -> None:
        address = parse(message.topic)
        box = self._boxes.get(address.station) if address else None
        if box is None:  # a live station's
            return
        try:
            box.settle(decode_ack(message.payload), self._steady_ms())
            self._conditions.end("ack")
        except UnreadableAckError as error:
            self._conditions.begin("ack", f"unreadable ack ignored: {error}")


def _there(box: BoxDelivery) -> Status:
    return Status(online=True, version=VERSION, boot=f"demo-{box.outbox}", clock="trusted")
