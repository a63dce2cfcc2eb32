"""One of each fault of the link to a broker, made by the functions that say them."""

import errno
import socket
import ssl
from collections.abc import Iterator
from typing import get_args

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from service import broker_words, tls_words
from service.broker_words import BrokerError
from service.mqtt import Mqtt

MQTT = Mqtt(host="centre.example.cn", username="u", password_file="p", ca_file="/ca.crt")
OURS = Mqtt(host="centre.example.cn", cert_file="/station.crt", key_file="/station.key")
BARE = Mqtt(host="centre.example.cn")
PLAIN = Mqtt(host="centre.example.cn", tls=False)
SHOWN = {
    "subject": ((("commonName", "b"),),),
    "issuer": ((("commonName", "x"),),),
    "subjectAltName": (("DNS", "b"),),
    "notBefore": "Jan  1 00:00:00 2025 GMT",
    "notAfter": "Jan  1 00:00:00 2026 GMT",
}
AT = "centre.example.cn:8883"


def refusal(code: int) -> ReasonCode:
    return ReasonCode(PacketTypes.CONNACK, identifier=code)


def not_trusted(code: int) -> BrokerError:
    error = ssl.SSLCertVerificationError()
    error.verify_code, error.verify_message = code, "words of OpenSSL"
    return tls_words.refused_broker(error, [] if code < 11 else [SHOWN], MQTT, AT, 0.0)


def handshake(reason: str, mqtt: Mqtt = OURS) -> BrokerError:
    error = ssl.SSLError(1, reason)
    error.reason = reason
    return tls_words.failed_handshake(error, mqtt, AT)


def every_fault() -> Iterator[BrokerError]:
    """One of each."""
    for code in get_args(broker_words.OurOwn):
        figures = {"reason": "r"} if code == "file_unreadable" else {"cert_file": "/station.crt"}
        yield broker_words.misconfigured("key_file", "rule", "/station.key", "remedy.", code, figures)
    for error in (
        socket.gaierror(),
        ConnectionRefusedError(),
        TimeoutError(),
        OSError(errno.ENETUNREACH, "no network"),
        OSError(errno.EIO, "other"),
    ):
        yield broker_words.unreached(error, AT, 10)
    yield broker_words.unanswered(AT, "login", 15)
    for number, mqtt in ((0x86, MQTT), (0x86, OURS), (0x86, BARE), (0x85, MQTT), (0x88, MQTT), (0x80, MQTT)):
        yield broker_words.refused_login(refusal(number), AT, mqtt, "box")
    yield broker_words.refused_subscription(["a", "b"], AT)
    for first in (b"\x20", b"\x15", b"H"):
        yield broker_words.foreign(AT, first)
    for mqtt in (MQTT, PLAIN):
        yield broker_words.hung_up_on_login(mqtt, AT, "box", in_good_order=True)
    for is_new in (True, False):
        yield broker_words.closed(AT, "box", is_new=is_new)
    yield broker_words.broken(AT, "reset")
    for number in (9, 10, 62, 20, 7, 26, 99):
        yield not_trusted(number)
    for second in (0.0, 4e9):
        wrong = tls_words.out_of_date(SHOWN, second, AT)
        assert wrong is not None
        yield wrong
    for reason in (
        "UNSUPPORTED_PROTOCOL",
        "WRONG_VERSION_NUMBER",
        "UNEXPECTED_EOF_WHILE_READING",
        "ODD",
        *(f"TLSV1_ALERT_{name}" for name in tls_words._ALERTS),
    ):
        yield handshake(reason)
    yield handshake("TLSV13_ALERT_CERTIFICATE_REQUIRED", BARE)
