"""What can be wrong with the link to a broker, in plain words with the remedy; TLS has a page of its own."""

import errno
import socket
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal, get_args

from paho.mqtt.reasoncodes import ReasonCode

from service.mqtt import Mqtt

Kind = Literal["unreachable", "tls", "login", "lost", "configuration"]
"""Nobody answers there; no trust between the two; refused by name; over after it began; our own files."""

OurOwn = Literal[
    "host_unusable",
    "file_unreadable",
    "file_no_text",
    "ca_no_certificate",
    "cert_is_key",
    "cert_no_certificate",
    "key_locked",
    "key_of_other_cert",
    "key_damaged",
    "key_no_key",
]
"""Of our own table and files."""
OfTheWay = Literal["unresolved", "refused", "timed_out", "no_route", "unreached", "unanswered", "unavailable"]
"""No answer comes."""
OfTheLogin = Literal[
    "wrong_password",
    "name_unknown",
    "wants_login",
    "client_id_refused",
    "login_refused",
    "subscription_refused",
    "old_mqtt",
    "wants_tls",
    "no_broker",
    "hung_up",
    "hung_up_plain",
]
"""The answer is a no, or none of a broker that we can talk to."""
OfTheEnd = Literal["closed", "closed_at_once", "broken"]
"""Over after it began."""
OfTls = Literal[
    "not_yet_valid",
    "expired",
    "authority_not_yet_valid",
    "authority_expired",
    "other_name",
    "other_authority",
    "namesake_authority",
    "no_server_certificate",
    "not_accepted",
    "old_tls",
    "no_tls",
    "hung_up_on_tls",
    "tls_failed",
    "wants_certificate",
    "ours_of_other_authority",
    "ours_expired",
    "ours_revoked",
    "ours_bad",
    "ours_no_client_certificate",
    "ours_of_namesake",
    "ours_refused",
]
"""No trust between the two."""
Code = OurOwn | OfTheWay | OfTheLogin | OfTheEnd | OfTls
CODES: frozenset[str] = frozenset(
    code for part in (OurOwn, OfTheWay, OfTheLogin, OfTheEnd, OfTls) for code in get_args(part)
)
"""Every fault there is, for those who say it in other words than ours."""
NO_FIGURES: Mapping[str, str | float] = MappingProxyType({})

_TLS_RECORDS = (b"\x15", b"\x16")
_CONNACK = b"\x20"
_NO_WAY = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}


class BrokerError(Exception):
    """The broker cannot be reached, refuses us, or the connection is lost; the text says which, in one line.

    Attributes:
        kind: where the fault lies.
        code: which fault it is.
        figures: what the text names, by name; instants are ISO 8601 in UTC.
        closed_by_broker: the broker ended the connection in good order (so it does when it stops, and when
            another client takes our name); a broken network never looks like this.
    """

    def __init__(
        self,
        text: str,
        kind: Kind = "lost",
        *,
        code: Code,
        figures: Mapping[str, str | float] = NO_FIGURES,
        closed_by_broker: bool = False,
    ) -> None:
        super().__init__(text)
        self.kind = kind
        self.code = code
        self.figures = figures
        self.closed_by_broker = closed_by_broker


def misconfigured(
    key: str,
    rule: str,
    value: str,
    remedy: str,
    code: OurOwn,
    figures: Mapping[str, str | float] = NO_FIGURES,
) -> BrokerError:
    """A value or file of the `[mqtt]` table that cannot be used."""
    return BrokerError(
        f"mqtt.{key}: {rule} (got {value!r}). {remedy}",
        "configuration",
        code=code,
        figures={"key": key, "value": value, **figures},
    )


def unreached(error: OSError, place: str, within_s: float) -> BrokerError:
    """No connection came about.

    Args:
        error: what the system said.
        place: host:port of the broker.
        within_s: how long an answer was waited for.
    """
    code: Code
    figures: dict[str, str | float] = {}
    if isinstance(error, socket.gaierror):
        code = "unresolved"
        what = "the name cannot be resolved. Check mqtt.host, and whether this machine's link is up."
    elif isinstance(error, ConnectionRefusedError):
        code = "refused"
        what = "nobody listens there (connection refused)"
    elif isinstance(error, TimeoutError):
        code, figures = "timed_out", {"within_s": within_s}
        what = f"no answer within {within_s:g} s. Check mqtt.host and mqtt.port, and any firewall between."
    elif error.errno in _NO_WAY:
        code, figures = "no_route", {"reason": error.strerror or ""}
        what = f"no way leads there ({error.strerror}). Check this machine's link, and mqtt.host."
    else:
        what = error.strerror or str(error)
        code, figures = "unreached", {"reason": what}
    return _no(place, what, "unreachable", code, figures)


