"""One MQTT connection of a fleet: dialled without waiting, driven by whoever watches its socket.

The paho client is made anew for every connection, as in the agent: its memory of unacknowledged messages must
never answer for ours. It is given a socket that is connected already, so that nothing here ever blocks.
"""

import os
import socket
from typing import NamedTuple

from paho.mqtt import client as paho
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from service import broker_fault, broker_words
from service.broker import CONNECT_TIMEOUT_S
from service.broker_fault import Caller
from service.mqtt import Mqtt
from service.mqtt_stream import MqttStream
from telemetry.topics import Leaf, topic

__all__ = ["Address", "BrokerError", "Link", "address_of"]

BrokerError = broker_words.BrokerError


class Address(NamedTuple):
    """Where the broker is, looked up once: 2,000 stations must not ask for its name one by one."""

    family: int
    place: tuple[str | int | bytes, ...]


def address_of(mqtt: Mqtt) -> Address:
    """Look the broker up.

    Raises:
        BrokerError: its name cannot be resolved.
    """
    try:
        found = socket.getaddrinfo(mqtt.host, mqtt.actual_port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise broker_words.unreached(error, f"{mqtt.host}:{mqtt.actual_port}", 0) from error
    except UnicodeError as error:
        rule = "cannot be a host's name"
        raise broker_words.misconfigured("host", rule, mqtt.host, "Correct it.", "host_unusable") from error
    family, _, _, _, place = found[0]
    return Address(family, place)


class _Stream(MqttStream):
    """A client on a socket that is connected already."""

    opened: socket.socket
    _is_dry = False

    def receive(self) -> MQTTErrorCode:
        """Take in all that has come, also what the stream has read ahead, which no selector knows of."""
        self._is_dry, code = False, MQTTErrorCode.MQTT_ERR_SUCCESS
        while not self._is_dry and code == MQTTErrorCode.MQTT_ERR_SUCCESS:
            code = self.loop_read()
        return code

    def _packet_read(self) -> MQTTErrorCode:
        code = super()._packet_read()
        self._is_dry = code == MQTTErrorCode.MQTT_ERR_AGAIN
        return code

    def _create_socket_connection(self) -> socket.socket:
        return self.opened


class Link:
    """The connection of one station: dialled, logged in, subscribed to its acks, open.

    Attributes:
        socket: to be watched.
        is_open: the broker has granted the subscription.
        heard: payloads of acks that have come; the owner takes them out.
        unconfirmed: messages that the broker has not confirmed.
    """

    def __init__(self, caller: Caller, password: str, address: Address, will: bytes, *, now_ms: int) -> None:
        """Dial.

        Args:
            caller: the broker, and the station's id as the client's.
            password: with the user name in `caller.mqtt`, if there is one.
            address: of the broker.
            will: status that the broker publishes when we vanish.
            now_ms: on the steady clock.

        Raises:
            BrokerError: there is no way to the broker.
        """
        self._caller = caller
        self._station = caller.client_id
        self._deadline_ms = now_ms + round(1000 * caller.timeout_s)
        self._is_dialling = True
        self._is_subscribed = False
        self.is_open = False
        self.is_refused = False
        self.heard: list[bytes] = []
        self.unconfirmed: set[int] = set()
        self._client = _Stream(self._station, timeout_s=CONNECT_TIMEOUT_S)
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_publish = self._on_publish
        self._client.will_set(topic(self._station, "status"), will, qos=1, retain=True)
        if caller.mqtt.username:
            self._client.username_pw_set(caller.mqtt.username, password)
        self.socket = socket.socket(address.family, socket.SOCK_STREAM)
        self.socket.settimeout(0)
        try:
            self.socket.connect(address.place)
        except BlockingIOError:
            pass
        except OSError as error:
            self.socket.close()
            raise broker_words.unreached(error, caller.place, caller.timeout_s) from error

    @property
    def wants_to_write(self) -> bool:
        """Whether it waits for its socket to take something."""
        return self._is_dialling or self._client.want_write()

    def go_on(self, *, readable: bool, writable: bool) -> None:
        """Do what the socket is ready for.

        Raises:
            BrokerError: the connection did not come about, or is lost.
        """
        if self._is_dialling:
            if writable or readable:
                self._log_in()
            return
        if readable:
            self._check(self._client.receive())
        if self._client.answer is not None and not self._is_subscribed:
            self._subscribe()
        if writable:
            self._check(self._client.loop_write())

    def look(self, now_ms: int) -> None:
        """Keep alive, and give up on a broker that is silent; call it every few seconds.

        Raises:
            BrokerError: the connection did not come about, or is lost.
        """
        if not self.is_open and now_ms >= self._deadline_ms:
            if self._is_dialling:
                raise broker_words.unreached(TimeoutError(), self._caller.place, self._caller.timeout_s)
            what = "login" if self._client.answer is None else "subscription"
            raise broker_fault.silence(self._caller, self._client, what)
        if not self._is_dialling:
            self._check(self._client.loop_misc())

    def publish(self, leaf: Leaf, payload: bytes, *, retain: bool = False) -> None:
        """Hand a message over at QoS 1; whether it arrived is for the centre to say.

        Raises:
            BrokerError: the connection is lost.
        """
        sent = self._client.publish(topic(self._station, leaf), payload, qos=1, retain=retain)
        self.unconfirmed.add(sent.mid)
        self._check(MQTTErrorCode.MQTT_ERR_SUCCESS)

    def close(self) -> None:
        """Say goodbye if possible, and free the socket."""
        if not self._is_dialling:
            self._client.disconnect()
        self._client.free()
        self.socket.close()

    def _log_in(self) -> None:
        code = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            error = OSError(code, os.strerror(code))
            raise broker_words.unreached(error, self._caller.place, self._caller.timeout_s)
        self._is_dialling = False
        self._client.opened = self.socket
        mqtt = self._caller.mqtt
        self._check(self._client.connect(mqtt.host, mqtt.actual_port, self._caller.keepalive_s))

    def _subscribe(self) -> None:
        self._is_subscribed = True
        self._client.subscribe(topic(self._station, "ack"), 0)

    def _check(self, code: MQTTErrorCode) -> None:
        answer = self._client.answer
        if answer is not None and answer.is_failure:
            raise broker_words.refused_login(answer, self._caller.place, self._caller.mqtt, self._station)
        if self.is_refused:
            raise broker_words.refused_subscription([topic(self._station, "ack")], self._caller.place)
        if self._client.is_over(code):
            raise broker_fault.loss(self._caller, self._client, code)

    def _on_subscribe(
        self, _client: paho.Client, _user: object, _mid: int, codes: list[ReasonCode], _properties: object
    ) -> None:
        self.is_refused = any(code.is_failure for code in codes)
        self.is_open = not self.is_refused

    def _on_message(self, _client: paho.Client, _user: object, message: paho.MQTTMessage) -> None:
        if message.topic == topic(self._station, "ack"):
            self.heard.append(bytes(message.payload))

    def _on_publish(
        self, _client: paho.Client, _user: object, mid: int, _code: ReasonCode, _properties: object
    ) -> None:
        self.unconfirmed.discard(mid)
