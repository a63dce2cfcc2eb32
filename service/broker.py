"""One MQTT connection, driven from the caller's own thread.

The paho client is made anew for every connection: its memory of unacknowledged messages must never
answer for ours. No background thread exists, so no exception can end one unseen.
"""

import math
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from paho.mqtt import client as paho
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from service import broker_fault, broker_words, tls_words
from service.broker_fault import Caller
from service.broker_words import BrokerError, Kind
from service.mqtt import Mqtt
from service.mqtt_stream import MqttStream
from service.tls import CertificatesClock, HandshakeError, read_text, tls_context

__all__ = ["BrokerError", "CertificatesClock", "Connection", "Kind", "Message", "Will"]

CONNECT_TIMEOUT_S = 15.0
CONFIRM_TIMEOUT_S = 60.0
MOST_REMEMBERED = 20_000
"""A live broker confirms messages; by its keep-alive a line that died in silence is noticed much later."""


class Message(NamedTuple):
    """One message as it came from the broker."""

    topic: str
    payload: bytes
    retained: bool = False


class Will(NamedTuple):
    """What the broker publishes for us (retained) when we vanish."""

    topic: str
    payload: bytes


class Connection:
    """One live MQTT 3.1.1 connection with a clean session; closed for good when lost.

    Attributes:
        place: host:port of the broker.
        received: how many messages came.
    """

    def __init__(  # noqa: PLR0913 - each is a property of one connection
        self,
        mqtt: Mqtt,
        client_id: str,
        *,
        subscriptions: Sequence[tuple[str, int]],
        on_message: Callable[[Message], None],
        keepalive_s: int = 60,
        will: Will | None = None,
        clock: CertificatesClock = "system",
        timeout_s: float = CONNECT_TIMEOUT_S,
    ) -> None:
        """Connect, log in and subscribe.

        Args:
            mqtt: the broker, and who we are.
            client_id: our name; the broker ends an older connection of the same name.
            subscriptions: topic filters, each with its QoS.
            on_message: is given each message, in the thread that steps.
            keepalive_s: after so long without traffic the broker is asked whether it lives.
            will: published by the broker when we vanish.
            clock: by which clock the broker's certificate is judged.
            timeout_s: for the connection, the login and the subscriptions, each.

        Raises:
            BrokerError: in plain words, what failed.
        """
        self._caller = Caller(mqtt, client_id, keepalive_s, timeout_s)
        self.place = self._caller.place
        self._clock = clock
        self._granted: dict[int, bool] = {}
        self._unconfirmed: dict[int, float] = {}
        self._confirmed_s = 0.0
        self._is_new = True
        self._hear = on_message
        self._asked = _Asked([_without_share(pattern) for pattern, _ in subscriptions])
        self.received = 0
        self._client = MqttStream(client_id, timeout_s=timeout_s)
        self._client.on_socket_open = self._on_socket_open
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_plain = self._on_plain
        self._client.on_publish = self._on_publish
        if will is not None:
            self._client.will_set(will.topic, will.payload, qos=1, retain=True)
        try:
            self._open()
            self._subscribe(subscriptions)
        except BrokerError:
            self.close()
            raise
        self._is_new = False

    def step(self, timeout_s: float) -> None:
        """Send and receive for at most so long.

        Raises:
            BrokerError: the connection is lost.
        """
        code = self._client.step(timeout_s)
        if self._client.is_over(code):
            raise self._loss(code)
        oldest_s = next(iter(self._unconfirmed.values()), math.inf)
        if time.monotonic() - max(oldest_s, self._confirmed_s) > CONFIRM_TIMEOUT_S:
            raise broker_words.broken(self.place, f"no confirmation for {CONFIRM_TIMEOUT_S:.0f} s")

    def gather(self, timeout_s: float, most: int) -> None:
        """Wait for a message like `step`, then take in what else is there, up to about `most` messages.

        Raises:
            BrokerError: the connection is lost.
        """
        before = self.received
        self.step(timeout_s)
        while before < self.received < before + most:
            last = self.received
            self.step(0)
            if self.received == last:
                break

    def wake(self) -> None:
        """End the wait of `step` from another thread."""
        self._client.wake()

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool = False) -> None:
        """Hand a message over; whether it arrived is for the other side to say."""
        sent = self._client.publish(topic, payload, qos=qos, retain=retain)
        if qos:
            self._unconfirmed[sent.mid] = time.monotonic()

    def publish_all(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Hand many messages (topic, payload) over in one go, with QoS 0."""
        self._client.publish_all(messages)

    def close(self) -> None:
        """Say goodbye if possible, and free the socket."""
        self._client.disconnect()
        self._client.free()

    def _open(self) -> None:
        mqtt = self._caller.mqtt
        if mqtt.username:
            password = read_text("password_file", mqtt.password_file).strip()
            self._client.username_pw_set(mqtt.username, password)
        if mqtt.tls:
            self._client.tls_set_context(tls_context(mqtt, self._clock))
        try:
            self._client.connect(mqtt.host, mqtt.actual_port, self._caller.keepalive_s)
        except HandshakeError as failure:
            raise broker_fault.no_tls(self._caller, failure) from failure
        except OSError as error:
            raise broker_words.unreached(error, self.place, self._caller.timeout_s) from error
        except ValueError as error:
            remedy = "Write its name or address."
            rule = "cannot be a host's name"
            raise broker_words.misconfigured("host", rule, mqtt.host, remedy, "host_unusable") from error
        self._until(lambda: self._client.answer is not None, "login")
        answer = self._client.answer
        if answer is not None and answer.is_failure:
            raise broker_words.refused_login(answer, self.place, mqtt, self._caller.client_id)

    def _subscribe(self, subscriptions: Sequence[tuple[str, int]]) -> None:
        wanted: dict[int, str] = {}
        for pattern, qos in subscriptions:
            _, mid = self._client.subscribe(pattern, qos)
            wanted[mid or 0] = pattern
        self._until(lambda: wanted.keys() <= self._granted.keys(), "subscription")
        denied = [pattern for mid, pattern in wanted.items() if not self._granted[mid]]
        if denied:
            raise broker_words.refused_subscription(denied, self.place)

    def _until(self, done: Callable[[], bool], what: str) -> None:
        deadline_s = time.monotonic() + self._caller.timeout_s
        code = MQTTErrorCode.MQTT_ERR_SUCCESS
        while not done():
            if time.monotonic() >= deadline_s:
                raise broker_fault.silence(self._caller, self._client, what)
            if self._client.is_over(code):
                raise self._loss(code)
            code = self._client.step(0.1)

    def _loss(self, code: MQTTErrorCode) -> BrokerError:
        return broker_fault.loss(self._caller, self._client, code, is_new=self._is_new)

    def _on_socket_open(self, _client: paho.Client, _user: object, opened: object) -> None:
        """Judge the certificate's dates by the right time, before anything is said to the broker."""
        if isinstance(opened, ssl.SSLSocket) and isinstance(self._clock, int):
            certificate = opened.getpeercert() or {}
            wrong = tls_words.out_of_date(certificate, self._clock / 1000, self.place)
            if wrong is not None:
                raise wrong

    def _on_message(self, _client: paho.Client, _user: object, message: paho.MQTTMessage) -> None:
        self._on_plain(message.topic, bytes(message.payload), message.retain)

    def _on_plain(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001 - as it is called
        self.received += 1
        if self._asked[topic]:  # amqtt sends a new client the retained messages of everybody's subscriptions
            self._hear(Message(topic, payload, retained))

    def _on_publish(
        self, _client: paho.Client, _user: object, mid: int, _code: ReasonCode, _properties: object
    ) -> None:
        self._unconfirmed.pop(mid, None)
        self._confirmed_s = time.monotonic()

    def _on_subscribe(
        self, _client: paho.Client, _user: object, mid: int, codes: list[ReasonCode], _properties: object
    ) -> None:
        self._granted[mid] = not any(code.is_failure for code in codes)


class _Asked(dict[str, bool]):
    """Whether a topic is one of those subscribed to; remembered, for a few are heard again and again."""

    def __init__(self, patterns: Sequence[str]) -> None:
        super().__init__()
        self._patterns = patterns

    def __missing__(self, topic: str) -> bool:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        self[topic] = any(paho.topic_matches_sub(pattern, topic) for pattern in self._patterns)
        return self[topic]


def _without_share(pattern: str) -> str:
    """The topics that a filter matches; `$share/GROUP/` before it only says who else reads them."""
    return pattern.split("/", 2)[2] if pattern.startswith("$share/") else pattern
