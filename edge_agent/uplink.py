"""The uplink: keeps one MQTT connection, says hello, sends what waits in the outbox, and obeys the acks."""

import logging
import random
import threading
from collections import deque
from collections.abc import Callable

import msgspec

from edge_agent.clock import Clock
from edge_agent.config import AgentSettings
from edge_agent.delivery import Delivery
from edge_agent.link import SHORT_SESSIONS, LinkRecord
from edge_agent.meter import boot_ms
from edge_agent.outbox import Outbox, OutboxDamagedError, OutboxError, Waiting
from edge_agent.renewal import Renewal
from service.broker import BrokerError, CertificatesClock, Connection, Message, Will
from service.conditions import Conditions
from telemetry.ack import HOLD_CLOCK, Ack, UnreadableAckError, decode_ack
from telemetry.batch import MAX_PLAIN_BYTES, compress, encode_batch
from telemetry.status import Status, encode_status
from telemetry.topics import topic

logger = logging.getLogger(__name__)

STEP_S = 1.0
FLUSH_STEP_S = 0.1
FIRST_RECONNECT_S = 1.0
LONGEST_RECONNECT_S = 120.0
SELDOM_RECONNECT_S = 600.0
NEEDS_A_HAND = ("tls", "login", "configuration")
"""Faults that do not pass by themselves; each handshake in vain costs 4 kB of a paid link."""
LASTING_SESSION_MS = 60_000
STATUS_EVERY_MS = 3_600_000
FIRST_HELLO_AGAIN_MS = 15_000
LONGEST_HELLO_AGAIN_MS = 300_000
BACKLOG_IS_OLD_MS = 3_600_000
READINGS_PER_BATCH = 400
FLUSH_MS = 2_000
"""At the end so long is given to what still waits."""
_ENVELOPE_BYTES = 100


