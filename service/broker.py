"""One MQTT connection, driven from the caller's own thread.

The paho client is made anew for every connection: its memory of unacknowledged messages must never
answer for ours. No background thread exists, so no exception can end one unseen.
"""

import socket
import ssl
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from service.mqtt import Mqtt, tls_context

CONNECT_TIMEOUT_S = 15.0


class BrokerError(Exception):
    """The broker cannot be reached, refuses us, or the connection is lost; the text says which."""


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
    """One live MQTT 3.1.1 connection with a clean session; closed for good when lost."""

    def __init__(
        self,
        mqtt: Mqtt,
        client_id: str,
        *,
        subscriptions: Sequence[tuple[str, int]],
        on_message: Callable[[Message], None],
        keepalive_s: int = 60,
        will: Will | None = None,
    ) -> None:
        """Connect, log in and subscribe.

        Raises:
            BrokerError: in plain words, what failed.
        """
        self.place = f"{mqtt.host}:{mqtt.actual_port}"
        self._answer: ReasonCode | None = None
        self._granted: dict[int, bool] = {}
        self._lost: str | None = None
        self._hear = on_message
        self._patterns = [_without_share(pattern) for pattern, _ in subscriptions]
        self.received = 0
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=True,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        self._client.connect_timeout = CONNECT_TIMEOUT_S
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        if will is not None:
            self._client.will_set(will.topic, will.payload, qos=1, retain=True)
        try:
            self._open(mqtt, keepalive_s, subscriptions)
        except BrokerError:
            self.close()
            raise

    def step(self, timeout_s: float) -> None:
        """Send and receive for at most so long.

        Raises:
            BrokerError: the connection is lost.
        """
        code = self._client.loop(timeout_s)
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS or self._lost is not None:
            raise BrokerError(self._lost or f"connection to {self.place} lost ({paho.error_string(code)})")

    def gather(self, timeout_s: float, most: int) -> None:
        """Wait for a message like `step`, then take in what else is there, up to `most` messages.

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

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool = False) -> None:
        """Hand a message over; whether it arrived is for the other side to say."""
        self._client.publish(topic, payload, qos=qos, retain=retain)

    def close(self) -> None:
        """Say goodbye if possible, and free the socket."""
        self._client.disconnect()
        for stream in (self._client._sock, self._client._sockpairR, self._client._sockpairW):  # noqa: SLF001
            if stream is not None:  # paho leaves its wake-up pair to the garbage collector
                stream.close()
        self._client._sock = self._client._sockpairR = self._client._sockpairW = None  # noqa: SLF001

    def _open(self, mqtt: Mqtt, keepalive_s: int, subscriptions: Sequence[tuple[str, int]]) -> None:
        try:
            if mqtt.username:
                password = Path(mqtt.password_file).read_text(encoding="utf-8").strip()
                self._client.username_pw_set(mqtt.username, password)
            if mqtt.tls:
                self._client.tls_set_context(tls_context(mqtt))
            self._client.connect(mqtt.host, mqtt.actual_port, keepalive_s)
            self._until(lambda: self._answer is not None, "did not answer the login")
        except (OSError, ValueError) as error:
            raise BrokerError(_in_plain_words(error, self.place)) from error
        if self._answer is not None and self._answer.is_failure:
            raise BrokerError(f"broker {self.place} refuses the login: {self._answer}")
        wanted: dict[int, str] = {}
        for pattern, qos in subscriptions:
            _, mid = self._client.subscribe(pattern, qos)
            wanted[mid or 0] = pattern
        self._until(lambda: wanted.keys() <= self._granted.keys(), "did not answer the subscription")
        denied = [pattern for mid, pattern in wanted.items() if not self._granted[mid]]
        if denied:
            raise BrokerError(f"broker {self.place} refuses the subscription to {', '.join(denied)}")

    def _until(self, done: Callable[[], bool], complaint: str) -> None:
        deadline_s = time.monotonic() + CONNECT_TIMEOUT_S
        while not done() and time.monotonic() < deadline_s and self._lost is None:
            if self._client.loop(0.1) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                break
        if not done():
            raise BrokerError(self._lost or f"broker {self.place} {complaint}")

    def _on_message(self, _client: paho.Client, _user: object, message: paho.MQTTMessage) -> None:
        self.received += 1
        if not any(paho.topic_matches_sub(pattern, message.topic) for pattern in self._patterns):
            return  # amqtt sends a new client the retained messages of everybody's subscriptions
        self._hear(Message(message.topic, bytes(message.payload), message.retain))

    def _on_connect(
        self, _client: paho.Client, _user: object, _flags: object, code: ReasonCode, _properties: object
    ) -> None:
        self._answer = code

    def _on_disconnect(
        self, _client: paho.Client, _user: object, _flags: object, code: ReasonCode, _properties: object
    ) -> None:
        self._lost = f"connection to {self.place} lost ({code})"

    def _on_subscribe(
        self, _client: paho.Client, _user: object, mid: int, codes: list[ReasonCode], _properties: object
    ) -> None:
        self._granted[mid] = not any(code.is_failure for code in codes)


def _without_share(pattern: str) -> str:
    """The topics that a filter matches; `$share/GROUP/` before it only says who else reads them."""
    return pattern.split("/", 2)[2] if pattern.startswith("$share/") else pattern


_PLAIN_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (socket.gaierror, "the name cannot be resolved"),
    (ConnectionRefusedError, "nobody listens there (connection refused)"),
    (ConnectionResetError, "hangs up on us: does that port want tls, or none?"),
)


def _in_plain_words(error: Exception, place: str) -> str:
    what = str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        what = f"its certificate is not accepted ({error.verify_message})"
    elif isinstance(error, ssl.SSLError):
        what = f"TLS fails ({error.reason or error.strerror})"
    elif isinstance(error, TimeoutError):
        what = f"no answer within {CONNECT_TIMEOUT_S:.0f} s"
    elif isinstance(error, OSError):
        what = error.strerror or what
    what = next((words for kind, words in _PLAIN_WORDS if isinstance(error, kind)), what)
    return f"broker {place}: {what}"
