"""The uplink: keeps one MQTT connection, says hello, sends what waits in the outbox, and obeys the acks."""

import logging
import random
import threading
from collections import deque
from collections.abc import Callable

from edge_agent.clock import Clock
from edge_agent.config import AgentSettings
from edge_agent.delivery import Delivery
from edge_agent.meter import boot_ms
from edge_agent.outbox import Outbox, OutboxError, Waiting
from service.broker import BrokerError, Connection, Message, Will
from service.conditions import Conditions
from telemetry.ack import HOLD_CLOCK, Ack, UnreadableAckError, decode_ack
from telemetry.batch import MAX_PLAIN_BYTES, compress, encode_batch
from telemetry.status import Status, encode_status
from telemetry.topics import topic

logger = logging.getLogger(__name__)

STEP_S = 1.0
FIRST_RECONNECT_S = 1.0
LONGEST_RECONNECT_S = 120.0
STATUS_EVERY_MS = 3_600_000
FIRST_HELLO_AGAIN_MS = 15_000
LONGEST_HELLO_AGAIN_MS = 300_000
BACKLOG_IS_OLD_MS = 3_600_000
READINGS_PER_BATCH = 400
_ENVELOPE_BYTES = 100


class Uplink:
    """The delivery of one outbox; `run` is a thread's whole life."""

    def __init__(
        self,
        settings: AgentSettings,
        outbox: Outbox,
        clock: Clock,
        conditions: Conditions,
        status: Callable[[], Status],
    ) -> None:
        self._settings = settings
        self._outbox = outbox
        self._clock = clock
        self._conditions = conditions
        self._status = status
        self._station = settings.station.id
        self._delivery = Delivery(random.Random())  # noqa: S311 - jitter, not a secret
        self._inbox: deque[Message] = deque()
        self._urgent = threading.Event()
        self._hellos: dict[int, int] = {}
        self._greeted = False
        self._hello_due_ms = 0
        self._hello_wait_ms = FIRST_HELLO_AGAIN_MS
        self._send_due_ms = 0
        self._status_due_ms = 0
        self._draining = False

    def hurry(self) -> None:
        """Send at once what has just been accepted; may be called from any thread."""
        self._urgent.set()

    def run(self, stop: threading.Event) -> None:
        """Connect, deliver, reconnect, until told to stop. Survives whatever goes wrong in between."""
        wait_s = FIRST_RECONNECT_S
        while not stop.is_set():
            began_ms = boot_ms()
            try:
                self._session(stop)
            except (BrokerError, OutboxError) as error:
                self._conditions.begin("uplink", str(error))
            except Exception:
                logger.exception("uplink: unexpected failure, connecting anew")
            self._delivery.connection_lost()
            if boot_ms() - began_ms > 60_000:
                wait_s = FIRST_RECONNECT_S
            stop.wait(wait_s * random.uniform(0.8, 1.2))  # noqa: S311 - jitter
            wait_s = min(2 * wait_s, LONGEST_RECONNECT_S)

    def _session(self, stop: threading.Event) -> None:
        self._inbox.clear()
        self._hellos.clear()
        self._greeted = False
        self._hello_wait_ms = FIRST_HELLO_AGAIN_MS
        self._hello_due_ms = self._send_due_ms = self._status_due_ms = 0
        gone = encode_status(Status(online=False))
        connection = Connection(
            self._settings.mqtt,
            self._station,
            subscriptions=[(topic(self._station, "ack"), 0)],
            on_message=self._inbox.append,
            keepalive_s=min(round(self._settings.sampling.send_every_s) + 60, 65_535),
            will=Will(topic(self._station, "status"), gone),
        )
        try:
            self._conditions.end("uplink")
            while not stop.is_set():
                self._tend(connection, boot_ms())
                connection.step(STEP_S)
                while self._inbox:
                    self._hear(self._inbox.popleft(), boot_ms())
            connection.publish(topic(self._station, "status"), gone, qos=1, retain=True)
            connection.step(STEP_S)
        finally:
            connection.close()

    def _tend(self, connection: Connection, now_ms: int) -> None:
        """Do what is due: status, hello, batches."""
        if now_ms >= self._status_due_ms:
            self._status_due_ms = now_ms + STATUS_EVERY_MS
            connection.publish(
                topic(self._station, "status"), encode_status(self._status()), qos=1, retain=True
            )
        if not self._greeted and now_ms >= self._hello_due_ms:
            self._hello_due_ms = now_ms + self._hello_wait_ms
            self._hello_wait_ms = min(2 * self._hello_wait_ms, LONGEST_HELLO_AGAIN_MS)
            sent = self._clock.now_ms()
            self._hellos[sent] = now_ms
            connection.publish(
                topic(self._station, "readings"), encode_batch(self._outbox.id, sent, []), qos=1
            )
        offset_ms = self._clock.offset_ms()
        if offset_ms is None:
            return
        if self._urgent.is_set() or now_ms >= self._send_due_ms:
            self._urgent.clear()
            self._send_due_ms = now_ms + round(self._settings.sampling.send_every_s * 1000)
            self._outbox.date(offset_ms)
            self._draining = True
        if self._delivery.expire(now_ms):
            self._draining = True
        while self._draining and self._delivery.may_send(now_ms):
            self._draining = self._send_batch(connection, now_ms)

    def _send_batch(self, connection: Connection, now_ms: int) -> bool:
        """Send one batch of what waits; False if nothing does."""
        oldest_t = self._outbox.oldest_t()
        now = self._clock.now_ms()
        newest_first = oldest_t is not None and now - oldest_t > BACKLOG_IS_OLD_MS
        limit = 1 if self._delivery.one_at_a_time else READINGS_PER_BATCH
        waiting = self._outbox.waiting(
            limit=limit, newest_first=newest_first, without=self._delivery.on_their_way()
        )
        chosen = _fitting(waiting)
        if not chosen:
            return False
        payload = encode_batch(self._outbox.id, now, [each.json for each in sorted(chosen)])
        connection.publish(topic(self._station, "readings"), compress(payload), qos=1)
        self._delivery.sent([each.seq for each in chosen], now_ms)
        return True

    def _hear(self, message: Message, now_ms: int) -> None:
        try:
            ack = decode_ack(message.payload)
        except UnreadableAckError as error:
            self._conditions.begin("ack", f"unreadable ack ignored: {error}")
            return
        self._conditions.end("ack")
        if ack.error is not None:
            self._conditions.begin("batch", f"the centre could not read a batch: {ack.error}")
            self._set_aside(self._delivery.error(), ack.error)
            self._draining = True
        elif ack.outbox == self._outbox.id:
            self._obey(ack, now_ms)

    def _obey(self, ack: Ack, now_ms: int) -> None:
        asked_ms = self._hellos.pop(ack.sent, None) if ack.sent is not None else None
        if asked_ms is not None:
            self._greeted = self._clock.centre_says(ack.now, asked_ms, now_ms)
            if self._greeted:
                self._status_due_ms = now_ms  # the clock is trusted now, which the status should say
        if ack.hold is not None:
            self._conditions.begin("hold", f"the centre holds our readings: {ack.hold}")
            self._delivery.hold(ack.hold, now_ms)
            self._send_due_ms = now_ms
            if ack.hold == HOLD_CLOCK and asked_ms is None:
                self._clock.distrust()
                self._greeted, self._hello_due_ms = False, now_ms
            return
        if asked_ms is not None and not (ack.stored or ack.refused):
            return
        settled = self._delivery.settle(ack)
        self._outbox.drop(settled.stored)
        for refused, code, text in settled.refused:
            self._outbox.refuse(refused, code, text)
        self._conditions.end("hold")
        self._conditions.end("batch")

    def _set_aside(self, hopeless: list[tuple[int, int]], error: str) -> None:
        if hopeless:
            self._outbox.refuse(hopeless, "unreadable", f"the centre answered {error} three times")


def _fitting(waiting: list[Waiting]) -> list[Waiting]:
    """As many as fit into one plain payload, in order."""
    size = _ENVELOPE_BYTES
    for index, each in enumerate(waiting):
        size += len(bytes(each.json)) + 1
        if size > MAX_PLAIN_BYTES:
            return waiting[:index]
    return waiting
