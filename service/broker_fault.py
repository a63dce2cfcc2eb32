"""Which fault it is: from what the stream remembers to the words that fit."""

import ssl
import time
from typing import NamedTuple

from paho.mqtt import client as paho
from paho.mqtt.enums import MQTTErrorCode

from service import broker_words, tls_words
from service.broker_words import BrokerError
from service.mqtt import Mqtt
from service.mqtt_stream import MqttStream
from service.tls import HandshakeError


class Caller(NamedTuple):
    """Who calls which broker, and how patiently; times in seconds."""

    mqtt: Mqtt
    client_id: str
    keepalive_s: int
    timeout_s: float

    @property
    def place(self) -> str:
        """host:port of the broker."""
        return f"{self.mqtt.host}:{self.mqtt.actual_port}"


def no_tls(caller: Caller, failure: HandshakeError) -> BrokerError:
    """The handshake failed."""
    error = failure.error
    if isinstance(error, ssl.SSLCertVerificationError):
        return tls_words.refused_broker(error, failure.shown, caller.mqtt, caller.place, time.time())
    if isinstance(error, TimeoutError):
        return broker_words.unreached(error, caller.place, caller.timeout_s)
    return tls_words.failed_handshake(error, caller.mqtt, caller.place)


def silence(caller: Caller, stream: MqttStream, what: str) -> BrokerError:
    """The connection stands, but `what` was not answered."""
    if stream.answer is None and stream.first:
        return broker_words.foreign(caller.place, stream.first)
    return broker_words.unanswered(caller.place, what, caller.timeout_s)


def loss(caller: Caller, stream: MqttStream, code: MQTTErrorCode, *, is_new: bool = False) -> BrokerError:
    """The connection is over.

    Args:
        caller: who called.
        stream: the client that lost it.
        code: what the last step of its loop said.
        is_new: it had not yet answered the subscriptions.
    """
    trouble = stream.trouble
    if isinstance(trouble, ssl.SSLError):
        refusal = tls_words.alert(trouble, caller.mqtt, caller.place)
        return refusal or broker_words.broken(caller.place, trouble.reason or str(trouble))
    if stream.answer is None and (stream.has_ended or stream.first or isinstance(trouble, ConnectionError)):
        return _no_login(caller, stream)
    if stream.has_ended:
        return broker_words.closed(caller.place, caller.client_id, is_new=is_new)
    reason = paho.error_string(code) if stream.lost is None else stream.lost.getName()
    if trouble is not None:
        reason = trouble.strerror or str(trouble)
    elif reason == "Keep alive timeout":
        reason = f"no sign of life for {caller.keepalive_s} s"
    return broker_words.broken(caller.place, reason)


def _no_login(caller: Caller, stream: MqttStream) -> BrokerError:
    if stream.first:
        return broker_words.foreign(caller.place, stream.first)
    return broker_words.hung_up_on_login(
        caller.mqtt, caller.place, caller.client_id, in_good_order=stream.has_ended
    )