def unanswered(place: str, what: str, within_s: float) -> BrokerError:
    """The connection stands, but `what` was not answered."""
    text = f"did not answer the {what} within {within_s:g} s. Is that a broker, and is it well?"
    return _no(place, text, "unreachable", "unanswered", {"what": what, "within_s": within_s})


def refused_login(answer: ReasonCode, place: str, mqtt: Mqtt, client_id: str) -> BrokerError:
    """The broker answered the login with a no."""
    kind: Kind = "login"
    code: Code
    figures: dict[str, str | float] = {}
    if answer.getName() in {"Bad user name or password", "Not authorized"}:
        if mqtt.username:
            code, figures = "wrong_password", {"username": mqtt.username}
            what = f"refuses user name {mqtt.username!r} or its password. Check mqtt.password_file."
        elif mqtt.cert_file:
            code, figures = "name_unknown", {"cert_file": mqtt.cert_file}
            what = f"does not let in the name in {mqtt.cert_file}. Is it known there?"
        else:
            code = "wants_login"
            what = "wants a login. Give mqtt.cert_file and key_file, or username and password_file."
    elif answer.getName() == "Client identifier not valid":
        code, figures = "client_id_refused", {"client_id": client_id}
        what = f"refuses the client id {client_id!r}. Does the broker allow this name?"
    elif answer.getName() == "Server unavailable":
        kind, code = "unreachable", "unavailable"
        what = "not available just now. Ask its operator if that lasts."
    else:
        code, figures = "login_refused", {"reason": str(answer)}
        what = f"refuses the login: {answer}"
    return _no(place, what, kind, code, figures)


def refused_subscription(patterns: Iterable[str], place: str) -> BrokerError:
    """The broker does not let us read these topics."""
    listed = ", ".join(patterns)
    what = f"refuses the subscription to {listed}. Check the broker's access rules."
    return _no(place, what, "login", "subscription_refused", {"topics": listed})


def foreign(place: str, first: bytes) -> BrokerError:
    """Something came in place of an answer to the login; `first` is its first byte."""
    if first == _CONNACK:  # a well-formed refusal has words of its own
        return _no(place, "does not speak MQTT 3.1.1. Is it too old?", "login", "old_mqtt")
    if first in _TLS_RECORDS:
        return _no(place, "that port wants TLS. Check mqtt.tls and mqtt.port.", "tls", "wants_tls")
    return _no(place, "what answers there is no MQTT broker. Check mqtt.port.", "login", "no_broker")


def hung_up_on_login(mqtt: Mqtt, place: str, client_id: str, *, in_good_order: bool) -> BrokerError:
    """The stream ended before the login was answered."""
    if mqtt.tls:
        what = f"hangs up on the login of {client_id!r}. The broker's log says why."
        figures = {"client_id": client_id}
        return _no(place, what, "login", "hung_up", figures, closed_by_broker=in_good_order)
    what = "hangs up on the login. Does that port want TLS (mqtt.tls, mqtt.port)?"
    return _no(place, what, "tls", "hung_up_plain", closed_by_broker=in_good_order)


def closed(place: str, client_id: str, *, is_new: bool) -> BrokerError:
    """The broker ended the connection in good order.

    Args:
        place: host:port of the broker.
        client_id: the name we gave.
        is_new: we had only just logged in.
    """
    when = " right after the login" if is_new else ""
    doubt = f"It was stopped, or another client is called {client_id!r} too."
    code: Code = "closed_at_once" if is_new else "closed"
    figures = {"client_id": client_id}
    return _no(place, f"closed the connection{when}. {doubt}", "lost", code, figures, closed_by_broker=True)


def broken(place: str, how: str) -> BrokerError:
    """The network, or what comes over it, broke."""
    return BrokerError(f"connection to {place} lost ({how})", code="broken", figures={"reason": how})


def _no(
    place: str,
    what: str,
    kind: Kind,
    code: Code,
    figures: Mapping[str, str | float] = NO_FIGURES,
    *,
    closed_by_broker: bool = False,
) -> BrokerError:
    return BrokerError(
        f"broker {place}: {what}", kind, code=code, figures=figures, closed_by_broker=closed_by_broker
    )
