"""Why TLS does not come about, in plain words with the remedy. Pure: what the clock says is an argument."""

import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from service.broker_words import NO_FIGURES, BrokerError, OfTls
from service.mqtt import Mqtt

Certificate = Mapping[str, Any]
"""A certificate's fields, as `ssl.SSLSocket.getpeercert` names them."""

# OpenSSL's numbers (x509_vfy.h)
_NOT_YET_VALID, _EXPIRED = 9, 10
_SIGNATURE_FAILS = 7
_UNKNOWN_AUTHORITY = {2, 18, 19, 20, 21, 27}
_OTHER_NAME = {62, 64}
_INVALID_PURPOSE = 26

_NO_TLS = {"WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"}
_OLD_TLS = {"UNSUPPORTED_PROTOCOL", "VERSION_TOO_LOW", "TLSV1_ALERT_PROTOCOL_VERSION"}
_ALERTS: dict[str, tuple[OfTls, str]] = {  # what a broker thinks of our certificate
    "UNKNOWN_CA": (
        "ours_of_other_authority",
        "it is of another authority than the broker trusts. Have one issued by the centre's",
    ),
    "CERTIFICATE_EXPIRED": (  # OpenSSL sends it for a list of the revoked past its end, too
        "ours_expired",
        "it has expired, or the broker's list of the revoked has. See when it ends; have that one renewed",
    ),
    "CERTIFICATE_REVOKED": ("ours_revoked", "it was revoked. Have a new one issued, if that is wanted"),
    "BAD_CERTIFICATE": (
        "ours_bad",
        "it is not yet valid there, or damaged. Check the broker's clock, or renew it",
    ),
    "UNSUPPORTED_CERTIFICATE": (
        "ours_no_client_certificate",
        "it is not meant for a client. Have it issued anew",
    ),
    "CERTIFICATE_UNKNOWN": ("ours_refused", "the broker's log says why"),
    "DECRYPT_ERROR": (
        "ours_of_namesake",
        "it is of another authority of the same name. Have one issued by the centre's",
    ),
    "ACCESS_DENIED": ("ours_refused", "the broker's log says why"),
}
_WANTS_ONE = {"CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE"}


def day_and_time(second: float) -> str:
    """An instant, seconds since the epoch, for people."""
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%d %H:%M} UTC"


def instant(second: float) -> str:
    """An instant, seconds since the epoch, in ISO 8601, UTC."""
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}"


def names_of(certificate: Certificate) -> list[str]:
    """The hosts that a certificate is for."""
    alternatives = [name for _, name in certificate.get("subjectAltName", ())]
    return [_printable(name) for name in alternatives] or [_common_name(certificate, "subject")]


def refused_broker(
    error: ssl.SSLCertVerificationError,
    shown: Sequence[Certificate],
    mqtt: Mqtt,
    place: str,
    now_s: float,
) -> BrokerError:
    """The broker's certificate does not pass.

    Args:
        error: what OpenSSL found.
        shown: the certificates that the broker showed, its own first; not to be trusted, only told.
        mqtt: the settings in use.
        place: host:port of the broker.
        now_s: this machine's clock, seconds since the epoch.
    """
    code = error.verify_code
    own = shown[0] if shown else {}
    clock = f"the clock here says {day_and_time(now_s)}"
    if code in {_NOT_YET_VALID, _EXPIRED}:
        wrong = out_of_date(own, now_s, place) if own else None
        whose = "its authority's certificate" if own else "its certificate, or its authority's,"
        is_what = "has expired" if code == _EXPIRED else "is not yet valid"
        authoritys: OfTls = "authority_expired" if code == _EXPIRED else "authority_not_yet_valid"
        text = f"{whose} {is_what}, and {clock}. Have it renewed, or mend that clock"
        return wrong or _no(place, text, authoritys, {"now": instant(now_s)})
    if code in _OTHER_NAME:
        names = ", ".join(names_of(own)) if own else "another name"
        return _no(
            place,
            f"its certificate is for {names}, not for {mqtt.host}. "
            "Write one of its names as mqtt.host, or have it issued anew",
            "other_name",
            {"names": names, "host": mqtt.host},
        )
    if code in _UNKNOWN_AUTHORITY:
        name = _common_name(own, "issuer") if own else ""
        issuer = f" ({name})" if own else ""
        held = f"the one in {mqtt.ca_file}" if mqtt.ca_file else "one this system trusts"
        return _no(
            place,
            f"its certificate is of another authority{issuer} than {held}. Name its ca.crt as mqtt.ca_file",
            "other_authority",
            {"issuer": name, "ca_file": mqtt.ca_file},
        )
    if code == _SIGNATURE_FAILS:
        what = f"its certificate is of another authority of the same name as the one in {mqtt.ca_file}"
        text = f"{what}. Copy the centre's present ca.crt there"
        return _no(place, text, "namesake_authority", {"ca_file": mqtt.ca_file})
    if code == _INVALID_PURPOSE:
        text = "its certificate is not meant for a server. Have it issued anew"
        return _no(place, text, "no_server_certificate")
    reason = error.verify_message
    text = f"its certificate is not accepted: {reason}. Have it issued anew"
    return _no(place, text, "not_accepted", {"reason": reason})


