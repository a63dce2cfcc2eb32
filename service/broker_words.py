"""What can be wrong with the link to a broker, in plain words with the remedy; TLS has a page of its own."""

import errno
import socket
from collections.abc import Iterable
from typing import Literal

from paho.mqtt.reasoncodes import ReasonCode

from service.mqtt import Mqtt

Kind = Literal["unreachable", "tls", "login", "lost", "configuration"]
"""Nobody answers there; no trust between the two; refused by name; over after it began; our own files."""

_TLS_RECORDS = (b"\x15", b"\x16")
_CONNACK = b"\x20"
_NO_WAY = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}


class BrokerError(Exception):
    """The broker cannot be reached, refuses us, or the connection is lost; the text says which, in one line.

    Attributes:
        kind: where the fault lies.
        closed_by_broker: the broker ended the connection in good order (so it does when it stops, and when
            another client takes our name); a broken network never looks like this.
    """

    def __init__(self, text: str, kind: Kind = "lost", *, closed_by_broker: bool = False) -> None:
        super().__init__(text)
        self.kind = kind
        self.closed_by_broker = closed_by_broker


def misconfigured(key: str, rule: str, value: str, remedy: str) -> BrokerError:
    """A value or file of the `[mqtt]` table that cannot be used."""
    return BrokerError(f"mqtt.{key}: {rule} (got {value!r}). {remedy}", "configuration")


def unreached(error: OSError, place: str, within_s: float) -> BrokerError:
    """No connection came about.

    Args:
        error: what the system said.
        place: host:port of the broker.
        within_s: how long an answer was waited for.
    """
    if isinstance(error, socket.gaierror):
        what = "the name cannot be resolved. Check mqtt.host, and whether this machine's link is up."
    elif isinstance(error, ConnectionRefusedError):
        what = "nobody listens there (connection refused)"
    elif isinstance(error, TimeoutError):
        what = f"no answer within {within_s:.0f} s. Check mqtt.host and mqtt.port, and any firewall between."
    elif error.errno in _NO_WAY:
        what = f"no way leads there ({error.strerror}). Check this machine's link, and mqtt.host."
    else:
        what = error.strerror or str(error)
    return BrokerError(f"broker {place}: {what}", "unreachable")


def unanswered(place: str, what: str, within_s: float) -> BrokerError:
    """The connection stands, but `what` was not answered."""
    remedy = "Is that a broker, and is it well?"
    return BrokerError(
        f"broker {place}: did not answer the {what} within {within_s:.0f} s. {remedy}", "unreachable"
    )


def refused_login(answer: ReasonCode, place: str, mqtt: Mqtt, client_id: str) -> BrokerError:
    """The broker answered the login with a no."""
    kind: Kind = "login"
    if answer.getName() in {"Bad user name or password", "Not authorized"}:
        if mqtt.username:
            what = f"refuses user name {mqtt.username!r} or its password. Check mqtt.password_file."
        elif mqtt.cert_file:
            what = f"does not let in the name in {mqtt.cert_file}. Is it known there?"
        else:
            what = "wants a login. Give mqtt.cert_file and key_file, or username and password_file."
    elif answer.getName() == "Client identifier not valid":
        what = f"refuses the client id {client_id!r}. Does the broker allow this name?"
    elif answer.getName() == "Server unavailable":
        kind, what = "unreachable", "not available just now. Ask its operator if that lasts."
    else:
        what = f"refuses the login: {answer}"
    return BrokerError(f"broker {place}: {what}", kind)


def refused_subscription(patterns: Iterable[str], place: str) -> BrokerError:
    """The broker does not let us read these topics."""
    listed = ", ".join(patterns)
    return BrokerError(
        f"broker {place}: refuses the subscription to {listed}. Check the broker's access rules.", "login"
    )


def foreign(place: str, first: bytes) -> BrokerError:
    """Something came in place of an answer to the login; `first` is its first byte."""
    if first == _CONNACK:  # a well-formed refusal has words of its own
        return BrokerError(f"broker {place}: does not speak MQTT 3.1.1. Is it too old?", "login")
    if first in _TLS_RECORDS:
        return BrokerError(f"broker {place}: that port wants TLS. Check mqtt.tls and mqtt.port.", "tls")
    return BrokerError(f"broker {place}: what answers there is no MQTT broker. Check mqtt.port.", "login")


def hung_up_on_login(mqtt: Mqtt, place: str, client_id: str, *, in_good_order: bool) -> BrokerError:
    """The stream ended before the login was answered."""
    if mqtt.tls:
        kind: Kind = "login"
        what = f"hangs up on the login of {client_id!r}. The broker's log says why."
    else:
        kind = "tls"
        what = "hangs up on the login. Does that port want TLS (mqtt.tls, mqtt.port)?"
    return BrokerError(f"broker {place}: {what}", kind, closed_by_broker=in_good_order)


def closed(place: str, client_id: str, *, is_new: bool) -> BrokerError:
    """The broker ended the connection in good order.

    Args:
        place: host:port of the broker.
        client_id: the name we gave.
        is_new: we had only just logged in.
    """
    when = " right after the login" if is_new else ""
    doubt = f"It was stopped, or another client is called {client_id!r} too."
    return BrokerError(f"broker {place}: closed the connection{when}. {doubt}", closed_by_broker=True)


def broken(place: str, how: str) -> BrokerError:
    """The network, or what comes over it, broke."""
    return BrokerError(f"connection to {place} lost ({how})")