class Uplink:
    """The delivery of one outbox; `run` is a thread's whole life.

    Attributes:
        link: what is known of the link; for looking at from any thread.
        delivery: what is on its way; likewise.
        step_ms: when it last went round its loop, or while it waits to connect anew will again, on the
            monotonic clock: it lives.
    """

    def __init__(
        self,
        settings: AgentSettings,
        outbox: Outbox,
        clock: Clock,
        conditions: Conditions,
        status: Callable[[], Status],
        *,
        fatal: Callable[[str], None],
    ) -> None:
        """Put the parts together; `fatal` is told what cannot be mended while the process lives."""
        self._settings = settings
        self._outbox = outbox
        self._clock = clock
        self._conditions = conditions
        self._status = status
        self._fatal = fatal
        self._station = settings.station.id
        self.delivery = Delivery(random.Random())  # noqa: S311 - jitter, not a secret
        self._inbox: deque[Message] = deque()
        self._urgent = threading.Event()
        self._hellos: dict[int, int] = {}
        self._greeted = False
        self._hello_due_ms = 0
        self._hello_wait_ms = FIRST_HELLO_AGAIN_MS
        self._send_due_ms = 0
        self._status_due_ms = 0
        self._draining = False
        self._renewal = Renewal(settings, conditions)
        self.link = LinkRecord()
        self.step_ms = boot_ms()

    def hurry(self) -> None:
        """Send at once what has just been accepted; may be called from any thread."""
        self._urgent.set()

    def run(self, stop: threading.Event) -> None:
        """Connect, deliver, reconnect, until told to stop. Survives whatever goes wrong in between."""
        wait_s = FIRST_RECONNECT_S
        while not stop.is_set():
            began_ms = self.step_ms = boot_ms()
            longest_s = LONGEST_RECONNECT_S
            try:
                self._session(stop)
            except OutboxDamagedError as error:
                self._fatal(str(error))
                return
            except BrokerError as error:
                longest_s = SELDOM_RECONNECT_S if error.kind in NEEDS_A_HAND else LONGEST_RECONNECT_S
                if error.kind in NEEDS_A_HAND:
                    self._renewal.refused()
                self.link.lost(boot_ms(), closed_by_broker=error.closed_by_broker)
                self._conditions.begin("uplink", self._reason(error))
            except OutboxError as error:
                self._conditions.begin("uplink", str(error))
            except Exception:
                logger.exception("uplink: unexpected failure, connecting anew")
            if self.link.connected_ms is not None:
                self.link.lost(boot_ms(), closed_by_broker=False)
            self.delivery.connection_lost()
            if self.link.is_contested:
                wait_s = SELDOM_RECONNECT_S
            elif boot_ms() - began_ms > LASTING_SESSION_MS:
                wait_s = FIRST_RECONNECT_S
            pause_s = wait_s * random.uniform(0.8, 1.2)  # noqa: S311 - jitter
            self.step_ms = boot_ms() + round(1000 * pause_s)
            stop.wait(pause_s)
            wait_s = min(2 * wait_s, longest_s)

    def _reason(self, error: BrokerError) -> str:
        """What to say of a connection that failed or was lost."""
        if not self.link.is_contested:
            return str(error)
        return (
            f"broker {self._settings.mqtt.host} ended {SHORT_SESSIONS} connections in a row: does another box"
            f" use the station id {self._station} as well?"
        )

    def _session(self, stop: threading.Event) -> None:
        self._inbox.clear()
        self._hellos.clear()
        self._greeted = False
        self._hello_wait_ms = FIRST_HELLO_AGAIN_MS
        self._hello_due_ms = self._send_due_ms = self._status_due_ms = 0
        connection = Connection(
            self._renewal.mqtt(),
            self._station,
            subscriptions=self._downs(),
            on_message=self._inbox.append,
            keepalive_s=min(round(self._settings.sampling.send_every_s) + 60, 65_535),
            will=Will(topic(self._station, "status"), self._farewell()),
            clock=self._certificates_clock(),
        )
        try:
            self.link.connected(boot_ms())
            while not stop.is_set():
                if self.link.lasts(boot_ms()):
                    self._conditions.end("uplink")
                self._go_round(connection, STEP_S)
                if self._renewal.is_fresh:  # we come back with it, so there is no farewell
                    return
            self._flush(connection)
            connection.publish(topic(self._station, "status"), self._farewell(), qos=1, retain=True)
            connection.step(STEP_S)
        finally:
            connection.close()

    def _downs(self) -> list[tuple[str, int]]:
        """What we listen to: acks, and where there is a certificate to renew, commands."""
        command = [(topic(self._station, "command"), 1)] if self._renewal.is_on else []
        return [(topic(self._station, "ack"), 0), *command]

    def _go_round(self, connection: Connection, timeout_s: float) -> None:
        self._tend(connection, boot_ms())
        connection.step(timeout_s)
        self.step_ms = boot_ms()
        while self._inbox:
            self._hear(self._inbox.popleft(), boot_ms())

    def _flush(self, connection: Connection) -> None:
        """Send what still waits, and wait for its acks, for a moment."""
        end_ms = boot_ms() + FLUSH_MS
        self._urgent.set()
        while boot_ms() < end_ms and self._clock.trust and self.delivery.hold_reason is None:
            self._go_round(connection, FLUSH_STEP_S)
            if not self._outbox.backlog():
                break

    def _farewell(self) -> bytes:
        """The status as it stands, for the time when we are gone."""
        return encode_status(msgspec.structs.replace(self._status(), online=False))

    def _certificates_clock(self) -> CertificatesClock:
        """By which clock the broker's certificate is to be judged: a wrong one would keep us out for ever."""
        if self._clock.trust == "ntp":
            return "system"
        return "unknown" if self._clock.trust is None else self._clock.now_ms()

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
            self.link.asked(now_ms)
        if self.link.centre_is_silent(now_ms):
            self._conditions.begin("centre", "the centre does not answer: does its collector run?")
        offset_ms = self._clock.offset_ms()
        if offset_ms is None:
            return
        if self._greeted:
            request = self._renewal.request(self._clock.now_ms(), now_ms)
            if request is not None:
                connection.publish(topic(self._station, "reply"), request, qos=1)
        if self._urgent.is_set() or now_ms >= self._send_due_ms:
            self._urgent.clear()
            self._send_due_ms = now_ms + round(self._settings.sampling.send_every_s * 1000)
            self._outbox.date(offset_ms)
            self._draining = True
        if self.delivery.expire(now_ms):
            self._draining = True
        while self._draining and self.delivery.may_send(now_ms):
            self._draining = self._send_batch(connection, now_ms)

    def _send_batch(self, connection: Connection, now_ms: int) -> bool:
        """Send one batch of what waits; False if nothing does."""
        oldest_t = self._outbox.oldest_t()
        now = self._clock.now_ms()
        newest_first = oldest_t is not None and now - oldest_t > BACKLOG_IS_OLD_MS
        limit = 1 if self.delivery.one_at_a_time else READINGS_PER_BATCH
        waiting = self._outbox.waiting(
            limit=limit, newest_first=newest_first, without=self.delivery.on_their_way()
        )
        chosen = _fitting(waiting)
        if not chosen:
            return False
        payload = encode_batch(self._outbox.id, now, [each.json for each in sorted(chosen)])
        connection.publish(topic(self._station, "readings"), compress(payload), qos=1)
        self.delivery.sent([each.seq for each in chosen], now_ms)
        self.link.asked(now_ms)
        return True

    def _hear(self, message: Message, now_ms: int) -> None:
        if message.topic == topic(self._station, "command"):
            self._renewal.hear(message.payload)
            return
        try:
            ack = decode_ack(message.payload)
        except UnreadableAckError as error:
            self._conditions.begin("ack", f"unreadable ack ignored: {error}")
            return
        self._conditions.end("ack")
        self._conditions.end("centre")
        self.link.acked(now_ms)
        if ack.error is not None:
            self._conditions.begin("batch", f"the centre could not read a batch: {ack.error}")
            self._set_aside(self.delivery.error(), ack.error)
            self._draining = True
        elif ack.outbox == self._outbox.id:
            self._obey(ack, now_ms)

    def _obey(self, ack: Ack, now_ms: int) -> None:
        asked_ms = self._hellos.pop(ack.sent, None) if ack.sent is not None else None
        if asked_ms is not None:
            self._greeted = self._clock.centre_says(ack.now, asked_ms, now_ms) or self._clock.trust == "ntp"
            if self._greeted:
                self._status_due_ms = now_ms  # the clock is trusted now, which the status should say
        if ack.hold is not None:
            self._conditions.begin("hold", f"the centre holds our readings: {ack.hold}")
            self.delivery.hold(ack.hold, now_ms)
            self._send_due_ms = now_ms
            if ack.hold == HOLD_CLOCK and asked_ms is None:
                self._clock.distrust()
                self._greeted, self._hello_due_ms = False, now_ms
            return
        if asked_ms is not None and not (ack.stored or ack.refused):
            return
        settled = self.delivery.settle(ack)
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