def out_of_date(certificate: Certificate, now_s: float, place: str) -> BrokerError | None:
    """Judge the dates of the broker's own certificate.

    Args:
        certificate: its fields.
        now_s: the right time, seconds since the epoch.
        place: host:port of the broker.

    Returns:
        What is wrong with them, if anything is.
    """
    begins_s = ssl.cert_time_to_seconds(certificate["notBefore"])
    ends_s = ssl.cert_time_to_seconds(certificate["notAfter"])
    clock = f"the clock here says {day_and_time(now_s)}"
    figures = {"begins": instant(begins_s), "ends": instant(ends_s), "now": instant(now_s)}
    if now_s < begins_s:
        return _no(
            place,
            f"its certificate is not yet valid: it begins {day_and_time(begins_s)}, and {clock}. "
            "That clock may be wrong: set it, or let NTP through",
            "not_yet_valid",
            figures,
        )
    if now_s > ends_s:
        return _no(
            place,
            f"its certificate has expired: it ended {day_and_time(ends_s)}, and {clock}. "
            "Have it renewed, or mend that clock",
            "expired",
            figures,
        )
    return None


def failed_handshake(error: OSError, mqtt: Mqtt, place: str) -> BrokerError:
    """No TLS came about, for another reason than the broker's certificate."""
    reason = getattr(error, "reason", None) or ""
    if reason in _OLD_TLS:
        return _no(place, "speaks an older TLS than 1.2 only. Have the broker renewed", "old_tls")
    refusal = _refused_us(reason, mqtt, place)
    if refusal is not None:
        return refusal
    if reason in _NO_TLS:
        return _no(place, "what answers there is no TLS. Check mqtt.tls and mqtt.port", "no_tls")
    if isinstance(error, (ssl.SSLEOFError, ConnectionError)) or "EOF" in reason:
        text = "hangs up on the TLS handshake. Does that port speak TLS (mqtt.tls, mqtt.port)?"
        return _no(place, text, "hung_up_on_tls")
    why = reason or error.strerror or ""
    return _no(place, f"TLS fails ({why}). The broker's log may say more", "tls_failed", {"reason": why})


def alert(error: ssl.SSLError, mqtt: Mqtt, place: str) -> BrokerError | None:
    """The broker refused our certificate; with TLS 1.3 we learn that from the first read only.

    Returns:
        None if the error is none of this kind.
    """
    return _refused_us(error.reason or "", mqtt, place)


def _refused_us(reason: str, mqtt: Mqtt, place: str) -> BrokerError | None:
    _, is_alert, what = reason.partition("_ALERT_")
    if not is_alert:
        return None
    if what in _WANTS_ONE and not mqtt.cert_file:
        text = "wants a certificate of ours. Give mqtt.cert_file and mqtt.key_file"
        return _no(place, text, "wants_certificate")
    if what in _ALERTS and mqtt.cert_file:
        code, text = _ALERTS[what]
        figures = {"cert_file": mqtt.cert_file}
        return _no(place, f"refuses our certificate {mqtt.cert_file}: {text}", code, figures)
    return None


def _no(place: str, what: str, code: OfTls, figures: Mapping[str, str | float] = NO_FIGURES) -> BrokerError:
    end = "" if what.endswith("?") else "."
    return BrokerError(f"broker {place}: {what}{end}", "tls", code=code, figures=figures)


def _common_name(certificate: Certificate, whose: str) -> str:
    pairs = [pair for group in certificate.get(whose, ()) for pair in group]
    return next((_printable(value) for key, value in pairs if key == "commonName"), "without a name")


def _printable(foreign: str) -> str:
    """A name from a certificate that nobody vouches for, fit for one line."""
    return "".join(each if each.isprintable() else "?" for each in foreign[:100])
